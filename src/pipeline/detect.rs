//! Evaluates the rules on a snapshot and stores the result.

use super::heal::hold;
use super::identity;
use super::unusual::{self, Memory};
use crate::alert::outbox::file_name;
use crate::alert::{LEDGER, Ledger, Outbox};
use crate::base::clock::{Now, parse};
use crate::context::Context;
use crate::crisis::{EvalContext, State, step};
use crate::model::event::{Event, EventKind};
use crate::model::snapshot::Snapshot;
use crate::query::health::Health;
use crate::query::silences;
use crate::query::{baseline, clock};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// Name of the state file.
const STATE: &str = "crisis";

/// Result of evaluating the rules on one snapshot.
#[derive(Debug, Clone)]
pub struct Detected {
    /// Time of the snapshot.
    pub taken: DateTime<Utc>,
    /// State for the next evaluation.
    pub state: State,
    /// Transitions: what fired, escalated or recovered.
    pub events: Vec<Event>,
    /// The learned state of the detector of unusual values.
    memory: Memory,
}

impl Detected {
    /// The health after this evaluation.
    pub fn health(&self, context: &Context) -> Health {
        Health::after_judgement(context, &self.state, self.taken)
    }

    /// Events to deliver: those that an earlier run could not queue, then the new ones; without muted events.
    pub fn to_deliver(&self) -> Vec<Event> {
        let events = self.state.unsent.iter().chain(&self.events);
        events.filter(|event| event.muted.is_none()).cloned().collect()
    }

    /// Events to append to the history, like [`Self::to_deliver`].
    fn to_record(&self) -> Vec<Event> {
        let events = self.state.unrecorded.iter().chain(&self.events);
        events.filter(|event| event.kind != EventKind::Alive).cloned().collect()
    }
}

/// Sections that every Linux host has: if one of them could not be measured, the health of the host is unknown.
pub const ESSENTIAL: [&str; 5] = ["cpu", "load", "memory", "disk", "process"];

/// Evaluates the rules on one snapshot. Writes nothing. A snapshot that was evaluated before is not counted again.
pub fn evaluate(context: &Context, snapshot: &Snapshot) -> Result<Detected> {
    let state: State = context.load_state(STATE).unwrap_or_default();
    let state = identity::identify(context).own_state(state, &snapshot.boot_id);
    let now = snapshot.now;
    let judged = state
        .last
        .is_some_and(|last| state.boot_id == snapshot.boot_id && last.boottime_seconds >= now.boottime_seconds);
    if judged {
        return Ok(Detected { taken: now.wall, state, events: Vec::new(), memory: Memory::default() });
    }
    let (closed, memory) = unusual::add(context, now.wall, &snapshot.metrics);
    let calendar = now.wall.checked_sub_signed(clock::offset(context)).unwrap_or(now.wall);
    let clock = EvalContext {
        calendar,
        closed,
        suppressions: silences::read(context),
        repairing: hold::repairing(context, &state),
        notified_from: context.config.alert.notified_from(),
        failed: snapshot.failed.clone(),
        sections: snapshot.sections.clone(),
        devices: snapshot.devices.clone(),
        services: snapshot.services.clone(),
        bands: baseline::bands(context, now.wall),
        ..EvalContext::new(now, snapshot.boot_id.clone(), snapshot.host.clone())
    };
    let (mut state, events) = step(&context.config.rules, &state, &snapshot.metrics, &clock);
    let failed = ESSENTIAL.iter().filter_map(|name| Some(format!("{name}: {}", snapshot.failed.get(*name)?)));
    state.unmeasured = failed.collect();
    if !state.unmeasured.is_empty() {
        context.out.warn(&format!("could not measure {}", state.unmeasured.join("; ")));
    }
    Ok(Detected { taken: now.wall, state, events, memory })
}

/// Saves the events to be delivered and recorded before either is done, so that an interrupted run is completed by the
/// next one. The lock is held.
pub fn promise(context: &Context, detected: &Detected) {
    let (unsent, unrecorded) = (detected.to_deliver(), detected.to_record());
    if !(unsent.is_empty() && unrecorded.is_empty()) {
        // On a full disk alerts are sent all the same; `commit` reports the failure.
        let _ = save(context, &State { unsent, unrecorded, ..detected.state.clone() });
    }
}

/// Queues events for delivery, before they are appended to the history. Does nothing without a recipient.
///
/// # Errors
/// When an event cannot be written; the others are queued all the same.
pub fn enqueue(context: &Context, events: &[Event]) -> Result<()> {
    let outbox = Outbox::new(context.store.directory());
    let told = if context.config.alert.routes.is_empty() { &[] } else { events };
    told.iter().map(|event| context.store.with_reserve(|| outbox.put(event))).fold(Ok(()), Result::and)
}

/// Events that could not be queued; the next run queues them. The ledger knows whether they were sent from memory.
fn without_room(context: &Context, detected: &Detected) -> Vec<Event> {
    let outbox = Outbox::new(context.store.directory());
    let ledger: Ledger = context.peek_state(LEDGER).unwrap_or_default();
    let oldest = context.now.wall - TimeDelta::seconds(context.config.alert.expire_seconds());
    let is_over =
        |event: &Event| parse(&event.time).is_some_and(|time| time < oldest) && ledger.is_accepted(&file_name(event));
    let mut events = detected.to_deliver();
    events.retain(|event| outbox.stage(event).is_none() && !is_over(event));
    events
}

/// Appends the events to the history and saves the state, with the events that could not be queued. The lock is held.
pub fn commit(context: &Context, detected: &Detected, is_enqueued: bool) -> Result<()> {
    let events = detected.to_record();
    let recorded = events.iter().try_for_each(|event| super::journal::append_event(context, event));
    // The state is saved even if the history is full: otherwise the same incident would begin again each minute.
    let unrecorded = if recorded.is_ok() { Vec::new() } else { events };
    let unsent = if is_enqueued { Vec::new() } else { without_room(context, detected) };
    let saved = save(context, &State { unsent, unrecorded, ..detected.state.clone() });
    recorded.and(saved).and(detected.memory.save(context))
}

fn save(context: &Context, state: &State) -> Result<()> {
    context.store.with_reserve(|| context.store.save_state(STATE, state))
}

/// Time of the last evaluated snapshot of this boot. Only evaluation sets a damaged state aside.
pub fn last_judged(context: &Context) -> Option<Now> {
    let state = context.store.load_cache::<State>(STATE)?;
    let last = state.last.filter(|_| state.boot_id == context.root.boot_id())?;
    Some(Now { wall: last.wall, boottime_seconds: last.boottime_seconds })
}
