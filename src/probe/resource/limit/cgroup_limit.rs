//! Limits of a cgroup, and what it uses of them.

use crate::probe::cgroup_tree::{CgroupTree, keyed};
use serde::{Deserialize, Serialize};

/// Limits above this are none: v1 writes a number near 2⁶³ for "unlimited".
const UNLIMITED: u64 = 1 << 60;
/// Period of a CPU quota in microseconds where the kernel does not say.
const PERIOD_US: u64 = 100_000;

/// The limits of a cgroup; `None`: unlimited, or unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupLimits {
    /// The smaller of `memory.max` and `memory.high`, in bytes.
    pub memory_bytes: Option<u64>,
    /// `pids.max`: processes and threads.
    pub tasks: Option<u64>,
    /// `cpu.max`: CPU time within a period, and the period, both in microseconds.
    pub cpu_us: Option<(u64, u64)>,
}

/// What a cgroup uses of its limits; `None`: not limited, or not readable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CgroupUse {
    /// Memory that the kernel cannot take back by dropping caches, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes killed because the memory limit was reached, since the cgroup was created.
    pub oom_kills: Option<u64>,
    /// Processes and threads.
    pub tasks: Option<u64>,
    /// Periods in which the CPU quota was used up, since the cgroup was created.
    pub throttled_periods: Option<u64>,
}

impl CgroupLimits {
    /// Reads the limits of a cgroup. `most_memory`: memory of the host; a higher limit is none.
    pub fn read(tree: CgroupTree<'_>, path: &str, most_memory: u64) -> Self {
        let memory = |unified: &str, split: &str| limit(&tree.file(path, unified, ("memory", split))?);
        let (max, high) = (memory("memory.max", "memory.limit_in_bytes"), memory("memory.high", ""));
        let memory_bytes = max.into_iter().chain(high).min().filter(|limit| *limit <= most_memory);
        let cpu = tree.file(path, "cpu.max", ("cpu", "cpu.cfs_quota_us"));
        let cpu_us = cpu.as_deref().and_then(quota).map(|(quota, period)| {
            let apart = || limit(&tree.file(path, "", ("cpu", "cpu.cfs_period_us"))?);
            (quota, period.or_else(apart).unwrap_or(PERIOD_US))
        });
        let tasks = tree.file(path, "pids.max", ("pids", "pids.max")).as_deref().and_then(limit);
        Self { memory_bytes, tasks, cpu_us }
    }

    /// Returns whether there is any limit.
    pub fn is_any(&self) -> bool {
        self.memory_bytes.is_some() || self.tasks.is_some() || self.cpu_us.is_some()
    }
}

impl CgroupUse {
    /// Reads what is limited.
    pub fn read(tree: CgroupTree<'_>, path: &str, limits: &CgroupLimits) -> Self {
        let memory = || {
            let current = tree.file(path, "memory.current", ("memory", "memory.usage_in_bytes"))?;
            let stat = tree.file(path, "memory.stat", ("memory", "memory.stat")).unwrap_or_default();
            Some(current.trim().parse::<u64>().ok()?.saturating_sub(reclaimable(&stat)))
        };
        let kills = || keyed(&tree.file(path, "memory.events", ("memory", "memory.oom_control"))?, "oom_kill");
        let tasks = || tree.file(path, "pids.current", ("pids", "pids.current"))?.trim().parse().ok();
        let throttled = || keyed(&tree.file(path, "cpu.stat", ("cpu", "cpu.stat"))?, "nr_throttled");
        Self {
            memory_bytes: limits.memory_bytes.and_then(|_| memory()),
            oom_kills: limits.memory_bytes.and_then(|_| kills()),
            tasks: limits.tasks.and_then(|_| tasks()),
            throttled_periods: limits.cpu_us.and_then(|_| throttled()),
        }
    }

    /// Returns whether nothing could be read: the cgroup is gone.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A limit: a number, or `max`, or −1. 0 is a limit that nothing can live with, and is written by no engine.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|limit| (1..UNLIMITED).contains(limit))
}

/// `max 100000`, `50000 100000`; v1 has the quota alone.
fn quota(text: &str) -> Option<(u64, Option<u64>)> {
    let mut words = text.split_whitespace();
    let quota = limit(words.next()?)?;
    Some((quota, words.next().and_then(limit)))
}

/// Memory that the kernel can take back, in bytes: page cache that is in no tmpfs, and caches of kernel objects. v1 has
/// the sum over the children under `total_`.
fn reclaimable(stat: &str) -> u64 {
    let of = |key: &str| keyed(stat, &format!("total_{key}")).or_else(|| keyed(stat, key)).unwrap_or(0);
    ["inactive_file", "active_file", "slab_reclaimable"].into_iter().map(of).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn limits_of_both_versions() {
        assert_eq!(
            (limit("536870912\n"), limit("max\n"), limit("-1\n"), limit("")),
            (Some(536_870_912), None, None, None)
        );
        assert_eq!((limit("9223372036854771712\n"), limit("0\n")), (None, None));
        assert_eq!(quota("50000 100000\n"), Some((50_000, Some(100_000))));
        assert_eq!((quota("max 100000\n"), quota("-1\n"), quota("25000\n")), (None, None, Some((25_000, None))));
        let v2 = "anon 5\nfile 90\nshmem 10\ninactive_file 50\nactive_file 30\nslab_reclaimable 4\nslab 9\n";
        assert_eq!(reclaimable(v2), 84);
        assert_eq!(reclaimable("inactive_file 1\ntotal_inactive_file 50\ntotal_active_file 30\n"), 80);
    }

    proptest! {
        #[test]
        fn a_broken_line_costs_no_other(noise in "[^\n]{0,40}", at in 0..4_usize, value in 0..u64::MAX / 8) {
            let mut lines = vec![format!("inactive_file {value}"), "active_file 7".to_string(), "slab_reclaimable 1".to_string()];
            prop_assume!(!["inactive_file", "active_file", "slab_reclaimable", "total_"].iter().any(|key| noise.trim().starts_with(key)));
            lines.insert(at.min(3), noise.clone());
            prop_assert_eq!(reclaimable(&lines.join("\n")), value + 8);
            let _ = (limit(&noise), quota(&noise));
        }
    }
}
