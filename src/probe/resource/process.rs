//! Processes: `/proc/<pid>/stat` of each, one file per process.

mod command_line;
mod hidden;
mod hung;
mod named;
mod previous;
mod search;
mod stat;
mod top;

use crate::host::page_bytes;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use previous::PreviousProcesses;
use serde::Serialize;
use stat::{IoBytes, ProcessStat};
use top::ProcessUsage;

/// The section `process`: number of processes by state.
#[derive(Debug, Default, Serialize)]
struct ProcessCounts {
    total: u32,
    running: u32,
    sleeping: u32,
    /// In uninterruptible sleep, nearly always waiting for a disk.
    blocked: u32,
    stopped: u32,
    zombies: u32,
    /// In uninterruptible sleep for two minutes without a context switch.
    hung: u32,
    threads: u64,
}

/// The section `process` where processes are hidden from this user: only what the kernel says of all.
#[derive(Debug, Serialize)]
struct Hidden {
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<u64>,
}

impl ProcessCounts {
    fn add(&mut self, stat: &ProcessStat) {
        self.total += 1;
        self.threads = self.threads.saturating_add(stat.threads);
        match stat.state {
            b'R' => self.running += 1,
            b'D' => self.blocked += 1,
            b'Z' | b'X' | b'x' => self.zombies += 1,
            b'T' | b't' => self.stopped += 1,
            _ => self.sleeping += 1,
        }
    }
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "process", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    if !run.settings.processes {
        return named::measure_alone(run);
    }
    let mut files = run.root.process_files().map_err(|error| error.to_string())?;
    let pids = files.pids();
    let previous = run.previous::<Vec<u64>>("process");
    let seconds = previous.as_ref().map(|(_, seconds)| *seconds);
    let previous = previous.map(|(kept, _)| PreviousProcesses::read(&kept));
    let mut counts = ProcessCounts::default();
    let (mut kept, mut usages) = (Vec::new(), Vec::with_capacity(pids.len()));
    // A process is new when it began after the previous snapshot, less a tick for rounding.
    let new_from_ticks = run.previous.map(|(previous, _)| previous.boottime_seconds * 100.0 - 1.0);
    let (mut started, mut sees_first) = (0_u64, false);
    let mut blocked = Vec::new();
    for pid in pids {
        // The process may have ended by now, which is no error.
        let parsed = files.read(pid, "stat").ok().and_then(|content| stat::parse(pid, content));
        let Some(stat) = parsed.map(|stat| possible(run, stat)) else { continue };
        sees_first |= pid == 1;
        counts.add(&stat);
        if stat.state == b'D' {
            blocked.push(stat.clone());
        }
        let earlier = previous.as_ref().and_then(|previous| previous.find(&stat));
        let is_new = new_from_ticks.is_some_and(|from| stat.start_ticks as f64 >= from);
        started += if is_new { stat.threads } else { 0 };
        let io = match earlier {
            // Without CPU time the process did no I/O worth opening another file: its counters are unchanged.
            Some((ticks, io)) if ticks == stat.ticks => io,
            _ if stat.ticks == 0 => None,
            _ => files.read(pid, "io").ok().and_then(stat::parse_io),
        };
        let earlier = earlier.unwrap_or_else(|| not_kept(is_new));
        previous::keep(&mut kept, &stat, io);
        usages.push(ProcessUsage::new(stat, io, earlier, seconds));
    }
    run.counters.keep("process", &kept);
    counts.hung = hung::count(run, &blocked);
    match hidden::reason(run, counts.threads, sees_first) {
        Some(reason) => {
            run.failed.insert("processes", reason);
            run.add("process", &Hidden { threads: run.tasks })?;
        }
        None => run.add("process", &counts)?,
    }
    named::measure(run, &mut files, usages.iter().map(ProcessUsage::stat));
    // Tasks that began and ended between the snapshots; the kernel counts threads as forks too.
    let short_lived = run.forks.filter(|_| previous.is_some()).map(|forks| forks.saturating_sub(started));
    top::measure(run, &mut files, usages, short_lived)
}

/// A process without the memory that it cannot have.
fn possible(run: &mut Measurement<'_>, stat: ProcessStat) -> ProcessStat {
    let bytes = stat.resident_pages.saturating_mul(page_bytes());
    match run.memory_bytes {
        Some((_, total)) if bytes > total => {
            run.discard(
                format!("process {} pid {}.memory", stat.name.clean(), stat.pid),
                format_args!("{bytes} of {total} bytes"),
            );
            ProcessStat { resident_pages: 0, ..stat }
        }
        _ => stat,
    }
}

/// Earlier ticks and I/O of a process without kept counters: it had used no CPU, or did not exist. All I/O of a new
/// process is within the interval; that of another cannot be dated.
fn not_kept(is_new: bool) -> (u64, IoBytes) {
    (0, is_new.then_some([0, 0]))
}
