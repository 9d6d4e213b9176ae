//! Repairs: from the `actions` stream, each with its intent, its result and its verification.

use crate::base::clock::{local_short, parse, stamp};
use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean};
use crate::context::Context;
use crate::model::action::{Action, ActionKind, Mode, Outcome, Phase, Status};
use crate::model::event::Event;
use crate::model::locale::{Key, key};
use crate::model::message::{Arg, Message};
use crate::model::metric::read_labels;
use crate::store::ACTIONS;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Start of the names of the metrics about repairs themselves.
const OF_REPAIRS: &str = "heal.";

/// One repair, as far as it got.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// Its first record.
    pub action: Action,
    /// The outcome; `None`: it has not ended, or osmon was killed.
    pub result: Option<Outcome>,
    /// The verdict; `None`: not known yet.
    pub verified: Option<Outcome>,
}

/// A record of the stream.
#[derive(Deserialize)]
struct Recorded {
    action: Option<Action>,
}

/// Reads the repairs that began within a span and that are wanted, the newest first, at most `most`.
///
/// # Errors
/// When the stream cannot be listed.
pub fn read(
    context: &Context,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    most: usize,
    is_wanted: &dyn Fn(&Action) -> bool,
) -> Result<Vec<Repair>> {
    let mut all: BTreeMap<String, Repair> = BTreeMap::new();
    // Around midnight or a set clock, a record may be in the file of the day before; a verification comes later.
    let from = since.checked_sub_signed(TimeDelta::days(1)).unwrap_or(since);
    context.store.read(ACTIONS, from, until.max(context.now.wall), &mut |line| {
        let recorded = serde_json::from_str::<Recorded>(line).ok().and_then(|recorded| recorded.action);
        let Some(action) = recorded.filter(|action| action.phase != Phase::Released) else { return };
        let is_inside = parse(&action.since).is_some_and(|time| since <= time && time <= until);
        if !is_inside || !is_wanted(&action) {
            return;
        }
        let (phase, outcome) = (action.phase, action.outcome.clone());
        let repair = all.entry(action.id.clone()).or_insert_with(|| Repair { action, result: None, verified: None });
        match phase {
            Phase::Result => repair.result = outcome,
            Phase::Verified => repair.verified = outcome,
            Phase::Intent | Phase::Released => {}
        }
    })?;
    let mut repairs: Vec<Repair> = all.into_values().collect();
    repairs.arrange_by_key(|repair| std::cmp::Reverse(parse(&repair.action.since)));
    repairs.truncate(most);
    Ok(repairs)
}

/// The repairs that an incident was tried with, the newest first; of an incident about a target that was given up, all
/// repairs of the target.
pub fn of_incident(context: &Context, id: &str, metric: &str, since: DateTime<Utc>, most: usize) -> Vec<Repair> {
    let (name, labels) = read_labels(metric);
    let target = labels.into_iter().find(|(key, _)| name.starts_with(OF_REPAIRS) && key == "target");
    let is_of = |action: &Action| match &target {
        Some((_, target)) => action.target.name == *target,
        None => action.incident == id,
    };
    // The attempts that led to giving up came before it.
    let before = if target.is_some() { TimeDelta::days(1) } else { TimeDelta::zero() };
    // An alert without what was tried is better than none.
    read(context, since - before, context.now.wall, most, &is_of).unwrap_or_default()
}

/// The repairs of the incident of an event.
pub fn of_event(context: &Context, event: &Event, most: usize) -> Vec<Repair> {
    let since = parse(&event.since).unwrap_or(context.now.wall);
    of_incident(context, &event.incident, &event.metric, since, most)
}

impl Repair {
    /// Time at which it began.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        parse(&self.action.since)
    }

    /// It was carried out, and helped.
    pub fn has_helped(&self) -> bool {
        let is_done = |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(|known| known.status == Status::Done);
        self.action.mode == Mode::Enforce && is_done(&self.verified)
    }

    /// The kind of the repair, as a heading.
    pub fn what(&self) -> Key {
        match self.action.kind {
            ActionKind::Restart => key::ACTION_RESTART,
            ActionKind::End => key::ACTION_END,
            ActionKind::Clean => key::ACTION_CLEAN,
            ActionKind::VacuumJournal => key::ACTION_VACUUM_JOURNAL,
            ActionKind::ClearPackages => key::ACTION_CLEAR_PACKAGES,
            ActionKind::DropCaches => key::ACTION_DROP_CACHES,
            ActionKind::Run => key::ACTION_RUN,
        }
    }

    /// The outcome, in a word.
    pub fn result_word(&self) -> Key {
        match self.result.as_ref().map(|outcome| outcome.status) {
            None => key::ACTION_UNFINISHED,
            Some(Status::Done) => key::ACTION_DONE,
            Some(Status::Failed) => key::ACTION_FAILED,
            Some(Status::Interrupted) => key::ACTION_INTERRUPTED,
            Some(Status::Simulated) => key::ACTION_SIMULATED,
        }
    }

    /// Returns whether it may have changed the host: it was done, or nobody knows.
    fn may_have_acted(&self) -> bool {
        matches!(self.result.as_ref().map(|outcome| outcome.status), None | Some(Status::Done | Status::Interrupted))
    }

    /// The verdict, in a word; `None`: a dry run is not verified, nor is what failed.
    pub fn verified_word(&self) -> Option<Key> {
        match self.verified.as_ref().map(|outcome| outcome.status) {
            Some(Status::Done) => Some(key::ACTION_HELPED),
            Some(Status::Interrupted) => Some(key::ACTION_UNKNOWN),
            Some(Status::Failed | Status::Simulated) => Some(key::ACTION_NOT_HELPED),
            None => (self.action.mode == Mode::Enforce && self.may_have_acted()).then_some(key::ACTION_VERIFYING),
        }
    }

    /// `Restart nginx.service: done (nginx.service restarted); helped (nginx.service has been running for 1 min)`.
    pub fn sentence(&self) -> Message {
        let said = |outcome: &Outcome| match &outcome.localized {
            Some(message) => Arg::Message(message.clone()),
            None => outcome.text.as_str().into(),
        };
        let with_reason = |word: Key, outcome: Option<&Outcome>| match outcome.map(said) {
            Some(Arg::Text(text)) if text.is_empty() => Message::new(word),
            Some(reason) => Message::new(key::ACTION_REASON).with("word", Message::new(word)).with("reason", reason),
            None => Message::new(word),
        };
        let message = match self.verified_word() {
            None => Message::new(key::ACTION_LINE),
            Some(word) => {
                Message::new(key::ACTION_LINE_VERIFIED).with("verified", with_reason(word, self.verified.as_ref()))
            }
        };
        message
            .with("what", Message::new(self.what()))
            .with("target", clean(&self.action.target.name, NAME_MAX))
            .with("result", with_reason(self.result_word(), self.result.as_ref()))
    }

    /// The sentence with its time, which is written in a form that suits `now`.
    pub fn timed(&self, now: DateTime<Utc>) -> Message {
        let time = self.time().map(|time| local_short(time, now)).unwrap_or_default();
        Message::new(key::ACTION_TIMED).with("time", time).with("line", self.sentence())
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let Action { id, entry, kind, mode, target, incident, attempt, left, .. } = &self.action;
        json!({
            "id": id, "time": self.time().map(stamp), "entry": entry, "kind": kind, "mode": mode, "target": target,
            "incident": incident, "attempt": attempt, "left": left, "result": self.result, "verified": self.verified,
        })
    }
}

/// Summary for the daily status: `nginx.service restarted once`, for the targets with the most repairs.
pub fn repaired(repairs: &[Repair], most: usize) -> Vec<Message> {
    let mut counts: BTreeMap<(&str, ActionKind), usize> = BTreeMap::new();
    for repair in repairs.iter().filter(|repair| repair.has_helped()) {
        *counts.entry((&repair.action.target.name, repair.action.kind)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.arrange_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said = counts.into_iter().take(most).map(|((target, kind), count)| {
        let how = match kind {
            ActionKind::Restart => key::ACTION_RESTARTED,
            ActionKind::End => key::ACTION_ENDED,
            ActionKind::Clean => key::ACTION_CLEANED,
            ActionKind::VacuumJournal => key::ACTION_SHRUNK,
            ActionKind::ClearPackages => key::ACTION_CLEARED,
            ActionKind::DropCaches => key::ACTION_DROPPED,
            ActionKind::Run => key::ACTION_COMMAND_RUN,
        };
        Message::named("action.repaired")
            .with("target", clean(target, NAME_MAX))
            .with("how", Message::new(how))
            .with("count", count)
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::Target;

    fn repair(mode: Mode, result: Option<Status>) -> Repair {
        let action = Action {
            id: String::new(),
            phase: Phase::Intent,
            entry: "web".to_string(),
            kind: ActionKind::Restart,
            mode,
            target: Target { name: "x".repeat(200), ..Target::default() },
            incident: String::new(),
            rule: String::new(),
            metric: String::new(),
            value: 0.0,
            limit: 0.0,
            since: String::new(),
            attempt: 1,
            left: [0, 0],
            version: String::new(),
            configuration: String::new(),
            outcome: None,
        };
        Repair { action, result: result.map(|status| Outcome::plain(status, String::new())), verified: None }
    }

    #[test]
    fn only_what_may_have_acted_is_being_verified() {
        let all = [None, Some(Status::Done), Some(Status::Interrupted), Some(Status::Failed), Some(Status::Simulated)];
        let verifying = |mode| all.map(|result| repair(mode, result).verified_word() == Some(key::ACTION_VERIFYING));
        assert_eq!(verifying(Mode::Enforce), [true, true, true, false, false]);
        assert_eq!(verifying(Mode::DryRun), [false; 5]);
        let failed = repair(Mode::Enforce, Some(Status::Failed)).sentence().english();
        assert!(!failed.contains("verified") && failed.contains("failed"), "{failed}");
    }

    #[test]
    fn a_long_target_is_shortened_for_people() {
        assert!(repair(Mode::Enforce, None).sentence().english().chars().count() < 130);
    }
}
