//! Processes: `/proc/<pid>/stat` of each (proc_pid_stat(5)), one file a process.
//!
//! Parsed from bytes, because a process may give itself any name, and only what is needed of 52 fields.

use super::measure::Measure;
use super::process_top::{self, TicksByProcess, Used};
use crate::base::text::{NAME_MAX, clean_bytes};
use serde::Serialize;
use std::path::PathBuf;

/// The section `process`: how many there are, by state.
#[derive(Debug, Default, Serialize)]
struct Counts {
    total: u32,
    running: u32,
    sleeping: u32,
    /// In uninterruptible sleep, nearly always waiting for a disk.
    blocked: u32,
    stopped: u32,
    zombies: u32,
    threads: u64,
}

/// What is needed of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: u32,
    /// Command name as the kernel keeps it (15 bytes, set by the process), cleaned.
    pub name: String,
    state: u8,
    threads: u64,
    /// CPU time in ticks, user and system.
    pub ticks: u64,
    /// Start, in ticks since boot: with the pid, the identity of the process.
    pub start_ticks: u64,
    /// Resident pages.
    pub resident_pages: u64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let pids = measure.root.pids().map_err(|error| error.to_string())?;
    // Flat triples of pid, start and ticks: the smallest thing that is written and read each minute.
    let before: Option<(TicksByProcess, f64)> = measure.before.and_then(|(previous, seconds)| {
        let flat: Vec<u64> = previous.get("process")?;
        let (triples, _) = flat.as_chunks::<3>();
        Some((
            triples.iter().map(|[pid, start, ticks]| ((u32::try_from(*pid).unwrap_or(0), *start), *ticks)).collect(),
            seconds,
        ))
    });
    let (mut counts, mut flat, mut used) =
        (Counts::default(), Vec::with_capacity(pids.len() * 3), Vec::with_capacity(pids.len()));
    let (mut path, mut buffer) = (PathBuf::new(), [0; 2048]);
    for pid in pids {
        // It may be gone by now: no error.
        let Some(stat) =
            measure.root.process_stat(pid, &mut path, &mut buffer).ok().and_then(|content| parse(pid, content))
        else {
            continue;
        };
        count(&mut counts, &stat);
        flat.extend([u64::from(pid), stat.start_ticks, stat.ticks]);
        used.push(Used::new(stat, before.as_ref().map(|(before, seconds)| (before, *seconds))));
    }
    measure.counters.keep("process", &flat);
    measure.add("process", &counts)?;
    let memory_bytes = total_memory(measure);
    let top = process_top::choose(used, measure.settings.top_processes, measure.root, measure.now, memory_bytes);
    measure.processes.add("process", &top).map_err(|error| error.to_string())
}

fn total_memory(measure: &Measure<'_>) -> Option<u64> {
    let content = measure.root.proc("meminfo").ok()?;
    let text = String::from_utf8_lossy(&content);
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

fn count(counts: &mut Counts, stat: &Stat) {
    counts.total += 1;
    counts.threads = counts.threads.saturating_add(stat.threads);
    match stat.state {
        b'R' => counts.running += 1,
        b'D' => counts.blocked += 1,
        b'Z' | b'X' | b'x' => counts.zombies += 1,
        b'T' | b't' => counts.stopped += 1,
        _ => counts.sleeping += 1,
    }
}

/// `4711 (name) S 1 …`: the name ends at the last `)`, for it may contain any.
fn parse(pid: u32, content: &[u8]) -> Option<Stat> {
    let open = content.iter().position(|byte| *byte == b'(')?;
    let close = content.iter().rposition(|byte| *byte == b')')?;
    let name = clean_bytes(content.get(open + 1..close)?, NAME_MAX);
    let mut fields = content.get(close + 2..)?.split(|byte| *byte == b' ');
    // Field 3 of proc_pid_stat(5) comes first; nth() counts from there and consumes.
    let state = *fields.next()?.first()?;
    let mut number = |skip: usize| std::str::from_utf8(fields.nth(skip)?).ok()?.parse::<u64>().ok();
    let user = number(10)?; // 14
    let system = number(0)?; // 15
    let threads = number(4)?; // 20
    let start_ticks = number(1)?; // 22
    let resident_pages = number(1)?; // 24
    Some(Stat { pid, name, state, threads, ticks: user.saturating_add(system), start_ticks, resident_pages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lie_about_the_fields() {
        let line = |name: &[u8]| {
            [
                b"7 (",
                name,
                b") S 1 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0 3 0 900 1000000 256 18446744073709551615 1 1\n",
            ]
            .concat()
        };
        for (name, clean) in [
            (b"nginx".as_slice(), "nginx"),
            (b"a) R 1 (b", "a) R 1 (b"),
            (b"x\ny", "x\u{FFFD}y"),
            (b"caf\xe9", "caf\u{FFFD}"),
            (b"", ""),
        ] {
            let stat = parse(7, &line(name)).unwrap();
            assert_eq!(
                (stat.name.as_str(), stat.state, stat.ticks, stat.threads, stat.start_ticks, stat.resident_pages),
                (clean, b'S', 75, 3, 900, 256)
            );
        }
        for wrong in [
            b"".as_slice(),
            b"7 (x",
            b"7 (x)",
            b"7 (x) S 1",
            b")(",
            b"7 (x) S 1 7 7 0 -1 4194560 1 2 3 4 -5 25 0 0 20 0 3 0 900 1 2",
        ] {
            assert_eq!(parse(7, wrong), None);
        }
    }
}
