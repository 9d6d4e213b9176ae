//! Delivers everything queued, through every route, once. The ledger is saved before and after each round, so that a
//! message that was being sent when a run ended is sent again with the same Message-ID.

use super::attempt::SendResult;
use super::content::Content;
use super::delivery::Delivery;
use super::draft::{Draft, Subject};
use super::ledger::{Batch, Ledger, Thread, target_name};
use super::message::message_id;
use super::outbox::{Outbox, OutboxEntry, OutboxNote, file_name};
use super::outgoing::{OutgoingMessage, send_all};
use super::planner::{PlannedMessage, Planner, fingerprint, recipients};
use super::results::TargetResult;
use super::settle::Settlement;
use crate::base::clock::stamp;
use crate::base::net::failure::{Failure, FailureKind};
use crate::config::{self, Route};
use crate::model::event::Event;
use crate::model::locale::Locale;
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// No new round begins with less time left than this.
const ROUND_MIN: Duration = Duration::from_secs(2);

/// Sends what is queued.
pub struct Dispatcher<'a> {
    /// `[alert]`
    pub settings: &'a config::Alert,
    /// Name of this host.
    pub host: &'a str,
    /// The same with its domain, if that is known.
    pub full_host: &'a str,
    /// Path of the page; empty: there is none.
    pub report: &'a str,
    /// Current time.
    pub now: DateTime<Utc>,
    /// Limit of the delivery.
    pub limit: Duration,
    /// The whole configuration is in force. Otherwise routes may be missing, so events that match no route are kept.
    pub is_complete: bool,
    /// Saves the ledger.
    pub save: &'a dyn Fn(&Ledger) -> Result<()>,
}

/// A planned message with the data needed to record its results.
struct Sending<'a> {
    route: &'a Route,
    id: String,
    batch: Batch,
    events: Vec<&'a Event>,
    /// It may have arrived at an earlier attempt.
    is_again: bool,
}

impl Dispatcher<'_> {
    /// Sends the queued alerts, and `unsaved` events that could not be written to the outbox. The caller holds the lock of
    /// the outbox.
    pub fn deliver(
        &self,
        outbox: &Outbox,
        ledger: &mut Ledger,
        mut alerts: Vec<OutboxEntry>,
        unsaved: &[Event],
    ) -> Delivery {
        let mut delivery = Delivery::default();
        let on_disk: BTreeSet<String> = alerts.iter().map(|alert| alert.name.clone()).collect();
        for event in unsaved {
            let name = file_name(event);
            if !on_disk.contains(&name) {
                alerts.push(OutboxEntry { name, event: event.clone(), note: OutboxNote::default() });
            }
        }
        let limits = (self.settings.per_hour, self.settings.per_day);
        let planner = Planner { routes: &self.settings.routes, alerts: &alerts, limits, now: self.now };
        let before = ledger.clone();
        let (mut tried, deadline) = (BTreeSet::new(), Instant::now() + self.limit);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let plan = if left < ROUND_MIN { Vec::new() } else { planner.plan(ledger, &tried) };
            if plan.is_empty() {
                break;
            }
            self.round(&planner, ledger, &plan, left, &mut delivery);
            tried.extend(plan.iter().map(|planned| planned.route));
        }
        delivery.count_failed(ledger);
        for held in planner.held(ledger) {
            let since = &mut ledger.target.entry(held).or_default().held_since;
            if since.is_empty() {
                *since = stamp(self.now);
            }
        }
        let expire_seconds = self.settings.expire_seconds();
        let settlement =
            Settlement { planner: &planner, outbox, on_disk: &on_disk, is_complete: self.is_complete, expire_seconds };
        settlement.settle(ledger, &mut delivery);
        if *ledger != before {
            delivery.check((self.save)(ledger));
        }
        delivery.errors.dedup();
        delivery
    }

    /// Sends messages concurrently and records their results.
    fn round(
        &self,
        planner: &Planner<'_>,
        ledger: &mut Ledger,
        plan: &[PlannedMessage],
        left: Duration,
        delivery: &mut Delivery,
    ) {
        let (mut messages, mut sendings) = (Vec::new(), Vec::new());
        for planned in plan {
            let Some(route) = planner.routes.get(planned.route) else { continue };
            let chosen: Vec<&OutboxEntry> = planned.alerts.iter().filter_map(|at| planner.alerts.get(*at)).collect();
            let events: Vec<&Event> = chosen.iter().map(|alert| &alert.event).collect();
            let id = planned.again.clone().unwrap_or_else(|| message_id(&events, self.host));
            let batch = Batch {
                route: route.name.clone(),
                target: planned.to.iter().map(|to| target_name(&route.name, to)).collect(),
                event: chosen.iter().map(|alert| alert.name.clone()).collect(),
            };
            messages.push(self.message(route, planned, &events, &id, ledger));
            ledger.begin_sending(&format!("{} {id}", route.name), &batch);
            sendings.push(Sending { route, id, batch, events, is_again: planned.again.is_some() });
        }
        let usual = Duration::from_secs(self.settings.smtp.timeout_seconds);
        // If this cannot be saved the messages are sent all the same, at worst twice.
        delivery.check((self.save)(ledger));
        for (sending, attempt) in sendings.iter().zip(send_all(messages, usual, left)) {
            self.note_arrival(ledger, sending, &attempt.results);
            self.note_results(planner, ledger, sending, &attempt.results, delivery);
        }
        delivery.check((self.save)(ledger));
    }

    /// Records whether a message may have arrived, and the threads that it begins.
    fn note_arrival(&self, ledger: &mut Ledger, sending: &Sending<'_>, results: &[SendResult]) {
        let Sending { route, id, batch, events, is_again } = sending;
        let is_unconfirmed =
            |result: &SendResult| matches!(result, Err(failure) if failure.kind == FailureKind::Unconfirmed);
        // A message that may have arrived earlier is not known to be missing because it fails now.
        let is_open = |result: &SendResult| {
            is_unconfirmed(result)
                || matches!(result, Err(failure) if *is_again && failure.kind != FailureKind::Rejected)
        };
        let answered = batch.target.iter().zip(results).filter(|(_, result)| !is_open(result));
        ledger.end_sending(&format!("{} {id}", route.name), answered.map(|(target, _)| target));
        if results.iter().any(|result| result.is_ok() || is_unconfirmed(result)) {
            for event in events {
                let thread = Thread { id: id.clone(), time: stamp(self.now) };
                ledger.thread.entry(thread_key(route, event)).or_insert(thread);
            }
        }
    }

    fn note_results(
        &self,
        planner: &Planner<'_>,
        ledger: &mut Ledger,
        sending: &Sending<'_>,
        results: &[SendResult],
        delivery: &mut Delivery,
    ) {
        let Sending { route, batch, .. } = sending;
        let settings = fingerprint(route);
        let is_any_accepted = results.iter().any(Result::is_ok);
        for (target, result) in batch.target.iter().zip(results) {
            match result {
                Ok(by) => {
                    ledger.accepted(target, settings, &batch.event, by, self.now);
                    if !delivery.accepted_by.contains(by) {
                        delivery.accepted_by.push(by.clone());
                    }
                }
                // Others have it, so the route works and this recipient is wrong.
                Err(failure) if failure.kind == FailureKind::Rejected && is_any_accepted => {
                    let by = failure.reason.clone();
                    let refused = TargetResult { accepted: false, by: by.clone(), time: stamp(self.now) };
                    ledger.set_result(target, &batch.event, &refused);
                    let state = ledger.target.entry(target.clone()).or_default();
                    (state.settings, state.error) = (settings, by);
                    let recipient = target.split_once(' ').map_or(target.as_str(), |(_, to)| to);
                    delivery.refused.push(format!("{recipient}: {}", failure.reason));
                }
                Err(failure) => {
                    let kind = match failure.kind {
                        FailureKind::Rejected => FailureKind::Configuration,
                        kind => kind,
                    };
                    ledger.failed(target, settings, &Failure { kind, ..failure.clone() }, self.now);
                    if !delivery.failures.contains(&failure.reason) {
                        delivery.failures.push(failure.reason.clone());
                    }
                    delivery.unreached.extend(batch.event.iter().map(|event| (target.clone(), event.clone())));
                }
            }
        }
        if is_any_accepted {
            delivery.sent_events = delivery.sent_events.max(batch.event.len());
            if !route.fallback_for.is_empty() {
                self.note_fallback(planner, ledger, route, &batch.event);
                delivery.fallback_routes.insert(route.name.clone());
            }
        }
    }

    /// A fallback sent these events: the primary routes need not send them any more.
    fn note_fallback(&self, planner: &Planner<'_>, ledger: &mut Ledger, fallback: &Route, events: &[String]) {
        let mut route = fallback;
        for _ in 0..planner.routes.len() {
            let Some(primary) = planner.primary(route) else { break };
            for to in recipients(primary) {
                let target = target_name(&primary.name, &to);
                let is_open = |event: &&String| ledger.result.get(*event).is_none_or(|all| all.get(&target).is_none());
                let open: Vec<String> = events.iter().filter(is_open).cloned().collect();
                let by = format!("sent by {} instead", fallback.name);
                ledger.set_result(&target, &open, &TargetResult { accepted: true, by, time: stamp(self.now) });
            }
            route = primary;
        }
    }

    fn message(
        &self,
        route: &Route,
        planned: &PlannedMessage,
        events: &[&Event],
        id: &str,
        ledger: &Ledger,
    ) -> OutgoingMessage {
        let (host, language, now) = (self.host, Locale::from_tag(&self.settings.language), self.now);
        let content = Content { events, late: planned.late, host, report: self.report, language, now };
        let earlier: BTreeSet<&String> =
            events.iter().filter_map(|event| Some(&ledger.thread.get(&thread_key(route, event))?.id)).collect();
        let subject = Subject::Events { content, id, earlier: earlier.into_iter().cloned().collect() };
        let (from, full_host) = (&self.settings.from, self.full_host);
        OutgoingMessage::new(route, &Draft { from, to: &planned.to, host, full_host, language, now, subject })
    }
}

fn thread_key(route: &Route, event: &Event) -> String {
    format!("{} {}", route.name, event.incident)
}
