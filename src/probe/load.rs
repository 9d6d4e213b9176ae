//! Load averages: `/proc/loadavg` (proc_loadavg(5)).

use super::measure::{Measure, not_understood};
use crate::model::record::round;
use procfs_core::{FromRead, LoadAverage};
use serde::Serialize;

/// The section `load`: tasks running or in uninterruptible sleep, averaged over 1, 5 and 15 minutes.
#[derive(Debug, Serialize)]
struct Load {
    one: f64,
    five: f64,
    fifteen: f64,
    /// The same per core: what a limit can be set on without knowing the machine.
    one_per_core: f64,
    five_per_core: f64,
    fifteen_per_core: f64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("loadavg").map_err(|error| error.to_string())?;
    let load = LoadAverage::from_read(content.as_slice()).map_err(not_understood)?;
    let [one, five, fifteen] = [load.one, load.five, load.fifteen].map(|value| round(f64::from(value)));
    let per_core = |value: f64| round(value / measure.cores.unwrap_or(1) as f64);
    measure.add(
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
