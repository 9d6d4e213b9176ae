//! Counters of cgroups (`Documentation/admin-guide/cgroup-v2.rst`, `cgroup-v1/`).
//!
//! v2, v1 and hybrid hierarchies give the same counters; one whose controller is missing is `None`.

use crate::host::Root;
use crate::probe::cgroup_kind::has_owner;
use crate::probe::cgroup_tree::choose;

/// Depth to which cgroups are searched: `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice/cri-X.scope`.
const DEPTH_MAX: usize = 6;
/// Units of systemd without cgroups below them.
const LEAVES: [&str; 3] = [".mount", ".socket", ".swap"];
/// Maximum number of cgroups that are read: the probe must stay cheap.
const COUNT_MAX: usize = 1000;
/// Maximum number of cgroups that are listed.
const LISTED_MAX: usize = 50_000;

/// Counters of one cgroup; `None` where its hierarchy has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CgroupUsage {
    /// Path below the root of the hierarchy.
    pub path: String,
    /// All of a slice, of whose units some are not read.
    pub is_slice: bool,
    /// CPU time in microseconds.
    pub cpu_us: Option<u64>,
    /// Present memory, page cache included, in bytes.
    pub memory_bytes: Option<u64>,
    /// Read from disks, in bytes.
    pub read_bytes: Option<u64>,
    /// Written to disks, in bytes.
    pub written_bytes: Option<u64>,
    /// Processes killed by the OOM killer because the cgroup reached its limit.
    pub oom_kills: Option<u64>,
    /// Time in which a task waited for CPU, memory, I/O: `some total`, in microseconds.
    pub stalled_us: [Option<u64>; 3],
}

/// Sums bytes of devices, given by their numbers (`8:0`), each transfer once.
type SumOnce<'s> = &'s dyn Fn(&[(&str, u64)]) -> u64;

/// Layout below `/sys/fs/cgroup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One hierarchy for all controllers (v2).
    Unified,
    /// One hierarchy per controller (v1), with or without `unified` beside them.
    Split,
}

/// Counters of every unit and container.
///
/// # Errors
/// When there are no cgroups.
pub fn usages(root: &Root, sum: SumOnce<'_>) -> Result<Vec<CgroupUsage>, String> {
    let tree = if root.sys_line("fs/cgroup/cgroup.controllers").is_ok() {
        Layout::Unified
    } else if root.sys_names("fs/cgroup/memory").is_ok() || root.sys_names("fs/cgroup/cpuacct").is_ok() {
        Layout::Split
    } else {
        return Err("no cgroups here".to_string());
    };
    let base = match tree {
        Layout::Unified => "fs/cgroup".to_string(),
        // systemd's own hierarchy has the directories of all others; without systemd memory has.
        Layout::Split => {
            let trees = ["fs/cgroup/systemd", "fs/cgroup/memory", "fs/cgroup/cpuacct"];
            let with_directories = trees.iter().find(|tree| !root.sys_directories(tree).is_empty());
            with_directories.map_or_else(|| "fs/cgroup/memory".to_string(), ToString::to_string)
        }
    };
    let mut paths = Vec::new();
    walk(root, &base, "", 0, &mut paths);
    let (paths, cut) = choose(paths, COUNT_MAX);
    let whole = cut.into_iter().map(|path| CgroupUsage { is_slice: true, ..usage(root, tree, path, sum) });
    let whole: Vec<CgroupUsage> = whole.collect();
    Ok(paths.into_iter().map(|path| usage(root, tree, path, sum)).chain(whole).collect())
}

/// Collects services, scopes and containers, but not the cgroups within one.
fn walk(root: &Root, base: &str, below: &str, depth: usize, found: &mut Vec<String>) {
    for name in root.sys_directories(&format!("{base}{below}")) {
        let path = format!("{below}/{name}");
        if found.len() >= LISTED_MAX {
            return;
        }
        if has_owner(&path) {
            found.push(path);
        } else if depth < DEPTH_MAX && !LEAVES.iter().any(|end| path.ends_with(end)) {
            walk(root, base, &path, depth + 1, found);
        }
    }
}

fn usage(root: &Root, tree: Layout, path: String, sum: SumOnce<'_>) -> CgroupUsage {
    let number = |text: String| text.parse::<u64>().ok();
    match tree {
        Layout::Unified => {
            let file = |name: &str| root.sys_text(&format!("fs/cgroup{path}/{name}"));
            let (read_bytes, written_bytes) = file("io.stat").map(|text| io_v2(&text, sum)).unzip();
            let stalled = |name: &str| file(name).and_then(|text| stalled(&text));
            CgroupUsage {
                cpu_us: file("cpu.stat").and_then(|text| keyed(&text, "usage_usec")),
                memory_bytes: file("memory.current").and_then(|text| number(text.trim().to_string())),
                read_bytes,
                written_bytes,
                oom_kills: file("memory.events").and_then(|text| keyed(&text, "oom_kill")),
                stalled_us: [stalled("cpu.pressure"), stalled("memory.pressure"), stalled("io.pressure")],
                path,
                is_slice: false,
            }
        }
        Layout::Split => {
            let file = |controller: &str, name: &str| root.sys_text(&format!("fs/cgroup/{controller}{path}/{name}"));
            let cpu = file("cpuacct", "cpuacct.usage").or_else(|| file("cpu,cpuacct", "cpuacct.usage"));
            let io = file("blkio", "blkio.throttle.io_service_bytes");
            CgroupUsage {
                cpu_us: cpu.and_then(|text| number(text.trim().to_string())).map(|ns| ns / 1000),
                memory_bytes: file("memory", "memory.usage_in_bytes").and_then(|text| number(text.trim().to_string())),
                read_bytes: io.as_deref().map(|text| io_v1(text, "Read", sum)),
                written_bytes: io.as_deref().map(|text| io_v1(text, "Write", sum)),
                oom_kills: file("memory", "memory.oom_control").and_then(|text| keyed(&text, "oom_kill")),
                stalled_us: [None; 3],
                path,
                is_slice: false,
            }
        }
    }
}

/// The value of a key in lines of `name value`.
fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Bytes read and written, counted once where devices lie on others: `8:0 rbytes=1 wbytes=2 rios=3 …`.
fn io_v2(text: &str, sum: SumOnce<'_>) -> (u64, u64) {
    let of = |key: &str| {
        let bytes = text.lines().filter_map(|line| {
            let (device, rest) = line.split_once(' ')?;
            Some((device, rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.parse().ok())?))
        });
        sum(&bytes.collect::<Vec<_>>())
    };
    (of("rbytes="), of("wbytes="))
}

/// Bytes of one kind, counted once where devices lie on others: `8:0 Read 123`.
fn io_v1(text: &str, kind: &str, sum: SumOnce<'_>) -> u64 {
    let bytes = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (device, found, bytes) = (words.next()?, words.next()?, words.next()?);
        (found == kind).then(|| Some((device, bytes.parse().ok()?)))?
    });
    sum(&bytes.collect::<Vec<_>>())
}

/// The total of the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`.
fn stalled(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.split_whitespace().find_map(|word| word.strip_prefix("total=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_versions() {
        assert_eq!(keyed("usage_usec 12\nuser_usec 5\n", "usage_usec"), Some(12));
        assert_eq!(keyed("oom 1\noom_kill 3\noom_group_kill 0\n", "oom_kill"), Some(3));
        let sum = |bytes: &[(&str, u64)]| bytes.iter().map(|(_, bytes)| bytes).sum();
        assert_eq!(io_v2("8:0 rbytes=10 wbytes=20 rios=1\n8:16 wbytes=2 rbytes=1\n8:32\nx rbytes=y\n", &sum), (11, 22));
        let old = "8:0 Read 5\n8:0 Write 7\n8:16 Read 1\nTotal 13\n";
        assert_eq!((io_v1(old, "Read", &sum), io_v1("", "Read", &sum)), (6, 0));
        assert_eq!(stalled("some avg10=0.00 avg60=0.00 avg300=0.00 total=99\nfull avg10=0 total=1\n"), Some(99));
    }
}
