//! Ledger of the delivery: results of each event, failures and next attempt of each target, number of messages sent,
//! and messages whose fate is unknown. One state file, `state/delivery.json`.

use super::content::Late;
use super::results::{Results, TargetResult};
use super::target_state::{TargetState, pause_seconds};
use crate::base::clock::{parse, stamp};
use crate::base::net::failure::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest pause, in seconds. A longer one means that the clock was set back.
const PAUSE_MAX: i64 = 4000;
/// How often a message is sent that gets no answer, before it is closed.
pub const ATTEMPTS_MAX: u32 = 5;
/// Tolerance for a run that starts early, in seconds.
const EARLY: i64 = 15;
/// How long the first mail of an incident is remembered, in days.
const THREAD_DAYS: i64 = 40;

/// Name of the state file.
pub const STATE: &str = "delivery";

/// Ledger of the delivery.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// By [`target_name`].
    #[serde(default)]
    pub target: BTreeMap<String, TargetState>,
    /// By name of an alert's file.
    #[serde(default)]
    pub result: BTreeMap<String, Results>,
    /// Messages whose result is unknown, by route and Message-ID.
    #[serde(default)]
    pub sending: BTreeMap<String, Batch>,
    /// First mails, by route and incident.
    #[serde(default)]
    pub thread: BTreeMap<String, Thread>,
    /// Time of the last clean-up (RFC 3339).
    #[serde(default)]
    pub tidied: String,
}

/// A message: its events and targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Name of the route.
    pub route: String,
    /// Targets whose result is open.
    pub target: Vec<String>,
    /// Names of the alerts' files.
    pub event: Vec<String>,
    /// Number of attempts that are not known to have failed.
    #[serde(default)]
    pub attempts: u32,
    /// Earliest next attempt (RFC 3339).
    #[serde(default)]
    pub next: String,
    /// Why it was late when it was sent first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
}

/// The first mail of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Its Message-ID.
    pub id: String,
    /// Time it was sent (RFC 3339).
    pub time: String,
}

/// The name of a target: route and recipient; the route alone if it has no recipients.
pub fn target_name(route: &str, recipient: &str) -> String {
    if recipient.is_empty() { route.to_string() } else { format!("{route} {recipient}") }
}

impl Ledger {
    /// Returns whether a target may be tried now.
    pub fn is_due(&self, target: &str, settings: u32, now: DateTime<Utc>) -> bool {
        let Some(known) = self.target.get(target) else { return true };
        let wait = parse(&known.next).map_or(0, |next| (next - now).num_seconds());
        known.settings != settings || wait <= 0 || wait > PAUSE_MAX
    }

    /// Returns whether a message without an answer may be sent again.
    pub fn is_due_again(&self, batch: &Batch, target: &str, settings: u32, now: DateTime<Utc>) -> bool {
        let wait = parse(&batch.next).map_or(0, |next| (next - now).num_seconds());
        wait <= 0 || wait > PAUSE_MAX || self.target.get(target).is_some_and(|known| known.settings != settings)
    }

    /// The messages to a target that have no answer yet, with their Message-IDs.
    pub fn unanswered<'a>(&'a self, route: &'a str, target: &'a str) -> impl Iterator<Item = (&'a str, &'a Batch)> {
        let batches = self
            .sending
            .iter()
            .filter(move |(_, batch)| batch.route == route && batch.target.iter().any(|open| open == target));
        // Its key begins with the name of the route.
        batches.map(|(key, batch)| (key.split_once(' ').map_or(key.as_str(), |(_, id)| id), batch))
    }

    /// Counts a message that a target accepted or may have accepted.
    pub fn count(&mut self, target: &str, is_urgent: bool, now: DateTime<Utc>) {
        self.target.entry(target.to_string()).or_default().count(is_urgent, now);
    }

    /// Records that a target accepted a message with these events.
    pub fn accepted(&mut self, target: &str, settings: u32, events: &[String], by: &str, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        known.accept(settings, now);
        self.set_result(target, events, &TargetResult::accepted(by, now));
    }

    /// Sets the same final result of a target for several events.
    pub fn set_result(&mut self, target: &str, events: &[String], result: &TargetResult) {
        for event in events {
            self.result.entry(event.clone()).or_default().insert(target.to_string(), result.clone());
        }
    }

    /// Records a failed attempt. The next one follows after an increasing pause, or the pause requested by the peer. A
    /// target that took a message without an answer is not paused: only that message waits.
    pub fn failed(&mut self, target: &str, settings: u32, failure: &Failure, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        known.fail(target, settings, failure, now);
    }

    /// Records that a test message reached a target: queued alerts are sent by the next run. With an empty outbox the
    /// target is no longer failing.
    pub fn reached(&mut self, target: &str, settings: u32, is_idle: bool, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        known.next.clear();
        (known.settings, known.accepted) = (settings, stamp(now));
        if is_idle {
            (known.failing_since, known.error, known.attempts) = Default::default();
        }
    }

    /// Records that a test message did not reach a target.
    pub fn refused_test(&mut self, target: &str, settings: u32, reason: &str, now: DateTime<Utc>) {
        self.target.entry(target.to_string()).or_default().refuse_test(settings, reason, now);
    }

    /// When a target last accepted a message; `None`: never, or not under the present settings.
    pub fn last_accepted(&self) -> Option<DateTime<Utc>> {
        let results = self.result.values().flat_map(Results::iter).filter(|(_, result)| result.accepted);
        let times = self.target.values().map(|known| &known.accepted).chain(results.map(|(_, result)| &result.time));
        times.filter_map(|time| parse(time)).max()
    }

    /// Records which targets the budget holds back.
    pub fn note_held(&mut self, held: &BTreeSet<String>, now: DateTime<Utc>) {
        for target in held {
            let since = &mut self.target.entry(target.clone()).or_default().held_since;
            if since.is_empty() {
                *since = stamp(now);
            }
        }
        for (_, known) in self.target.iter_mut().filter(|(target, _)| !held.contains(*target)) {
            known.held_since.clear();
        }
    }

    /// An alert that targets did not answer is sent to them again.
    pub fn retry_unanswered(&mut self, results: &Results) {
        for (target, _) in results.iter().filter(|(_, result)| result.unanswered) {
            if let Some(known) = self.target.get_mut(target) {
                known.unanswered = known.unanswered.saturating_sub(1);
                if known.unanswered == 0 {
                    known.unanswered_at.clear();
                }
            }
        }
    }

    /// Ends all pauses.
    pub fn end_pauses(&mut self) {
        for target in self.target.values_mut() {
            target.next.clear();
        }
        for batch in self.sending.values_mut() {
            batch.next.clear();
        }
    }

    /// Records that a message is about to be sent, possibly again.
    pub fn begin_sending(&mut self, id: &str, batch: &Batch, now: DateTime<Utc>) {
        let known = self.sending.entry(id.to_string()).or_insert_with(|| batch.clone());
        let more: Vec<String> = batch.target.iter().filter(|target| !known.target.contains(target)).cloned().collect();
        known.target.extend(more);
        known.next = stamp(now + TimeDelta::seconds(pause_seconds(known.attempts) - EARLY));
        known.attempts = known.attempts.saturating_add(1);
    }

    /// Records that the last attempt at a message is known to have failed, so that it does not count.
    pub fn take_back(&mut self, id: &str) {
        if let Some(batch) = self.sending.get_mut(id) {
            batch.attempts = batch.attempts.saturating_sub(1);
        }
    }

    /// Closes a message for a target that did not answer any of its attempts: its fate stays unknown.
    pub fn close_unanswered(&mut self, id: &str, target: &str, reason: &str, now: DateTime<Utc>) {
        let Some(batch) = self.sending.get(id) else { return };
        let events = batch.event.clone();
        let by = format!("no answer to {} attempts, it may have arrived: {reason}", batch.attempts);
        let is_open = |event: &&String| self.result.get(*event).is_none_or(|results| results.get(target).is_none());
        let open: Vec<String> = events.iter().filter(is_open).cloned().collect();
        self.set_result(target, &open, &TargetResult::unanswered(&by, now));
        let known = self.target.entry(target.to_string()).or_default();
        known.close_unanswered(open.len(), now);
        self.end_sending(id, std::iter::once(&target.to_string()));
    }

    /// Records that the results of a message for these targets are known. It stays in flight for the others.
    pub fn end_sending<'a>(&mut self, id: &str, answered: impl Iterator<Item = &'a String>) {
        let Some(batch) = self.sending.get_mut(id) else { return };
        answered.for_each(|answered| batch.target.retain(|target| target != answered));
        if batch.target.is_empty() {
            self.sending.remove(id);
        }
    }

    /// Returns whether any target accepted an event.
    pub fn is_accepted(&self, event: &str) -> bool {
        self.result.get(event).is_some_and(|results| results.iter().any(|(_, result)| result.accepted))
    }

    /// Forgets results of events that have left the outbox, old threads and targets of removed routes. `is_waiting` is `None`
    /// for an event without a file: it may still get one and must not be sent again then. Nothing is old while the time is not
    /// known.
    pub fn prune(
        &mut self,
        is_waiting: impl Fn(&str) -> Option<bool>,
        is_target: impl Fn(&str) -> bool,
        now: DateTime<Utc>,
        is_time_known: bool,
    ) {
        let old = if is_time_known { stamp(now - TimeDelta::days(THREAD_DAYS)) } else { String::new() };
        let is_recent = |results: &Results| results.iter().any(|(_, result)| result.time > old);
        self.result.retain(|event, results| is_waiting(event).unwrap_or_else(|| is_recent(results)));
        self.target.retain(|target, _| is_target(target));
        self.sending.retain(|_, batch| batch.event.iter().any(|event| is_waiting(event) == Some(true)));
        self.thread.retain(|_, thread| thread.time > old);
    }
}

#[cfg(test)]
mod tests;
