//! A unit as `systemctl show` prints it. What an older systemd does not print is empty.

use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, UNIT_NAME_MAX, clean};
use crate::host::Root;
use crate::model::action::UnitTarget;
use crate::model::message::Message;
use crate::model::service::Service;
use std::collections::BTreeMap;

/// The properties that are asked for.
const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Type,TriggeredBy,Result,UnitFileState,InvocationID,\
    NRestarts,Job,RefuseManualStart,RefuseManualStop,CanStart,Requires,BindsTo,Requisite,TimeoutStartUSec,\
    StartLimitIntervalUSec,StartLimitBurst,StateChangeTimestampMonotonic,ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic,\
    ExecMainExitTimestampMonotonic,ExecMainCode,ExecMainStatus";

/// One unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unit(BTreeMap<String, String>);

/// Asks systemd for one unit by any of its names. A unit that systemd does not know has the load state `not-found`.
///
/// # Errors
/// When the host does not run systemd, or systemctl fails or does not answer in time.
pub fn look(root: &Root, name: &str) -> Result<Unit, String> {
    let known = all(root, &[name.to_string()])?.into_iter().find(|unit| unit.is_called(name));
    let unknown = || Unit(BTreeMap::from([("Id".into(), name.into()), ("LoadState".into(), "not-found".into())]));
    Ok(known.unwrap_or_else(unknown))
}

/// Asks systemd for the units that a unit requires.
///
/// # Errors
/// As [`look`].
pub fn requirements(root: &Root, unit: &Unit) -> Result<Vec<Unit>, String> {
    let names = unit.required();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let units = all(root, &names)?;
    Ok(units.into_iter().filter(|unit| names.iter().any(|name| unit.is_called(name))).collect())
}

fn all(root: &Root, names: &[String]) -> Result<Vec<Unit>, String> {
    Ok(parse(&root.systemctl_units(PROPERTIES, names)?))
}

/// Parses the output: blocks of `Key=value` lines, separated by empty lines.
pub fn parse(output: &str) -> Vec<Unit> {
    let pairs = |block: &str| {
        let pairs = block.lines().filter_map(|line| line.split_once('='));
        Unit(pairs.map(|(key, value)| (key.to_string(), value.to_string())).collect())
    };
    output.split("\n\n").map(pairs).filter(|unit| !unit.get("Id").is_empty()).collect()
}

impl Unit {
    /// A property; empty when it was not printed.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map(String::as_str).unwrap_or_default()
    }

    /// Its main name, cleaned, in full.
    pub fn id(&self) -> String {
        clean(self.get("Id"), UNIT_NAME_MAX)
    }

    /// Returns whether it has this name: aliases count.
    pub fn is_called(&self, name: &str) -> bool {
        self.get("Id") == name || self.get("Names").split(' ').any(|known| known == name)
    }

    /// `ActiveState`.
    pub fn active(&self) -> &str {
        self.get("ActiveState")
    }

    /// Returns whether its processes are meant to run now.
    pub fn is_active(&self) -> bool {
        matches!(self.active(), "active" | "reloading" | "refreshing")
    }

    /// Returns whether systemd is about to restart it: it crashed, and `Restart=` is set.
    pub fn is_restarting(&self) -> bool {
        self.get("SubState").starts_with("auto-restart")
    }

    /// Returns whether it failed because it was asked to stop: its main process ended badly after that. A crash is the other
    /// way round.
    pub fn is_stopped(&self) -> bool {
        let (left, ended) =
            (self.micros("ActiveExitTimestampMonotonic"), self.micros("ExecMainExitTimestampMonotonic"));
        let is_bad_end = matches!(self.get("Result"), "exit-code" | "signal");
        self.active() == "failed" && 0 < left && left < ended && is_bad_end
    }

    /// `InvocationID`.
    pub fn invocation(&self) -> &str {
        self.get("InvocationID")
    }

    /// `NRestarts`.
    pub fn restarts(&self) -> u64 {
        self.micros("NRestarts")
    }

    /// Number of its queued job.
    pub fn job(&self) -> Option<&str> {
        Some(self.get("Job")).filter(|job| !matches!(*job, "" | "0"))
    }

    /// How long it has been active, in seconds; `None`: unknown.
    pub fn active_seconds(&self, boottime_seconds: f64) -> Option<f64> {
        self.seconds_since("ActiveEnterTimestampMonotonic", boottime_seconds)
    }

    /// Returns whether systemd refuses to start it until its start limit is reset: it was started too often, and the interval
    /// in which that counts has not passed. `Result` is that of the first failure, so that it rarely says so; a unit that was
    /// restarted as often as allowed and is failed nevertheless has reached it.
    pub fn is_start_limited(&self, boottime_seconds: f64) -> bool {
        let interval = seconds(self.get("StartLimitIntervalUSec")).unwrap_or(0.0);
        let since = self.seconds_since("StateChangeTimestampMonotonic", boottime_seconds);
        let burst = self.micros("StartLimitBurst");
        let is_hit = self.get("Result").starts_with("start-limit") || (burst > 0 && self.restarts() >= burst);
        self.active() == "failed" && is_hit && interval > 0.0 && since.is_none_or(|since| since < interval)
    }

    /// The target of its restart.
    pub fn target(&self, boottime_seconds: f64) -> UnitTarget {
        UnitTarget {
            unit: self.id(),
            invocation: self.invocation().to_string(),
            state: self.state(),
            restarts: self.restarts(),
            start_timeout_seconds: seconds(self.get("TimeoutStartUSec")).unwrap_or(0.0),
            is_start_limited: self.is_start_limited(boottime_seconds),
        }
    }

    /// `ActiveState/SubState`.
    pub fn state(&self) -> String {
        clean(&format!("{}/{}", self.active(), self.get("SubState")), NAME_MAX)
    }

    /// The cause of its failure; `None`: systemd does not say.
    pub fn cause(&self) -> Option<Message> {
        let exit = match (self.get("ExecMainCode"), self.micros("ExecMainStatus")) {
            ("1", status @ 1..) => format!("status {status}"),
            ("2" | "3", signal @ 1..) => format!("signal {signal}"),
            _ => String::new(),
        };
        let state = "failed".to_string();
        let result = self.get("Result").to_string();
        Service { failed: true, state, exit, result, restarts: self.restarts(), ..Service::default() }.cause()
    }

    /// Units without which it cannot start. Slices and targets do not fail by themselves.
    fn required(&self) -> Vec<String> {
        let keys = ["Requires", "BindsTo", "Requisite"];
        let names = keys.iter().flat_map(|key| self.get(key).split(' '));
        let can_fail = |name: &&str| !name.is_empty() && !name.ends_with(".slice") && !name.ends_with(".target");
        let mut names: Vec<String> = names.filter(can_fail).map(str::to_string).collect();
        names.arrange();
        names.dedup();
        names
    }

    fn micros(&self, key: &str) -> u64 {
        self.get(key).parse().unwrap_or(0)
    }

    /// systemd stamps with a clock that excludes suspend, so the result is never too small.
    fn seconds_since(&self, key: &str, boottime_seconds: f64) -> Option<f64> {
        Some(self.micros(key)).filter(|at| *at > 0).map(|at| boottime_seconds - at as f64 / 1e6)
    }
}

/// A time span as systemd prints it, in seconds: `1min 30s`; `None` for `infinity` and what is no time span.
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    for word in text.split(' ') {
        let at = word.find(|letter: char| letter.is_ascii_alphabetic())?;
        let (number, unit) = word.split_at_checked(at)?;
        let scale = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            "month" => 2_629_800.0,
            "y" => 31_557_600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_of_systemd() {
        let cases = [
            ("10s", Some(10.0)),
            ("1min 30s", Some(90.0)),
            ("1h 500ms", Some(3600.5)),
            ("1d 2h", Some(93_600.0)),
            ("infinity", None),
            ("0", None),
            ("", None),
            ("s", None),
            ("-", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn only_what_can_fail_is_a_requirement() {
        let unit =
            &parse("Id=a.service\nRequires=system.slice sysinit.target db.service a.mount\nBindsTo=db.service")[0];
        assert_eq!(unit.required(), ["a.mount", "db.service"]);
    }

    #[test]
    fn a_start_limit_holds_for_its_interval() {
        let unit = |more: &str| parse(&format!("Id=a.service\nActiveState=failed\n{more}")).remove(0);
        let hit = unit("Result=start-limit-hit\nStartLimitIntervalUSec=1h\nStateChangeTimestampMonotonic=100000000");
        assert!(hit.is_start_limited(200.0) && !hit.is_start_limited(100.0 + 3600.0));
        // As systemd 252 prints it.
        let often = |restarts: u32| {
            let unit =
                unit(&format!("Result=exit-code\nNRestarts={restarts}\nStartLimitBurst=2\nStartLimitIntervalUSec=1h"));
            unit.is_start_limited(200.0)
        };
        assert!(often(2) && !often(1));
        assert!(!unit("Result=start-limit-hit\nStartLimitIntervalUSec=0").is_start_limited(1.0));
    }
}
