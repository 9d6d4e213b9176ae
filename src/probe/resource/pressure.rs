//! Pressure stall information: `/proc/pressure/*` (`Documentation/accounting/psi.rst`, kernel 4.20).

use crate::model::record::round;
use crate::probe::fields::{fraction, lines, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use memchr::memchr;
use serde::Serialize;
use std::io;

/// Averages a little above 100 % are rounding.
const AVERAGE_MAX: f64 = 101.0;

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

/// Percent of time in which some task, or all of them at once (`full`), waited for the resource; each value alone.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Stall {
    #[serde(skip_serializing_if = "Option::is_none")]
    some_avg10_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    some_avg60_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    some_avg300_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_avg10_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_avg60_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_avg300_percent: Option<f64>,
    counters: StallTotals,
}

/// Stall time since boot in microseconds.
#[derive(Debug, Default, PartialEq, Serialize)]
struct StallTotals {
    #[serde(skip_serializing_if = "Option::is_none")]
    some_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_us: Option<u64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "pressure", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let mut problem = None;
    let [cpu, memory, io] = ["cpu", "memory", "io"].map(|name| match run.root.proc(&format!("pressure/{name}")) {
        Ok(content) => {
            let mut stall = parse(&content);
            bound(run, name, &mut stall);
            let is_empty = stall == Stall::default();
            if is_empty && !content.trim_ascii().is_empty() {
                problem.get_or_insert(UNKNOWN_FORMAT.to_string());
            }
            (!is_empty).then_some(stall)
        }
        // EOPNOTSUPP: built in, but disabled at boot.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::Unsupported) => None,
        Err(error) => {
            problem.get_or_insert(error.to_string());
            None
        }
    });
    if cpu.is_none() && memory.is_none() && io.is_none() {
        return Err(problem.unwrap_or_else(|| "not supported by this kernel".to_string()));
    }
    run.add("pressure", &Pressure { cpu, memory, io })?;
    // One file that cannot be read costs no other.
    problem.map_or(Ok(()), Err)
}

/// Leaves out averages that are no share of time.
fn bound(run: &mut Measurement<'_>, name: &str, stall: &mut Stall) {
    let Stall { some_avg10_percent, some_avg60_percent, some_avg300_percent, .. } = stall;
    let some = [some_avg10_percent, some_avg60_percent, some_avg300_percent];
    let Stall { full_avg10_percent, full_avg60_percent, full_avg300_percent, .. } = stall;
    let full = [full_avg10_percent, full_avg60_percent, full_avg300_percent];
    for (kind, averages) in [("some", some), ("full", full)] {
        for (span, average) in ["10", "60", "300"].into_iter().zip(averages) {
            let Some(value) = *average else { continue };
            let is_plausible = (0.0..=AVERAGE_MAX).contains(&value);
            if !is_plausible {
                run.discard(format!("pressure.{name}.{kind}_avg{span}_percent"), format_args!("is {value}"));
            }
            *average = is_plausible.then(|| value.min(100.0));
        }
    }
}

/// Reads `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and `full …` where the kernel has it (for CPU since 5.13).
fn parse(content: &[u8]) -> Stall {
    let mut stall = Stall::default();
    for line in lines(content) {
        let mut fields = words(line);
        let kind = fields.next();
        let (ten, sixty, three_hundred, total) = match kind {
            Some(b"some") => (
                &mut stall.some_avg10_percent,
                &mut stall.some_avg60_percent,
                &mut stall.some_avg300_percent,
                &mut stall.counters.some_us,
            ),
            Some(b"full") => (
                &mut stall.full_avg10_percent,
                &mut stall.full_avg60_percent,
                &mut stall.full_avg300_percent,
                &mut stall.counters.full_us,
            ),
            _ => continue,
        };
        for field in fields {
            let Some((key, value)) = memchr(b'=', field).and_then(|at| field.split_at_checked(at)) else {
                continue;
            };
            let value = value.get(1..).unwrap_or_default();
            match key {
                b"avg10" => *ten = fraction(value).map(round),
                b"avg60" => *sixty = fraction(value).map(round),
                b"avg300" => *three_hundred = fraction(value).map(round),
                b"total" => *total = number(value),
                _ => {}
            }
        }
    }
    stall
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_shapes_of_the_file() {
        let old = parse(b"some avg10=1.50 avg60=0.50 avg300=0.10 total=99\n");
        assert_eq!((old.some_avg10_percent, old.full_avg10_percent, old.counters.some_us), (Some(1.5), None, Some(99)));
        let new =
            parse(b"some avg10=1.50 avg60=0.50 avg300=0.10 total=99\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=5\n");
        assert_eq!((new.full_avg10_percent, new.counters.full_us), (Some(0.25), Some(5)));
        let odd = parse(b"some avg10=x avg60=1 new=7 avg300=-1 total=1\nirq avg10=9.00\n");
        assert_eq!((odd.some_avg10_percent, odd.some_avg60_percent, odd.counters.some_us), (None, Some(1.0), Some(1)));
        assert_eq!(parse(b"some"), Stall::default());
    }

    proptest! {
        #[test]
        fn no_line_costs_another(noise in "[ -~]{0,60}", garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assume!(!noise.trim_start().starts_with("some") && !noise.trim_start().starts_with("full"));
            let file = "some avg10=1.50 avg60=0.50 avg300=0.10 total=99\n";
            prop_assert_eq!(parse(format!("{noise}\n{file}{noise}\n").as_bytes()), parse(file.as_bytes()));
            parse(&garbage);
        }
    }
}
