//! Notifications that wait for a repair: nobody is notified if it works, everybody as usual if it does not.

use super::{mode, situation};
use crate::context::Context;
use crate::crisis::Repairing;
use crate::crisis::State;
use crate::heal::state::{HealState, STATE};
use crate::model::action::Mode;

/// Healing counts as alive when it ran within this many intervals.
const ALIVE_INTERVALS: f64 = 3.0;
/// Time to decide, act and look again, in seconds.
const SLACK: f64 = 120.0;

/// The entries that can still act on an incident that is about to be notified.
pub fn repairing(context: &Context, crisis: &State) -> Vec<Repairing> {
    let entries = &context.config.heal.entries;
    if entries.is_empty() || !context.problems.is_empty() || situation::disabled_by(context).is_some() {
        return Vec::new();
    }
    let Some(mut state) = context.store.load_cache::<HealState>(STATE) else { return Vec::new() };
    state.put_in_order(&context.now, &context.root.boot_id());
    let alive = crisis.spacing.seconds() * ALIVE_INTERVALS;
    let is_alive = state.last.as_ref().is_some_and(|last| last.at.age_seconds(&context.now) <= alive);
    if !is_alive || state.pause_at(&context.now).is_some() {
        return Vec::new();
    }
    let enforced = entries.iter().filter(|entry| mode(context, entry.mode, false) == Mode::Enforce);
    let held = enforced.map(|entry| {
        let stuck =
            state.stuck.iter().filter_map(|key| key.strip_prefix(&format!("{} ", entry.name)).map(str::to_string));
        // An attempt failed since it was last healthy: people are told.
        let failed = state.targets.iter().filter(|target| {
            target.entry == entry.name
                && (target.gave_up.is_some()
                    || (target.attempts > 0 && target.verifying.is_none() && target.pending.is_none())
                    || target.attempts > 1)
        });
        let told = stuck.chain(failed.map(|target| target.metric.clone())).collect();
        Repairing {
            entry: entry.clone(),
            told,
            seconds: entry.after.as_secs_f64() + entry.verify.as_secs_f64() + SLACK,
        }
    });
    held.collect()
}
