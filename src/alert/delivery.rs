//! The outcome of a delivery.

use super::ledger::Ledger;
use std::collections::{BTreeMap, BTreeSet};

/// The outcome of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Events that each target accepted.
    pub sent: BTreeMap<String, usize>,
    /// Targets that accepted them.
    pub accepted_by: Vec<String>,
    /// Reasons of failures, without repetition.
    pub failures: Vec<String>,
    /// Targets that were not reached, with the name of the alert's file.
    pub unreached: BTreeSet<(String, String)>,
    /// Events that were not sent to some target and are tried again.
    pub failed_events: usize,
    /// Events that a fallback sent instead.
    pub fallback_events: usize,
    /// Names of those fallback routes.
    pub fallback_routes: BTreeSet<String>,
    /// Recipients that were refused while others of the same message were not, with the reason.
    pub refused: Vec<String>,
    /// Events that still have to be sent to some target.
    pub queued: usize,
    /// A target was refused, or the last attempt to send it something failed.
    pub is_failing: bool,
    /// Alerts given up in this run.
    pub given_up: usize,
    /// Messages that were closed without an answer: target and reason.
    pub closed: Vec<String>,
    /// Errors of the outbox and the ledger.
    pub errors: Vec<String>,
}

impl Delivery {
    /// Adds the error of a step that does not stop the others.
    pub fn check<T>(&mut self, result: anyhow::Result<T>) {
        self.errors.extend(result.err().map(|error| format!("{error:#}")));
    }

    /// Notes events that a target accepted, and who took them.
    pub fn note_accepted(&mut self, target: &str, events: usize, by: &str) {
        *self.sent.entry(target.to_string()).or_default() += events;
        if !self.accepted_by.iter().any(|known| known == by) {
            self.accepted_by.push(by.to_string());
        }
    }

    /// Most events that one target accepted.
    pub fn sent_events(&self) -> usize {
        self.sent.values().copied().max().unwrap_or_default()
    }

    /// Counts the unsent events: those to try again, and those sent by a fallback.
    pub fn count_failed(&mut self, ledger: &Ledger) {
        let is_open = |(target, event): &&(String, String)| {
            ledger.result.get(event).is_none_or(|results| results.get(target).is_none())
        };
        let all: BTreeSet<&String> = self.unreached.iter().map(|(_, event)| event).collect();
        let open: BTreeSet<&String> = self.unreached.iter().filter(is_open).map(|(_, event)| event).collect();
        (self.failed_events, self.fallback_events) = (open.len(), all.len() - open.len());
    }
}
