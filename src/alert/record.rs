//! Records the results of messages in the ledger.

use super::attempt::SendResult;
use super::budget::Claim;
use super::content::thread_key;
use super::delivery::Delivery;
use super::ledger::{ATTEMPTS_MAX, Batch, Ledger, Thread, target_name};
use super::message::message_id;
use super::outbox::OutboxEntry;
use super::planner::{PlannedMessage, fingerprint};
use super::queue::{Queue, recipients};
use super::results::TargetResult;
use crate::base::clock::stamp;
use crate::base::net::failure::{Failure, FailureKind};
use crate::config::Route;
use crate::model::event::Event;

/// A message that was sent, with the data needed to record its results.
pub struct Sending<'a> {
    /// Its route.
    pub route: &'a Route,
    /// Its Message-ID.
    pub id: String,
    /// Targets and alerts.
    pub batch: Batch,
    /// Its events.
    pub events: Vec<&'a Event>,
    /// It may have arrived at an earlier attempt.
    pub is_again: bool,
    /// It contains the beginning of a crisis.
    pub is_urgent: bool,
}

impl Sending<'_> {
    /// Its key in the ledger.
    pub fn key(&self) -> String {
        format!("{} {}", self.route.name, self.id)
    }
}

/// Records results.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    /// Routes and the current time.
    pub queue: Queue<'a>,
}

impl<'a> Recorder<'a> {
    /// Records that a planned message is about to be sent. `None`: its route or its alerts are gone.
    pub fn begin(&self, ledger: &mut Ledger, planned: &PlannedMessage, host: &str) -> Option<Sending<'a>> {
        let route = self.queue.routes.get(planned.route)?;
        let chosen: Vec<&OutboxEntry> = planned.alerts.iter().filter_map(|at| self.queue.alerts.get(*at)).collect();
        let events: Vec<&Event> = chosen.iter().map(|alert| &alert.event).collect();
        let batch = Batch {
            route: route.name.clone(),
            target: planned.to.iter().map(|to| target_name(&route.name, to)).collect(),
            event: chosen.iter().map(|alert| alert.name.clone()).collect(),
            late: planned.late,
            ..Batch::default()
        };
        let id = planned.again.clone().unwrap_or_else(|| message_id(&events, host));
        let (is_again, is_urgent) = (planned.again.is_some(), planned.claim == Claim::Urgent);
        let sending = Sending { route, id, batch, events, is_again, is_urgent };
        ledger.begin_sending(&sending.key(), &sending.batch, self.queue.now);
        Some(sending)
    }

    /// Records the results of a message, one per target of its batch.
    pub fn record(&self, ledger: &mut Ledger, sending: &Sending<'_>, results: &[SendResult], delivery: &mut Delivery) {
        self.note_arrival(ledger, sending, results, delivery);
        self.note_results(ledger, sending, results, delivery);
    }

    /// Records whether a message may have arrived, and the threads that it begins.
    fn note_arrival(
        &self,
        ledger: &mut Ledger,
        sending: &Sending<'_>,
        results: &[SendResult],
        delivery: &mut Delivery,
    ) {
        let Sending { route, id, batch, events, is_again, is_urgent } = sending;
        let (key, now) = (sending.key(), self.queue.now);
        let is_any_accepted = results.iter().any(Result::is_ok);
        // A message that may have arrived earlier is not known to be missing because it fails now.
        let is_open = |result: &SendResult| match result {
            Ok(_) => false,
            Err(failure) => match failure.kind {
                FailureKind::Unconfirmed => true,
                FailureKind::Rejected if is_any_accepted => false,
                _ => *is_again,
            },
        };
        let is_unconfirmed = |result: &SendResult| unconfirmed(result).is_some();
        if !results.iter().any(is_unconfirmed) {
            ledger.take_back(&key);
        }
        let of_targets = || batch.target.iter().zip(results);
        ledger.end_sending(&key, of_targets().filter(|(_, result)| !is_open(result)).map(|(target, _)| target));
        let is_exhausted = ledger.sending.get(&key).is_some_and(|batch| batch.attempts >= ATTEMPTS_MAX);
        for (target, result) in of_targets().filter(|(_, result)| result.is_ok() || is_unconfirmed(result)) {
            if !is_again {
                ledger.count(target, *is_urgent, now);
            }
            if let Some(failure) = unconfirmed(result).filter(|_| is_exhausted) {
                ledger.close_unanswered(&key, target, &failure.reason, now);
                delivery.closed.push(format!("{target}: {}", failure.reason));
            }
            for event in events {
                let thread = Thread { id: id.clone(), time: stamp(now) };
                ledger.thread.entry(thread_key(&route.name, event)).or_insert(thread);
            }
        }
    }

    fn note_results(
        &self,
        ledger: &mut Ledger,
        sending: &Sending<'_>,
        results: &[SendResult],
        delivery: &mut Delivery,
    ) {
        let Sending { route, batch, .. } = sending;
        let (settings, now) = (fingerprint(route), self.queue.now);
        let is_any_accepted = results.iter().any(Result::is_ok);
        for (target, result) in batch.target.iter().zip(results) {
            match result {
                Ok(by) => {
                    ledger.accepted(target, settings, &batch.event, by, now);
                    delivery.note_accepted(target, batch.event.len(), by);
                }
                // Others have it, so the route works and this recipient is wrong.
                Err(failure) if failure.kind == FailureKind::Rejected && is_any_accepted => {
                    ledger.set_result(target, &batch.event, &TargetResult::refused(&failure.reason, now));
                    let state = ledger.target.entry(target.clone()).or_default();
                    (state.settings, state.error) = (settings, failure.reason.clone());
                    let recipient = target.split_once(' ').map_or(target.as_str(), |(_, to)| to);
                    delivery.refused.push(format!("{recipient}: {}", failure.reason));
                }
                Err(failure) => {
                    let kind = match failure.kind {
                        FailureKind::Rejected => FailureKind::Configuration,
                        kind => kind,
                    };
                    ledger.failed(target, settings, &Failure { kind, ..failure.clone() }, now);
                    let has_result =
                        |event: &String| ledger.result.get(event).is_some_and(|all| all.get(target).is_some());
                    if batch.event.iter().all(has_result) {
                        continue;
                    }
                    if !delivery.failures.contains(&failure.reason) {
                        delivery.failures.push(failure.reason.clone());
                    }
                    delivery.unreached.extend(batch.event.iter().map(|event| (target.clone(), event.clone())));
                }
            }
        }
        if is_any_accepted && !route.fallback_for.is_empty() {
            self.note_fallback(ledger, route, &batch.event);
            delivery.fallback_routes.insert(route.name.clone());
        }
    }

    /// A fallback sent these events: the primary routes need not send them any more.
    fn note_fallback(&self, ledger: &mut Ledger, fallback: &Route, events: &[String]) {
        let mut route = fallback;
        for _ in 0..self.queue.routes.len() {
            let Some(primary) = self.queue.primary(route) else { break };
            for to in recipients(primary) {
                let target = target_name(&primary.name, &to);
                let is_open = |event: &&String| ledger.result.get(*event).is_none_or(|all| all.get(&target).is_none());
                let open: Vec<String> = events.iter().filter(is_open).cloned().collect();
                let by = format!("sent by {} instead", fallback.name);
                ledger.set_result(&target, &open, &TargetResult::accepted(&by, self.queue.now));
            }
            route = primary;
        }
    }
}

/// The failure, if the message may have arrived.
fn unconfirmed(result: &SendResult) -> Option<&Failure> {
    result.as_ref().err().filter(|failure| failure.kind == FailureKind::Unconfirmed)
}

#[cfg(test)]
mod tests;
