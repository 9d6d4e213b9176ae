//! Pressure stall information: `/proc/pressure/*` (`Documentation/accounting/psi.rst`, kernel 4.20).

use super::measure::{Measure, not_understood};
use crate::model::record::round;
use procfs_core::parse_pressure_record;
use serde::Serialize;
use std::io;

/// The section `pressure`.
#[derive(Debug, Default, Serialize)]
struct Pressure {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<Stall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Stall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    io: Option<Stall>,
}

/// Percent of time in which some task, or all of them at once (`full`), waited for the resource.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Stall {
    #[serde(flatten)]
    some: SomeShare,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    full: Option<FullShare>,
    counters: Totals,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct SomeShare {
    some_avg10_percent: f64,
    some_avg60_percent: f64,
    some_avg300_percent: f64,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct FullShare {
    full_avg10_percent: f64,
    full_avg60_percent: f64,
    full_avg300_percent: f64,
}

/// Stall time since boot in microseconds.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Totals {
    some_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_us: Option<u64>,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let read = |name: &str| match measure.root.proc(&format!("pressure/{name}")) {
        Ok(content) => parse(&String::from_utf8_lossy(&content)),
        // EOPNOTSUPP: built in, and switched off at boot.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let pressure = Pressure { cpu: read("cpu")?, memory: read("memory")?, io: read("io")? };
    if pressure.cpu.is_none() && pressure.memory.is_none() && pressure.io.is_none() {
        if measure.root.proc("pressure/cpu").is_ok() {
            return Err("the files have a form that is not understood".to_string());
        }
        return Err("not supported by this kernel".to_string());
    }
    measure.add("pressure", &pressure)
}

/// Reads `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full …` where there is one (CPU has it since 5.13).
fn parse(content: &str) -> Result<Option<Stall>, String> {
    let (mut stall, mut found) = (Stall::default(), false);
    for line in content.lines().filter(|line| line.contains(" avg10=")) {
        found = true;
        let record = parse_pressure_record(line).map_err(not_understood)?;
        let [ten, sixty, three_hundred] =
            [record.avg10, record.avg60, record.avg300].map(|value| round(f64::from(value)));
        if line.starts_with("some") {
            stall.some =
                SomeShare { some_avg10_percent: ten, some_avg60_percent: sixty, some_avg300_percent: three_hundred };
            stall.counters.some_us = record.total;
        } else {
            stall.full = Some(FullShare {
                full_avg10_percent: ten,
                full_avg60_percent: sixty,
                full_avg300_percent: three_hundred,
            });
            stall.counters.full_us = Some(record.total);
        }
    }
    Ok(found.then_some(stall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_the_file() {
        let old = parse("some avg10=1.50 avg60=0.50 avg300=0.10 total=99\n").unwrap().unwrap();
        assert_eq!((old.some.some_avg10_percent, old.full, old.counters.some_us), (1.5, None, 99));
        let new =
            parse("some avg10=1.50 avg60=0.50 avg300=0.10 total=99\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=5\n")
                .unwrap()
                .unwrap();
        assert_eq!((new.full.unwrap().full_avg10_percent, new.counters.full_us), (0.25, Some(5)));
        assert!(parse("some avg10=x avg60=1 avg300=1 total=1").is_err());
        assert_eq!(parse("some").unwrap(), None);
    }
}
