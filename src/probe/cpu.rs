//! CPU time by mode: `/proc/stat` (proc_stat(5)).

use super::measure::Measure;
use super::rate::percent;
use procfs_core::{CpuTime, ExplicitSystemInfo, FromBufReadSI, KernelStats};
use serde::{Deserialize, Serialize};

/// Ticks since boot, of all cores together (`USER_HZ`, 100 per second). `guest` time is within `user`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counters {
    user_ticks: u64,
    nice_ticks: u64,
    system_ticks: u64,
    idle_ticks: u64,
    iowait_ticks: u64,
    irq_ticks: u64,
    softirq_ticks: u64,
    steal_ticks: u64,
}

/// The section `cpu`: percent of all cores together over the interval.
#[derive(Debug, Serialize)]
struct Cpu {
    cores: usize,
    #[serde(flatten)]
    shares: Option<Shares>,
    counters: Counters,
}

#[derive(Debug, PartialEq, Serialize)]
struct Shares {
    /// Everything but idle and waiting for I/O.
    busy_percent: f64,
    user_percent: f64,
    nice_percent: f64,
    system_percent: f64,
    iowait_percent: f64,
    irq_percent: f64,
    softirq_percent: f64,
    /// Taken by the hypervisor for others.
    steal_percent: f64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("stat").map_err(|error| error.to_string())?;
    let (counters, cores) = parse(&content)?;
    let before = measure.before.and_then(|(previous, _)| previous.get::<Counters>("cpu"));
    measure.counters.keep("cpu", &counters);
    let shares = before.and_then(|before| shares(&counters, &before));
    measure.add("cpu", &Cpu { cores, shares, counters })
}

fn parse(content: &[u8]) -> Result<(Counters, usize), String> {
    let info = ExplicitSystemInfo { boot_time_secs: 0, ticks_per_second: 100, page_size: 4096, is_little_endian: true };
    let stats = KernelStats::from_buf_read(content, &info).map_err(|error| error.to_string())?;
    let CpuTime { user, nice, system, idle, iowait, irq, softirq, steal, .. } = stats.total;
    let or_zero = Option::unwrap_or_default;
    let counters = Counters {
        user_ticks: user,
        nice_ticks: nice,
        system_ticks: system,
        idle_ticks: idle,
        iowait_ticks: or_zero(iowait),
        irq_ticks: or_zero(irq),
        softirq_ticks: or_zero(softirq),
        steal_ticks: or_zero(steal),
    };
    Ok((counters, stats.cpu_time.len().max(1)))
}

/// `None` when time ran backwards: a gap. `idle` and `iowait` alone may fall a little on a healthy kernel
/// (`Documentation/filesystems/proc.rst`), which is no growth.
fn shares(now: &Counters, before: &Counters) -> Option<Shares> {
    let grown = |now: u64, before: u64| now.checked_sub(before).map(|ticks| ticks as f64);
    let user = grown(now.user_ticks, before.user_ticks)?;
    let nice = grown(now.nice_ticks, before.nice_ticks)?;
    let system = grown(now.system_ticks, before.system_ticks)?;
    let irq = grown(now.irq_ticks, before.irq_ticks)?;
    let softirq = grown(now.softirq_ticks, before.softirq_ticks)?;
    let steal = grown(now.steal_ticks, before.steal_ticks)?;
    let idle = now.idle_ticks.saturating_sub(before.idle_ticks) as f64;
    let iowait = now.iowait_ticks.saturating_sub(before.iowait_ticks) as f64;
    let busy = user + nice + system + irq + softirq + steal;
    let total = busy + idle + iowait;
    (total > 0.0).then(|| Shares {
        busy_percent: percent(busy, total),
        user_percent: percent(user, total),
        nice_percent: percent(nice, total),
        system_percent: percent(system, total),
        iowait_percent: percent(iowait, total),
        irq_percent: percent(irq, total),
        softirq_percent: percent(softirq, total),
        steal_percent: percent(steal, total),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &[u8] =
        b"cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\nctxt 1\nbtime 2\nprocesses 3\n";

    #[test]
    fn shares_are_over_the_interval_and_a_falling_counter_is_a_gap() {
        let (now, cores) = parse(STAT).unwrap();
        let found = shares(
            &now,
            &Counters { user_ticks: 70, idle_ticks: 790, iowait_ticks: 60, system_ticks: 40, ..Counters::default() },
        )
        .unwrap();
        assert_eq!((cores, found.busy_percent, found.user_percent, found.iowait_percent), (1, 80.0, 60.0, 0.0));
        assert_eq!(shares(&now, &Counters { user_ticks: 101, ..Counters::default() }), None);
        assert_eq!(shares(&now, &now), None);
        assert!(parse(b"cpu x\n").is_err() && parse(b"").is_err());
    }
}
