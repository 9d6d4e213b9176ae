//! Binary records of utmp(5), the logged-in users, and of wtmp, its history, with boots and shutdowns.

use super::utmp_layout::{Entry, entries};
use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, clean_bytes};
use chrono::DateTime;

/// `ut_type` of a change of the runlevel (`RUN_LVL`).
const RUN_LEVEL: u16 = 1;
/// `ut_type` of a boot (`BOOT_TIME`).
const BOOT: u16 = 2;
/// `ut_type` of a login (`USER_PROCESS`).
const USER_PROCESS: u16 = 7;

/// A boot or a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerEvent {
    /// The host was started.
    Boot,
    /// The host was shut down cleanly.
    Shutdown,
}

/// Boots and shutdowns in the order of the file, with their time in seconds since 1970.
pub fn power_events(content: &[u8]) -> Vec<(i64, PowerEvent)> {
    entries(content).iter().filter_map(|entry| Some((entry.seconds, power_event(entry)?))).collect()
}

fn power_event(entry: &Entry<'_>) -> Option<PowerEvent> {
    match (entry.kind, entry.user) {
        (RUN_LEVEL | BOOT, b"shutdown") => Some(PowerEvent::Shutdown),
        (BOOT, _) => Some(PowerEvent::Boot),
        // System V writes the new runlevel where others have a process id: 0 is halt, 6 is reboot.
        (RUN_LEVEL, b"runlevel") => matches!(entry.pid & 0xff, 0x30 | 0x36).then_some(PowerEvent::Shutdown),
        _ => None,
    }
}

/// A login.
#[derive(Debug, PartialEq, Eq)]
pub struct Login {
    /// Login name.
    pub user: String,
    /// Terminal.
    pub terminal: String,
    /// Remote host; empty for a local login.
    pub from: String,
    /// Time of login, RFC 3339, UTC.
    pub since: String,
}

/// All present logins.
pub fn logins(content: &[u8]) -> Vec<Login> {
    let logins = entries(content).into_iter().filter(|entry| entry.kind == USER_PROCESS && !entry.user.is_empty());
    let login = |entry: Entry<'_>| Login {
        user: clean_bytes(entry.user, NAME_MAX),
        terminal: clean_bytes(entry.line, NAME_MAX),
        from: clean_bytes(entry.host, NAME_MAX),
        since: DateTime::from_timestamp(entry.seconds, 0).map(stamp).unwrap_or_default(),
    };
    logins.map(login).collect()
}

#[cfg(test)]
mod tests {
    use super::super::utmp_layout::tests::{LAYOUTS, record};
    use super::*;

    #[test]
    fn power_events_of_every_layout() {
        for layout in 0..LAYOUTS {
            let event = |kind: u16, user: &str, pid: u32, seconds| record(layout, kind, pid, ["~", user, ""], seconds);
            let content = [
                event(BOOT, "reboot", 0, 10),
                event(RUN_LEVEL, "runlevel", 0x35, 11),
                event(USER_PROCESS, "shutdown", 0, 12),
                event(RUN_LEVEL, "shutdown", 0, 20),
                event(RUN_LEVEL, "runlevel", 0x3536, 21),
                event(RUN_LEVEL, "runlevel", 0x3635, 22),
                event(BOOT, "reboot", 0, 30),
            ]
            .concat();
            use PowerEvent::{Boot, Shutdown};
            let expected = [(10, Boot), (20, Shutdown), (21, Shutdown), (30, Boot)];
            assert_eq!(power_events(&content), expected, "layout {layout}");
        }
    }

    #[test]
    fn logins_of_every_layout() {
        for layout in 0..LAYOUTS {
            let login = logins(&record(layout, USER_PROCESS, 7, ["pts/1", "anna", "evil"], 86_400)).pop().unwrap();
            assert_eq!((login.user.as_str(), login.terminal.as_str(), login.from.as_str()), ("anna", "pts/1", "evil"));
            assert_eq!(login.since, "1970-01-02T00:00:00.000Z");
        }
        assert!(logins(&[0; 384]).is_empty() && logins(b"short").is_empty());
    }
}
