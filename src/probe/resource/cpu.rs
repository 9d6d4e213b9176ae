//! CPU time by mode: `/proc/stat` (proc_stat(5)).

mod shares;
mod stat;

use crate::probe::growth::rate;
use crate::probe::measurement::{Absent, CORES_MAX, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use serde::Serialize;
use shares::{Grown, MODES, Shares, Ticks};
use stat::{CoreTicks, CpuCounters, Stat};

/// Most context switches and interrupts of one core, per second.
const SWITCHES_PER_SECOND_MAX: f64 = 2e7;
/// Most processes and threads started by one core, per second.
const FORKS_PER_SECOND_MAX: f64 = 1e6;

/// The section `cpu`: percent of all cores together over the interval.
#[derive(Debug, Serialize)]
struct Cpu {
    #[serde(skip_serializing_if = "Option::is_none")]
    cores: Option<usize>,
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
    /// Its number.
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

/// The registration.
pub const RESOURCE: Resource = Resource { name: "cpu", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let now = stat::parse(&run.proc("stat")?);
    if now == Stat::default() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    let before = run.previous::<Stat>("cpu");
    run.counters.keep("cpu", &now);
    run.cores = if now.cores.is_empty() { online(run) } else { Some(now.cores.len()) };
    let mut cpu = Cpu { cores: run.cores, shares: None, rates: None, core: Vec::new(), counters: now.cpu };
    if let Some((before, seconds)) = before {
        let cores = run.cores.map(|cores| cores.max(before.cores.len()));
        let grown = Grown::new(&now.cpu.ticks(), &before.cpu.ticks(), cores, seconds);
        for (mode, reason) in &grown.broken {
            run.discard(format!("cpu.{}_ticks", MODES.get(*mode).unwrap_or(&"")), *reason);
        }
        run.busy_ticks = grown.work().map(|ticks| ticks as u64);
        cpu.shares = grown.shares();
        cpu.rates = Some(rates(run, &now, &before, seconds));
        cpu.core = each_core(run, &now, &before, seconds, &grown);
    }
    run.add("cpu", &cpu)
}

/// Number of cores where `/proc/stat` names none: `0-3,8`.
fn online(run: &Measurement<'_>) -> Option<usize> {
    let list = run.root.sys_line("devices/system/cpu/online").ok()?;
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|core| *core < CORES_MAX);
    list.split(',').try_fold(0_usize, |sum, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(sum + (number(last)? + 1).checked_sub(number(first)?)?)
    })
}

fn rates(run: &mut Measurement<'_>, now: &Stat, before: &Stat, seconds: f64) -> CpuRates {
    let cores = run.cores.unwrap_or(CORES_MAX) as f64;
    let mut grown = |name: &str, now: Option<u64>, before: Option<u64>, most: f64| {
        run.growth_of(|| format!("cpu.{name}"), now?, before?, most * cores * (seconds + 1.0))
    };
    let switches = grown("context_switches", now.context_switches, before.context_switches, SWITCHES_PER_SECOND_MAX);
    let interrupts = grown("interrupts", now.interrupts, before.interrupts, SWITCHES_PER_SECOND_MAX);
    let forks = grown("forks", now.forks, before.forks, FORKS_PER_SECOND_MAX);
    run.forks = forks;
    let per_second = |grown: Option<u64>| grown.map(|grown| rate(grown, seconds));
    CpuRates {
        context_switches_per_second: per_second(switches),
        interrupts_per_second: per_second(interrupts),
        forks_per_second: per_second(forks),
    }
}

/// Busy share of each core that was online at both ends. A mode that is broken in the sum was noted there.
fn each_core(run: &mut Measurement<'_>, now: &Stat, before: &Stat, seconds: f64, sum: &Grown) -> Vec<Core> {
    let mut cores = Vec::new();
    for (number, ticks) in &now.cores {
        let Some(earlier) = before.cores.get(number) else { continue };
        let grown = Grown::new(&all_modes(*ticks), &all_modes(*earlier), Some(1), seconds);
        for (mode, reason) in &grown.broken {
            if sum.broken.is_empty() {
                run.discard(format!("cpu core {number}.{}_ticks", MODES.get(*mode).unwrap_or(&"")), *reason);
            }
        }
        let busy_percent = grown.shares().and_then(|shares| shares.busy_percent);
        cores.extend(busy_percent.map(|busy_percent| Core { core: number.to_string(), busy_percent }));
    }
    cores
}

/// Of a core only the sum of its work is kept.
fn all_modes([work, idle, iowait, steal]: CoreTicks) -> Ticks {
    [work, Some(0), Some(0), idle, iowait, Some(0), Some(0), steal]
}
