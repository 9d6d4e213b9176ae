//! One process: `/proc/<pid>/stat` (proc_pid_stat(5)) and `/proc/<pid>/io` (proc_pid_io(5)).
//!
//! Parsed from bytes, because a process may give itself any name, and only the fields needed of 52.

use crate::base::text::{NAME_MAX, clean_bytes};
use crate::probe::fields::{leading_number, lines, value_of};
use memchr::{memchr, memchr_iter, memrchr};

/// Longest name kept, in bytes: 15 for a program, and what the kernel adds for its own threads.
const NAME_BYTES: usize = 64;

/// The raw name of a process. It is cleaned only where it is shown, which few are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessName {
    bytes: [u8; NAME_BYTES],
    length: usize,
}

impl ProcessName {
    fn new(raw: &[u8]) -> Self {
        let mut bytes = [0; NAME_BYTES];
        let length = raw.len().min(NAME_BYTES);
        bytes.iter_mut().zip(raw).for_each(|(to, from)| *to = *from);
        Self { bytes, length }
    }

    /// The name as the process set it.
    pub fn raw(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// The name, fit to store and show.
    pub fn clean(&self) -> String {
        clean_bytes(self.raw(), NAME_MAX)
    }
}

/// The fields needed of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStat {
    /// Process id.
    pub pid: u32,
    /// Command name as the kernel keeps it, set by the process.
    pub name: ProcessName,
    /// State: a letter.
    pub state: u8,
    /// Number of threads.
    pub threads: u64,
    /// CPU time in user and system mode, in ticks.
    pub ticks: u64,
    /// Start, in ticks since boot: with the pid, the identity of the process.
    pub start_ticks: u64,
    /// Resident pages.
    pub resident_pages: u64,
}

/// Bytes read from and written to disks; `None` when the file may not be read.
pub type IoBytes = Option<[u64; 2]>;

/// Parses `4711 (name) S 1 …`. The name may contain anything, so it ends at the last `)`.
pub fn parse(pid: u32, content: &[u8]) -> Option<ProcessStat> {
    let open = memchr(b'(', content)?;
    let close = memrchr(b')', content)?;
    let name = content.get(open + 1..close)?;
    let rest = content.get(close + 2..)?;
    // `rest` begins with field 3 of proc_pid_stat(5).
    let state = *rest.first().filter(|byte| byte.is_ascii_alphabetic())?;
    let mut blanks = memchr_iter(b' ', rest);
    // Kernels have had negative times and sizes; they cost no other field.
    let mut number = |skip: usize| {
        let field = rest.get(blanks.nth(skip)? + 1..)?;
        leading_number(field).or_else(|| field.starts_with(b"-").then_some(0))
    };
    let user = number(10)?; // 14
    let system = number(0)?; // 15
    let threads = number(4)?; // 20
    let start_ticks = number(1)?; // 22
    let resident_pages = number(1)?; // 24
    let ticks = user.saturating_add(system);
    Some(ProcessStat { pid, name: ProcessName::new(name), state, threads, ticks, start_ticks, resident_pages })
}

/// Parses `read_bytes` and `write_bytes` of `/proc/<pid>/io`.
pub fn parse_io(content: &[u8]) -> IoBytes {
    let find = |key: &[u8]| lines(content).find_map(|line| value_of(line, key));
    Some([find(b"read_bytes")?, find(b"write_bytes")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_fields() {
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
        let negative = parse(7, b"7 (x) S 1 7 7 0 -1 4194560 1 2 3 4 -1 25 0 0 20 0 3 0 900 1 -1 5").unwrap();
        assert_eq!((negative.ticks, negative.start_ticks, negative.resident_pages), (25, 900, 0));
        for wrong in [
            b"".as_slice(),
            b"7 (x",
            b"7 (x)",
            b"7 (x) S 1",
            b")(",
            b"7 (x) S 1 7 7 0 -1 4194560 1 2 3 4 x 25 0 0 20 0 3 0 900 1 2",
        ] {
            assert_eq!(parse(7, wrong), None);
        }
    }
}
