//! Determines whether the previous boot ended with a clean shutdown.

use super::utmp::{PowerEvent, power_events};
use crate::host::Root;
use chrono::{DateTime, Utc};

/// Number of bytes read from the end of wtmp: whole records of both sizes (384 and 400 bytes), some hundred of them.
const WTMP_TAIL: u64 = 9600 * 25;

/// How a boot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// The host was shut down.
    Clean,
    /// Power loss or reset, of which there is evidence.
    Unclean,
    /// There is no record.
    Unknown,
}

/// Determines how the boot that was running at `last` ended.
pub fn last_shutdown(root: &Root, last: DateTime<Utc>) -> Shutdown {
    let wtmp = root.tail("var/log/wtmp", WTMP_TAIL).unwrap_or_default();
    match from_wtmp(&power_events(&wtmp), last.timestamp()) {
        // Some hosts leave the journal open although they shut down cleanly, so wtmp has precedence.
        Shutdown::Unknown if has_unclean_journal(root, last) => Shutdown::Unclean,
        known => known,
    }
}

/// Evaluates wtmp: each boot after `last` must have a shutdown before it.
fn from_wtmp(events: &[(i64, PowerEvent)], last: i64) -> Shutdown {
    let (mut shutdown, mut was_shut_down) = (Shutdown::Unknown, false);
    for (_, event) in events.iter().filter(|(seconds, _)| *seconds > last) {
        match event {
            PowerEvent::Shutdown => {
                was_shut_down = true;
                if shutdown == Shutdown::Unknown {
                    shutdown = Shutdown::Clean;
                }
            }
            PowerEvent::Boot => {
                if !was_shut_down {
                    shutdown = Shutdown::Unclean;
                }
                was_shut_down = false;
            }
        }
    }
    shutdown
}

/// Returns whether journald found its file open when it started, and renamed it to end in `~`.
fn has_unclean_journal(root: &Root, last: DateTime<Utc>) -> bool {
    let own = root.etc("machine-id").map(|id| String::from_utf8_lossy(id.trim_ascii()).into_owned()).ok();
    // Other directories belong to containers, or to hosts this one was cloned from.
    let directories = root.list("var/log/journal").into_iter().filter(|name| own.as_ref().is_none_or(|id| id == name));
    directories.map(|name| format!("var/log/journal/{name}")).any(|directory| {
        let unclean = |name: &String| name.starts_with("system@") && name.ends_with(".journal~");
        root.list(&directory).iter().filter(|name| unclean(name)).any(|name| {
            renamed_at(name).or_else(|| root.modified(&format!("{directory}/{name}"))).is_some_and(|time| time > last)
        })
    })
}

/// Time at which a journal file was renamed, from its name: `system@<microseconds since 1970, hexadecimal>-<random>.journal~`.
fn renamed_at(name: &str) -> Option<DateTime<Utc>> {
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
        let (boot, down) = (PowerEvent::Boot, PowerEvent::Shutdown);
        let cases: [(&[(i64, PowerEvent)], Shutdown); 7] = [
            (&[], Shutdown::Unknown),
            (&[(50, boot), (60, down)], Shutdown::Unknown),
            (&[(50, boot), (110, down), (120, boot)], Shutdown::Clean),
            (&[(110, down)], Shutdown::Clean),
            (&[(50, boot), (120, boot)], Shutdown::Unclean),
            (&[(120, boot), (130, down), (140, boot)], Shutdown::Unclean),
            (&[(110, down), (120, boot), (140, boot)], Shutdown::Unclean),
        ];
        for (turns, expected) in cases {
            assert_eq!(from_wtmp(turns, 100), expected, "{turns:?}");
        }
    }

    #[test]
    fn time_in_the_name_of_a_journal_file() {
        let name = "system@000641f0a3b2c000-0123456789abcdef.journal~";
        assert_eq!(renamed_at(name).unwrap().timestamp_micros(), 0x0006_41f0_a3b2_c000);
        for other in ["system@0123456789abcdef0123456789abcdef-0000000000000001-000641f0a3b2c000.journal", "x", ""] {
            assert_eq!(renamed_at(other), None, "{other}");
        }
    }
}
