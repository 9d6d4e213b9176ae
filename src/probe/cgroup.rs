//! Units and containers: what each cgroup used (`Documentation/admin-guide/cgroup-v2.rst`, `cgroup-v1/`).
//!
//! v2, v1 and hybrid trees are read through the same few questions; a tree without a controller leaves that answer out.

use super::Root;

/// Deepest cgroup that is looked at: `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice/cri-X.scope`.
const DEPTH_MAX: usize = 6;
/// More cgroups than this are not read: the probe must stay cheap.
const COUNT_MAX: usize = 1000;

/// Counters of one cgroup. What its tree does not tell is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Path below the root of the tree.
    pub path: String,
    /// CPU time in microseconds.
    pub cpu_us: Option<u64>,
    /// Memory now, page cache included, in bytes.
    pub memory_bytes: Option<u64>,
    /// Read from and written to disks, in bytes.
    pub read_bytes: Option<u64>,
    /// See `read_bytes`.
    pub written_bytes: Option<u64>,
    /// Processes ended because the cgroup's memory was used up.
    pub oom_kills: Option<u64>,
    /// Time in which a task of it waited for CPU, memory, I/O: `some total` in microseconds.
    pub stalled_us: [Option<u64>; 3],
}

/// Where the trees are mounted below `/sys/fs/cgroup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    /// One tree for everything.
    Unified,
    /// A tree for each controller, with or without a `unified` one beside them.
    Split,
}

/// Every unit and container of the host.
///
/// # Errors
/// When there is no tree that is understood.
pub fn usages(root: &Root) -> Result<Vec<Usage>, String> {
    let tree = if root.sys_line("fs/cgroup/cgroup.controllers").is_ok() {
        Tree::Unified
    } else if root.sys_names("fs/cgroup/memory").is_ok() || root.sys_names("fs/cgroup/cpuacct").is_ok() {
        Tree::Split
    } else {
        return Err("no cgroups here".to_string());
    };
    let base = match tree {
        Tree::Unified => "fs/cgroup".to_string(),
        // The directories of systemd's own tree are those of the others; without systemd those of memory.
        Tree::Split => {
            let trees = ["fs/cgroup/systemd", "fs/cgroup/memory", "fs/cgroup/cpuacct"];
            let with_directories = trees.iter().find(|tree| !root.sys_directories(tree).is_empty());
            with_directories.map_or_else(|| "fs/cgroup/memory".to_string(), ToString::to_string)
        }
    };
    let mut paths = Vec::new();
    walk(root, &base, "", 0, &mut paths);
    Ok(paths.into_iter().map(|path| usage(root, tree, path)).collect())
}

/// Collects what people know by a name: services, scopes, containers. Not what is below one of them.
fn walk(root: &Root, base: &str, below: &str, depth: usize, found: &mut Vec<String>) {
    for name in root.sys_directories(&format!("{base}{below}")) {
        let path = format!("{below}/{name}");
        if found.len() >= COUNT_MAX {
            return;
        }
        if super::unit_name::is_unit(&path) {
            found.push(path);
        } else if depth < DEPTH_MAX {
            walk(root, base, &path, depth + 1, found);
        }
    }
}

fn usage(root: &Root, tree: Tree, path: String) -> Usage {
    let number = |text: String| text.parse::<u64>().ok();
    match tree {
        Tree::Unified => {
            let file = |name: &str| root.sys_text(&format!("fs/cgroup{path}/{name}"));
            let (read_bytes, written_bytes) = file("io.stat").map(|text| io_v2(&text)).unzip();
            let stalled = |name: &str| file(name).and_then(|text| stalled(&text));
            Usage {
                cpu_us: file("cpu.stat").and_then(|text| keyed(&text, "usage_usec")),
                memory_bytes: file("memory.current").and_then(|text| number(text.trim().to_string())),
                read_bytes,
                written_bytes,
                oom_kills: file("memory.events").and_then(|text| keyed(&text, "oom_kill")),
                stalled_us: [stalled("cpu.pressure"), stalled("memory.pressure"), stalled("io.pressure")],
                path,
            }
        }
        Tree::Split => {
            let file = |controller: &str, name: &str| root.sys_text(&format!("fs/cgroup/{controller}{path}/{name}"));
            let cpu = file("cpuacct", "cpuacct.usage").or_else(|| file("cpu,cpuacct", "cpuacct.usage"));
            let io = file("blkio", "blkio.throttle.io_service_bytes");
            Usage {
                cpu_us: cpu.and_then(|text| number(text.trim().to_string())).map(|ns| ns / 1000),
                memory_bytes: file("memory", "memory.usage_in_bytes").and_then(|text| number(text.trim().to_string())),
                read_bytes: io.as_deref().map(|text| io_v1(text, "Read")),
                written_bytes: io.as_deref().map(|text| io_v1(text, "Write")),
                oom_kills: file("memory", "memory.oom_control").and_then(|text| keyed(&text, "oom_kill")),
                stalled_us: [None; 3],
                path,
            }
        }
    }
}

/// `name value` lines.
fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// `8:0 rbytes=1 wbytes=2 rios=3 …`, summed over the devices.
fn io_v2(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        text.split_whitespace()
            .filter_map(|word| word.strip_prefix(key)?.parse::<u64>().ok())
            .fold(0, u64::saturating_add)
    };
    (sum("rbytes="), sum("wbytes="))
}

/// `8:0 Read 123`, summed over the devices.
fn io_v1(text: &str, kind: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        (words.next()? == kind).then(|| words.next()?.parse::<u64>().ok())?
    });
    values.fold(0, u64::saturating_add)
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`.
fn stalled(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.split_whitespace().find_map(|word| word.strip_prefix("total=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_both_versions() {
        assert_eq!(keyed("usage_usec 12\nuser_usec 5\n", "usage_usec"), Some(12));
        assert_eq!(keyed("oom 1\noom_kill 3\noom_group_kill 0\n", "oom_kill"), Some(3));
        assert_eq!(io_v2("8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n"), (11, 22));
        assert_eq!((io_v1("8:0 Read 5\n8:0 Write 7\n8:16 Read 1\nTotal 13\n", "Read"), io_v1("", "Read")), (6, 0));
        assert_eq!(stalled("some avg10=0.00 avg60=0.00 avg300=0.00 total=99\nfull avg10=0 total=1\n"), Some(99));
    }
}
