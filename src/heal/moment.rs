//! Moments as the state keeps them, and how long ago they were.

use crate::base::clock::Now;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Seconds of an hour.
pub const HOUR: f64 = 3600.0;
/// Seconds of a day.
pub const DAY: f64 = 86_400.0;

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Wall clock, for people.
    pub wall: DateTime<Utc>,
    /// Seconds since this boot (`CLOCK_BOOTTIME`); negative for what an earlier boot did. Time in which the host was off
    /// does not count.
    pub boottime_seconds: f64,
}

impl Moment {
    /// This moment.
    pub fn of(now: &Now) -> Self {
        Self { wall: now.wall, boottime_seconds: now.boottime_seconds }
    }

    /// Seconds since then, never negative.
    pub fn age_seconds(&self, now: &Now) -> f64 {
        (now.boottime_seconds - self.boottime_seconds).max(0.0)
    }
}
