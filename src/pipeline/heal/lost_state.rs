//! Rebuilds the state of healing when its file was lost: the attempts of the last day, from the stream of actions.
//! Otherwise a lost file would renew every budget.

use super::audit;
use crate::base::clock::parse;
use crate::context::Context;
use crate::heal::moment::{DAY, Moment};
use crate::heal::state::HealState;
use crate::heal::target_state::Attempt;
use crate::model::action::{Action, Mode, Phase};

/// The state of a host whose state file cannot be read.
pub(super) fn rebuild(context: &Context) -> HealState {
    let (mut state, now) = (HealState { boot_id: context.root.boot_id(), ..HealState::default() }, &context.now);
    let recorded = audit::last_day(context);
    for action in recorded.iter().filter(|action| action.phase == Phase::Intent) {
        let Some(wall) = parse(&action.since) else { continue };
        // One that is dated in the future counts as made now.
        let age = ((now.wall - wall).num_milliseconds() as f64 / 1e3).max(0.0);
        if age >= DAY {
            continue;
        }
        let at = Moment { wall, boottime_seconds: now.boottime_seconds - age };
        let is_concluded = recorded.iter().any(|other| other.id == action.id && other.phase == Phase::Result);
        let target = state.target_mut(&action.entry, action.kind, &action.target.name);
        target.acted.push(Attempt { at, mode: action.mode });
        target.changed = at;
        (target.rule, target.metric) = (action.rule.clone(), action.metric.clone());
        target.pending = (!is_concluded).then(|| Action { phase: Phase::Intent, ..action.clone() });
        if action.mode == Mode::Enforce {
            target.attempts = action.attempt;
        }
    }
    state
}
