//! The tree of cgroups: which there are, and their files in each version (`Documentation/admin-guide/cgroup-v2.rst`,
//! `cgroup-v1/`).

use super::cgroup_kind::has_owner;
use crate::base::sort::SmallSort;
use crate::host::Root;
use std::collections::BTreeMap;

/// Depth to which cgroups are searched.
const DEPTH_MAX: usize = 6;
/// Maximum number of cgroups that are looked at.
const COUNT_MAX: usize = 2000;
/// Maximum number of cgroups that are listed.
const LISTED_MAX: usize = 50_000;
/// Units of systemd without processes of their own that matter here.
const LEAVES: [&str; 3] = [".mount", ".socket", ".swap"];
/// Depth of the cgroups that an engine or a service creates within its own.
const OWN_DEPTH_MAX: usize = 2;

/// A tree of cgroups below `/sys/fs/cgroup`.
#[derive(Debug, Clone, Copy)]
pub struct CgroupTree<'a> {
    root: &'a Root,
    /// One hierarchy for all controllers (v2), else one for each (v1), with or without `unified` beside them.
    is_unified: bool,
}

impl<'a> CgroupTree<'a> {
    /// The tree of this host; `None` where there is none.
    pub fn of(root: &'a Root) -> Option<Self> {
        let is_unified = root.sys_line("fs/cgroup/cgroup.controllers").is_ok();
        let has_any =
            is_unified || ["memory", "cpuacct"].iter().any(|it| root.sys_names(&format!("fs/cgroup/{it}")).is_ok());
        has_any.then_some(Self { root, is_unified })
    }

    /// Paths of the slices, services, scopes and containers, and `""`, the root, and the number of those that are left
    /// out because there are too many. A cgroup within one is not listed.
    pub fn paths(self) -> (Vec<String>, usize) {
        let bases: &[&str] = if self.is_unified { &[""] } else { &["/systemd", "/memory", "/cpuacct"] };
        let with_directories =
            bases.iter().find(|base| !self.root.sys_directories(&format!("fs/cgroup{base}")).is_empty());
        let mut paths = vec![String::new()];
        self.walk(with_directories.unwrap_or(&""), "", 0, &mut paths);
        let count = paths.len();
        let (paths, _) = choose(paths, COUNT_MAX);
        let left_out = count - paths.len();
        (paths, left_out)
    }

    fn walk(self, base: &str, below: &str, depth: usize, found: &mut Vec<String>) {
        for name in self.root.sys_directories(&format!("fs/cgroup{base}{below}")) {
            if found.len() >= LISTED_MAX || LEAVES.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let path = format!("{below}/{name}");
            found.push(path.clone());
            if !has_owner(&path) && depth < DEPTH_MAX {
                self.walk(base, &path, depth + 1, found);
            }
        }
    }

    /// A file of a cgroup: `unified` is its name in v2, `split` controller and name in v1.
    pub fn file(self, path: &str, unified: &str, split: (&str, &str)) -> Option<String> {
        let (controller, name) = split;
        match self.is_unified {
            true => self.root.sys_text(&format!("fs/cgroup{path}/{unified}")),
            false if name.is_empty() => None,
            false => self.root.sys_text(&format!("fs/cgroup/{controller}{path}/{name}")),
        }
    }

    /// A process in a cgroup or in those that it created; `None`: there is none.
    pub fn process(self, path: &str) -> Option<u32> {
        self.process_below(path, 0)
    }

    fn process_below(self, path: &str, depth: usize) -> Option<u32> {
        let pids = self.file(path, "cgroup.procs", ("memory", "cgroup.procs")).unwrap_or_default();
        // 0 stands for a process outside the PID namespace.
        let pid = pids.lines().find_map(|line| line.trim().parse().ok().filter(|pid| *pid > 0));
        if pid.is_some() || depth >= OWN_DEPTH_MAX {
            return pid;
        }
        let base = if self.is_unified { "" } else { "/memory" };
        let below = self.root.sys_directories(&format!("fs/cgroup{base}{path}"));
        below.iter().find_map(|name| self.process_below(&format!("{path}/{name}"), depth + 1))
    }
}

/// At most `most` of the paths, so that no directory at the top takes the places of another, and the directories of which
/// some are left out.
pub fn choose(paths: Vec<String>, most: usize) -> (Vec<String>, Vec<String>) {
    if paths.len() <= most {
        return (paths, Vec::new());
    }
    let mut by_top: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let top = path.split('/').nth(1).unwrap_or_default();
        by_top.entry(format!("/{top}")).or_default().push(path);
    }
    let mut groups: Vec<(String, Vec<String>)> = by_top.into_iter().collect();
    groups.arrange_by_key(|(_, paths)| paths.len());
    let (mut chosen, mut cut, mut left) = (Vec::new(), Vec::new(), groups.len());
    for (top, mut paths) in groups {
        let share = most.saturating_sub(chosen.len()).div_ceil(left.max(1));
        left = left.saturating_sub(1);
        if paths.len() > share {
            paths.truncate(share);
            cut.extend((!has_owner(&top)).then_some(top));
        }
        chosen.append(&mut paths);
    }
    chosen.arrange();
    (chosen, cut)
}

/// The value of a key in lines of `name value`.
pub fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == key).then(|| words.next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_slice_takes_the_places_of_another() {
        let of = |top: &str, count: usize| -> Vec<String> {
            (0..count).map(|number| format!("/{top}/x{number:04}.service")).collect()
        };
        let paths = [of("a.slice", 5000), of("kubepods.slice", 900), of("system.slice", 40)].concat();
        let (chosen, cut) = choose(paths.clone(), 1000);
        let count = |top: &str| chosen.iter().filter(|path| path.starts_with(top)).count();
        assert_eq!([count("/a.slice"), count("/kubepods.slice"), count("/system.slice")], [480, 480, 40]);
        assert_eq!(cut, ["/kubepods.slice", "/a.slice"]);
        assert_eq!(choose(paths.clone(), 5940), (paths, vec![]));
        let containers: Vec<String> = (0..1500).map(|number| format!("/lxc.payload.c{number:04}")).collect();
        let (chosen, cut) = choose(containers, 1000);
        assert_eq!((chosen.len(), cut.len()), (1000, 0));
    }
}
