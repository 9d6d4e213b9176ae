//! Processes: `/proc/<pid>/stat` of each (proc_pid_stat(5)), one file a process.
//!
//! Parsed from bytes, because a process may give itself any name, and only what is needed of 52 fields.

use super::measure::Measure;
use super::process_top::{self, Used};
use crate::base::text::{NAME_MAX, clean_bytes};
use memchr::{memchr, memchr_iter, memrchr};
use serde::Serialize;
use std::collections::HashMap;
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

/// Longest name kept, in bytes: 15 for a program, and what the kernel adds for its own threads.
const NAME_BYTES: usize = 64;

/// The name of a process, raw: it is cleaned only where it is shown, for few of many are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_BYTES],
    length: usize,
}

impl Name {
    fn new(raw: &[u8]) -> Self {
        let mut bytes = [0; NAME_BYTES];
        let length = raw.len().min(NAME_BYTES);
        bytes.iter_mut().zip(raw).for_each(|(to, from)| *to = *from);
        Self { bytes, length }
    }

    /// The name, fit to store and show.
    pub fn clean(&self) -> String {
        clean_bytes(self.bytes.get(..self.length).unwrap_or(&[]), NAME_MAX)
    }
}

/// What is needed of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: u32,
    /// Command name as the kernel keeps it, set by the process.
    pub name: Name,
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
    let before: Option<(Before, f64)> = measure
        .before
        .and_then(|(previous, seconds)| Some((Before::read(&previous.get::<Vec<u64>>("process")?), seconds)));
    let (mut counts, mut kept, mut used) =
        (Counts::default(), Vec::with_capacity(pids.len() * KEPT), Vec::with_capacity(pids.len()));
    // A process is new when it began after the snapshot before, less a tick for rounding.
    let since_ticks = measure.before.map(|(previous, _)| previous.boottime_seconds * 100.0 - 1.0);
    let (mut path, mut buffer, mut started) = (PathBuf::new(), [0; 2048], 0_u64);
    for pid in pids {
        // It may be gone by now: no error.
        let stat =
            measure.root.process_file(pid, "stat", &mut path, &mut buffer).ok().and_then(|content| parse(pid, content));
        let Some(stat) = stat else { continue };
        count(&mut counts, &stat);
        let earlier = before.as_ref().and_then(|(before, _)| before.of(&stat));
        let is_new = since_ticks.is_some_and(|since| stat.start_ticks as f64 >= since);
        started += if is_new { stat.threads } else { 0 };
        let io = match earlier {
            // Who used no CPU did no I/O worth a file more; its counters are as they were.
            Some((ticks, io)) if ticks == stat.ticks => io,
            _ if stat.ticks == 0 => None,
            _ => measure.root.process_file(pid, "io", &mut path, &mut buffer).ok().and_then(parse_io),
        };
        let earlier = earlier.unwrap_or_else(|| idle_so_far(is_new));
        if stat.ticks > 0 {
            let [read, written] = io.unwrap_or([u64::MAX; 2]);
            kept.extend([u64::from(pid), stat.start_ticks, stat.ticks, read, written]);
        }
        used.push(Used::new(stat, io, earlier, before.as_ref().map(|(_, seconds)| *seconds)));
    }
    measure.counters.keep("process", &kept);
    measure.add("process", &counts)?;
    // Tasks that began and ended unseen; the kernel counts threads as forks too.
    let short_lived = measure.forks.filter(|_| before.is_some()).map(|forks| forks.saturating_sub(started));
    process_top::measure(measure, used, short_lived)
}

/// What is known of a process that was not kept: it had used no CPU, or it was not there. A new one has done all its I/O
/// since; of the others nobody knows.
fn idle_so_far(is_new: bool) -> (u64, Io) {
    (0, is_new.then_some([0, 0]))
}

/// How many numbers are kept of each process that ever used CPU: pid, start, ticks, bytes read and written. Flat, for this is the largest
/// thing that is written and read each minute.
const KEPT: usize = 5;

/// Bytes a process has read from and written to disks; `None`: not ours to know.
pub type Io = Option<[u64; 2]>;

/// The processes of the snapshot before, by pid and start: a pid alone is used again.
struct Before(HashMap<(u64, u64), (u64, Io)>);

impl Before {
    fn read(kept: &[u64]) -> Self {
        let (rows, _) = kept.as_chunks::<KEPT>();
        let io = |read: u64, written: u64| (read != u64::MAX).then_some([read, written]);
        Self(
            rows.iter()
                .map(|[pid, start, ticks, read, written]| ((*pid, *start), (*ticks, io(*read, *written))))
                .collect(),
        )
    }

    fn of(&self, stat: &Stat) -> Option<(u64, Io)> {
        self.0.get(&(u64::from(stat.pid), stat.start_ticks)).copied()
    }
}

/// `read_bytes` and `write_bytes` of `/proc/<pid>/io` (proc_pid_io(5)).
fn parse_io(content: &[u8]) -> Io {
    let text = std::str::from_utf8(content).ok()?;
    let get = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok());
    Some([get("read_bytes:")?, get("write_bytes:")?])
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
    let open = memchr(b'(', content)?;
    let close = memrchr(b')', content)?;
    let name = content.get(open + 1..close)?;
    let rest = content.get(close + 2..)?;
    // Field 3 of proc_pid_stat(5) stands first; the others behind blanks.
    let state = *rest.first().filter(|byte| byte.is_ascii_alphabetic())?;
    let mut blanks = memchr_iter(b' ', rest);
    let mut number = |skip: usize| decimal(rest.get(blanks.nth(skip)? + 1..)?);
    let user = number(10)?; // 14
    let system = number(0)?; // 15
    let threads = number(4)?; // 20
    let start_ticks = number(1)?; // 22
    let resident_pages = number(1)?; // 24
    let ticks = user.saturating_add(system);
    Some(Stat { pid, name: Name::new(name), state, threads, ticks, start_ticks, resident_pages })
}

/// The number that a field begins with; at most 20 digits, or it does not fit.
fn decimal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().take(21).take_while(|byte| byte.is_ascii_digit());
    let mut value = None::<u64>;
    for digit in digits {
        value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?);
    }
    value
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
                (
                    stat.name.clean().as_str(),
                    stat.state,
                    stat.ticks,
                    stat.threads,
                    stat.start_ticks,
                    stat.resident_pages
                ),
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
