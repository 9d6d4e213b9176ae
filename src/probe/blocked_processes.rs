//! Processes in uninterruptible sleep, and what they wait for in the kernel.

use crate::host::Root;

/// Where a process waits for its child to start a program (`vfork`), by version of the kernel, or is frozen by a cgroup:
/// both as long as somebody likes, and neither for a disk or a server.
const CALM_PLACES: [&str; 6] =
    ["__refrigerator", "do_freezer_trap", "wait_for_vfork_done", "kernel_clone", "_do_fork", "do_fork"];

/// Returns whether a process that waits in this function of the kernel lacks nothing. Compilers add to names, such as
/// `.isra.0`.
pub fn is_calm(place: &str) -> bool {
    CALM_PLACES.contains(&place.split('.').next().unwrap_or(place))
}

/// A process that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedProcess {
    /// Its name.
    pub name: String,
    /// Its id.
    pub pid: u32,
    /// Function of the kernel in which it waits (`/proc/<pid>/wchan`); empty: the kernel does not say.
    pub place: String,
}

/// The first `most` processes in uninterruptible sleep by their ids, without threads of the kernel.
pub fn blocked_processes(root: &Root, most: usize) -> Vec<BlockedProcess> {
    let blocked = root.pids().into_iter().filter_map(|pid| {
        let stat = root.process_stat(&pid.to_string())?;
        let place = || root.proc_line(&format!("{pid}/wchan")).unwrap_or_default();
        (stat.state == b'D' && !stat.is_kernel_thread).then(|| BlockedProcess {
            name: stat.name,
            pid,
            place: place().trim_matches('0').to_string(),
        })
    });
    blocked.take(most).collect()
}
