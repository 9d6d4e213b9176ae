//! Usage of each unit and container over the interval: a section of the `processes` stream.

mod cgroup;

use crate::base::sort::SmallSort;
use crate::base::text::{UNIT_NAME_MAX, clean};
use crate::model::record::round;
use crate::probe::block_stack;
use crate::probe::cgroup_kind::SLICE;
use crate::probe::cgroup_owner::{CgroupOwner, OwnerNames};
use crate::probe::growth::rate;
use crate::probe::measurement::{Absent, CORES_MAX, Measurement, Resource, Scope};
use crate::probe::rates::percent;
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

/// Most bytes per second of one unit.
const BYTES_PER_SECOND_MAX: f64 = 128.0 * 1024.0 * 1024.0 * 1024.0;

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
    let devices = run.block_devices.take();
    let devices = devices.or_else(|| block_stack::read(run).ok()).unwrap_or_default();
    let usages = cgroup::usages(run.root, &|bytes| devices.sum_once(bytes))?;
    let before = run.previous::<BTreeMap<String, KeptUnit>>("unit");
    let counters: BTreeMap<&str, KeptUnit> = usages.iter().map(|usage| (usage.path.as_str(), kept(usage))).collect();
    run.counters.keep("unit", &counters);
    let mut names = OwnerNames::new(run.root);
    let owned: Vec<_> = usages
        .iter()
        .filter_map(|usage| {
            let owner = if usage.is_slice { slice(&usage.path) } else { names.owner_of_cgroup(&usage.path)? };
            Some((usage, owner))
        })
        .collect();
    let mut units = Vec::new();
    for (usage, owner) in owned {
        let earlier = before.as_ref().and_then(|(before, seconds)| Some((before.get(&usage.path)?, *seconds)));
        // Sums over other levels of devices do not compare.
        units.push(unit(run, usage, (owner.name, owner.kind), earlier, !devices.changed));
    }
    let units = choose(units, run.settings.top_processes);
    if units.is_empty() { Ok(()) } else { run.processes.add("unit", &units).map_err(|error| error.to_string()) }
}

/// A slice as a whole.
fn slice(path: &str) -> CgroupOwner {
    CgroupOwner { name: clean(path.trim_start_matches('/'), UNIT_NAME_MAX), kind: SLICE }
}

fn unit(
    run: &mut Measurement<'_>,
    usage: &CgroupUsage,
    (name, kind): (String, &'static str),
    earlier: Option<(&KeptUnit, f64)>,
    has_io: bool,
) -> Unit {
    let now = kept(usage);
    let [cpu, read, written, oom_kills, cpu_stall, memory_stall, io_stall] = match earlier {
        Some((before, seconds)) => grown(run, &name, now, *before, seconds),
        None => [None; 7],
    };
    let seconds = earlier.map_or(1.0, |(_, seconds)| seconds);
    let stalled = |us: Option<u64>| us.map(|us| percent(us as f64 / 1e6, seconds));
    let bytes = |grown: Option<u64>| grown.filter(|_| has_io).map(|grown| rate(grown, seconds));
    Unit {
        unit: name,
        kind,
        cpu_percent: cpu.map(|us| round(rate(us, seconds) / 1e4)),
        memory_bytes: usage.memory_bytes,
        read_bytes_per_second: bytes(read),
        written_bytes_per_second: bytes(written),
        oom_kills,
        cpu_stalled_percent: stalled(cpu_stall),
        memory_stalled_percent: stalled(memory_stall),
        io_stalled_percent: stalled(io_stall),
    }
}

/// Growth of each counter. A unit that was restarted has a new cgroup, whose counters began anew: no fault.
fn grown(run: &mut Measurement<'_>, name: &str, now: KeptUnit, before: KeptUnit, seconds: f64) -> KeptUnit {
    let [cpu, cpu_before] = [now, before].map(|counters| counters.into_iter().next().flatten());
    if cpu.zip(cpu_before).is_some_and(|(now, before)| now < before) {
        return [None; 7];
    }
    let cores = run.cores.unwrap_or(CORES_MAX) as f64;
    let stall = seconds * 1.1e6 + 1e6;
    let most =
        [cores * stall, BYTES_PER_SECOND_MAX * seconds, BYTES_PER_SECOND_MAX * seconds, 1e9, stall, stall, stall];
    let names = ["cpu_us", "read_bytes", "written_bytes", "oom_kills", "cpu_stalled", "memory_stalled", "io_stalled"];
    let mut values = now.into_iter().zip(before).zip(names.into_iter().zip(most));
    [(); 7].map(|()| {
        let ((now, before), (value, most)) = values.next()?;
        run.growth_of(|| format!("unit {name}.{value}"), now?, before?, most)
    })
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
        units.arrange_by(|a, b| key(b).total_cmp(&key(a)));
        let count =
            units.iter().take(if number == 0 { units.len() } else { third }).take_while(|unit| key(unit) > 0.0).count();
        chosen.extend(units.drain(..count));
    }
    chosen.arrange_by(|a, b| {
        b.cpu_percent.unwrap_or(0.0).total_cmp(&a.cpu_percent.unwrap_or(0.0)).then(b.memory_bytes.cmp(&a.memory_bytes))
    });
    chosen
}
