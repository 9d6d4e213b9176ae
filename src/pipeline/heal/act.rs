//! Acts: the intent is recorded before, the result after.

use super::{Considered, Run, audit};
use crate::base::clock::stamp;
use crate::heal;
use crate::heal::actuator;
use crate::heal::situation::Situation;
use crate::heal::state::Unkillable;
use crate::model::action::{Action, Outcome, Phase, Status};
use crate::model::locale::key;
use crate::model::message::Message;
use anyhow::Result;
use std::time::Instant;

impl Run<'_> {
    /// Carries out one decided action, if there is still time for it. An action that cannot be recorded is not begun.
    pub(super) fn act(&mut self, one: &Considered, until: Instant) -> Result<()> {
        let (question, context) = (&one.question, self.context);
        let Some(candidate) = &question.candidate else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.as_secs() < question.least_seconds {
            return Ok(());
        }
        let action = self.intent(one);
        let entry = &question.entry;
        let target = self.state.target_mut(&entry.name, action.kind, &action.target.name);
        target.begin(action.clone(), &context.now);
        audit::begin(context, &self.state, &action)?;
        let started = Instant::now();
        // Read again for the repair: an earlier action of this run may have changed the host.
        let situation = Situation { now: context.now, ..self.situation() };
        let actuator = actuator::of(action.mode);
        let repair = heal::repair(entry);
        let mut outcome = repair.act(&candidate.target, &question.case, &situation, actuator, until);
        outcome.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.conclude(action, outcome)
    }

    /// Concludes actions that were begun by a run that was killed. Nobody knows how far they got: they count, they are
    /// verified, and they are not repeated by themselves.
    pub(super) fn conclude_interrupted(&mut self) -> Result<()> {
        let pending: Vec<Action> = self.state.targets.iter().filter_map(|target| target.pending.clone()).collect();
        for action in pending {
            // Its result may be recorded although the state could not be saved any more.
            let known = audit::recorded(self.context, &action, Phase::Result);
            let is_recorded = known.is_some();
            let interrupted = || Outcome::new(Status::Interrupted, Message::new(key::HEAL_INTERRUPTED));
            let outcome = known.and_then(|action| action.outcome).unwrap_or_else(interrupted);
            if is_recorded {
                self.apply(&action, &outcome);
                audit::save(self.context, &self.state)?;
            } else {
                self.conclude(action, outcome)?;
            }
        }
        Ok(())
    }

    /// Records the result of an action.
    fn conclude(&mut self, action: Action, outcome: Outcome) -> Result<()> {
        self.apply(&action, &outcome);
        let record = Action { phase: Phase::Result, outcome: Some(outcome), ..action };
        audit::end(self.context, &self.state, std::slice::from_ref(&record))?;
        self.records.push(record);
        Ok(())
    }

    fn apply(&mut self, action: &Action, outcome: &Outcome) {
        let now = &self.context.now;
        let target = self.state.target_mut(&action.entry, action.kind, &action.target.name);
        let has_failed = target.conclude(outcome, now);
        if let Some(process) = action.target.process.as_ref().filter(|_| outcome.is_final) {
            self.state.unkillable.push(Unkillable { pid: process.pid, start_ticks: process.start_ticks });
        }
        if has_failed {
            self.give_up_if_spent(action);
        }
    }

    fn intent(&self, one: &Considered) -> Action {
        let (question, now) = (&one.question, self.context.now.wall);
        let (entry, case) = (&question.entry, &question.case);
        let target = question.candidate.as_ref().map(|candidate| candidate.target.clone()).unwrap_or_default();
        let kind = entry.repair.kind();
        let checksum = crc32fast::hash(format!("{} {}", kind.word(), target.name).as_bytes());
        Action {
            id: format!("{}-{checksum:08x}-{}", entry.name, now.timestamp()),
            phase: Phase::Intent,
            entry: entry.name.clone(),
            kind,
            mode: question.mode,
            target,
            incident: case.incident.clone(),
            rule: case.rule.clone(),
            metric: case.metric.clone(),
            value: case.value,
            limit: case.limit,
            since: stamp(now),
            attempt: one.decision.attempt,
            left: one.decision.left.map(|left| left.saturating_sub(1)),
            version: env!("CARGO_PKG_VERSION").to_string(),
            configuration: self.context.configuration_checksum(),
            outcome: None,
        }
    }
}
