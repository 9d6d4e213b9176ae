//! Units as `systemctl show` prints them: blocks of `Key=value` lines, separated by empty lines. Properties that an older
//! systemd does not have are empty.

use crate::base::clock::zone_offset_seconds;
use crate::base::text::{UNIT_NAME_MAX, clean};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// The properties that are asked for.
pub const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Type,TriggeredBy,Result,ExecMainCode,\
    ExecMainStatus,NRestarts,StateChangeTimestamp,ActiveExitTimestampMonotonic,ExecMainExitTimestampMonotonic";

/// One service unit. The texts are as printed: not cleaned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unit<'a> {
    /// Its main name, cleaned.
    pub id: String,
    /// All its names, separated by blanks.
    names: &'a str,
    /// `loaded`, `masked`, `not-found`, …
    pub load: &'a str,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, …
    pub active: &'a str,
    /// `running`, `dead`, `auto-restart`, …
    pub sub: &'a str,
    /// `success`, `exit-code`, …
    pub result: &'a str,
    /// Automatic restarts since the last manual start.
    pub restarts: u64,
    /// Time of the last state change.
    pub since: &'a str,
    /// A one-shot, or triggered by a timer.
    pub is_job: bool,
    /// si_code (sigaction(2)) and status of the end of the main process.
    exit: (u64, u64),
    /// Times of the end of the state `active` and of the main process, in microseconds.
    ended: (u64, u64),
}

/// Parses the output; a unit that is printed twice counts once.
pub fn parse(output: &str) -> Vec<Unit<'_>> {
    let mut known = HashSet::new();
    let units = output.split("\n\n").map(parse_unit).filter(|unit| !unit.id.is_empty());
    units.filter(|unit| known.insert(unit.id.clone())).collect()
}

fn parse_unit(block: &str) -> Unit<'_> {
    let mut unit = Unit::default();
    for (key, value) in block.lines().filter_map(|line| line.split_once('=')) {
        let number = || value.parse().unwrap_or(0);
        match key {
            "Id" => unit.id = clean(value, UNIT_NAME_MAX),
            "Names" => unit.names = value,
            "LoadState" => unit.load = value,
            "ActiveState" => unit.active = value,
            "SubState" => unit.sub = value,
            "Type" => unit.is_job |= value == "oneshot",
            "TriggeredBy" => unit.is_job |= value.split(' ').any(|by| by.ends_with(".timer")),
            "Result" => unit.result = value,
            "ExecMainCode" => unit.exit.0 = number(),
            "ExecMainStatus" => unit.exit.1 = number(),
            "NRestarts" => unit.restarts = number(),
            "StateChangeTimestamp" => unit.since = value,
            "ActiveExitTimestampMonotonic" => unit.ended.0 = number(),
            "ExecMainExitTimestampMonotonic" => unit.ended.1 = number(),
            _ => {}
        }
    }
    unit
}

impl Unit<'_> {
    /// Returns whether one of its names is in a list of the configuration: `nginx` is `nginx.service`.
    pub fn is_among(&self, named: &[String]) -> bool {
        let is_same = |named: &str, unit: &str| named == unit || unit.strip_suffix(".service") == Some(named);
        named.iter().any(|named| is_same(named, &self.id) || self.names.split(' ').any(|unit| is_same(named, unit)))
    }

    /// How its main process ended: `status 203` or `signal 9`; empty when it ended well, or this is unknown.
    pub fn exit(&self) -> String {
        match self.exit {
            (1, status @ 1..) => format!("status {status}"),
            (2 | 3, signal @ 1..) => format!("signal {signal}"),
            _ => String::new(),
        }
    }

    /// Returns whether it was asked to stop before its main process ended badly. A crash is the other way round: the
    /// process ends, then the unit is no longer active.
    pub fn is_stopped(&self) -> bool {
        let (left, ended) = self.ended;
        self.active == "failed" && 0 < left && left < ended && matches!(self.result, "exit-code" | "signal")
    }

    /// Time of the last state change; `None`: unknown.
    pub fn changed(&self) -> Option<DateTime<Utc>> {
        time(self.since)
    }
}

/// Reads `Thu 2026-10-10 16:05:04 CEST` and `@1791641104`. systemd prints the zone of the host; the abbreviation alone is
/// ambiguous.
fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Some(seconds) = text.strip_prefix('@') {
        return DateTime::from_timestamp(seconds.split('.').next()?.parse().ok()?, 0);
    }
    let mut words = text.split(' ').skip_while(|word| !word.starts_with(|first: char| first.is_ascii_digit()));
    let (day, time, zone) = (words.next()?, words.next()?, words.next());
    let local = NaiveDateTime::parse_from_str(&format!("{day} {time}"), "%Y-%m-%d %H:%M:%S%.f").ok()?.and_utc();
    if matches!(zone, Some("UTC" | "GMT")) {
        return Some(local);
    }
    local.checked_sub_signed(TimeDelta::seconds(zone_offset_seconds(local).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_form() {
        let at = |text| time(text).map(|time| time.format("%m-%d %H:%M").to_string());
        assert_eq!(at("Thu 2026-10-10 16:05:04 UTC").as_deref(), Some("10-10 16:05"));
        assert_eq!(at("@1791641104").as_deref(), Some("10-10 14:05"));
        for unknown in ["", "n/a", "x", "Thu 2026-13-10 16:05:04 UTC", "@", "2026-10-10"] {
            assert_eq!(at(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_block_without_the_newer_properties_is_read() {
        let old = "Id=a.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=2";
        let unit = parse(old).remove(0);
        assert!(!unit.is_job && !unit.is_stopped() && unit.exit().is_empty() && unit.changed().is_none());
        assert_eq!(parse(&format!("{old}\n\n{old}")).len(), 1);
        let exit = |more: &str| parse(&format!("{old}\n{more}"))[0].exit();
        assert_eq!(exit("ExecMainCode=1\nExecMainStatus=203"), "status 203");
        assert_eq!(exit("ExecMainCode=2\nExecMainStatus=9"), "signal 9");
        assert_eq!(exit("ExecMainCode=1\nExecMainStatus=0"), "");
        let is_job = |more: &str| parse(&format!("{old}\n{more}"))[0].is_job;
        assert!(is_job("Type=oneshot") && is_job("TriggeredBy=a.path a.timer") && !is_job("Type=notify"));
        let is_stopped = |left: u32, ended: u32| {
            let more = format!("ActiveExitTimestampMonotonic={left}\nExecMainExitTimestampMonotonic={ended}");
            parse(&format!("{old}\n{more}"))[0].is_stopped()
        };
        let cases = [is_stopped(5, 6), is_stopped(6, 5), is_stopped(6, 6), is_stopped(0, 6)];
        assert_eq!(cases, [true, false, false, false]);
        assert!(parse(&format!("{old}\nNames=a.service b.service"))[0].is_among(&["b".to_string()]));
    }
}
