//! After a delivery: moves completed alerts out of the outbox, gives up expired ones, and prunes the ledger.

use super::delivery::Delivery;
use super::ledger::Ledger;
use super::outbox::{Outbox, OutboxEntry, Stage};
use super::queue::{Queue, recipients};
use super::results::Results;
use crate::base::clock::{parse, stamp};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// Maximum number of alerts per delivery whose results are recorded in their files.
const NOTED_MAX: usize = 200;
/// How often old files are removed, in minutes.
const TIDY_MINUTES: i64 = 60;

/// Input of the clean-up after a delivery.
pub struct Settlement<'a> {
    /// Routes and alerts of the delivery.
    pub queue: Queue<'a>,
    /// The outbox.
    pub outbox: &'a Outbox,
    /// Names of the alerts that have a file.
    pub on_disk: &'a BTreeSet<String>,
    /// The whole configuration is in force. Otherwise routes may be missing, and their alerts are kept.
    pub is_complete: bool,
    /// The clock is believed. Otherwise nothing is given up or removed because of its age.
    pub is_time_known: bool,
    /// Age at which an alert is given up, in seconds.
    pub expire_seconds: i64,
}

/// Alerts by their next stage.
#[derive(Default)]
struct Sorted<'a> {
    sent: Vec<&'a str>,
    given_up: Vec<&'a str>,
    /// No configured route accepts them.
    unwanted: Vec<&'a str>,
    queued: BTreeSet<&'a str>,
}

impl Settlement<'_> {
    /// Moves sent and expired alerts to their next stage, and prunes the ledger.
    pub fn settle(&self, ledger: &mut Ledger, delivery: &mut Delivery) {
        let targets = self.queue.targets();
        let Sorted { sent, given_up, unwanted, queued } = self.sort(ledger, &targets);
        let refused =
            sent.iter().filter(|name| has_refusal(ledger, name)).map(|name| (name, results_text(ledger, name)));
        for (name, why) in given_up.iter().map(|name| (name, self.reason(ledger))).chain(refused) {
            delivery.check(self.outbox.note(Stage::Queued, name, "time", &why, self.queue.now));
        }
        for (name, results) in sent.iter().take(NOTED_MAX).filter_map(|name| Some((name, ledger.result.get(*name)?))) {
            // Only informative: a failure to write it needs no report.
            let _ = self.outbox.note_results(name, results);
        }
        delivery.check(self.outbox.advance(sent.iter().copied(), Stage::Queued, Stage::Sent));
        delivery.given_up = given_up.len();
        delivery.check(self.outbox.advance(given_up.iter().copied(), Stage::Queued, Stage::Dead));
        for name in unwanted {
            delivery.check(self.outbox.remove(Stage::Queued, name));
        }
        delivery.queued = queued.len();
        let mut primaries = self.queue.routes.iter().filter(|route| route.fallback_for.is_empty());
        delivery.is_failing =
            !delivery.refused.is_empty() || primaries.any(|route| self.queue.is_failing(route, ledger));
        let is_waiting =
            |name: &str| (self.on_disk.contains(name) || queued.contains(name)).then(|| queued.contains(name));
        ledger.prune(
            is_waiting,
            |target| !self.is_complete || targets.contains(target),
            self.queue.now,
            self.is_time_known,
        );
        if self.is_time_known {
            self.tidy(ledger);
        }
    }

    fn sort(&self, ledger: &Ledger, targets: &BTreeSet<String>) -> Sorted<'_> {
        let queue = self.queue;
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for route in queue.routes.iter().filter(|route| route.fallback_for.is_empty()) {
            for to in recipients(route) {
                open.extend(queue.pending(route, &to, ledger));
            }
        }
        // With part of a configuration, alerts for the targets of missing routes are kept until it is whole.
        let missing: Vec<&String> =
            ledger.target.keys().filter(|target| !self.is_complete && !targets.contains(*target)).collect();
        let is_missed = |name: &str| {
            let results = ledger.result.get(name);
            missing.iter().any(|target| results.is_none_or(|results| results.get(target).is_none()))
        };
        let mut sorted = Sorted::default();
        for (at, alert) in queue.alerts.iter().enumerate() {
            let name = alert.name.as_str();
            let is_accepted = ledger.is_accepted(name);
            if !self.on_disk.contains(name) {
                sorted.queued.extend(open.contains(&at).then_some(name));
            } else if !open.contains(&at) && ledger.result.contains_key(name) && !is_missed(name) {
                sorted.sent.push(name);
            } else if self.is_expired(alert) {
                if is_accepted { sorted.sent.push(name) } else { sorted.given_up.push(name) }
            } else if self.is_complete && !queue.is_for_any_route(&alert.event) && !queue.routes.is_empty() {
                sorted.unwanted.push(name);
            } else {
                sorted.queued.insert(name);
            }
        }
        sorted
    }

    fn is_expired(&self, alert: &OutboxEntry) -> bool {
        let now = self.queue.now;
        let begin = parse(&alert.note.again).or_else(|| parse(&alert.event.time)).unwrap_or(now);
        self.is_time_known && (now - begin).num_seconds() > self.expire_seconds
    }

    /// Why an alert is given up: the errors of all targets.
    fn reason(&self, ledger: &Ledger) -> String {
        let errors = ledger.target.values().map(|target| target.error.as_str()).filter(|error| !error.is_empty());
        let errors: Vec<&str> = errors.collect();
        match (self.queue.routes.is_empty(), errors.is_empty()) {
            (true, _) => "no recipient was configured".to_string(),
            (false, true) => "nobody accepted it".to_string(),
            (false, false) => errors.join("; "),
        }
    }

    fn tidy(&self, ledger: &mut Ledger) {
        let now = self.queue.now;
        if parse(&ledger.tidied).is_none_or(|last| (now - last).abs() > TimeDelta::minutes(TIDY_MINUTES)) {
            self.outbox.tidy(now);
            ledger.tidied = stamp(now);
        }
    }
}

fn has_refusal(ledger: &Ledger, name: &str) -> bool {
    ledger.result.get(name).is_some_and(|results| results.iter().any(|(_, result)| !result.accepted))
}

/// The targets that accepted an event and those that refused it.
fn results_text(ledger: &Ledger, name: &str) -> String {
    let results = ledger.result.get(name).into_iter().flat_map(Results::iter);
    results.map(|(target, result)| format!("{target}: {}", result.by)).collect::<Vec<_>>().join("; ")
}
