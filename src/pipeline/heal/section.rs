//! The section `heal` of snapshots: targets that were repaired within a day, or given up. Rules watch it.

use crate::context::Context;
use crate::heal::state::{HealState, STATE};
use crate::probe::ProbeResult;
use serde::Serialize;
use std::collections::BTreeMap;

/// An element of the section.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HealedTarget {
    /// The target.
    target: String,
    /// It was given up.
    gave_up: bool,
    /// Verified repairs within 24 hours.
    repairs_24h: u32,
    /// Actions within 24 hours, without dry runs.
    actions_24h: u32,
}

/// Adds the section, while there is something to say.
pub fn add(context: &Context, probed: &mut ProbeResult) {
    if !context.store.has_state(STATE) {
        return;
    }
    let Some(mut state) = context.peek_state::<HealState>(STATE) else { return };
    state.put_in_order(&context.now, &context.root.boot_id());
    let elements = elements(context, &state);
    if !elements.is_empty() || !super::is_wanted(context) {
        // Numbers and strings only: it cannot fail.
        let _ = probed.snapshot.add("heal", &elements);
    }
}

/// The targets of the entries that escalate. Without the entry nothing is said: its incidents end.
fn elements(context: &Context, state: &HealState) -> Vec<HealedTarget> {
    let entries = &context.config.heal.entries;
    let escalates = |name: &str| entries.iter().any(|entry| entry.name == name && entry.escalates);
    let mut found: BTreeMap<&str, HealedTarget> = BTreeMap::new();
    for target in state.targets.iter().filter(|target| escalates(&target.entry)) {
        let element = found.entry(&target.target).or_default();
        element.target.clone_from(&target.target);
        element.gave_up |= target.gave_up.is_some();
        element.repairs_24h += u32::try_from(target.repaired.len()).unwrap_or(u32::MAX);
        let enforced = target.acted.iter().filter(|attempt| attempt.mode == crate::model::action::Mode::Enforce);
        element.actions_24h += u32::try_from(enforced.count()).unwrap_or(u32::MAX);
    }
    found.into_values().collect()
}
