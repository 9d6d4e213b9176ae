//! Load averages: `/proc/loadavg` (proc_loadavg(5)).

use crate::model::record::round;
use crate::probe::fields::{fraction, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use serde::Serialize;

/// Largest plausible load: as many tasks as Linux can have.
const LOAD_MAX: f64 = 4_194_304.0;

/// The section `load`: tasks running or in uninterruptible sleep, averaged over 1, 5 and 15 minutes.
#[derive(Debug, Serialize)]
struct Load {
    /// `host` in a container whose averages are those of its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'static str>,
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
    let content = run.proc("loadavg")?;
    run.tasks = tasks(&content);
    let [one, five, fifteen] = parse(&content).map(|(name, average)| {
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
    let of_host = run.facts.is_container() && !is_own(run);
    // LXC shows the cores of the container, but the averages of its host.
    let cores = run.cores.filter(|_| !(of_host && run.facts.is_lxc()));
    let per_core = |value: Option<f64>| Some(round(value? / cores.filter(|cores| *cores > 0)? as f64));
    run.add(
        "load",
        &Load {
            of: of_host.then_some("host"),
            one,
            five,
            fifteen,
            one_per_core: per_core(one),
            five_per_core: per_core(five),
            fifteen_per_core: per_core(fifteen),
        },
    )
}

/// Returns whether the averages of a container are its own: LXC can compute them (`lxcfs -l`), and then the tasks beside them
/// are those of its cgroup.
fn is_own(run: &Measurement<'_>) -> bool {
    let files = ["fs/cgroup/pids.current", "fs/cgroup/pids/pids.current"];
    let own = files.iter().find_map(|file| run.root.sys_line(file).ok()?.parse::<u64>().ok());
    run.facts.is_lxc() && run.tasks.zip(own).is_some_and(|(tasks, own)| tasks <= own.saturating_mul(2))
}

/// Number of tasks of the kernel, threads included: the second number of `1/100`.
fn tasks(content: &[u8]) -> Option<u64> {
    let field = words(content.trim_ascii()).nth(3)?;
    number(field.split(|byte| *byte == b'/').nth(1)?)
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
        assert_eq!(
            (tasks(b"0.50 0.40 0.30 1/812 1234\n"), tasks(b"x x x 1/ 9"), tasks(b"1 1")),
            (Some(812), None, None)
        );
    }
}
