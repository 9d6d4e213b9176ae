//! CPU time by mode: `/proc/stat` (proc_stat(5)).

use crate::probe::fields::{leading_number, lines, number, value_of, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::{per_second, percent};
use serde::{Deserialize, Serialize};

/// Ticks since boot, of all cores together (`USER_HZ`, 100 per second). `guest` time is within `user`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CpuCounters {
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
    rates: Option<CpuRates>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    core: Vec<Core>,
    counters: CpuCounters,
}

/// One core. A single core at 100 % among idle ones shows a program that cannot use more than one.
#[derive(Debug, Serialize)]
struct Core {
    core: String,
    busy_percent: f64,
}

#[derive(Debug, Serialize)]
struct CpuRates {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_switches_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupts_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forks_per_second: Option<f64>,
}

/// The counters kept for the next snapshot.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct KeptCpu {
    cpu: CpuCounters,
    context_switches: u64,
    interrupts: u64,
    forks: u64,
    /// Busy and all ticks of each core, in turn.
    cores: Vec<u64>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Shares {
    /// All modes but idle and waiting for I/O.
    busy_percent: f64,
    user_percent: f64,
    nice_percent: f64,
    system_percent: f64,
    iowait_percent: f64,
    irq_percent: f64,
    softirq_percent: f64,
    /// Time the hypervisor gave to other guests.
    steal_percent: f64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "cpu", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let now = parse(&run.proc("stat")?)?;
    let before = run.previous::<KeptCpu>("cpu");
    run.counters.keep("cpu", &now);
    let shares = before.as_ref().and_then(|(before, _)| shares(&now.cpu, &before.cpu));
    let rates = before.as_ref().map(|(before, seconds)| CpuRates {
        context_switches_per_second: per_second(now.context_switches, before.context_switches, *seconds),
        interrupts_per_second: per_second(now.interrupts, before.interrupts, *seconds),
        forks_per_second: per_second(now.forks, before.forks, *seconds),
    });
    run.busy_ticks = before.as_ref().and_then(|(before, _)| busy(&now.cpu).checked_sub(busy(&before.cpu)));
    run.forks = before.as_ref().and_then(|(before, _)| now.forks.checked_sub(before.forks));
    let core = before.map(|(before, _)| cores(&now.cores, &before.cores)).unwrap_or_default();
    let cores = (now.cores.len() / 2).max(1);
    run.cores = Some(cores);
    run.add("cpu", &Cpu { cores, shares, rates, core, counters: now.cpu })
}

/// Ticks spent in processes and interrupts: without idle, waiting for I/O, and steal.
fn busy(counters: &CpuCounters) -> u64 {
    let CpuCounters { user_ticks, nice_ticks, system_ticks, irq_ticks, softirq_ticks, .. } = counters;
    [user_ticks, nice_ticks, system_ticks, irq_ticks, softirq_ticks]
        .into_iter()
        .fold(0, |sum, ticks| sum.saturating_add(*ticks))
}

/// Busy share of each core; none when the number of cores changed.
fn cores(now: &[u64], before: &[u64]) -> Vec<Core> {
    let ((now, _), (before, _)) = (now.as_chunks::<2>(), before.as_chunks::<2>());
    let pairs = now.iter().zip(before).enumerate();
    let shares = pairs.filter_map(|(number, ([busy, all], [busy_before, all_before]))| {
        let (busy, all) = (busy.checked_sub(*busy_before)?, all.checked_sub(*all_before)?);
        (all > 0).then(|| Core { core: number.to_string(), busy_percent: percent(busy as f64, all as f64) })
    });
    if now.len() == before.len() { shares.collect() } else { Vec::new() }
}

/// Reads the lines `cpu`, `cpuN`, `intr`, `ctxt` and `processes`; any other line may have any form.
fn parse(content: &[u8]) -> Result<KeptCpu, Absent> {
    let (mut kept, mut total) = (KeptCpu::default(), None);
    for line in lines(content) {
        if let Some(rest) = line.strip_prefix(b"cpu") {
            let fields = rest.iter().position(|byte| *byte == b' ').and_then(|at| rest.split_at_checked(at));
            let Some((core, fields)) = fields else { continue };
            let ticks = ticks(fields);
            if core.is_empty() {
                total = ticks;
            } else if let Some(ticks) = ticks {
                let busy = busy(&ticks).saturating_add(ticks.steal_ticks);
                let waiting = ticks.idle_ticks.saturating_add(ticks.iowait_ticks);
                kept.cores.extend([busy, busy.saturating_add(waiting)]);
            }
        } else if line.starts_with(b"intr ") {
            // The first number is the total; thousands may follow.
            kept.interrupts = line.get(5..).and_then(leading_number).unwrap_or_default();
        } else if line.starts_with(b"ctxt") {
            kept.context_switches = value_of(line, b"ctxt").unwrap_or_default();
        } else if line.starts_with(b"processes") {
            kept.forks = value_of(line, b"processes").unwrap_or_default();
        }
    }
    kept.cpu = total.ok_or(UNKNOWN_FORMAT)?;
    Ok(kept)
}

/// Old kernels have only the first four numbers.
fn ticks(fields: &[u8]) -> Option<CpuCounters> {
    let mut numbers = words(fields).map(number);
    let mut next = || numbers.next().flatten();
    let (user_ticks, nice_ticks, system_ticks, idle_ticks) = (next()?, next()?, next()?, next()?);
    let [iowait_ticks, irq_ticks, softirq_ticks, steal_ticks] = [(); 4].map(|()| next().unwrap_or_default());
    Some(CpuCounters {
        user_ticks,
        nice_ticks,
        system_ticks,
        idle_ticks,
        iowait_ticks,
        irq_ticks,
        softirq_ticks,
        steal_ticks,
    })
}

/// Shares of the interval; `None` when a counter fell. `idle` and `iowait` may fall a little on a healthy kernel
/// (`Documentation/filesystems/proc.rst`); that counts as no growth.
fn shares(now: &CpuCounters, before: &CpuCounters) -> Option<Shares> {
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
        let earlier = CpuCounters {
            user_ticks: 70,
            idle_ticks: 790,
            iowait_ticks: 60,
            system_ticks: 40,
            ..CpuCounters::default()
        };
        let found = shares(&now, &earlier).unwrap();
        assert_eq!((found.busy_percent, found.user_percent, found.iowait_percent), (80.0, 60.0, 0.0));
        assert_eq!(shares(&now, &CpuCounters { user_ticks: 101, ..CpuCounters::default() }), None);
        assert_eq!(shares(&now, &now), None);
        assert_eq!((kept.interrupts, kept.context_switches, kept.forks), (77, 1, 3));
        assert_eq!(cores(&[150, 1000], &[100, 900]).first().map(|core| core.busy_percent), Some(50.0));
        assert!(cores(&[150, 1000], &[]).is_empty(), "a core that came is a gap");
        assert!(parse(b"cpu x\n").is_err() && parse(b"").is_err());
    }
}
