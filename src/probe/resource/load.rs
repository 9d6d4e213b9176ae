//! Load averages: `/proc/loadavg` (proc_loadavg(5)).

use crate::model::record::round;
use crate::probe::fields::{fraction, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use serde::Serialize;

/// The section `load`: tasks running or in uninterruptible sleep, averaged over 1, 5 and 15 minutes.
#[derive(Debug, Serialize)]
struct Load {
    one: f64,
    five: f64,
    fifteen: f64,
    /// Load per core, so that one limit fits every machine.
    one_per_core: f64,
    five_per_core: f64,
    fifteen_per_core: f64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "load", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let content = run.proc("loadavg")?;
    let mut averages = words(&content).map_while(fraction).map(round);
    let mut next = || averages.next().ok_or(UNKNOWN_FORMAT);
    let (one, five, fifteen) = (next()?, next()?, next()?);
    let per_core = |value: f64| round(value / run.cores.unwrap_or(1) as f64);
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
