//! Records of actions, in the stream `actions`, and the state beside them. The order of writing makes sure that an action
//! that was begun is accounted for, whenever osmon is killed: the state and the intent before, the result and the state
//! after.

use crate::base::clock::parse;
use crate::context::Context;
use crate::heal::state::{HealState, STATE};
use crate::model::action::{Action, Phase};
use crate::model::record::{Header, Record};
use crate::store::{ACTIONS, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta};
use serde::Deserialize;
use std::time::Duration;

/// Wait for another writer. Without its intent recorded no action begins.
const PATIENCE: Duration = Duration::from_secs(5);

/// A record of the stream.
#[derive(Deserialize)]
pub(super) struct Line {
    /// Its time, RFC 3339.
    pub(super) time: String,
    /// Time since boot at that moment, in seconds.
    #[serde(default)]
    pub(super) boottime_seconds: f64,
    /// Identity of that boot; empty: unknown.
    #[serde(default)]
    pub(super) boot_id: String,
    /// The step of the action.
    pub(super) action: Action,
}

/// Saves the state with the pending action, then its intent.
///
/// # Errors
/// It could not be recorded: the action must not begin.
pub(super) fn begin(context: &Context, state: &HealState, intent: &Action) -> Result<()> {
    let _lock = context.store.lock(PATIENCE)?;
    write(context, state)?;
    append(context, intent)
}

/// Appends records, then saves the state that follows from them.
///
/// # Errors
/// Errors of the file system. The state is not saved without the records: the next run concludes the action.
pub(super) fn end(context: &Context, state: &HealState, records: &[Action]) -> Result<()> {
    let _lock = context.store.lock(PATIENCE)?;
    records.iter().try_for_each(|record| append(context, record))?;
    write(context, state)
}

/// Saves the state.
///
/// # Errors
/// Errors of the file system.
pub(super) fn save(context: &Context, state: &HealState) -> Result<()> {
    let _lock = context.store.lock(PATIENCE)?;
    write(context, state)
}

fn write(context: &Context, state: &HealState) -> Result<()> {
    context.store.with_reserve(|| context.store.save_state(STATE, state))
}

/// Appends one record, also to a full disk: the action may be what frees it.
fn append(context: &Context, action: &Action) -> Result<()> {
    let host = context.root.host_name();
    let header = Header { now: context.now, host, boot_id: context.root.boot_id(), interval_seconds: None };
    let mut record = Record::new(header);
    record.add("action", action)?;
    let json = record.to_json()?;
    context.store.with_reserve(|| context.store.append(ACTIONS, &context.now, &json))
}

/// Calls `visit` with each record, whatever its date: the clock may have been set. What cannot be read is left out.
pub(super) fn each(context: &Context, visit: &mut dyn FnMut(Line)) {
    let visit = &mut |line: &str| serde_json::from_str::<Line>(line).into_iter().for_each(&mut *visit);
    let _ = context.store.read(ACTIONS, DateTime::UNIX_EPOCH, day::last_moment(), visit);
}

/// The record of a step of an action, if it was written.
pub(super) fn recorded(context: &Context, action: &Action, phase: Phase) -> Option<Action> {
    let begun = parse(&action.since)?;
    let until = context.now.wall.max(begun).checked_add_signed(TimeDelta::days(1))?;
    let mut found = None;
    let visit = &mut |line: &str| {
        let record = serde_json::from_str::<Line>(line).ok().map(|line| line.action);
        found = found.take().or(record.filter(|known| known.id == action.id && known.phase == phase));
    };
    // An unreadable day counts as not recorded: at worst the result is recorded twice.
    context.store.read(ACTIONS, begun - TimeDelta::days(1), until, visit).ok()?;
    found
}
