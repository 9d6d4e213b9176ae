//! Hung processes: in uninterruptible sleep without a single context switch, as the kernel's own detector defines it
//! (`Documentation/admin-guide/sysctl/kernel.rst`, `hung_task_timeout_secs`), and without those that are frozen or wait for
//! the child of a `vfork`. Waits that a signal can end, as for NFS, count. Threads beside the first are not looked at.

use super::stat::ProcessStat;
use crate::probe::blocked_processes::is_calm;
use crate::probe::fields::{lines, value_of};
use crate::probe::measurement::Measurement;

/// A process is hung after this time, in seconds, less what two runs of cron differ by.
const HUNG_SECONDS: f64 = 120.0 - 5.0;
/// Most blocked processes that are followed: more of them are one cause.
const FOLLOWED_MAX: usize = 50;

/// A blocked process: pid, start in ticks, context switches, and the second since boot since when they are the same.
type Blocked = (u32, u64, u64, f64);

/// The number of hung processes among those in uninterruptible sleep.
pub fn count(run: &mut Measurement<'_>, blocked: &[ProcessStat]) -> u32 {
    if blocked.is_empty() {
        return 0;
    }
    let before = run.previous::<Vec<Blocked>>("process.blocked").map(|(before, _)| before).unwrap_or_default();
    let now = run.now.boottime_seconds;
    let of = |stat: &ProcessStat| {
        let identity = run.root.process_stat(&stat.pid.to_string())?;
        let switches = switches(&run.root.proc(&format!("{}/status", stat.pid)).ok()?)?;
        let is_same = |known: &&Blocked| (known.0, known.1, known.2) == (stat.pid, stat.start_ticks, switches);
        let since = before.iter().find(is_same).map_or(now, |known| known.3);
        // Idle kernel threads are in uninterruptible sleep, too.
        let is_same_process = identity.start_ticks == stat.start_ticks && !identity.is_kernel_thread;
        is_same_process.then_some((stat.pid, stat.start_ticks, switches, since))
    };
    let kept: Vec<Blocked> = blocked.iter().take(FOLLOWED_MAX).filter_map(of).collect();
    run.counters.keep("process.blocked", &kept);
    let is_calm = |pid: u32| run.root.proc_line(&format!("{pid}/wchan")).is_ok_and(|place| is_calm(&place));
    kept.iter().filter(|(pid, _, _, since)| now - since >= HUNG_SECONDS && !is_calm(*pid)).count() as u32
}

/// All context switches of `/proc/<pid>/status`.
fn switches(status: &[u8]) -> Option<u64> {
    let find = |key: &[u8]| lines(status).find_map(|line| value_of(line, key));
    Some(find(b"voluntary_ctxt_switches")?.saturating_add(find(b"nonvoluntary_ctxt_switches")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_switches_count() {
        let status = b"Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";
        assert_eq!(switches(status), Some(695));
        assert_eq!((switches(b"Name:\tx\n"), switches(b"voluntary_ctxt_switches:\t1\n")), (None, None));
    }
}
