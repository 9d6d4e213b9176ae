//! Processes in uninterruptible sleep, and what they wait for in the kernel.

use crate::host::Root;

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
