//! Reads the state of healing. What a damaged or lost file no longer tells is restored from the stream of actions:
//! otherwise it would renew every budget.

use super::audit::{self, Line};
use super::cases::entry;
use crate::base::clock::{Now, parse};
use crate::base::sort::SmallSort;
use crate::context::Context;
use crate::heal::budget;
use crate::heal::moment::{DAY, Moment};
use crate::heal::state::{HealState, STATE, Unkillable};
use crate::model::action::{Action, Mode, Phase, Status};
use crate::store::state::Loaded;
use chrono::TimeDelta;

/// The state of healing at this moment. A damaged file is set aside.
pub(super) fn load(context: &Context) -> HealState {
    restored(context, context.store.load_state(STATE, &context.now))
}

/// As [`load`], without changing anything.
pub(super) fn peek(context: &Context) -> HealState {
    restored(context, context.store.peek_state(STATE))
}

fn restored(context: &Context, loaded: Loaded<HealState>) -> HealState {
    if let Some(notice) = &loaded.notice {
        context.out.warn(notice);
    }
    let is_newest = loaded.content.is_some() && loaded.notice.is_none();
    let mut state = loaded.content.unwrap_or_default();
    state.put_in_order(&context.now, &context.root.boot_id());
    if !is_newest {
        replay(context, &mut state);
    }
    state
}

/// Adds what the stream tells of the last day of running time. What the state knows already stays as it is.
fn replay(context: &Context, state: &mut HealState) {
    let mut recorded: Vec<(Now, Line)> = Vec::new();
    audit::each(context, &mut |line| {
        let then = moment(context, &line).filter(|then| context.now.boottime_seconds - then.boottime_seconds < DAY);
        recorded.extend(then.map(|then| (then, line)));
    });
    recorded.arrange_by(|a, b| a.0.boottime_seconds.total_cmp(&b.0.boottime_seconds));
    for (then, line) in recorded {
        let is_this_boot = line.boot_id == state.boot_id;
        step(context, state, line.action, &then, is_this_boot);
    }
}

/// The time of a record, since this boot. Within a boot no clock that was set changes it.
fn moment(context: &Context, line: &Line) -> Option<Now> {
    let (now, wall) = (&context.now, parse(&line.time)?);
    if !line.boot_id.is_empty() && line.boot_id == context.root.boot_id() {
        return Some(Now { wall, boottime_seconds: line.boottime_seconds.min(now.boottime_seconds) });
    }
    // A little in the future counts as made now, far in the future as made under a false date.
    let age = (wall <= now.wall + TimeDelta::days(1)).then(|| (now.wall - wall).num_milliseconds() as f64 / 1e3)?;
    let latest = if line.boot_id.is_empty() { now.boottime_seconds } else { 0.0 };
    Some(Now { wall, boottime_seconds: (now.boottime_seconds - age).min(latest) })
}

/// One record, as it was when it was written.
fn step(context: &Context, state: &mut HealState, action: Action, then: &Now, is_this_boot: bool) {
    let target = state.target_mut(&action.entry, action.kind, &action.target.name);
    let is_same = |known: &Action| known.id == action.id;
    let Some(outcome) = action.outcome.clone().filter(|_| action.phase != Phase::Intent) else {
        let begun = then.wall.timestamp_millis();
        let mut acted = target.acted.iter();
        if !acted.any(|known| known.mode == action.mode && known.at.wall.timestamp_millis() == begun) {
            let (mode, attempt) = (action.mode, action.attempt);
            target.begin(action, then);
            target.attempts = if mode == Mode::Enforce { attempt } else { target.attempts };
        }
        return;
    };
    let has_failed = match action.phase {
        Phase::Intent => false,
        Phase::Result if target.pending.as_ref().is_some_and(is_same) => target.conclude(&outcome, then),
        Phase::Verified if target.verifying.as_ref().is_some_and(|known| is_same(&known.action)) => {
            let has_helped = outcome.status == Status::Done;
            if has_helped {
                target.helped(then);
            } else {
                target.verifying = None;
            }
            !has_helped
        }
        Phase::Released => {
            let is_later = |at: &Moment| at.boottime_seconds > then.boottime_seconds;
            if !target.gave_up.as_ref().is_some_and(is_later) {
                target.release(then);
            }
            false
        }
        Phase::Result | Phase::Verified => false,
    };
    let entry = entry(context, &action).filter(|_| has_failed);
    if entry.is_some_and(|entry| budget::is_spent(state, &entry, &action.target.name, then)) {
        state.target_mut(&action.entry, action.kind, &action.target.name).give_up(then);
    }
    let process = action.target.process.as_ref().filter(|_| outcome.is_final && is_this_boot);
    let unkillable = process.map(|it| Unkillable { pid: it.pid, start_ticks: it.start_ticks });
    state.unkillable.extend(unkillable.filter(|it| !state.unkillable.contains(it)));
}
