//! Judges whether a restart helped.

use super::unit::Unit;
use crate::heal::repair::Verdict;
use crate::model::action::{Outcome, Status, UnitRun, UnitTarget};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};

/// A unit may start for at least this long, in seconds.
const GRACE_SECONDS: f64 = 60.0;
/// Grace of a unit whose start may take any time, in seconds.
const UNLIMITED_SECONDS: f64 = 600.0;
/// Time that an incident about something else has to end once the unit is healthy, in seconds.
const INCIDENT_SECONDS: f64 = 900.0;

/// The facts by which a restart is judged.
pub struct Judge<'a> {
    /// The unit before the restart.
    pub before: &'a UnitTarget,
    /// The run that it began, if it was seen.
    pub run: Option<&'a UnitRun>,
    /// The unit now.
    pub unit: &'a Unit,
    /// Time since the restart, in seconds.
    pub since_seconds: f64,
    /// How long it must have been active, in seconds.
    pub healthy_seconds: f64,
    /// The incident is not about the state of the unit, and still open; `None`: it has no value.
    pub is_incident_open: Option<bool>,
    /// `CLOCK_BOOTTIME`, in seconds.
    pub boottime_seconds: f64,
}

impl Judge<'_> {
    /// How long a unit may take to start, in seconds.
    pub fn grace_seconds(&self) -> f64 {
        match self.before.start_timeout_seconds {
            timeout if timeout <= 0.0 => UNLIMITED_SECONDS,
            timeout => timeout.max(GRACE_SECONDS),
        }
    }

    /// The verdict. A crash counts at once; a start that is in progress counts as failed only after its grace.
    pub fn verdict(&self) -> Verdict {
        let unit = self.unit;
        let is_waiting = self.since_seconds < self.grace_seconds();
        let is_old = !unit.invocation().is_empty() && unit.invocation() == self.before.invocation;
        if unit.is_restarting() {
            return self.failed(key::HEAL_UNIT_CRASHED);
        }
        if unit.job().is_some() {
            // Its restart waits in the queue of systemd.
            return if is_waiting { Verdict::Pending } else { self.slow() };
        }
        match unit.active() {
            _ if unit.is_active() && is_old => self.failed(key::HEAL_UNIT_NO_EFFECT),
            _ if unit.is_active() => self.active(),
            "failed" if is_old => self.failed(key::HEAL_UNIT_NO_EFFECT),
            "failed" => self.failed(key::HEAL_UNIT_FAILED_AGAIN),
            "activating" | "deactivating" if is_waiting => Verdict::Pending,
            "activating" | "deactivating" => self.slow(),
            _ => self.failed(key::HEAL_UNIT_ENDED),
        }
    }

    /// The verdict on a unit that is active.
    fn active(&self) -> Verdict {
        let unit = self.unit;
        if unit.restarts() > self.run.map_or(0, |run| run.restarts) {
            return self.failed(key::HEAL_UNIT_CRASHED);
        }
        if self.run.is_some_and(|run| run.invocation != unit.invocation()) {
            return self.failed(key::HEAL_UNIT_STARTED_AGAIN);
        }
        let active = unit.active_seconds(self.boottime_seconds).unwrap_or(self.since_seconds).min(self.since_seconds);
        if active < self.healthy_seconds {
            return Verdict::Pending;
        }
        if self.is_incident_open == Some(false) {
            let message = self.message(key::HEAL_UNIT_HELPED).with_duration("time", active.round());
            return Verdict::Helped(Outcome::new(Status::Done, message));
        }
        if self.is_incident_open.is_none() {
            return Verdict::Pending;
        }
        if self.since_seconds < self.healthy_seconds.max(self.grace_seconds()) + INCIDENT_SECONDS {
            return Verdict::Pending;
        }
        self.failed(key::HEAL_UNIT_INCIDENT_OPEN)
    }

    fn slow(&self) -> Verdict {
        self.failed(key::HEAL_UNIT_SLOW)
    }

    fn failed(&self, key: crate::model::locale::Key) -> Verdict {
        let cause = self.unit.cause().map_or_else(|| Arg::from(self.unit.state()), Arg::Message);
        let message = self.message(key).with("cause", cause).with_duration("time", self.since_seconds.round());
        Verdict::Failed(Outcome::new(Status::Failed, message))
    }

    fn message(&self, key: crate::model::locale::Key) -> Message {
        Message::new(key).with("unit", self.before.unit.as_str())
    }
}
