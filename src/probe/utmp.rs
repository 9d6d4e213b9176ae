//! Binary records of utmp(5), the logged-in users, and of wtmp, its history, with boots and shutdowns.
//!
//! Records have 384 bytes with 32-bit times (x86-64, 32-bit ARM) or 400 with 64-bit times (ARM64).

use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, clean_bytes};
use chrono::DateTime;

/// `ut_type` of a login (`USER_PROCESS`).
const USER_PROCESS: i16 = 7;
/// `ut_type` of a change of the runlevel (`RUN_LVL`).
const RUN_LEVEL: i16 = 1;
/// `ut_type` of a boot (`BOOT_TIME`).
const BOOT: i16 = 2;

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
    let size = if content.len().is_multiple_of(384) { 384 } else { 400 };
    let known = content.len().is_multiple_of(size);
    content.chunks_exact(size).filter(|_| known).filter_map(power_event).collect()
}

fn power_event(record: &[u8]) -> Option<(i64, PowerEvent)> {
    let user = record.get(44..76)?;
    let event = match i16::from_ne_bytes(record.get(..2)?.try_into().ok()?) {
        BOOT => PowerEvent::Boot,
        RUN_LEVEL if user.starts_with(b"shutdown\0") => PowerEvent::Shutdown,
        // System V writes the new runlevel where others have a process id: 0 is halt, 6 is reboot.
        RUN_LEVEL if user.starts_with(b"runlevel\0") && matches!(record.get(4), Some(b'0' | b'6')) => {
            PowerEvent::Shutdown
        }
        _ => return None,
    };
    let at = time_at(record);
    let seconds = i32::from_ne_bytes(record.get(at..at + 4)?.try_into().ok()?);
    Some((i64::from(seconds), event))
}

/// Offset of the time in a record.
fn time_at(record: &[u8]) -> usize {
    if record.len() == 384 { 340 } else { 344 }
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
    let size = if content.len().is_multiple_of(384) { 384 } else { 400 };
    content.chunks_exact(size).filter_map(parse_record).collect()
}

fn parse_record(record: &[u8]) -> Option<Login> {
    let number = |at: usize| record.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    let text = |at: usize, length: usize| {
        let field = record.get(at..at + length).unwrap_or(&[]);
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        clean_bytes(field.get(..end).unwrap_or(&[]), NAME_MAX)
    };
    let kind = i16::from_ne_bytes(record.get(..2)?.try_into().ok()?);
    let user = text(44, 32);
    if kind != USER_PROCESS || user.is_empty() {
        return None;
    }
    let seconds = number(time_at(record))?;
    let since = DateTime::from_timestamp(i64::from(seconds), 0).map(stamp).unwrap_or_default();
    Some(Login { user, terminal: text(8, 32), from: text(76, 256), since })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_events_of_both_sizes() {
        for (size, at) in [(384, 340), (400, 344)] {
            let record = |kind: i16, user: &[u8], pid: u8, seconds: i32| {
                let mut record = vec![0_u8; size];
                record[..2].copy_from_slice(&kind.to_ne_bytes());
                record[4] = pid;
                record[44..44 + user.len()].copy_from_slice(user);
                record[at..at + 4].copy_from_slice(&seconds.to_ne_bytes());
                record
            };
            let content = [
                record(BOOT, b"reboot", 0, 10),
                record(RUN_LEVEL, b"runlevel", b'5', 11),
                record(USER_PROCESS, b"shutdown", 0, 12),
                record(RUN_LEVEL, b"shutdown", 0, 20),
                record(RUN_LEVEL, b"runlevel", b'6', 21),
                record(BOOT, b"reboot", 0, 30),
            ]
            .concat();
            let expected = [
                (10, PowerEvent::Boot),
                (20, PowerEvent::Shutdown),
                (21, PowerEvent::Shutdown),
                (30, PowerEvent::Boot),
            ];
            assert_eq!(power_events(&content), expected);
            assert!(power_events(&content[1..]).is_empty(), "a torn file gives nothing");
        }
    }

    #[test]
    fn both_sizes_of_record() {
        for (size, time_at) in [(384, 340), (400, 344)] {
            let mut record = vec![0_u8; size];
            record[..2].copy_from_slice(&USER_PROCESS.to_ne_bytes());
            record[8..13].copy_from_slice(b"pts/1");
            record[44..48].copy_from_slice(b"anna");
            record[76..80].copy_from_slice(b"evil");
            record[time_at..time_at + 4].copy_from_slice(&86_400_i32.to_ne_bytes());
            let login = logins(&record).pop().unwrap();
            assert_eq!((login.user.as_str(), login.terminal.as_str(), login.from.as_str()), ("anna", "pts/1", "evil"));
            assert_eq!(login.since, "1970-01-02T00:00:00.000Z");
        }
        assert!(logins(&[0; 384]).is_empty() && logins(b"short").is_empty());
    }
}
