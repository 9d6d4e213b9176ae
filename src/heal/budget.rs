//! Budgets: how many actions a target and the host may have within an hour and a day. Everything that was begun counts,
//! whatever became of it.

use super::moment::{DAY, HOUR};
use super::state::HealState;
use crate::base::clock::Now;
use crate::config::HealEntry;
use crate::model::action::{ActionKind, Mode};

/// Actions on a target within the last `seconds`, of all entries that do the same to it.
pub fn used(state: &HealState, (kind, target): (ActionKind, &str), mode: Mode, now: &Now, seconds: f64) -> u32 {
    let same = state.targets.iter().filter(|known| known.kind == kind && known.target == target);
    let acted = same.flat_map(|known| &known.acted);
    count(acted.filter(|attempt| attempt.mode == mode && attempt.at.age_seconds(now) < seconds))
}

/// Actions on this host within the last hour.
pub fn used_by_host(state: &HealState, mode: Mode, now: &Now) -> u32 {
    let acted = state.targets.iter().flat_map(|known| &known.acted);
    count(acted.filter(|attempt| attempt.mode == mode && attempt.at.age_seconds(now) < HOUR))
}

/// Actions left for a target in this hour and this day.
pub fn left(state: &HealState, entry: &HealEntry, mode: Mode, target: &str, now: &Now) -> [u32; 2] {
    let used = |seconds| used(state, (entry.repair.kind(), target), mode, now, seconds);
    [entry.per_hour.saturating_sub(used(HOUR)), entry.per_day.saturating_sub(used(DAY))]
}

/// Returns whether a target is given up after an attempt that failed: nothing is left to try for now.
pub fn is_spent(state: &HealState, entry: &HealEntry, target: &str, now: &Now) -> bool {
    let attempts = state.target(&entry.name, entry.repair.kind(), target).map_or(0, |known| known.attempts);
    let most = u32::try_from(entry.waits.len()).unwrap_or(u32::MAX).saturating_add(1);
    attempts >= most || left(state, entry, Mode::Enforce, target, now).contains(&0)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
