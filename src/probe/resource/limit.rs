//! Limits of slices, services and containers, and of the container that osmon runs in: memory, tasks, CPU.
//!
//! The list of limited cgroups is renewed every ten minutes, and when one of them is gone.

mod cgroup_limit;

use crate::model::record::round;
use crate::probe::cgroup_owner::OwnerNames;
use crate::probe::cgroup_tree::CgroupTree;
use crate::probe::growth::{NoGrowth, growth};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::rates::percent;
use cgroup_limit::{CgroupLimits, CgroupUse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often limits are looked up, in seconds.
const LIST_SECONDS: f64 = 600.0;
/// Name of the list among the counters.
const LIST: &str = "limit.listed";
/// systemd limits the tasks of every unit: only those are followed that use this share of their limit, or whose limit is
/// this small.
const TASKS_SHARE: f64 = 0.25;
const TASKS_FEW: u64 = 500;
/// Name of the cgroup that osmon sees as the root, when that has limits.
const OWN_NAME: &str = "this container";

/// An element of the section `limit`.
#[derive(Debug, Serialize)]
struct Limit<'a> {
    unit: &'a str,
    kind: &'a str,
    /// Memory that cannot be taken back by dropping caches.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_used_percent: Option<f64>,
    /// Processes killed because the limit was reached, since the cgroup was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_kills: Option<u64>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks_used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_limit_cores: Option<f64>,
    /// Share of the time in which the CPU quota was used up and tasks had to wait for the next period.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_throttled_percent: Option<f64>,
}

/// A limited cgroup, kept with the counters.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Limited {
    path: String,
    unit: String,
    kind: String,
    limits: CgroupLimits,
}

/// The result of a search that the counters keep until the next one.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    limited: Vec<Limited>,
    /// Cgroups that were not looked at.
    left_out: usize,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "limit", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let root = run.root;
    let Some(tree) = CgroupTree::of(root) else { return Ok(()) };
    let (Listed { limited: mut list, mut left_out }, age) =
        run.periodic(LIST, LIST_SECONDS, |run| Ok(find(run, tree)))?;
    let read = |list: &[Limited]| -> Vec<CgroupUse> {
        list.iter().map(|limited| CgroupUse::read(tree, &limited.path, &limited.limits)).collect()
    };
    let mut used = read(&list);
    if age > 0.0 && used.iter().any(CgroupUse::is_empty) {
        Listed { limited: list, left_out } = run.periodic(LIST, 0.0, |run| Ok(find(run, tree)))?.0;
        used = read(&list);
    }
    if left_out > 0 {
        run.failed.insert("limit", format!("{left_out} cgroups are not looked at: there are too many"));
    }
    let before = run.previous::<BTreeMap<String, u64>>("limit");
    let mut counters = BTreeMap::new();
    let mut limits = Vec::new();
    for (limited, used) in list.iter().zip(&used).filter(|(_, used)| !used.is_empty()) {
        let throttled = used.throttled_periods.and_then(|now| {
            counters.insert(limited.path.as_str(), now);
            let (before, seconds) = before.as_ref()?;
            throttled_percent(run, limited, now, *before.get(&limited.path)?, *seconds)
        });
        limits.push(limit(limited, used, throttled));
    }
    run.counters.keep("limit", &counters);
    run.add("limit", &limits)
}

fn limit<'a>(limited: &'a Limited, used: &CgroupUse, cpu_throttled_percent: Option<f64>) -> Limit<'a> {
    let CgroupLimits { memory_bytes, tasks, cpu_us } = limited.limits;
    let share =
        |used: Option<u64>, limit: Option<u64>| used.zip(limit).map(|(used, limit)| percent(used as f64, limit as f64));
    Limit {
        unit: &limited.unit,
        kind: &limited.kind,
        memory_bytes: used.memory_bytes,
        memory_limit_bytes: memory_bytes,
        memory_used_percent: share(used.memory_bytes, memory_bytes),
        oom_kills: used.oom_kills,
        tasks: used.tasks,
        tasks_limit: tasks,
        tasks_used_percent: share(used.tasks, tasks),
        cpu_limit_cores: cpu_us.map(|(quota, period)| round(quota as f64 / period as f64)),
        cpu_throttled_percent,
    }
}

/// The share of all periods in which the quota was used up, not only of those with work: a job of a second is not held
/// back all the time. A counter that fell is that of a new cgroup by the same path.
fn throttled_percent(run: &mut Measurement<'_>, limited: &Limited, now: u64, before: u64, seconds: f64) -> Option<f64> {
    let (_, period_us) = limited.limits.cpu_us?;
    let periods = seconds * 1e6 / period_us as f64;
    match growth(now, before, periods * 1.1 + 10.0) {
        Ok(throttled) => Some(percent(throttled as f64, periods)),
        Err(NoGrowth::Fell { .. }) => None,
        Err(jumped) => {
            run.discard(format!("limit {}.cpu_throttled", limited.unit), jumped);
            None
        }
    }
}

/// The cgroups with limits that matter. A name that is used twice is replaced by the path.
fn find(run: &Measurement<'_>, tree: CgroupTree<'_>) -> Listed {
    let most_memory = run.memory_bytes.map_or(u64::MAX, |(_, total)| total);
    let mut names = OwnerNames::new(run.root);
    let (paths, left_out) = tree.paths();
    let limited = paths.into_iter().filter_map(|path| {
        let limits = of_interest(tree, &path, CgroupLimits::read(tree, &path, most_memory));
        let (unit, kind) = limits.is_any().then(|| name(&mut names, &path))??;
        Some(Limited { path, unit, kind: kind.to_string(), limits })
    });
    let mut list: Vec<Limited> = limited.collect();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    list.iter().for_each(|limited| *uses.entry(limited.unit.clone()).or_default() += 1);
    for limited in list.iter_mut().filter(|limited| uses.get(&limited.unit).is_some_and(|count| *count > 1)) {
        limited.unit.clone_from(&limited.path);
    }
    Listed { limited: list, left_out }
}

/// The limits without that of the tasks, where it is a default that is far from being reached.
fn of_interest(tree: CgroupTree<'_>, path: &str, limits: CgroupLimits) -> CgroupLimits {
    let only_tasks = CgroupLimits { tasks: limits.tasks, ..CgroupLimits::default() };
    let is_followed = |limit: u64| {
        let used = CgroupUse::read(tree, path, &only_tasks).tasks.unwrap_or(0);
        limit <= TASKS_FEW || used as f64 >= limit as f64 * TASKS_SHARE
    };
    CgroupLimits { tasks: limits.tasks.filter(|limit| is_followed(*limit)), ..limits }
}

/// Name and kind of a cgroup; `None` for pods, whose limits are the sums of those of their containers.
fn name(names: &mut OwnerNames<'_>, path: &str) -> Option<(String, &'static str)> {
    if path.is_empty() {
        return Some((OWN_NAME.to_string(), "container"));
    }
    if let Some(owner) = names.owner_of_cgroup(path) {
        return Some((owner.name, owner.kind));
    }
    let last = path.rsplit('/').next().unwrap_or(path);
    let is_pod = path.contains("kubepods") && last.trim_start_matches("kubepods").contains("pod");
    (!is_pod).then(|| (last.to_string(), if last.ends_with(".service") { "service" } else { "slice" }))
}
