//! Which tiers are stored of which days, and from which of them a span is read.

use crate::base::local_time::{DAY_MS, LocalTime};
use crate::store::tier::Tier;
use crate::store::{SNAPSHOTS, Store};
use anyhow::Result;
use chrono::DateTime;
use std::collections::HashSet;

const HOUR_MS: i64 = 3_600_000;
const FIVE_MS: i64 = 300_000;
/// Number of days for which five-minute points are computed from snapshots: it takes a second for some ten days.
const DAYS_FROM_SNAPSHOTS: usize = 31;
/// Number of days of which only the hours at the ends of periods are computed from snapshots.
const EDGES_FROM_SNAPSHOTS: usize = 400;

/// A part of a span that is read from one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Begin, in milliseconds since 1970.
    pub begin_ms: i64,
    /// End, exclusive.
    pub end_ms: i64,
    /// The tier.
    pub tier: Tier,
    /// Periods begin and end at multiples of this: the stored points lie between them.
    pub cell_ms: i64,
    /// Finer values than those of the tier were asked for and have expired.
    pub is_coarse: bool,
}

/// The days (`2026-11-20`) and months (`2026-11`) with files.
pub struct StoredDays {
    snapshots: HashSet<String>,
    columns: HashSet<String>,
    five_minutes: HashSet<String>,
    hours: HashSet<String>,
    days: HashSet<String>,
}

impl StoredDays {
    /// Lists the directories.
    ///
    /// # Errors
    /// When one cannot be listed.
    pub fn list(store: &Store) -> Result<Self> {
        let periods = |tier| Ok::<_, anyhow::Error>(store.periods(tier)?.1.into_iter().collect());
        Ok(Self {
            snapshots: store.days(SNAPSHOTS)?.into_iter().map(|day| day.name).collect(),
            columns: periods(Tier::Columns)?,
            five_minutes: periods(Tier::FiveMinutes)?,
            hours: periods(Tier::Hours)?,
            days: periods(Tier::Days)?,
        })
    }

    /// The parts of a span for periods of `step_ms` (0: single samples), in order.
    pub fn parts(&self, begin_ms: i64, end_ms: i64, step_ms: i64, local: &LocalTime) -> Vec<Part> {
        let (first, last) = (begin_ms.div_euclid(DAY_MS), (end_ms - 1).div_euclid(DAY_MS));
        let (mut whole, mut edges) = (DAYS_FROM_SNAPSHOTS, EDGES_FROM_SNAPSHOTS);
        let mut parts: Vec<Part> = Vec::new();
        // The newest first: they are computed from snapshots rather than old ones.
        for day in (first..=last).rev() {
            let begin = day * DAY_MS;
            let (tier, cell_ms, is_coarse) = self.source(begin, step_ms, local, &mut whole, &mut edges);
            let (begin_ms, end_ms) = (begin.max(begin_ms), (begin + DAY_MS).min(end_ms));
            let new = Part { begin_ms, end_ms, tier, cell_ms, is_coarse };
            let same = |next: &&mut Part| (next.tier, next.cell_ms, next.is_coarse) == (tier, cell_ms, is_coarse);
            match parts.last_mut().filter(same) {
                Some(next) => next.begin_ms = begin_ms,
                None => parts.push(new),
            }
        }
        parts.reverse();
        parts
    }

    /// Tier, cell, and whether it is coarser than wanted, of the UTC day that begins at `begin_ms`.
    fn source(
        &self,
        begin_ms: i64,
        step_ms: i64,
        local: &LocalTime,
        whole: &mut usize,
        edges: &mut usize,
    ) -> (Tier, i64, bool) {
        let day = DateTime::from_timestamp_millis(begin_ms).unwrap_or_default().format("%Y-%m-%d").to_string();
        let month = day.get(..7).unwrap_or_default();
        let has_samples = self.snapshots.contains(&day);
        let has_five = self.five_minutes.contains(&day);
        let has_hours = self.hours.contains(month) || has_samples;
        let is_whole_hours = local.is_multiple(HOUR_MS, begin_ms, begin_ms + DAY_MS);
        let needs_samples = step_ms % FIVE_MS != 0 || step_ms == 0;
        let is_finer = step_ms % HOUR_MS != 0 || step_ms == 0;
        let needs_five = is_finer || (step_ms < 6 * HOUR_MS && !is_whole_hours);
        let take = |left: &mut usize| left.checked_sub(1).map(|rest| *left = rest).is_some();
        if needs_samples && (has_samples || self.columns.contains(&day)) {
            return (Tier::Columns, 1, false);
        }
        let is_asked = is_finer || has_five;
        if (needs_samples && has_five) || (needs_five && (has_five || (has_samples && (is_asked || take(whole))))) {
            return (Tier::FiveMinutes, FIVE_MS, needs_samples);
        }
        let is_utc = local.is_multiple(DAY_MS, begin_ms, begin_ms + DAY_MS);
        if has_hours && !(step_ms % DAY_MS == 0 && step_ms > 0 && is_utc && !has_samples && self.days.contains(month)) {
            let is_exact = is_whole_hours && local.is_multiple(HOUR_MS, begin_ms - DAY_MS, begin_ms + 2 * DAY_MS);
            let is_fine = !needs_five && !is_exact && (has_five || (has_samples && take(edges)));
            return (Tier::Hours, if is_fine { FIVE_MS } else { HOUR_MS }, is_finer);
        }
        (Tier::Days, DAY_MS, step_ms % DAY_MS != 0 || step_ms == 0)
    }
}
