//! Units as `systemctl show` prints them: blocks of `Key=value` lines, separated by empty lines. Properties that an older
//! systemd does not have are empty.

use super::time::time;
use crate::base::text::{UNIT_NAME_MAX, clean};
use chrono::{DateTime, Utc};

/// The properties that are asked for.
pub const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Type,TriggeredBy,Result,ExecMainCode,\
    ExecMainStatus,NRestarts,StateChangeTimestamp,ActiveExitTimestampMonotonic,ExecMainExitTimestampMonotonic,\
    Job,What,Where,Listen,Unit,UnitFileState,ConditionResult,TimersMonotonic,NextElapseUSecRealtime,\
    NextElapseUSecMonotonic,LastTriggerUSec,LastTriggerUSecMonotonic,AccuracyUSec";

/// One unit. The texts are as printed: not cleaned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unit<'a> {
    /// Its main name, cleaned.
    pub id: String,
    /// All its names, separated by blanks; empty where systemctl was not asked for them.
    pub names: &'a str,
    block: &'a str,
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

/// Parses the output, in its order. A unit can be printed twice: as asked for by its name, and as matched by a pattern.
pub fn parse(output: &str) -> Vec<Unit<'_>> {
    output.split("\n\n").map(parse_unit).filter(|unit| !unit.id.is_empty()).collect()
}

fn parse_unit(block: &str) -> Unit<'_> {
    let mut unit = Unit { block, ..Unit::default() };
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

impl<'a> Unit<'a> {
    /// A unit that systemd does not know.
    pub fn not_found(id: String) -> Self {
        Unit { id, load: "not-found", active: "inactive", sub: "dead", ..Unit::default() }
    }

    /// Returns whether it has this full name, among others.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.names.split(' ').any(|own| own == name)
    }

    /// Returns whether it is a service.
    pub fn is_service(&self) -> bool {
        self.id.ends_with(".service")
    }

    /// Number of its queued job.
    pub fn job(&self) -> Option<&'a str> {
        Some(self.property("Job")).filter(|job| !matches!(*job, "" | "0"))
    }

    /// Returns whether its job is in progress; else it waits for another.
    pub fn has_running_job(&self) -> bool {
        let is_changing = matches!(self.active, "activating" | "deactivating" | "reloading" | "refreshing");
        is_changing && self.job().is_some()
    }

    /// Returns whether its job is one that should soon have ended. One-shots and what timers start wait for each other, and
    /// take their time.
    pub fn is_delayed(&self) -> bool {
        let is_stopping = self.active == "deactivating";
        self.job().is_some() && (is_stopping || !self.is_job) && !self.sub.starts_with("auto-restart")
    }

    /// A property that few units have; empty where it has none.
    pub fn property(&self, key: &str) -> &'a str {
        self.properties(key).next().unwrap_or_default()
    }

    /// The values of a property that can be printed more than once.
    pub fn properties(&self, key: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.block.lines().filter_map(|line| line.split_once('='));
        lines.filter(move |(name, _)| *name == key).map(|(_, value)| value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_without_the_newer_properties_is_read() {
        let old = "Id=a.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=2";
        let unit = parse(old).remove(0);
        assert!(!unit.is_job && !unit.is_stopped() && unit.exit().is_empty() && unit.changed().is_none());
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
        let two = format!("{old}\nNames=a.service b.service");
        let other = parse(&two).remove(0);
        assert!(other.is_called("b.service") && !other.is_called("b"));
    }
}
