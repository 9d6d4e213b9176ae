//! Judges a snapshot by the rules, and writes what follows from it.

use crate::alert::outbox::file_name;
use crate::alert::{LEDGER, Ledger, Outbox};
use crate::base::clock::{Now, parse};
use crate::context::Context;
use crate::crisis::{EvalContext, State, step};
use crate::model::event::{Event, EventKind};
use crate::model::snapshot::Snapshot;
use crate::query::baseline;
use crate::query::health::Health;
use crate::query::silences;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// Name of the state file.
const STATE: &str = "crisis";

/// Result of evaluating the rules on one snapshot.
#[derive(Debug, Clone)]
pub struct Detected {
    /// When the snapshot was taken.
    pub taken: DateTime<Utc>,
    /// State for the next evaluation.
    pub state: State,
    /// Transitions: what fired, escalated or recovered.
    pub events: Vec<Event>,
}

impl Detected {
    /// The health after this evaluation.
    pub fn health(&self, context: &Context) -> Health {
        Health::after_judgement(context, &self.state, self.taken)
    }

    /// The events that people are to be told: what an earlier run could not put into the outbox, then the
    /// new ones, without what is muted.
    pub fn to_tell(&self) -> Vec<Event> {
        let events = self.state.unsent.iter().chain(&self.events);
        events.filter(|event| event.muted.is_none()).cloned().collect()
    }

    /// The same for the history.
    fn to_record(&self) -> Vec<Event> {
        let events = self.state.unrecorded.iter().chain(&self.events);
        events.filter(|event| event.kind != EventKind::Alive).cloned().collect()
    }
}

/// What every Linux host has: when one of these could not be measured, nobody knows whether all is well.
const ESSENTIAL: [&str; 5] = ["cpu", "load", "memory", "disk", "process"];

/// Evaluates the rules on one snapshot. Writes nothing. A snapshot that was evaluated before is not counted again.
pub fn evaluate(context: &Context, snapshot: &Snapshot) -> Result<Detected> {
    let state: State = context.load_state(STATE).unwrap_or_default();
    let now = snapshot.now;
    let judged = state
        .last
        .is_some_and(|last| state.boot_id == snapshot.boot_id && last.boottime_seconds >= now.boottime_seconds);
    if judged {
        return Ok(Detected { taken: now.wall, state, events: Vec::new() });
    }
    let clock = EvalContext {
        suppressions: silences::read(context),
        notified_from: context.config.alert.told_from(),
        failed: snapshot.failed.clone(),
        sections: snapshot.sections.clone(),
        bands: baseline::bands(context, now.wall),
        ..EvalContext::new(now, snapshot.boot_id.clone(), snapshot.host.clone())
    };
    let (mut state, events) = step(&context.config.rules, &state, &snapshot.metrics, &clock);
    let failed = ESSENTIAL.iter().filter_map(|name| Some(format!("{name}: {}", snapshot.failed.get(*name)?)));
    state.unmeasured = failed.collect();
    if !state.unmeasured.is_empty() {
        context.out.warn(&format!("could not measure {}", state.unmeasured.join("; ")));
    }
    Ok(Detected { taken: now.wall, state, events })
}

/// Writes down what is going to be told and recorded, before it is: whenever a run ends, the next one knows what it owes.
/// The lock is held.
pub fn promise(context: &Context, detected: &Detected) {
    let (unsent, unrecorded) = (detected.to_tell(), detected.to_record());
    if !(unsent.is_empty() && unrecorded.is_empty()) {
        // On a disk that is full people are told all the same; `commit` says what is wrong.
        let _ = save(context, &State { unsent, unrecorded, ..detected.state.clone() });
    }
}

/// Puts events on their way to people, before the history has them. With nobody to tell nothing is queued.
///
/// # Errors
/// When one cannot be written; the others are there all the same.
pub fn enqueue(context: &Context, events: &[Event]) -> Result<()> {
    let outbox = Outbox::new(context.store.directory());
    let told = if context.config.alert.routes.is_empty() { &[] } else { events };
    told.iter().map(|event| context.store.with_reserve(|| outbox.put(event))).fold(Ok(()), Result::and)
}

/// What found no room in the outbox: the next run puts it in. What came of telling it from memory the ledger knows.
fn without_room(context: &Context, detected: &Detected) -> Vec<Event> {
    let outbox = Outbox::new(context.store.directory());
    let ledger: Ledger = context.peek_state(LEDGER).unwrap_or_default();
    let oldest = context.now.wall - TimeDelta::seconds(context.config.alert.expire_seconds());
    let is_over =
        |event: &Event| parse(&event.time).is_some_and(|time| time < oldest) && ledger.is_accepted(&file_name(event));
    let mut events = detected.to_tell();
    events.retain(|event| outbox.stage(event).is_none() && !is_over(event));
    events
}

/// Appends the events to the history and keeps the state; with what is to be told, where the outbox did not take it. The
/// lock is held.
pub fn commit(context: &Context, detected: &Detected, is_enqueued: bool) -> Result<()> {
    let events = detected.to_record();
    let recorded = events.iter().try_for_each(|event| super::journal::append_event(context, event));
    // The state also when history has no room: a full disk must not make the same crisis begin again each minute.
    let unrecorded = if recorded.is_ok() { Vec::new() } else { events };
    let unsent = if is_enqueued { Vec::new() } else { without_room(context, detected) };
    let saved = save(context, &State { unsent, unrecorded, ..detected.state.clone() });
    recorded.and(saved)
}

fn save(context: &Context, state: &State) -> Result<()> {
    context.store.with_reserve(|| context.store.save_state(STATE, state))
}

/// When the last snapshot of this boot was judged. A state that is damaged is left for those who judge.
pub fn last_judged(context: &Context) -> Option<Now> {
    let state = context.store.load_cache::<State>(STATE)?;
    let last = state.last.filter(|_| state.boot_id == context.root.boot_id())?;
    Some(Now { wall: last.wall, boottime_seconds: last.boottime_seconds })
}
