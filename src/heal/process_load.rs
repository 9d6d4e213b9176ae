//! The share that processes have of the resource of an incident.

use super::case::Case;
use super::situation::Situation;
use crate::base::sort::SmallSort;
use crate::host::process_facts::ProcessFacts;
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use std::thread;
use std::time::{Duration, Instant};

/// Time over which the use of CPU is measured; its resolution is 2 % of a core.
const LOOK: Duration = Duration::from_millis(500);
/// Seconds of a clock tick (`USER_HZ`).
const TICK_SECONDS: f64 = 0.01;
/// Least share of a core, in percent, of a process that is ended for the use of CPU.
const CPU_LEAST: f64 = 10.0;
/// Least share of the memory of the host that is worth it, where the entry says nothing: one in so many.
const MEMORY_SHARE: u64 = 20;

/// A process and what it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// The process.
    pub process: ProcessFacts,
    /// Percent of one core; `None`: the incident is not about CPU.
    cpu_percent: Option<f64>,
    /// Memory of the host in bytes; 0: unknown.
    total_memory: u64,
}

impl Load {
    /// The reason why it is too small to matter; `None`: it is not. `least_bytes`: the limit of the entry; 0: none is set.
    pub fn smallness(&self, least_bytes: u64) -> Option<Message> {
        if let Some(percent) = self.cpu_percent.filter(|percent| *percent < CPU_LEAST) {
            let counts = |value: f64| Arg::Count(value.max(0.0) as u64);
            let message = Message::new(key::REPAIR_LITTLE_CPU).with("percent", counts(percent));
            return Some(message.with("least", counts(CPU_LEAST)));
        }
        let usual = if self.cpu_percent.is_some() { 0 } else { self.total_memory / MEMORY_SHARE };
        let least = if least_bytes == 0 { usual } else { least_bytes };
        (self.process.memory_bytes < least).then(|| {
            let message = Message::new(key::REPAIR_LITTLE_MEMORY).with("memory", bytes(self.process.memory_bytes));
            message.with("least", bytes(least))
        })
    }
}

/// A number of bytes as an argument.
pub fn bytes(value: u64) -> Arg {
    Arg::Value { metric: "memory.used_bytes".to_string(), value: value as f64 }
}

/// Processes with what they use, the largest first: for an incident of the CPU by CPU time now, otherwise by memory.
pub fn ranked(case: &Case, situation: &Situation, processes: Vec<ProcessFacts>) -> Vec<Load> {
    let total_memory = total_memory(&situation.root.proc("meminfo").unwrap_or_default());
    let shares = if is_of_cpu(&case.metric) { Some(cpu_percents(situation, &processes)) } else { None };
    let mut loads: Vec<Load> = processes
        .into_iter()
        .enumerate()
        .map(|(at, process)| {
            let cpu_percent = shares.as_ref().map(|shares| shares.get(at).copied().unwrap_or(0.0));
            Load { process, cpu_percent, total_memory }
        })
        .collect();
    let share = |load: &Load| load.cpu_percent.unwrap_or(0.0);
    loads.arrange_by(|a, b| {
        let by_memory = b.process.memory_bytes.cmp(&a.process.memory_bytes);
        share(b).total_cmp(&share(a)).then(by_memory).then(a.process.pid.cmp(&b.process.pid))
    });
    loads
}

fn is_of_cpu(metric: &str) -> bool {
    ["cpu.", "load.", "pressure.cpu"].iter().any(|beginning| metric.starts_with(beginning))
}

/// Shares of a core, in percent: of this moment; of a recorded host over the life of the process.
fn cpu_percents(situation: &Situation, processes: &[ProcessFacts]) -> Vec<f64> {
    let root = &situation.root;
    let percent = |ticks: u64, seconds: f64| ticks as f64 * TICK_SECONDS / seconds.max(TICK_SECONDS) * 100.0;
    if root.is_recorded() {
        let life =
            |process: &ProcessFacts| situation.now.boottime_seconds - process.stat.start_ticks as f64 * TICK_SECONDS;
        return processes.iter().map(|process| percent(process.stat.cpu_ticks, life(process))).collect();
    }
    let ticks = |process: &ProcessFacts| {
        let now = root.process_stat(&process.pid.to_string())?;
        (now.start_ticks == process.stat.start_ticks).then_some(now.cpu_ticks)
    };
    let started = Instant::now();
    let before: Vec<Option<u64>> = processes.iter().map(ticks).collect();
    thread::sleep(LOOK);
    let after: Vec<Option<u64>> = processes.iter().map(ticks).collect();
    let seconds = started.elapsed().as_secs_f64();
    let used = before.into_iter().zip(after).map(|(before, after)| Some(after?.saturating_sub(before?)));
    used.map(|used| percent(used.unwrap_or(0), seconds)).collect()
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total_memory(meminfo: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(meminfo);
    let words = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: Option<u64> = words.and_then(|words| words.split_ascii_whitespace().next()?.parse().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}
