//! Temperatures and fans: `/sys/class/hwmon` (`Documentation/hwmon/sysfs-interface.rst`), and the thermal zones
//! (`/sys/class/thermal`) that are not among them.

mod inventory;

use crate::model::record::round;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use inventory::{Kind, Sensor, sensors};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Name of the kept list.
const KEPT: &str = "sensor";
/// The list of sensors is renewed after this time, and when a chip comes or goes.
const RENEWED_SECONDS: f64 = 595.0;
/// What chips say of an input to which nothing is connected.
const SENTINELS: [i64; 2] = [65_535, -1];
/// Possible temperatures; unconnected inputs have −128, 127.5 or 255 °C.
const CELSIUS: std::ops::Range<f64> = -60.0..127.0;
/// Fastest fan.
const ROTATIONS_MAX: i64 = 60_000;
/// An input of exactly 0 °C beside one as warm as this is not connected.
const WARM_CELSIUS: f64 = 15.0;

/// An element of the section `temperature`.
#[derive(Debug, PartialEq, Serialize)]
struct Temperature {
    sensor: String,
    celsius: f64,
}

/// An element of the section `fan`.
#[derive(Debug, PartialEq, Serialize)]
struct Fan {
    sensor: String,
    rotations_per_minute: f64,
}

/// The list of sensors as it was last read.
#[derive(Default, Serialize, Deserialize)]
struct Inventory {
    boottime_seconds: f64,
    /// Chips and zones with their inodes.
    entries: [Vec<(String, u64)>; 2],
    ambiguous: BTreeSet<String>,
    sensors: Vec<Sensor>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "temperature", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let mut inventory = inventory(run);
    let values: Vec<Option<i64>> = inventory.sensors.iter().map(|sensor| value(run, sensor)).collect();
    let warm: BTreeSet<String> = inventory
        .sensors
        .iter()
        .zip(&values)
        .filter(|(sensor, value)| sensor.kind == Kind::Temperature && value.is_some_and(is_warm))
        .map(|(sensor, _)| sensor.chip.clone())
        .collect();
    let (mut temperatures, mut fans) = (Vec::new(), Vec::new());
    for (sensor, value) in inventory.sensors.iter_mut().zip(values) {
        let Some(value) = value else { continue };
        let is_unconnected = value == 0 && !sensor.was_possible && warm.contains(&sensor.chip);
        if is_unconnected && sensor.kind == Kind::Temperature {
            continue;
        }
        if !is_possible(sensor.kind, value) {
            // Only of a sensor that works otherwise this is worth a word.
            if sensor.was_possible {
                run.discard(format!("temperature {}", sensor.name), format_args!("is {value}"));
            }
            continue;
        }
        sensor.was_possible |= value != 0;
        let name = sensor.name.clone();
        match sensor.kind {
            Kind::Temperature => temperatures.push(Temperature { sensor: name, celsius: round(value as f64 / 1000.0) }),
            Kind::Fan => fans.push(Fan { sensor: name, rotations_per_minute: value as f64 }),
        }
    }
    if !inventory.entries.iter().all(Vec::is_empty) {
        run.counters.keep(KEPT, &inventory);
    }
    if !temperatures.is_empty() {
        run.add("temperature", &temperatures)?;
    }
    if fans.is_empty() { Ok(()) } else { run.add("fan", &fans) }
}

/// The sensors: the list of an earlier snapshot while the chips are the same. Of a recorded host it is always read.
fn inventory(run: &Measurement<'_>) -> Inventory {
    let entries = [run.root.sys_entries("class/hwmon", "hwmon"), run.root.sys_entries("class/thermal", "thermal_zone")];
    let kept = run.earlier.and_then(|earlier| earlier.get::<Inventory>(KEPT)).unwrap_or_default();
    let is_this_boot = run.previous.is_some();
    let age = run.now.boottime_seconds - kept.boottime_seconds;
    if is_this_boot && kept.entries == entries && (0.0..RENEWED_SECONDS).contains(&age) && !run.root.is_recorded() {
        return kept;
    }
    let mut ambiguous = kept.ambiguous;
    let names = entries.each_ref().map(|entries| entries.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    let [chips, zones] = &names;
    let mut sensors = sensors(run.root, chips, zones, &mut ambiguous);
    for sensor in &mut sensors {
        let earlier = kept.sensors.iter().find(|earlier| earlier.kind == sensor.kind && earlier.name == sensor.name);
        sensor.was_possible = is_this_boot && earlier.is_some_and(|earlier| earlier.was_possible);
    }
    Inventory { boottime_seconds: run.now.boottime_seconds, entries, ambiguous, sensors }
}

/// The value of a sensor; `None`: the chip is suspended, says that the value is not valid, or that it is no number.
fn value(run: &Measurement<'_>, sensor: &Sensor) -> Option<i64> {
    let line = |file: &str| run.root.sys_line(file).ok();
    let has_fault = sensor.fault.as_deref().and_then(line).is_some_and(|fault| fault != "0");
    if has_fault { None } else { line(&sensor.file)?.parse().ok() }
}

fn is_possible(kind: Kind, value: i64) -> bool {
    let is_in_range = match kind {
        Kind::Temperature => CELSIUS.contains(&(value as f64 / 1000.0)),
        Kind::Fan => (0..=ROTATIONS_MAX).contains(&value),
    };
    is_in_range && !SENTINELS.contains(&value)
}

fn is_warm(value: i64) -> bool {
    is_possible(Kind::Temperature, value) && value as f64 / 1000.0 >= WARM_CELSIUS
}
