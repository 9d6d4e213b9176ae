//! Pressure stall information: `/proc/pressure/*` (`Documentation/accounting/psi.rst`, kernel 4.20).

use crate::model::record::round;
use crate::probe::fields::{fraction, lines, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
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
    counters: StallTotals,
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
struct StallTotals {
    some_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_us: Option<u64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "pressure", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let read = |name: &str| match run.root.proc(&format!("pressure/{name}")) {
        Ok(content) => parse(&content),
        // EOPNOTSUPP: built in, but disabled at boot.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let pressure = Pressure { cpu: read("cpu")?, memory: read("memory")?, io: read("io")? };
    if pressure.cpu.is_none() && pressure.memory.is_none() && pressure.io.is_none() {
        if run.root.proc("pressure/cpu").is_ok() {
            return Err("the files have a form that is not understood".to_string());
        }
        return Err("not supported by this kernel".to_string());
    }
    run.add("pressure", &pressure)
}

/// Reads `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full …` where the kernel has it (for CPU since 5.13).
fn parse(content: &[u8]) -> Result<Option<Stall>, Absent> {
    let (mut stall, mut found) = (Stall::default(), false);
    for line in lines(content) {
        let mut fields = words(line);
        let kind = fields.next();
        let Some(ten) = fields.next().and_then(|word| word.strip_prefix(b"avg10=")) else { continue };
        let mut next = |key: &[u8]| fields.next().and_then(|word| word.strip_prefix(key));
        let averages = [Some(ten), next(b"avg60="), next(b"avg300=")].map(|word| word.and_then(fraction).map(round));
        let ([Some(ten), Some(sixty), Some(three_hundred)], Some(total)) = (averages, next(b"total=").and_then(number))
        else {
            return Err(UNKNOWN_FORMAT.to_string());
        };
        found = true;
        if kind == Some(b"some") {
            stall.some =
                SomeShare { some_avg10_percent: ten, some_avg60_percent: sixty, some_avg300_percent: three_hundred };
            stall.counters.some_us = total;
        } else {
            stall.full = Some(FullShare {
                full_avg10_percent: ten,
                full_avg60_percent: sixty,
                full_avg300_percent: three_hundred,
            });
            stall.counters.full_us = Some(total);
        }
    }
    Ok(found.then_some(stall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_the_file() {
        let old = parse(b"some avg10=1.50 avg60=0.50 avg300=0.10 total=99\n").unwrap().unwrap();
        assert_eq!((old.some.some_avg10_percent, old.full, old.counters.some_us), (1.5, None, 99));
        let new =
            parse(b"some avg10=1.50 avg60=0.50 avg300=0.10 total=99\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=5\n")
                .unwrap()
                .unwrap();
        assert_eq!((new.full.unwrap().full_avg10_percent, new.counters.full_us), (0.25, Some(5)));
        assert!(parse(b"some avg10=x avg60=1 avg300=1 total=1").is_err());
        assert_eq!(parse(b"some").unwrap(), None);
    }
}
