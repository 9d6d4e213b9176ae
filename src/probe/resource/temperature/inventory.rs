//! The list of sensors: their files, and names that stay the same when a sensor cannot be read or the chips are numbered
//! otherwise.

use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a sensor measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A temperature, in thousandths of a degree Celsius.
    Temperature,
    /// A fan, in rotations per minute.
    Fan,
}

/// A sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// What it measures.
    pub kind: Kind,
    /// Its identity: chip and label; where there are several such chips, also the device.
    pub name: String,
    /// Directory of its chip below `/sys`.
    pub chip: String,
    /// File of its value below `/sys`.
    pub file: String,
    /// File that says `1` while the value is not valid.
    pub fault: Option<String>,
    /// It has had a possible value other than 0.
    pub was_possible: bool,
}

/// A chip or thermal zone before its sensors have names.
struct Chip {
    directory: String,
    name: String,
    device: String,
    sensors: Vec<Sensor>,
}

/// Lists the sensors. `ambiguous`: names of chips that there were several of, and are now: their sensors are named with the
/// device, also when one of them is gone.
pub fn sensors(root: &Root, chips: &[String], zones: &[String], ambiguous: &mut BTreeSet<String>) -> Vec<Sensor> {
    let mut all: Vec<Chip> = chips.iter().map(|number| chip(root, number)).collect();
    let shown = |zone: &Chip| {
        // The kernel shows most zones as chips too, with `_` for `-`.
        let as_chip = zone.name.replace('-', "_");
        let of_cpu = zone.name == "x86_pkg_temp" && all.iter().any(|chip| chip.name == "coretemp");
        // A constant of the firmware.
        let is_policy = zone.name.starts_with("INT3400");
        let is_chip = all.iter().any(|chip| {
            !chip.sensors.is_empty()
                && (chip.name == zone.name
                    || chip.name == as_chip
                    || zone.directory.ends_with(&format!("/{}", chip.device)))
        });
        of_cpu || is_policy || is_chip
    };
    let zones: Vec<Chip> = zones.iter().map(|number| zone(root, number)).filter(|zone| !shown(zone)).collect();
    all.extend(zones);
    for (number, chip) in all.iter().enumerate() {
        if all.iter().skip(number + 1).any(|other| other.name == chip.name) {
            ambiguous.insert(chip.name.clone());
        }
    }
    let mut seen = BTreeSet::new();
    let mut sensors = Vec::new();
    for chip in all {
        for sensor in chip.sensors {
            let label = format!("{} {}", chip.name, sensor.name);
            let device = if ambiguous.contains(&chip.name) { format!(" ({})", chip.device) } else { String::new() };
            let mut name = clean(format!("{}{device}", label.trim()).trim(), NAME_MAX);
            if !seen.insert((sensor.kind == Kind::Fan, name.clone())) {
                // The same label twice in a chip, or cut: the kernel's name of the input tells them apart.
                let place = sensor.file.trim_start_matches("class/").trim_start_matches("hwmon/");
                let input = place.rsplit('/').next().unwrap_or(place).trim_end_matches("_input");
                name = format!("{} {input}", clean(&name, NAME_MAX - input.len() - 1));
                if !seen.insert((sensor.kind == Kind::Fan, name.clone())) {
                    name = format!("{name} {place}");
                }
            }
            sensors.push(Sensor { name, ..sensor });
        }
    }
    sensors
}

/// A chip of `/sys/class/hwmon`; drivers of old kernels have their files in its `device`.
fn chip(root: &Root, number: &str) -> Chip {
    let directory = format!("class/hwmon/{number}");
    let beside = format!("{directory}/device");
    let line = |file: String| root.sys_line(&file).ok().filter(|line| !line.is_empty());
    let device = root.sys_link(&beside).unwrap_or_else(|| number.to_string());
    let name = line(format!("{directory}/name")).or_else(|| line(format!("{beside}/name")));
    let mut sensors: Vec<Sensor> = Vec::new();
    let mut known = BTreeSet::new();
    for place in [&directory, &beside] {
        let files: BTreeSet<String> = root.sys_names(place).unwrap_or_default().into_iter().collect();
        for file in &files {
            let Some(base) = file.strip_suffix("_input") else { continue };
            let Some(kind) = kind(base).filter(|_| known.insert(base.to_string())) else { continue };
            let fault = format!("{base}_fault");
            sensors.push(Sensor {
                kind,
                name: line(format!("{place}/{base}_label")).unwrap_or_else(|| base.to_string()),
                chip: directory.clone(),
                file: format!("{place}/{file}"),
                fault: files.contains(&fault).then(|| format!("{place}/{fault}")),
                was_possible: false,
            });
        }
    }
    Chip { name: name.unwrap_or_else(|| device.clone()), directory, device, sensors }
}

/// What an input such as `temp12` measures.
fn kind(base: &str) -> Option<Kind> {
    let of = |prefix: &str| {
        base.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if of("temp") { Some(Kind::Temperature) } else { of("fan").then_some(Kind::Fan) }
}

/// A thermal zone: a phone, a small board, a processor.
fn zone(root: &Root, number: &str) -> Chip {
    let directory = format!("class/thermal/{number}");
    let name = root.sys_line(&format!("{directory}/type")).ok().filter(|name| !name.is_empty());
    let sensor = Sensor {
        kind: Kind::Temperature,
        name: String::new(),
        chip: directory.clone(),
        file: format!("{directory}/temp"),
        fault: None,
        was_possible: false,
    };
    let device = root.sys_link(&format!("{directory}/device")).unwrap_or_else(|| number.to_string());
    Chip { name: name.unwrap_or_else(|| number.to_string()), directory, device, sensors: vec![sensor] }
}
