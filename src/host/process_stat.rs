//! The fields of `/proc/PID/stat` (proc_pid_stat(5)) that identify a process and say what it is.

use crate::base::text::{NAME_MAX, clean_bytes};

/// Set for threads of the kernel (`PF_KTHREAD`).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Fields of `stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityStat {
    /// Process id as `/proc` numbers it.
    pub pid: u32,
    /// Name (`comm`), cleaned: 15 bytes that the process may choose.
    pub name: String,
    /// State: a letter.
    pub state: u8,
    /// Parent.
    pub parent: u32,
    /// Session.
    pub session: u32,
    /// Controlling terminal; 0: none.
    pub terminal: i64,
    /// It is a thread of the kernel.
    pub is_kernel_thread: bool,
    /// CPU time so far in user and system mode, in ticks of 10 ms.
    pub cpu_ticks: u64,
    /// Start, in ticks since boot.
    pub start_ticks: u64,
    /// Resident pages.
    pub resident_pages: u64,
}

/// Parses `4711 (name) S 1 …`. The name may contain anything, so it ends at the last `)`.
pub fn parse_stat(content: &[u8]) -> Option<IdentityStat> {
    let open = content.iter().position(|byte| *byte == b'(')?;
    let close = content.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(content.get(..open)?).ok()?.trim().parse().ok()?;
    let name = content.get(open + 1..close)?;
    let rest = std::str::from_utf8(content.get(close + 1..)?).ok()?;
    // Begins with field 3.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let text = |field: usize| fields.get(field - 3).copied();
    let number = |field: usize| text(field)?.parse::<u64>().ok();
    Some(IdentityStat {
        pid,
        name: clean_bytes(name, NAME_MAX),
        state: *text(3)?.as_bytes().first()?,
        parent: text(4)?.parse().ok()?,
        session: text(6)?.parse().ok()?,
        terminal: text(7)?.parse().ok()?,
        is_kernel_thread: number(9)? & KERNEL_THREAD != 0,
        cpu_ticks: number(14)?.saturating_add(number(15)?),
        start_ticks: number(22)?,
        resident_pages: number(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_fields() {
        let line = |name: &[u8], flags: u64| {
            let rest = format!(") S 41 42 43 34816 -1 {flags} 1 2 3 4 50 25 0 0 20 0 3 0 900 1000000 256 1 1 1\n");
            [b"7 (".as_slice(), name, rest.as_bytes()].concat()
        };
        for (name, clean) in [
            (b"nginx".as_slice(), "nginx"),
            (b"a) R 1 1 1 0 (b", "a) R 1 1 1 0 (b"),
            (b"x\ny z", "x\u{FFFD}y z"),
            (b"caf\xe9", "caf\u{FFFD}"),
            (b") ", ") "),
            (b"", ""),
        ] {
            let expected = IdentityStat {
                pid: 7,
                name: clean.to_string(),
                state: b'S',
                parent: 41,
                session: 43,
                terminal: 34816,
                is_kernel_thread: false,
                cpu_ticks: 75,
                start_ticks: 900,
                resident_pages: 256,
            };
            assert_eq!(parse_stat(&line(name, 4194560)), Some(expected));
        }
        assert!(parse_stat(&line(b"kworker/0:1", 69238880)).unwrap().is_kernel_thread);
        for wrong in [b"".as_slice(), b"7 (x", b"7 (x)", b"7 (x) S 1", b")(", b"x (x) S 1 1 1 1 1 1"] {
            assert_eq!(parse_stat(wrong), None);
        }
    }
}
