//! State of one target of one entry: attempts, the action under way, whether it was given up.

use super::moment::{DAY, HOUR, Moment};
use crate::base::clock::Now;
use crate::model::action::{Action, ActionKind, Mode, Outcome, Status};
use serde::{Deserialize, Serialize};

/// A target that was given up is released after this long without a problem, in seconds.
const HEALTHY_RELEASES: f64 = DAY;
/// After this long without a problem the next attempt is the first one again, in seconds.
const HEALTHY_FORGETS: f64 = HOUR;
/// A target is shown for this long after there is nothing more to say, in seconds: its incidents recover.
const SHOWN: f64 = HOUR;

/// An action that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its time.
    pub at: Moment,
    /// Dry runs have a budget of their own.
    pub mode: Mode,
}

/// An action that is being verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verifying {
    /// The action, with its result.
    pub action: Action,
    /// Time of its result.
    pub since: Moment,
}

/// One target of one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetState {
    /// The entry.
    pub entry: String,
    /// The kind of its actions.
    pub kind: ActionKind,
    /// Name of the target.
    pub target: String,
    /// Rule of the last incident that was acted on.
    #[serde(default)]
    pub rule: String,
    /// Metric with labels of that incident.
    #[serde(default)]
    pub metric: String,
    /// Attempts since it was last healthy, without dry runs.
    #[serde(default)]
    pub attempts: u32,
    /// Every action of the last 24 hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acted: Vec<Attempt>,
    /// Verified repairs of the last 24 hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<Moment>,
    /// An action that was begun and whose result is not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Action>,
    /// The action being verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifying: Option<Verifying>,
    /// Given up since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up: Option<Moment>,
    /// Without a problem since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_since: Option<Moment>,
    /// The last change, which keeps it in the snapshots for a while.
    #[serde(default)]
    pub changed: Moment,
    /// Time at which the start limit of the unit was last reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_limit_reset: Option<Moment>,
}

impl TargetState {
    pub(super) fn new(entry: &str, kind: ActionKind, name: &str) -> Self {
        Self {
            entry: entry.to_string(),
            kind,
            target: name.to_string(),
            rule: String::new(),
            metric: String::new(),
            attempts: 0,
            acted: Vec::new(),
            repaired: Vec::new(),
            pending: None,
            verifying: None,
            gave_up: None,
            healthy_since: None,
            changed: Moment::default(),
            start_limit_reset: None,
        }
    }

    pub(super) fn is_of(&self, entry: &str, kind: ActionKind, name: &str) -> bool {
        self.entry == entry && self.kind == kind && self.target == name
    }

    /// An action begins: it counts from now on, whatever becomes of it.
    pub fn begin(&mut self, action: Action, now: &Now) {
        self.acted.push(Attempt { at: Moment::of(now), mode: action.mode });
        if action.mode == Mode::Enforce {
            self.attempts = self.attempts.saturating_add(1);
        }
        (self.rule, self.metric) = (action.rule.clone(), action.metric.clone());
        (self.healthy_since, self.changed) = (None, Moment::of(now));
        self.pending = Some(action);
    }

    /// The pending action ended, or was interrupted: whatever may have changed the host is verified. Returns whether the
    /// attempt failed already.
    pub fn conclude(&mut self, outcome: &Outcome, now: &Now) -> bool {
        let Some(action) = self.pending.take() else { return false };
        self.changed = Moment::of(now);
        // Nobody knows whether an interrupted restart got as far as that.
        let unit = action.target.unit.as_ref().filter(|_| outcome.status == Status::Interrupted);
        if outcome.start_limit_reset || unit.is_some_and(|unit| unit.is_start_limited) {
            self.start_limit_reset = Some(Moment::of(now));
        }
        let is_verified = action.mode == Mode::Enforce && matches!(outcome.status, Status::Done | Status::Interrupted);
        if is_verified {
            let action = Action { outcome: Some(outcome.clone()), ..action.clone() };
            self.verifying = Some(Verifying { action, since: Moment::of(now) });
        }
        action.mode == Mode::Enforce && !is_verified
    }

    /// The action being verified helped: the next attempt is the first one again.
    pub fn helped(&mut self, now: &Now) {
        self.verifying = None;
        self.attempts = 0;
        self.gave_up = None;
        self.repaired.push(Moment::of(now));
        self.changed = Moment::of(now);
    }

    /// Gives up.
    pub fn give_up(&mut self, now: &Now) {
        self.gave_up.get_or_insert(Moment::of(now));
        self.changed = Moment::of(now);
    }

    /// Notes whether its incident is open. Returns whether a healthy day releases a target that was given up.
    pub fn note_health(&mut self, is_open: bool, now: &Now) -> bool {
        if is_open || self.verifying.is_some() || self.pending.is_some() {
            self.healthy_since = None;
            return false;
        }
        let healthy = self.healthy_since.get_or_insert(Moment::of(now)).age_seconds(now);
        if self.gave_up.is_some() {
            return healthy >= HEALTHY_RELEASES;
        }
        if healthy >= HEALTHY_FORGETS {
            self.attempts = 0;
        }
        false
    }

    /// Releases it: attempts and budgets start again.
    pub fn release(&mut self, now: &Now) {
        (self.gave_up, self.healthy_since, self.attempts) = (None, None, 0);
        self.acted.retain(|attempt| attempt.mode != Mode::Enforce);
        self.changed = Moment::of(now);
    }

    /// Drops what is older than a day.
    pub(super) fn forget(&mut self, now: &Now) {
        self.acted.retain(|attempt| attempt.at.age_seconds(now) < DAY);
        self.repaired.retain(|at| at.age_seconds(now) < DAY);
        if self.start_limit_reset.is_some_and(|at| at.age_seconds(now) >= DAY) {
            self.start_limit_reset = None;
        }
    }

    pub(super) fn is_remembered(&self, now: &Now) -> bool {
        let is_active = self.pending.is_some() || self.verifying.is_some() || self.gave_up.is_some();
        let is_counted = !self.acted.is_empty() || !self.repaired.is_empty() || self.attempts > 0;
        is_active || is_counted || self.changed.age_seconds(now) < SHOWN
    }

    /// Every moment it contains.
    pub(super) fn moments(&mut self) -> impl Iterator<Item = &mut Moment> {
        let optional = [&mut self.gave_up, &mut self.healthy_since, &mut self.start_limit_reset];
        let verifying = self.verifying.iter_mut().map(|verifying| &mut verifying.since);
        let acted = self.acted.iter_mut().map(|attempt| &mut attempt.at);
        let single = optional.into_iter().flatten().chain(std::iter::once(&mut self.changed));
        single.chain(verifying).chain(acted).chain(&mut self.repaired)
    }
}
