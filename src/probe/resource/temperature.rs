//! Temperatures and fans: `/sys/class/hwmon` (`Documentation/hwmon/sysfs-interface.rst`), or thermal zones on boards
//! without a sensor chip.

use crate::base::text::{NAME_MAX, clean};
use crate::model::record::round;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::Serialize;
use std::collections::HashMap;

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

/// The registration.
pub const RESOURCE: Resource = Resource { name: "temperature", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let (mut temperatures, mut fans) = (Vec::new(), Vec::new());
    for chip in run.root.sys_names("class/hwmon").unwrap_or_default() {
        let directory = format!("class/hwmon/{chip}");
        let chip_name = run.root.sys_line(&format!("{directory}/name")).unwrap_or_default();
        for file in run.root.sys_names(&directory).unwrap_or_default() {
            let Some(base) = file.strip_suffix("_input") else { continue };
            // The sensor of a suspended chip reports an error and is absent from this snapshot.
            let Some(value) =
                run.root.sys_line(&format!("{directory}/{file}")).ok().and_then(|text| text.parse::<f64>().ok())
            else {
                continue;
            };
            let label = run.root.sys_line(&format!("{directory}/{base}_label")).unwrap_or_else(|_| base.to_string());
            let sensor = clean(format!("{chip_name} {label}").trim(), NAME_MAX);
            if base.starts_with("temp") && is_plausible(value / 1000.0) {
                temperatures.push(Temperature { sensor, celsius: round(value / 1000.0) });
            } else if base.starts_with("fan") {
                fans.push(Fan { sensor, rotations_per_minute: value });
            }
        }
    }
    if temperatures.is_empty() {
        temperatures = zones(run);
    }
    number_duplicates(&mut temperatures, |temperature| &mut temperature.sensor);
    number_duplicates(&mut fans, |fan| &mut fan.sensor);
    if !temperatures.is_empty() {
        run.add("temperature", &temperatures)?;
    }
    if fans.is_empty() { Ok(()) } else { run.add("fan", &fans) }
}

/// Thermal zones, on phones and small boards.
fn zones(run: &Measurement<'_>) -> Vec<Temperature> {
    let names = run.root.sys_names("class/thermal").unwrap_or_default();
    let zones = names.iter().filter(|name| name.starts_with("thermal_zone")).filter_map(|zone| {
        let celsius = run.root.sys_line(&format!("class/thermal/{zone}/temp")).ok()?.parse::<f64>().ok()? / 1000.0;
        let kind = run.root.sys_line(&format!("class/thermal/{zone}/type")).unwrap_or_else(|_| zone.clone());
        is_plausible(celsius).then(|| Temperature { sensor: clean(&kind, NAME_MAX), celsius: round(celsius) })
    });
    zones.collect()
}

/// Returns whether a temperature is plausible: unconnected sensors read 0, -128, 127.5 or 255.
fn is_plausible(celsius: f64) -> bool {
    (-60.0..127.0).contains(&celsius) && celsius != 0.0
}

/// Numbers sensors with the same name (two sockets, two memory modules), so that each has an identity of its own.
fn number_duplicates<T>(items: &mut [T], name: impl Fn(&mut T) -> &mut String) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for item in items {
        let name = name(item);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            *name = format!("{name} #{count}");
        }
    }
}
