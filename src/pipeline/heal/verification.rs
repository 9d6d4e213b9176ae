//! Verifies whether actions helped. A target whose attempts are used up without success is given up.

use super::{Run, audit, cases, newest};
use crate::heal;
use crate::heal::budget;
use crate::heal::repair::Verdict;
use crate::heal::target_state::Verifying;
use crate::model::action::{Action, ActionKind, Outcome, Phase, Status};
use crate::model::incident::Lifecycle;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::snapshot::Snapshot;
use anyhow::Result;
use std::time::Instant;

/// Time, beyond that in which a target must be healthy, after which an action without a verdict counts as failed, in seconds.
const LONGEST: f64 = 3600.0;
/// Beginning of the metrics of services.
const SERVICES: &str = "service.";

impl Run<'_> {
    /// Verifies every action whose result is known.
    pub(super) fn verify(&mut self, until: Instant) -> Result<()> {
        let verifying: Vec<Verifying> =
            self.state.targets.iter().filter_map(|target| target.verifying.clone()).collect();
        if verifying.is_empty() {
            return Ok(());
        }
        let (situation, snapshot) = (self.situation(), newest(self.context));
        for Verifying { action, since } in verifying {
            // The next run verifies the rest.
            if Instant::now() >= until {
                break;
            }
            let Some(entry) = cases::entry(self.context, &action) else {
                self.forget(&action);
                continue;
            };
            let Some(done) = &action.outcome else { continue };
            let (waited, healthy) = (since.age_seconds(&self.context.now), entry.verify.as_secs_f64());
            // A look at the unit is fresh; everything else is judged by a snapshot taken after the action.
            let judged = self.crisis.last.filter(|_| self.crisis.boot_id == self.state.boot_id);
            let is_judged = judged.is_some_and(|last| last.boottime_seconds > since.boottime_seconds);
            if action.kind != ActionKind::Restart && !is_judged && waited <= healthy + LONGEST {
                continue;
            }
            let is_open = self.is_open(&action, snapshot.as_deref());
            let repair = heal::repair(&entry);
            let verdict = repair.verify(&action.target, done, waited, healthy, is_open, &situation);
            let outcome = match verdict {
                Verdict::Helped(outcome) => Outcome { status: Status::Done, ..outcome },
                Verdict::Failed(outcome) => Outcome { status: Status::Failed, ..outcome },
                Verdict::Pending if waited > healthy + LONGEST => {
                    Outcome::new(Status::Failed, Message::new(key::HEAL_UNVERIFIED))
                }
                Verdict::Pending => continue,
            };
            self.verified(action, outcome)?;
        }
        Ok(())
    }

    fn verified(&mut self, action: Action, outcome: Outcome) -> Result<()> {
        // A run that was killed may have recorded it already.
        let known = audit::recorded(self.context, &action, Phase::Verified);
        let status =
            known.as_ref().and_then(|known| known.outcome.as_ref()).map_or(outcome.status, |known| known.status);
        let target = self.state.target_mut(&action.entry, action.kind, &action.target.name);
        if status == Status::Done {
            target.helped(&self.context.now);
        } else {
            target.verifying = None;
            self.give_up_if_spent(&action);
        }
        if known.is_some() {
            return audit::save(self.context, &self.state);
        }
        let record = Action { phase: Phase::Verified, outcome: Some(outcome), ..action };
        audit::end(self.context, &self.state, std::slice::from_ref(&record))?;
        self.records.push(record);
        Ok(())
    }

    /// The attempt failed: gives the target up when there is nothing left to try.
    pub(super) fn give_up_if_spent(&mut self, action: &Action) {
        let Some(entry) = cases::entry(self.context, action) else { return };
        if budget::is_spent(&self.state, &entry, &action.target.name, &self.context.now) {
            self.state.target_mut(&action.entry, action.kind, &action.target.name).give_up(&self.context.now);
        }
    }

    /// The entry was removed: nothing says any more when its target is healthy.
    fn forget(&mut self, action: &Action) {
        self.state.target_mut(&action.entry, action.kind, &action.target.name).verifying = None;
    }

    /// Returns whether the value that an action is to repair is still beyond its limit; `None`: there is no value. Services are
    /// listed only while they are loaded: one that is gone is known to be.
    fn is_open(&self, action: &Action, snapshot: Option<&Snapshot>) -> Option<bool> {
        let mut alerts = self.crisis.alerts.values();
        let alert = alerts.find(|alert| alert.rule == action.rule && alert.metric == action.metric);
        if let Some(alert) = alert.filter(|alert| alert.lifecycle != Lifecycle::Ok) {
            return alert.nodata_since.is_none().then(|| cases::is_beyond(alert));
        }
        let has_value = || snapshot.is_some_and(|it| it.metrics.iter().any(|one| one.to_string() == action.metric));
        (action.metric.starts_with(SERVICES) || has_value()).then_some(false)
    }
}
