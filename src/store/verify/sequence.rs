//! Checks the sequence of the records of a day: defects of intact records.

use crate::base::clock::parse;
use crate::model::record::time_of;
use memchr::memmem;
use std::collections::HashSet;

/// Number of records of a day that are remembered; beyond it, only duplicates close together are found.
const SEEN_MAX: usize = 200_000;
/// Number of boots of a day that are remembered.
const BOOTS_MAX: usize = 64;
/// Difference of two clocks that says nothing, in seconds.
const SLACK_SECONDS: f64 = 30.0;
/// Maximum length of the header within a line, in bytes.
const HEAD: usize = 1024;

/// The header of a record, read without parsing the record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head<'a> {
    /// RFC 3339, 24 characters.
    pub time: &'a str,
    /// Host name, as escaped in JSON.
    pub host: &'a str,
    /// Identity of the boot.
    pub boot_id: &'a str,
    /// Seconds since boot; 0 when missing.
    pub boottime_seconds: f64,
}

impl<'a> Head<'a> {
    /// Returns `None` when the line is no record.
    pub fn of(line: &'a str) -> Option<Self> {
        let time = time_of(line).filter(|time| is_time(time))?;
        let boottime = after(line, "\"boottime_seconds\":").map(|rest| until(rest, b",}"));
        Some(Self {
            time,
            host: after(line, "\"host\":\"").map_or("", |rest| until(rest, b"\"")),
            boot_id: after(line, "\"boot_id\":\"").map_or("", |rest| until(rest, b"\"")),
            boottime_seconds: boottime.and_then(|text| text.parse().ok()).unwrap_or(0.0),
        })
    }
}

fn is_time(time: &str) -> bool {
    time.bytes().zip(b"0000-00-00T00:00:00.000Z").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    })
}

fn after<'a>(line: &'a str, member: &str) -> Option<&'a str> {
    let begin = line.as_bytes().get(..HEAD).unwrap_or(line.as_bytes());
    let at = memmem::find(begin, member.as_bytes())?;
    line.get(at + member.len()..)
}

fn until<'a>(rest: &'a str, ends: &[u8]) -> &'a str {
    let end = rest.bytes().take(HEAD).position(|byte| ends.contains(&byte)).unwrap_or(0);
    rest.get(..end).unwrap_or("")
}

/// Defect of an intact record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It belongs to another day.
    OtherDay,
    /// It is a duplicate.
    Repeated,
    /// It follows a later record of its boot.
    WrongOrder,
    /// Another boot recorded between this record and earlier ones of its boot: two hosts record here by turns.
    Mixed(String),
    /// A remark: the host was renamed, from which name to which.
    Renamed(String),
    /// A remark: its time is before that of the previous record, but its time since boot is not.
    ClockSetBack,
}

/// The last record of a boot.
#[derive(Debug)]
struct Boot {
    id: String,
    time: String,
    boottime_seconds: f64,
}

impl Boot {
    /// Returns whether this boot had begun before a time, by its clocks.
    fn began_before(&self, time: &str) -> bool {
        let since =
            parse(&self.time).zip(parse(time)).map(|(last, time)| (time - last).num_milliseconds() as f64 / 1e3);
        since.is_some_and(|since| since + self.boottime_seconds > SLACK_SECONDS)
    }
}

/// The records of a day so far.
#[derive(Debug, Default)]
pub struct Sequence {
    day: String,
    seen: HashSet<u64>,
    boots: Vec<Boot>,
    /// Name and boot of the last record.
    host: String,
    boot: String,
    /// Time of the last intact record; empty when there is none.
    pub last: String,
    /// Intact records.
    pub records: u64,
}

impl Sequence {
    /// An empty sequence of a day.
    pub fn new(day: &str) -> Self {
        Self { day: day.to_string(), ..Self::default() }
    }

    /// Adds the next record.
    pub fn add(&mut self, line: &str, head: &Head) -> Option<Flaw> {
        self.records += 1;
        self.last.clear();
        self.last.push_str(head.time);
        if !head.time.starts_with(&self.day) {
            return Some(Flaw::OtherDay);
        }
        if self.seen.len() >= SEEN_MAX {
            self.seen.clear();
        }
        if !self.seen.insert(key(line, head.time)) {
            return Some(Flaw::Repeated);
        }
        let host = self.host(head);
        self.order(head).or(host)
    }

    /// Determines which host a record is of, by its boot: once another boot has begun, a boot of the same host is over.
    /// Names may come late, change and come back.
    fn host(&mut self, head: &Head) -> Option<Flaw> {
        let is_known = self.boots.iter().any(|boot| boot.id == head.boot_id);
        let last = self.boots.iter().find(|boot| boot.id == self.boot);
        let is_mixed = match last.filter(|last| is_known && last.id != head.boot_id) {
            Some(last) if last.began_before(head.time) => true,
            // An old record that was put here later.
            Some(_) => return None,
            None => false,
        };
        let before = std::mem::replace(&mut self.host, head.host.to_string());
        let boot_before = std::mem::replace(&mut self.boot, head.boot_id.to_string());
        let names = format!("{before} and {}", head.host);
        match (is_mixed, before == head.host) {
            (true, true) => Some(Flaw::Mixed(format!("{before} with boot ids {boot_before} and {}", head.boot_id))),
            (true, false) => Some(Flaw::Mixed(names)),
            (false, is_same) => (!is_same && !self.boots.is_empty()).then_some(Flaw::Renamed(names)),
        }
    }

    fn order(&mut self, head: &Head) -> Option<Flaw> {
        let Some(boot) = self.boots.iter_mut().rev().find(|boot| boot.id == head.boot_id) else {
            if self.boots.len() >= BOOTS_MAX {
                self.boots.remove(0);
            }
            let (id, time) = (head.boot_id.to_string(), head.time.to_string());
            self.boots.push(Boot { id, time, boottime_seconds: head.boottime_seconds });
            return None;
        };
        let is_earlier = head.time < boot.time.as_str();
        if is_earlier && head.boottime_seconds < boot.boottime_seconds {
            return Some(Flaw::WrongOrder);
        }
        boot.time.clear();
        boot.time.push_str(head.time);
        boot.boottime_seconds = head.boottime_seconds;
        is_earlier.then_some(Flaw::ClockSetBack)
    }
}

/// Checksum and time of day, which identify a record.
pub fn key(line: &str, time: &str) -> u64 {
    let digits = line.len().checked_sub(10).and_then(|at| line.get(at..at + 8)).unwrap_or("");
    let checksum = u64::from_str_radix(digits, 16).unwrap_or(0);
    let clock = time.bytes().skip(11).filter(u8::is_ascii_digit);
    (checksum << 32) | clock.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::line::seal;

    /// Host, boot, minute of the wall clock, minute of the boot.
    fn flaws(records: &[(&str, &str, u32, u32)]) -> Vec<Option<Flaw>> {
        let mut sequence = Sequence::new("2026-11-20");
        let line = |(host, boot, wall, since): &(&str, &str, u32, u32)| {
            seal(&format!(
                "{{\"schema\":1,\"time\":\"2026-11-20T10:{wall:02}:00.000Z\",\"host\":\"{host}\",\"boot_id\":\"{boot}\",\"boottime_seconds\":{since}.5,\"n\":1}}"
            ))
        };
        let lines: Vec<String> = records.iter().map(line).collect();
        lines.iter().map(|line| sequence.add(line.trim_end(), &Head::of(line.trim_end()).unwrap())).collect()
    }

    #[test]
    fn order_is_by_boot_and_a_clock_that_was_set_back_is_none_of_it() {
        let (order, back) = (Some(Flaw::WrongOrder), Some(Flaw::ClockSetBack));
        assert_eq!(flaws(&[("a", "x", 1, 1), ("a", "x", 3, 3), ("a", "x", 2, 2)]), [None, None, order]);
        assert_eq!(flaws(&[("a", "x", 5, 1), ("a", "x", 1, 2), ("a", "x", 2, 3)]), [None, back, None]);
        assert_eq!(flaws(&[("a", "x", 5, 9), ("a", "y", 1, 1)]), [None, None], "another boot");
        assert_eq!(flaws(&[("a", "x", 1, 1), ("a", "x", 1, 1)]), [None, Some(Flaw::Repeated)]);
    }

    #[test]
    fn another_boot_between_is_another_host_and_a_name_says_nothing() {
        let renamed = |names: &str| Some(Flaw::Renamed(names.to_string()));
        let mixed = |names: &str| Some(Flaw::Mixed(names.to_string()));
        assert_eq!(flaws(&[("a", "x", 1, 1), ("b", "x", 2, 2)]), [None, renamed("a and b")]);
        assert_eq!(flaws(&[("a", "x", 1, 1), ("b", "x", 2, 2), ("a", "x", 3, 3)])[2], renamed("b and a"));
        assert_eq!(flaws(&[("a", "x", 1, 1), ("b", "y", 1, 7), ("a", "x", 2, 2)])[2], mixed("b and a"));
        let same = mixed("a with boot ids y and x");
        assert_eq!(flaws(&[("a", "x", 1, 1), ("a", "y", 1, 7), ("a", "x", 2, 2)]), [None, None, same]);
        // Late names: "l" after each boot.
        let late = [("l", "x", 1, 1), ("w", "x", 2, 2), ("l", "y", 3, 1), ("w", "y", 4, 2), ("l", "z", 5, 1)];
        assert_eq!(flaws(&late)[1..], [("l and w"), ("w and l"), ("l and w"), ("w and l")].map(renamed));
        // Appended by a repair: of an earlier time than what another boot recorded.
        assert_eq!(flaws(&[("a", "x", 1, 1), ("a", "y", 5, 1), ("a", "x", 2, 2)]), [None, None, None]);
    }

    #[test]
    fn a_header_is_read_without_parsing() {
        let line = "{\"schema\":1,\"time\":\"2026-11-20T10:00:00.000Z\",\"host\":\"a\",\"boot_id\":\"x\",\"boottime_seconds\":5.25}";
        let head = Head { time: "2026-11-20T10:00:00.000Z", host: "a", boot_id: "x", boottime_seconds: 5.25 };
        assert_eq!(Head::of(line), Some(head));
        assert_eq!(Head::of("{\"time\":\"2026-11-20x10:00:00.000Z\"}"), None);
        assert_eq!(Head::of(""), None);
    }
}
