//! How far apart the snapshots usually are, learned from the latest intervals: cron may start a run each minute or each
//! hour, and a host that is short of memory skips runs.

use crate::base::sort::SmallSort;
use serde::{Deserialize, Serialize};

/// Number of intervals kept.
const KEPT: usize = 5;
/// The spacing while none is known, and the shortest, in seconds.
const SHORTEST: f64 = 60.0;
/// Intervals outside of this range are a run by hand or a host that slept, in seconds.
const LEARNED: std::ops::RangeInclusive<f64> = 30.0..=7800.0;
/// An interval up to this multiple of the spacing is one that was observed from end to end,
const WHOLE: f64 = 2.5;
/// and so is any up to this, in seconds.
const WHOLE_SECONDS: f64 = 300.0;
/// Data of a host that is measured each minute is stale after this, in seconds.
const STALE_SECONDS: f64 = 180.0;

/// The latest intervals between snapshots of one boot, in whole seconds, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spacing(Vec<u32>);

impl Spacing {
    /// Learns from an interval, in seconds.
    pub fn add(&mut self, seconds: f64) {
        if LEARNED.contains(&seconds) {
            self.0.push(seconds.round() as u32);
            self.0.drain(..self.0.len().saturating_sub(KEPT));
        }
    }

    /// The usual interval in seconds, at least 60: the median of the latest. A single one may be an outage.
    pub fn seconds(&self) -> f64 {
        let mut sorted = if self.0.len() > 1 { self.0.clone() } else { Vec::new() };
        sorted.arrange();
        sorted.get(sorted.len().saturating_sub(1) / 2).map_or(SHORTEST, |median| f64::from(*median).max(SHORTEST))
    }

    /// The longest interval whose two ends say something about the time between them, in seconds. Two long ones in a
    /// row are a new spacing.
    pub fn whole_seconds(&self) -> f64 {
        let last = self.0.last().map_or(0.0, |last| f64::from(*last));
        (self.seconds().max(last) * WHOLE).max(WHOLE_SECONDS)
    }

    /// Age above which a snapshot is stale, in seconds.
    pub fn stale_seconds(&self) -> f64 {
        (self.seconds() * WHOLE).max(STALE_SECONDS)
    }

    /// Nothing was learned yet.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_latest_intervals_counts() {
        let learned = |intervals: &[f64]| {
            let mut spacing = Spacing::default();
            intervals.iter().for_each(|seconds| spacing.add(*seconds));
            (spacing.seconds(), spacing.whole_seconds(), spacing.stale_seconds())
        };
        assert_eq!(learned(&[]), (60.0, 300.0, 180.0), "a minute until more is known");
        assert_eq!(learned(&[780.0]), (60.0, 1950.0, 180.0), "one alone says little");
        assert_eq!(learned(&[59.0, 61.0, 60.0]), (60.0, 300.0, 180.0));
        assert_eq!(learned(&[60.0, 60.0, 1800.0, 60.0]), (60.0, 300.0, 180.0), "a frozen half hour is none");
        assert_eq!(learned(&[600.0, 590.0, 610.0, 3.0]), (600.0, 1525.0, 1500.0), "a run by hand does not count");
        assert_eq!(learned(&[3600.0, 3600.0, 40_000.0]), (3600.0, 9000.0, 9000.0), "nor does a night asleep");
        assert_eq!(learned(&[60.0, 60.0, 60.0, 600.0]).1, 1500.0, "the next one as long counts whole");
        assert_eq!(learned(&[60.0, 60.0, 600.0, 600.0, 600.0]).0, 600.0);
    }
}
