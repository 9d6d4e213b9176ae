//! Units that failed, other than services, and units of any kind whose job waits.

use super::show::Unit;
use crate::base::text::{NAME_MAX, clean};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a unit stays in the snapshots after its last problem, in seconds: rules must see the recovery.
const REMEMBERED_SECONDS: f64 = 3600.0;
/// At least this many snapshots follow the last problem, however far apart they are.
const REMEMBERED_SNAPSHOTS: f64 = 4.0;
/// A job that waits for less is nothing to tell, in seconds.
const WAITING_SECONDS: f64 = 60.0;
/// Largest number of units named as what a job may wait for.
const RUNNING_MAX: usize = 3;
/// Longest text, in characters.
const TEXT_MAX: usize = 200;

/// An element of the section `systemd_unit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemUnit {
    /// Name of the unit; of a user's `alice/web.service`.
    pub unit: String,
    /// It failed. Of a service the section `service` says it.
    pub failed: bool,
    /// Time for which a job of it has been waiting or does not end, in seconds; 0: none, or not for long.
    pub job_seconds: f64,
    /// How it is, in words.
    pub state: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptUnit {
    /// Its job and when it was first seen, in seconds since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<(String, f64)>,
    /// When it last had a problem, in seconds since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<f64>,
}

/// What is kept of units that have a job, or have or had a problem.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptUnits(BTreeMap<String, KeptUnit>);

impl KeptUnits {
    /// After a boot jobs are others, and problems are of this moment.
    pub fn after_boot(self, now: f64) -> Self {
        let had_problem = self.0.into_iter().filter(|(_, kept)| kept.last.is_some());
        Self(had_problem.map(|(name, _)| (name, KeptUnit { job: None, last: Some(now) })).collect())
    }

    /// Returns whether there are any other than services.
    pub fn has_others(&self) -> bool {
        self.0.keys().any(|name| !name.ends_with(".service"))
    }

    /// Number of queued jobs.
    pub fn jobs(&self) -> usize {
        self.0.values().filter(|kept| kept.job.is_some()).count()
    }

    /// The units to show and what to keep. Without `is_whole` only services were asked for.
    pub fn judge(&self, units: &[Unit<'_>], is_whole: bool, now: f64, interval: f64) -> (Vec<SystemUnit>, Self) {
        let running: Vec<&str> = units.iter().filter(|unit| unit.has_running_job()).map(|unit| &*unit.id).collect();
        let (mut shown, mut kept) = (Vec::new(), Self::default());
        for unit in units.iter().filter(|unit| is_whole || unit.is_service()) {
            let before = self.0.get(&unit.id);
            let begun = |job: &str| before.and_then(|before| before.job.clone()).filter(|(known, _)| known == job);
            let job = unit.job().map(|job| begun(job).unwrap_or_else(|| (clean(job, NAME_MAX), now)));
            let waited = job.as_ref().filter(|_| unit.is_delayed()).map(|(_, since)| now - since);
            let job_seconds = waited.filter(|waited| *waited >= WAITING_SECONDS).unwrap_or_default();
            let failed = unit.active == "failed" && !unit.is_service();
            let last = if failed || job_seconds > 0.0 { Some(now) } else { before.and_then(|before| before.last) };
            let last = last.filter(|last| is_recent(*last, now, interval));
            if last.is_some() {
                let state = match () {
                    () if failed => failure(unit),
                    () if job_seconds > 0.0 => waiting(unit, &running),
                    () => clean(unit.sub, NAME_MAX),
                };
                shown.push(SystemUnit { unit: unit.id.clone(), failed, job_seconds: job_seconds.round(), state });
            }
            if job.is_some() || last.is_some() {
                kept.0.insert(unit.id.clone(), KeptUnit { job, last });
            }
        }
        // A unit that was stopped is in no answer.
        for (name, before) in self.0.iter().filter(|(name, _)| units.iter().all(|unit| unit.id != **name)) {
            if before.last.is_some_and(|last| is_recent(last, now, interval)) {
                let (unit, state) = (name.clone(), "inactive".to_string());
                shown.push(SystemUnit { unit, failed: false, job_seconds: 0.0, state });
                kept.0.insert(name.clone(), KeptUnit { job: None, ..before.clone() });
            }
        }
        (shown, kept)
    }
}

fn is_recent(last: f64, now: f64, interval: f64) -> bool {
    now - last < REMEMBERED_SECONDS.max(interval * REMEMBERED_SNAPSHOTS)
}

/// `failed (exit-code): /dev/sdb1 on /srv/data`.
pub fn failure(unit: &Unit<'_>) -> String {
    let (what, place) = (unit.property("What"), unit.property("Where"));
    let subject = match (what, place) {
        ("", "") => [unit.property("Listen"), unit.property("Unit")].into_iter().find(|text| !text.is_empty()),
        ("", place) => Some(place),
        (what, "") => Some(what),
        _ => None,
    };
    let subject = subject.map(str::to_string).or_else(|| (!place.is_empty()).then(|| format!("{what} on {place}")));
    let reason = match unit.result {
        "" | "success" => "failed".to_string(),
        result => format!("failed ({result})"),
    };
    let missing = if matches!(unit.load, "loaded" | "") { String::new() } else { format!(", unit file {}", unit.load) };
    let subject = subject.map(|subject| format!(": {subject}")).unwrap_or_default();
    clean(&format!("{reason}{missing}{subject}"), TEXT_MAX)
}

/// `waiting for a job; in progress: a.service`.
fn waiting(unit: &Unit<'_>, running: &[&str]) -> String {
    let action = match unit.active {
        "activating" => "does not finish starting",
        "deactivating" => "does not finish stopping",
        "reloading" | "refreshing" => "does not finish reloading",
        _ => "its job is waiting",
    };
    let others: Vec<&str> = running.iter().filter(|name| **name != unit.id).copied().take(RUNNING_MAX).collect();
    let others = if others.is_empty() { String::new() } else { format!("; in progress: {}", others.join(", ")) };
    clean(&format!("{action}{others}"), TEXT_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::show::parse;
    use super::*;

    #[test]
    fn what_failed_is_said_with_its_subject() {
        let cases = [
            ("Result=exit-code\nWhat=/dev/sdb1\nWhere=/srv/data", "failed (exit-code): /dev/sdb1 on /srv/data"),
            ("Result=timeout\nWhat=/dev/sdb2", "failed (timeout): /dev/sdb2"),
            ("Result=mount-start-limit-hit\nWhere=/mnt", "failed (mount-start-limit-hit): /mnt"),
            ("Result=resources\nListen=[::]:80 (Stream)", "failed (resources): [::]:80 (Stream)"),
            ("Result=resources\nUnit=b.service", "failed (resources): b.service"),
            ("LoadState=not-found", "failed, unit file not-found"),
            ("", "failed"),
        ];
        for (more, expected) in cases {
            assert_eq!(failure(&parse(&format!("Id=a.x\nActiveState=failed\n{more}"))[0]), expected);
        }
    }

    #[test]
    fn a_job_waits_from_when_it_was_first_seen() {
        let text = |job: &str, active: &str, more: &str| {
            format!(
                "Id=w.service\nActiveState={active}\nJob={job}\n{more}\n\nId=t.service\nActiveState=activating\nJob=1\nType=oneshot"
            )
        };
        let seconds = |steps: &[(&str, &str)], more: &str| -> f64 {
            let mut kept = KeptUnits::default();
            let mut last = 0.0;
            for (minute, (job, active)) in steps.iter().enumerate() {
                let text = text(job, active, more);
                let (shown, next) = kept.judge(&parse(&text), true, 60.0 * minute as f64, 60.0);
                (kept, last) = (next, shown.first().map_or(0.0, |unit| unit.job_seconds));
                assert!(shown.iter().all(|unit| unit.unit == "w.service"), "a job that runs is no delay: {shown:?}");
            }
            last
        };
        assert_eq!(seconds(&[("7", "inactive"); 4], ""), 180.0);
        assert_eq!(seconds(&[("7", "inactive"), ("7", "inactive"), ("8", "inactive"), ("8", "inactive")], ""), 60.0);
        assert_eq!(seconds(&[("7", "inactive"), ("", "active")], ""), 0.0);
        assert_eq!(seconds(&[("7", "activating"); 4], ""), 180.0, "a start that does not end");
        assert_eq!(seconds(&[("7", "activating"); 4], "Type=oneshot"), 0.0);
        assert_eq!(seconds(&[("7", "inactive"); 4], "TriggeredBy=w.timer"), 0.0, "jobs wait for each other");
        assert_eq!(seconds(&[("7", "deactivating"); 4], "Type=oneshot"), 180.0);
    }
}
