//! A moment as the state keeps it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`, seconds; compared only within one boot.
    pub boottime_seconds: f64,
}

impl Stamp {
    /// Seconds from an earlier moment to this one, never negative.
    pub(super) fn seconds_since(self, earlier: Self) -> f64 {
        (self.boottime_seconds - earlier.boottime_seconds).max(0.0)
    }
}
