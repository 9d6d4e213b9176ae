//! Guards of a target: evidence, waiting times, budgets.

use crate::base::clock::Now;
use crate::config::HealEntry;
use crate::heal::budget;
use crate::heal::guard::{Guard, Refusal};
use crate::heal::moment::DAY;
use crate::heal::repair::Candidate;
use crate::heal::state::HealState;
use crate::model::action::Mode;
use crate::model::locale::key;
use crate::model::message::{Arg, Message};

/// Number of snapshots in a row in which a candidate must be seen.
const SIGHTINGS: u32 = 3;

/// Number of the next attempt, from 1. Attempts count since the target was last healthy; dry runs, which change nothing,
/// within the last 24 hours.
pub(super) fn attempt(state: &HealState, entry: &HealEntry, mode: Mode, target: &str, now: &Now) -> u32 {
    let kind = entry.repair.kind();
    let before = match mode {
        Mode::Enforce => state.target(&entry.name, kind, target).map_or(0, |known| known.attempts),
        Mode::DryRun | Mode::Off => budget::used(state, (kind, target), mode, now, DAY),
    };
    before.saturating_add(1)
}

/// Every guard that refuses this target.
pub(super) fn refusals(
    state: &HealState,
    entry: &HealEntry,
    mode: Mode,
    candidate: &Candidate,
    now: &Now,
) -> Vec<Refusal> {
    let (kind, name, mut refused) = (entry.repair.kind(), candidate.target.name.as_str(), Vec::new());
    let seen = state.sightings.get(&candidate.sighting).copied().unwrap_or(0);
    if !candidate.sighting.is_empty() && seen < SIGHTINGS {
        refused.push(Refusal::with(Guard::TooFewSnapshots, seen as usize));
    }
    // Of all entries that do the same to it.
    let same = || state.targets.iter().filter(|known| known.kind == kind && known.target == name);
    if same().any(|known| known.verifying.is_some() || known.pending.is_some()) {
        refused.push(Refusal::new(Guard::Verifying));
    }
    if let Some(since) = same().filter_map(|known| known.gave_up).next() {
        refused.push(Refusal::with(Guard::GaveUp, Arg::from_seconds(since.age_seconds(now))));
    }
    let acted = same().flat_map(|known| &known.acted).filter(|attempt| attempt.mode == mode);
    let since = acted.map(|attempt| attempt.at.age_seconds(now)).reduce(f64::min);
    let wait = entry.wait(attempt(state, entry, mode, name, now)).as_secs_f64();
    if let Some(rest) = since.map(|since| wait - since).filter(|rest| *rest > 0.0) {
        refused.push(Refusal::with(Guard::Waiting, Arg::from_seconds(rest)));
    }
    let [hour, day] = budget::left(state, entry, mode, name, now);
    let spent = match (hour, day) {
        (_, 0) => Some((key::HEAL_BUDGET_DAY, entry.per_day)),
        (0, _) => Some((key::HEAL_BUDGET_HOUR, entry.per_hour)),
        _ => None,
    };
    if let Some((key, most)) = spent {
        refused.push(Refusal::with(Guard::Budget, Message::new(key).with("most", most as usize)));
    }
    refused
}
