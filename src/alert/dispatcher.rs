//! Delivers everything queued, through every route, once. The ledger is saved before and after each round, so that a
//! message that was being sent when a run ended is sent again with the same Message-ID.

use super::budget::Budget;
use super::content::{Content, thread_key};
use super::delivery::Delivery;
use super::draft::{Draft, Subject};
use super::ledger::Ledger;
use super::outbox::{Outbox, OutboxEntry, OutboxNote, file_name};
use super::outgoing::{OutgoingMessage, send_all};
use super::planner::{PlannedMessage, Planner};
use super::present::Present;
use super::queue::Queue;
use super::record::{Recorder, Sending};
use super::settle::Settlement;
use crate::config;
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
    /// Host name with its domain, if that is known.
    pub full_host: &'a str,
    /// Path of the page; empty: there is none.
    pub report: &'a str,
    /// Current time.
    pub now: DateTime<Utc>,
    /// Limit of the delivery.
    pub limit: Duration,
    /// The state of the host.
    pub present: &'a Present,
    /// Non-critical alerts may wait up to two minutes for others to share a message with.
    pub is_patient: bool,
    /// The whole configuration is in force. Otherwise routes may be missing, so events that match no route are kept.
    pub is_complete: bool,
    /// The clock is believed. Otherwise nothing is given up or removed because of its age.
    pub is_time_known: bool,
    /// Saves the ledger.
    pub save: &'a dyn Fn(&Ledger) -> Result<()>,
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
        let budget = Budget { per_hour: self.settings.per_hour, per_day: self.settings.per_day };
        let queue = Queue { routes: &self.settings.routes, alerts: &alerts, now: self.now };
        let planner = Planner { queue, budget, present: self.present, is_patient: self.is_patient };
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
        ledger.note_held(&planner.held(ledger).into_iter().map(|held| held.target).collect(), self.now);
        let expire_seconds = self.settings.expire_seconds();
        let (is_complete, is_time_known) = (self.is_complete, self.is_time_known);
        let settlement = Settlement { queue, outbox, on_disk: &on_disk, is_complete, is_time_known, expire_seconds };
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
        let recorder = Recorder { queue: planner.queue };
        let (mut messages, mut sendings) = (Vec::new(), Vec::new());
        for planned in plan {
            let Some(sending) = recorder.begin(ledger, planned, self.host) else { continue };
            messages.push(self.message(planned, &sending, ledger));
            sendings.push(sending);
        }
        let usual = Duration::from_secs(self.settings.smtp.timeout_seconds);
        // If this cannot be saved the messages are sent all the same, at worst twice.
        delivery.check((self.save)(ledger));
        for (sending, attempt) in sendings.iter().zip(send_all(messages, usual, left)) {
            recorder.record(ledger, sending, &attempt.results, delivery);
        }
        delivery.check((self.save)(ledger));
    }

    fn message(&self, planned: &PlannedMessage, sending: &Sending<'_>, ledger: &Ledger) -> OutgoingMessage {
        let Sending { route, id, events, .. } = sending;
        let (host, language, now) = (self.host, Locale::from_tag(&self.settings.language), self.now);
        // A late message reports present values.
        let updated = if planned.late.is_some() { self.present.update(events) } else { Vec::new() };
        let updated: Vec<&Event> = updated.iter().collect();
        let content = Content {
            events: if planned.late.is_some() { &updated } else { events },
            late: planned.late,
            last: planned.last,
            present: Some(self.present),
            host,
            report: self.report,
            language,
            now,
        };
        let subject = Subject::Events { content, id, earlier: earlier(ledger, &route.name, events) };
        let (from, full_host) = (&self.settings.from, self.full_host);
        OutgoingMessage::new(route, &Draft { from, to: &planned.to, host, full_host, language, now, subject })
    }
}

/// The first mail about the incidents of a message; `None` when they have none in common: a thread is about one thing.
fn earlier(ledger: &Ledger, route: &str, events: &[&Event]) -> Option<String> {
    let first = |event: &&Event| ledger.thread.get(&thread_key(route, event)).map(|thread| &thread.id);
    let common = events.first().and_then(first)?;
    events.iter().all(|event| first(event) == Some(common)).then(|| common.clone())
}
