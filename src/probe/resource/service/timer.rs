//! Timers that should have run and did not: systemd did not start what was due, what it started does not end, the timer was
//! stopped although it is enabled, or nothing will ever start it.

use super::show::Unit;
use super::time::{span, time};
use crate::base::text::{NAME_MAX, clean};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a timer starts may take half again its interval, and at least this much longer, in seconds.
const SLACK_SECONDS: f64 = 600.0;

/// An element of the section `timer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Name of the unit.
    pub timer: String,
    /// Time since the run that was due, in seconds; 0: none is missing.
    pub overdue_seconds: f64,
    /// Why it is overdue, in words; else systemd's sub-state: `waiting`, `running`, `elapsed`.
    pub state: String,
}

/// What is kept of a timer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptTimer {
    /// Time of its next run, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<f64>,
    /// Time from a run to the next, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<f64>,
    /// A run of it has ended: what it starts is no daemon.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ends: bool,
    /// It has had no next run since then, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    stuck: Option<f64>,
    /// It was in no answer, so that it has to be asked for by its name, or it was stopped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    overdue: bool,
}

impl KeptTimer {
    /// Returns whether it has to be asked for by its name.
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// Returns whether it is there and not overdue.
    pub fn is_well(&self) -> bool {
        !self.missing && !self.overdue
    }
}

/// The present, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Since 1970.
    pub wall: f64,
    /// Since boot, without the time suspended: the clock of systemd's timers.
    pub monotonic: f64,
}

/// The timers to show and what to keep. A timer that no pattern matches is asked for by its name the next time, and then
/// forgotten if systemd does not know it.
pub fn judge(
    units: &[&Unit<'_>],
    kept: &BTreeMap<String, KeptTimer>,
    clock: Clock,
) -> (Vec<Timer>, BTreeMap<String, KeptTimer>) {
    let (mut shown, mut next) = (Vec::new(), BTreeMap::new());
    let mut add = |name: &str, sub: &str, (delay, known): (Option<(f64, String)>, KeptTimer)| {
        let on_time = || (0.0, clean(sub, NAME_MAX));
        let (overdue, state) = delay.filter(|(delay, _)| *delay >= 1.0).unwrap_or_else(on_time);
        next.insert(name.to_string(), KeptTimer { overdue: overdue > 0.0, ..known });
        shown.push(Timer { timer: name.to_string(), overdue_seconds: overdue.round(), state });
    };
    for unit in units {
        let before = kept.get(&unit.id).cloned().unwrap_or_default();
        if let Some(judged) = look(unit, before, clock) {
            add(&unit.id, unit.sub, judged);
        }
    }
    let is_lost = |name: &str, before: &KeptTimer| !before.missing && units.iter().all(|unit| unit.id != name);
    for (name, before) in kept.iter().filter(|(name, before)| is_lost(name, before)) {
        add(name, "inactive", stopped(KeptTimer { missing: true, ..before.clone() }, clock));
    }
    (shown, next)
}

/// How long a timer is overdue and why, and what to keep; `None`: nobody expects it to run.
fn look(unit: &Unit<'_>, before: KeptTimer, clock: Clock) -> Option<(Option<(f64, String)>, KeptTimer)> {
    if unit.load != "loaded" || unit.active != "active" {
        let is_enabled = unit.property("UnitFileState").starts_with("enabled") && unit.load == "loaded";
        let is_wanted = is_enabled && unit.property("ConditionResult") != "no" && before != KeptTimer::default();
        let is_changing = matches!(unit.active, "activating" | "deactivating");
        return (is_wanted || is_changing).then(|| stopped(KeptTimer { missing: true, ..before }, clock));
    }
    let kept = KeptTimer { missing: false, stuck: None, ..before };
    let last = time(unit.property("LastTriggerUSec")).map(|time| time.timestamp() as f64);
    Some(match unit.sub {
        "waiting" => waiting(unit, kept, last, clock),
        "running" => running(unit, kept, last, clock),
        // It will not run again: meant so, unless it counts from a run that never was.
        "elapsed" if counts_from(unit, "OnUnitActiveUSec") || counts_from(unit, "OnUnitInactiveUSec") => {
            let stuck = before.stuck.unwrap_or(clock.wall);
            let what = unit.property("Unit");
            let state = format!("has no next run: it counts from a run of {what}, and there was none");
            (Some((clock.wall - stuck, state)), KeptTimer { stuck: Some(stuck), next: None, ..kept })
        }
        _ => (None, KeptTimer { next: None, ..kept }),
    })
}

fn waiting(unit: &Unit<'_>, kept: KeptTimer, last: Option<f64>, clock: Clock) -> (Option<(f64, String)>, KeptTimer) {
    let real = time(unit.property("NextElapseUSecRealtime")).map(|time| time.timestamp() as f64);
    let monotonic = span(unit.property("NextElapseUSecMonotonic")).filter(|at| *at > 0.0);
    let monotonic = monotonic.map(|at| clock.wall - clock.monotonic + at);
    let next = [real, monotonic].into_iter().flatten().reduce(f64::min);
    // systemd puts runs off by as much as this, to start several together.
    let accuracy = span(unit.property("AccuracyUSec")).unwrap_or_default();
    let has_run = !matches!(unit.property("LastTriggerUSecMonotonic"), "" | "0");
    let interval = next.zip(last).map(|(next, last)| next - last).filter(|interval| *interval > 0.0);
    let late = next.map(|next| clock.wall - next).filter(|late| *late > accuracy);
    let delay = late.map(|late| (late, "was due, and systemd did not start it".to_string()));
    (delay, KeptTimer { next, interval: interval.or(kept.interval), ends: kept.ends || has_run, ..kept })
}

fn running(unit: &Unit<'_>, kept: KeptTimer, last: Option<f64>, clock: Clock) -> (Option<(f64, String)>, KeptTimer) {
    // Here the next run counts from the end of this one.
    let interval = kept.interval.filter(|_| kept.ends && !counts_from(unit, "OnUnitInactiveUSec"));
    let late = last.zip(interval).and_then(|(last, interval)| {
        let late = clock.wall - last - interval;
        (late > SLACK_SECONDS.max(interval / 2.0)).then_some(late)
    });
    let delay = late.map(|late| (late, format!("its last run does not end: {}", unit.property("Unit"))));
    (delay, KeptTimer { next: None, ..kept })
}

/// A timer that was seen before and is not active although it should be: overdue once its next run has passed.
fn stopped(kept: KeptTimer, clock: Clock) -> (Option<(f64, String)>, KeptTimer) {
    let late = kept.next.map(|next| clock.wall - next).filter(|late| *late > 0.0);
    (late.map(|late| (late, "stopped, although it is enabled".to_string())), kept)
}

fn counts_from(unit: &Unit<'_>, base: &str) -> bool {
    unit.properties("TimersMonotonic").any(|timer| timer.contains(base))
}
