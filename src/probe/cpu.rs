//! CPU time by mode: `/proc/stat` (proc_stat(5)).

use super::measure::{Measure, not_understood};
use super::rate::{per_second, percent};
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
    #[serde(flatten)]
    rates: Option<Rates>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    core: Vec<Core>,
    counters: Counters,
}

/// One core: who has many and sees one at 100 % has found a program that cannot use the others.
#[derive(Debug, Serialize)]
struct Core {
    core: String,
    busy_percent: f64,
}

#[derive(Debug, Serialize)]
struct Rates {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_switches_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupts_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forks_per_second: Option<f64>,
}

/// What is kept for the next snapshot and is not in this one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    cpu: Counters,
    context_switches: u64,
    interrupts: u64,
    forks: u64,
    /// Busy and all ticks of each core, in turn.
    cores: Vec<u64>,
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
    let now = parse(&content)?;
    let before = measure.before.and_then(|(previous, seconds)| Some((previous.get::<Kept>("cpu")?, seconds)));
    measure.counters.keep("cpu", &now);
    let shares = before.as_ref().and_then(|(before, _)| shares(&now.cpu, &before.cpu));
    let rates = before.as_ref().map(|(before, seconds)| Rates {
        context_switches_per_second: per_second(now.context_switches, before.context_switches, *seconds),
        interrupts_per_second: per_second(now.interrupts, before.interrupts, *seconds),
        forks_per_second: per_second(now.forks, before.forks, *seconds),
    });
    measure.busy_ticks = before.as_ref().and_then(|(before, _)| busy(&now.cpu).checked_sub(busy(&before.cpu)));
    measure.forks = before.as_ref().and_then(|(before, _)| now.forks.checked_sub(before.forks));
    let core = before.map(|(before, _)| cores(&now.cores, &before.cores)).unwrap_or_default();
    let cores = (now.cores.len() / 2).max(1);
    measure.cores = Some(cores);
    measure.add("cpu", &Cpu { cores, shares, rates, core, counters: now.cpu })
}

/// Ticks in which a core did something for somebody.
fn busy(counters: &Counters) -> u64 {
    let Counters { user_ticks, nice_ticks, system_ticks, irq_ticks, softirq_ticks, .. } = counters;
    [user_ticks, nice_ticks, system_ticks, irq_ticks, softirq_ticks]
        .into_iter()
        .fold(0, |sum, ticks| sum.saturating_add(*ticks))
}

/// Share of each core; a core that was switched off or on meanwhile has none.
fn cores(now: &[u64], before: &[u64]) -> Vec<Core> {
    let ((now, _), (before, _)) = (now.as_chunks::<2>(), before.as_chunks::<2>());
    let pairs = now.iter().zip(before).enumerate();
    let shares = pairs.filter_map(|(number, ([busy, all], [busy_before, all_before]))| {
        let (busy, all) = (busy.checked_sub(*busy_before)?, all.checked_sub(*all_before)?);
        (all > 0).then(|| Core { core: number.to_string(), busy_percent: percent(busy as f64, all as f64) })
    });
    if now.len() == before.len() { shares.collect() } else { Vec::new() }
}

fn parse(content: &[u8]) -> Result<Kept, String> {
    let info = ExplicitSystemInfo { boot_time_secs: 0, ticks_per_second: 100, page_size: 4096, is_little_endian: true };
    let stats = KernelStats::from_buf_read(content, &info).map_err(not_understood)?;
    let cores = stats.cpu_time.iter().map(counters).flat_map(|core| {
        let waiting = core.idle_ticks.saturating_add(core.iowait_ticks);
        let busy = busy(&core).saturating_add(core.steal_ticks);
        [busy, busy.saturating_add(waiting)]
    });
    Ok(Kept {
        cpu: counters(&stats.total),
        context_switches: stats.ctxt,
        interrupts: interrupts(content),
        forks: stats.processes,
        cores: cores.collect(),
    })
}

fn counters(time: &CpuTime) -> Counters {
    Counters {
        user_ticks: time.user,
        nice_ticks: time.nice,
        system_ticks: time.system,
        idle_ticks: time.idle,
        iowait_ticks: time.iowait.unwrap_or_default(),
        irq_ticks: time.irq.unwrap_or_default(),
        softirq_ticks: time.softirq.unwrap_or_default(),
        steal_ticks: time.steal.unwrap_or_default(),
    }
}

/// The first number of the line `intr`: all interrupts together.
fn interrupts(content: &[u8]) -> u64 {
    let line = content.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"intr "));
    let number = line.and_then(|line| line.split(|byte| *byte == b' ').next());
    number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok()).unwrap_or_default()
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
        b"cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\nintr 77 1 2\nctxt 1\nbtime 2\nprocesses 3\n";

    #[test]
    fn shares_are_over_the_interval_and_a_falling_counter_is_a_gap() {
        let kept = parse(STAT).unwrap();
        let now = kept.cpu;
        let earlier =
            Counters { user_ticks: 70, idle_ticks: 790, iowait_ticks: 60, system_ticks: 40, ..Counters::default() };
        let found = shares(&now, &earlier).unwrap();
        assert_eq!((found.busy_percent, found.user_percent, found.iowait_percent), (80.0, 60.0, 0.0));
        assert_eq!(shares(&now, &Counters { user_ticks: 101, ..Counters::default() }), None);
        assert_eq!(shares(&now, &now), None);
        assert_eq!((kept.interrupts, kept.context_switches, kept.forks), (77, 1, 3));
        assert_eq!(cores(&[150, 1000], &[100, 900]).first().map(|core| core.busy_percent), Some(50.0));
        assert!(cores(&[150, 1000], &[]).is_empty(), "a core that came is a gap");
        assert!(parse(b"cpu x\n").is_err() && parse(b"").is_err());
    }
}
