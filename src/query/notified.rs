//! Recipients notified of the open incidents.

use crate::alert::{Ledger, Outbox, Stage};
use crate::base::clock::parse;
use crate::context::Context;
use crate::model::event::Event;
use crate::model::incident::{Incident, Severity};
use chrono::{DateTime, Utc};

/// Recipients notified of the open incidents, according to the events of the last days.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notified {
    /// Channels, with their recipients, that accepted a message since the first open incident began.
    pub channels: Vec<String>,
    /// When the last of these messages was accepted.
    pub last: Option<DateTime<Utc>>,
    /// Number of open incidents of which a recipient was notified.
    pub count: usize,
    /// Number of open incidents of which an alert waits, and nobody was notified.
    pub waiting: usize,
    /// One of those is critical.
    pub critical_waits: bool,
}

/// Looks the events of the open incidents up in the outbox. `events` are those of the last days.
pub fn read(context: &Context, open: &[Incident], events: &[Event]) -> Notified {
    let mut notified = Notified::default();
    let Some(begin) = open.iter().map(|incident| incident.since).min() else { return notified };
    let outbox = Outbox::new(context.store.directory());
    for incident in open {
        let own = events.iter().filter(|event| event.incident == incident.id && event.muted.is_none());
        let stages: Vec<Stage> = own.filter_map(|event| outbox.stage(event)).collect();
        if stages.contains(&Stage::Sent) {
            notified.count += 1;
        } else if !stages.is_empty() {
            notified.waiting += 1;
            notified.critical_waits |= incident.severity == Severity::Critical;
        }
    }
    let ledger: Ledger = context.store.peek_state(crate::alert::LEDGER).content.unwrap_or_default();
    let accepted = ledger.target.iter().filter_map(|(name, state)| Some((name, parse(&state.accepted)?)));
    let accepted: Vec<(&String, DateTime<Utc>)> = accepted.filter(|(_, time)| *time >= begin).collect();
    if notified.count > 0 {
        notified.last = accepted.iter().map(|(_, time)| *time).max();
        notified.channels = accepted.into_iter().map(|(name, _)| name.clone()).collect();
    }
    notified
}
