//! Determines whether the previous boot ended with a clean shutdown.

use super::utmp::{PowerEvent, power_events};
use crate::base::sort::SmallSort;
use crate::host::Root;
use chrono::{DateTime, Utc};

/// Number of bytes read from the end of wtmp: some hundred records.
const WTMP_TAIL: u64 = 9600 * 25;
/// Longest time from the record of a shutdown to the last snapshot: services take their time to stop.
const SHUTDOWN_SECONDS: i64 = 30 * 60;

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
    // The record of a shutdown may have been rotated away since then.
    let mut rotated: Vec<String> = root.list("var/log").into_iter().filter(|name| is_rotated(name)).collect();
    rotated.arrange_by_key(|name| root.modified(&format!("var/log/{name}")));
    let files = rotated.pop().into_iter().chain(["wtmp".to_string()]);
    let read = |name: String| power_events(&root.tail(&format!("var/log/{name}"), WTMP_TAIL).unwrap_or_default());
    let events: Vec<(i64, PowerEvent)> = files.flat_map(read).collect();
    match from_wtmp(&events, last.timestamp()) {
        // A container that is stopped from outside records no shutdown; that is no loss of power.
        Shutdown::Unclean | Shutdown::Unknown if root.container().is_some() => Shutdown::Unknown,
        // Some hosts leave the journal open although they shut down cleanly, so wtmp has precedence.
        Shutdown::Unknown if has_unclean_journal(root, last) => Shutdown::Unclean,
        known => known,
    }
}

/// Returns whether a file is a former wtmp that is not compressed: `wtmp.1`, `wtmp-20261101`.
fn is_rotated(name: &str) -> bool {
    let end = name.strip_prefix("wtmp").and_then(|rest| rest.strip_prefix(['.', '-']));
    end.is_some_and(|end| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Evaluates wtmp: each boot after `last` must have a shutdown before it.
fn from_wtmp(events: &[(i64, PowerEvent)], last: i64) -> Shutdown {
    let (mut shutdown, mut was_shut_down) = (Shutdown::Unknown, false);
    for (_, event) in events.iter().skip(first_since(events, last)) {
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

/// Index of the first event after `last`. A shutdown that had just begun at the last snapshot belongs to them, and the
/// boot after it, whose time is wrong where the hardware keeps none.
fn first_since(events: &[(i64, PowerEvent)], last: i64) -> usize {
    let later = events.iter().position(|(seconds, _)| *seconds > last).unwrap_or(events.len());
    let is_begun = |event: Option<&(i64, PowerEvent)>| {
        event.is_some_and(|(at, event)| *event == PowerEvent::Shutdown && (0..=SHUTDOWN_SECONDS).contains(&(last - at)))
    };
    let before = |count: usize| later.checked_sub(count);
    let at = |count: usize| before(count).and_then(|index| events.get(index));
    let is_boot = |event: Option<&(i64, PowerEvent)>| event.is_some_and(|(_, event)| *event == PowerEvent::Boot);
    let begun = if is_begun(at(1)) && later < events.len() {
        before(1)
    } else if is_boot(at(1)) && is_begun(at(2)) {
        before(2)
    } else {
        None
    };
    begun.unwrap_or(later)
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
        let cases: [(&[(i64, PowerEvent)], Shutdown); 12] = [
            (&[], Shutdown::Unknown),
            (&[(50, boot), (60, down)], Shutdown::Unknown),
            (&[(50, boot), (110, down), (120, boot)], Shutdown::Clean),
            (&[(110, down)], Shutdown::Clean),
            (&[(50, boot), (120, boot)], Shutdown::Unclean),
            (&[(120, boot), (130, down), (140, boot)], Shutdown::Unclean),
            (&[(110, down), (120, boot), (140, boot)], Shutdown::Unclean),
            (&[(50, boot), (100, down), (120, boot)], Shutdown::Clean),
            (&[(50, boot), (99, down), (98, down), (120, boot)], Shutdown::Clean),
            (&[(50, boot), (110, down), (5, boot)], Shutdown::Clean),
            (&[(50, boot), (99, down), (5, boot)], Shutdown::Clean),
            (&[(-9000, down), (120, boot)], Shutdown::Unclean),
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
