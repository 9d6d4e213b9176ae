//! Records of actions, in the stream `actions`, and the state beside them. The order of writing makes sure that an action
//! that was begun is accounted for, whenever osmon is killed: the state and the intent before, the result and the state
//! after.

use crate::base::clock::parse;
use crate::context::Context;
use crate::heal::state::{HealState, STATE};
use crate::model::action::{Action, Phase};
use crate::model::record::{Header, Record};
use crate::store::ACTIONS;
use anyhow::Result;
use chrono::TimeDelta;
use serde::Deserialize;
use std::time::Duration;

/// Wait for another writer. Without its intent recorded no action begins.
const PATIENCE: Duration = Duration::from_secs(5);

/// A record of the stream.
#[derive(Deserialize)]
struct Line {
    action: Action,
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

/// Appends a record, then saves the state that follows from it.
///
/// # Errors
/// Errors of the file system. If the state was not saved either, the next run concludes the action.
pub(super) fn end(context: &Context, state: &HealState, record: &Action) -> Result<()> {
    let _lock = context.store.lock(PATIENCE)?;
    let appended = append(context, record);
    appended.and(write(context, state))
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

/// Every record of the last day, in the order of the stream; empty when it cannot be read.
pub(super) fn last_day(context: &Context) -> Vec<Action> {
    let (now, mut found) = (context.now.wall, Vec::new());
    let visit = &mut |line: &str| found.extend(serde_json::from_str::<Line>(line).ok().map(|line| line.action));
    let until = now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
    let _ = context.store.read(ACTIONS, now - TimeDelta::days(1), until, visit);
    found
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
    // What cannot be read counts as not recorded: at worst it is recorded twice.
    context.store.read(ACTIONS, begun - TimeDelta::days(1), until, visit).ok()?;
    found
}
