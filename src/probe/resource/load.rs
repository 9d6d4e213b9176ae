//! Load averages: `/proc/loadavg` (proc_loadavg(5)).

use crate::model::record::round;
use crate::probe::fields::{fraction, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use serde::Serialize;

/// Largest plausible load: as many tasks as Linux can have.
const LOAD_MAX: f64 = 4_194_304.0;

/// The section `load`: tasks running or in uninterruptible sleep, averaged over 1, 5 and 15 minutes.
#[derive(Debug, Serialize)]
struct Load {
    #[serde(skip_serializing_if = "Option::is_none")]
    one: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    five: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fifteen: Option<f64>,
    /// Load per core, so that one limit fits every machine; absent where the number of cores is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_per_core: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    five_per_core: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fifteen_per_core: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "load", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let [one, five, fifteen] = parse(&run.proc("loadavg")?).map(|(name, average)| {
        let average = average?;
        let is_plausible = (0.0..=LOAD_MAX).contains(&average);
        if !is_plausible {
            run.discard(format!("load.{name}"), format_args!("is {average}"));
        }
        is_plausible.then(|| round(average))
    });
    if one.is_none() && five.is_none() && fifteen.is_none() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    let cores = run.cores;
    let per_core = |value: Option<f64>| Some(round(value? / cores.filter(|cores| *cores > 0)? as f64));
    run.add(
        "load",
        &Load {
            one,
            five,
            fifteen,
            one_per_core: per_core(one),
            five_per_core: per_core(five),
            fifteen_per_core: per_core(fifteen),
        },
    )
}

/// The three averages by name, each alone.
fn parse(content: &[u8]) -> [(&'static str, Option<f64>); 3] {
    let mut words = words(content.trim_ascii());
    ["one", "five", "fifteen"].map(|name| (name, words.next().and_then(fraction)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_average_alone() {
        let parsed = |content: &[u8]| parse(content).map(|(_, average)| average);
        assert_eq!(parsed(b"0.50 0.40 0.30 1/100 1234\n"), [Some(0.5), Some(0.4), Some(0.3)]);
        assert_eq!(parsed(b"x 0.40 inf"), [None, Some(0.4), None]);
        assert_eq!(parsed(b"\n"), [None, None, None]);
    }
}
