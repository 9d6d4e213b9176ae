//! Usage of each unit and container over the interval: a section of the `processes` stream.

mod cgroup;

use crate::base::text::{UNIT_NAME_MAX, clean};
use crate::model::record::round;
use crate::probe::cgroup_kind::SLICE;
use crate::probe::cgroup_owner::{CgroupOwner, OwnerNames};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::rates::{per_second, percent};
use cgroup::CgroupUsage;
use serde::Serialize;
use std::collections::BTreeMap;

/// An element of the section `unit`.
#[derive(Debug, Clone, Serialize)]
struct Unit {
    unit: String,
    kind: &'static str,
    /// Percent of one core, over the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    /// Present memory, page cache included.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_bytes_per_second: Option<f64>,
    /// Processes of the unit killed by the OOM killer in the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_kills: Option<u64>,
    /// Share of the interval in which a task of the unit waited for CPU, memory, I/O.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_stalled_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_stalled_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    io_stalled_percent: Option<f64>,
}

/// The counters kept per cgroup path: CPU, read, written, OOM kills, stalls.
type KeptUnit = [Option<u64>; 7];

fn kept(usage: &CgroupUsage) -> KeptUnit {
    let [cpu, memory, io] = usage.stalled_us;
    [usage.cpu_us, usage.read_bytes, usage.written_bytes, usage.oom_kills, cpu, memory, io]
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "unit", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    if !run.settings.processes {
        return Ok(());
    }
    let usages = cgroup::usages(run.root)?;
    let before = run.previous::<BTreeMap<String, KeptUnit>>("unit");
    let counters: BTreeMap<&str, KeptUnit> = usages.iter().map(|usage| (usage.path.as_str(), kept(usage))).collect();
    run.counters.keep("unit", &counters);
    let mut names = OwnerNames::new(run.root);
    let units = usages.iter().filter_map(|usage| {
        let owner = if usage.is_slice { slice(&usage.path) } else { names.owner_of_cgroup(&usage.path)? };
        let earlier = before.as_ref().and_then(|(before, seconds)| Some((before.get(&usage.path)?, *seconds)));
        Some(unit(usage, owner.name, owner.kind, earlier))
    });
    let units = choose(units.collect(), run.settings.top_processes);
    if units.is_empty() { Ok(()) } else { run.processes.add("unit", &units).map_err(|error| error.to_string()) }
}

/// A slice as a whole.
fn slice(path: &str) -> CgroupOwner {
    CgroupOwner { name: clean(path.trim_start_matches('/'), UNIT_NAME_MAX), kind: SLICE }
}

fn unit(usage: &CgroupUsage, name: String, kind: &'static str, earlier: Option<(&KeptUnit, f64)>) -> Unit {
    let now = kept(usage);
    let grown = |index: usize| {
        let (before, seconds) = earlier?;
        let (now, before) = ((*now.get(index)?)?, (*before.get(index)?)?);
        Some((now, before, seconds))
    };
    let rate = |index: usize| grown(index).and_then(|(now, before, seconds)| per_second(now, before, seconds));
    let stalled = |index: usize| rate(index).map(|us| percent(us / 1e6, 1.0));
    Unit {
        unit: name,
        kind,
        cpu_percent: rate(0).map(|us| round(us / 1e4)),
        memory_bytes: usage.memory_bytes,
        read_bytes_per_second: rate(1),
        written_bytes_per_second: rate(2),
        oom_kills: grown(3).and_then(|(now, before, _)| now.checked_sub(before)),
        cpu_stalled_percent: stalled(4),
        memory_stalled_percent: stalled(5),
        io_stalled_percent: stalled(6),
    }
}

/// The units with the highest CPU, memory and I/O, a third of the places each, and every unit that lost a process to the
/// OOM killer.
fn choose(mut units: Vec<Unit>, places: usize) -> Vec<Unit> {
    let third = places.div_ceil(3);
    let io = |unit: &Unit| unit.read_bytes_per_second.unwrap_or(0.0) + unit.written_bytes_per_second.unwrap_or(0.0);
    let by: [&dyn Fn(&Unit) -> f64; 4] = [
        &|unit| unit.oom_kills.unwrap_or(0) as f64 * 1e12,
        &|unit| unit.cpu_percent.unwrap_or(0.0),
        &|unit| unit.memory_bytes.unwrap_or(0) as f64,
        &io,
    ];
    let mut chosen: Vec<Unit> = Vec::new();
    for (number, key) in by.into_iter().enumerate() {
        units.sort_by(|a, b| key(b).total_cmp(&key(a)));
        let count =
            units.iter().take(if number == 0 { units.len() } else { third }).take_while(|unit| key(unit) > 0.0).count();
        chosen.extend(units.drain(..count));
    }
    chosen.sort_by(|a, b| {
        b.cpu_percent.unwrap_or(0.0).total_cmp(&a.cpu_percent.unwrap_or(0.0)).then(b.memory_bytes.cmp(&a.memory_bytes))
    });
    chosen
}
