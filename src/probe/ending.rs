//! How the boot before this one ended: in order, or cut off.

use super::Root;
use super::utmp::{Turn, turns};
use chrono::{DateTime, Utc};

/// How much of wtmp is read: whole records of both sizes (384 and 400 bytes), some hundred of them.
const WTMP_TAIL: u64 = 9600 * 25;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was shut down.
    Orderly,
    /// It stopped in the middle of its work: there is evidence.
    CutOff,
    /// Nobody kept a record.
    Unknown,
}

/// How the boot ended that was still running at `last`.
pub fn ending(root: &Root, last: DateTime<Utc>) -> Ending {
    let wtmp = root.tail("var/log/wtmp", WTMP_TAIL).unwrap_or_default();
    match told_by(&turns(&wtmp), last.timestamp()) {
        // systemd's journal is left open also by some hosts that were shut down, so who wrote that down is believed.
        Ending::Unknown if has_unclean_journal(root, last) => Ending::CutOff,
        told => told,
    }
}

/// What wtmp tells: each boot since then must have a shutdown before it.
fn told_by(turns: &[(i64, Turn)], last: i64) -> Ending {
    let (mut ending, mut was_shut_down) = (Ending::Unknown, false);
    for (_, turn) in turns.iter().filter(|(seconds, _)| *seconds > last) {
        match turn {
            Turn::Shutdown => {
                was_shut_down = true;
                if ending == Ending::Unknown {
                    ending = Ending::Orderly;
                }
            }
            Turn::Boot => {
                if !was_shut_down {
                    ending = Ending::CutOff;
                }
                was_shut_down = false;
            }
        }
    }
    ending
}

/// Whether journald found its file open when it started, and set it aside with a `~` at the end of its name.
fn has_unclean_journal(root: &Root, last: DateTime<Utc>) -> bool {
    let own = root.etc("machine-id").map(|id| String::from_utf8_lossy(id.trim_ascii()).into_owned()).ok();
    // Others are of containers and of hosts this one was copied from.
    let directories = root.list("var/log/journal").into_iter().filter(|name| own.as_ref().is_none_or(|id| id == name));
    directories.map(|name| format!("var/log/journal/{name}")).any(|directory| {
        let unclean = |name: &String| name.starts_with("system@") && name.ends_with(".journal~");
        root.list(&directory).iter().filter(|name| unclean(name)).any(|name| {
            set_aside(name).or_else(|| root.modified(&format!("{directory}/{name}"))).is_some_and(|time| time > last)
        })
    })
}

/// When a journal file was set aside: `system@<microseconds since 1970, hexadecimal>-<random>.journal~`.
fn set_aside(name: &str) -> Option<DateTime<Utc>> {
    let digits = name.strip_prefix("system@")?.split_once('-')?.0;
    if digits.len() != 16 {
        return None;
    }
    DateTime::from_timestamp_micros(i64::from_str_radix(digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_boot_needs_a_shutdown_before_it() {
        use Turn::{Boot, Shutdown};
        let cases: [(&[(i64, Turn)], Ending); 7] = [
            (&[], Ending::Unknown),
            (&[(50, Boot), (60, Shutdown)], Ending::Unknown),
            (&[(50, Boot), (110, Shutdown), (120, Boot)], Ending::Orderly),
            (&[(110, Shutdown)], Ending::Orderly),
            (&[(50, Boot), (120, Boot)], Ending::CutOff),
            (&[(120, Boot), (130, Shutdown), (140, Boot)], Ending::CutOff),
            (&[(110, Shutdown), (120, Boot), (140, Boot)], Ending::CutOff),
        ];
        for (turns, expected) in cases {
            assert_eq!(told_by(turns, 100), expected, "{turns:?}");
        }
    }

    #[test]
    fn the_name_of_a_journal_file_tells_when() {
        let name = "system@000641f0a3b2c000-0123456789abcdef.journal~";
        assert_eq!(set_aside(name).unwrap().timestamp_micros(), 0x0006_41f0_a3b2_c000);
        for other in ["system@0123456789abcdef0123456789abcdef-0000000000000001-000641f0a3b2c000.journal", "x", ""] {
            assert_eq!(set_aside(other), None, "{other}");
        }
    }
}
