//! The flap meter: when an alert last got worse and better. What began and ended three times is one conversation, at any
//! period from a minute to six hours, but not what happens once a day.

use super::stamp::Stamp;
use crate::base::sort::SmallSort;
use serde::{Deserialize, Serialize};

/// This many changes, three for the worse and three for the better,
const CHANGES: usize = 6;
/// within this time are flapping, in seconds.
const WINDOW_SECONDS: f64 = 19.0 * 3600.0;
/// Once it settled, so many changes are remembered: the next end and the next beginning are told.
const KEPT: usize = 3;
/// It has settled after no change for at least this, in seconds,
const CALM_SECONDS: f64 = 1200.0;
/// or this multiple of the second longest pause between its changes,
const CALM_PAUSES: f64 = 1.5;
/// and for this much longer each time it settled before,
const CALM_FACTOR: f64 = 3.0;
/// but no longer than this, in seconds.
const CALM_MAX: f64 = 9.0 * 3600.0;

/// The meter of one alert.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flap {
    /// The latest changes, alternately for the worse and for the better, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Stamp>,
    /// The latest was for the worse.
    #[serde(default)]
    pub worse: bool,
    /// Number of times it settled since it was last quiet.
    #[serde(default)]
    pub settled: u32,
    /// It changes too often to notify of each change.
    #[serde(default)]
    pub flapping: bool,
    /// People were notified that it flaps, and not yet that it settled.
    #[serde(default, alias = "told")]
    pub notified: bool,
}

impl Flap {
    /// It remembers nothing.
    pub(super) fn is_calm(&self) -> bool {
        self.changes.is_empty() && !self.flapping && !self.notified
    }

    /// Notes a change; one in the same direction as the last is none.
    pub(super) fn mark(&mut self, worse: bool, now: Stamp) {
        let is_change = if self.changes.is_empty() { worse } else { worse != self.worse };
        if is_change {
            self.worse = worse;
            self.changes.push(now);
            self.changes.drain(..self.changes.len().saturating_sub(CHANGES));
        }
    }

    /// Decides whether it flaps now.
    pub(super) fn judge(&mut self, now: Stamp) {
        self.changes.retain(|change| now.seconds_since(*change) < WINDOW_SECONDS);
        if !self.flapping {
            self.flapping = self.changes.len() >= CHANGES;
        } else if self.changes.last().is_none_or(|last| now.seconds_since(*last) >= self.calm_seconds()) {
            self.flapping = false;
            self.settled += 1;
            self.changes.drain(..self.changes.len().saturating_sub(KEPT));
        }
        if self.changes.is_empty() && !self.flapping {
            (self.settled, self.worse) = (0, false);
        }
    }

    /// How long it must be without a change to have settled, in seconds.
    fn calm_seconds(&self) -> f64 {
        let pairs = self.changes.iter().zip(self.changes.iter().skip(1));
        let mut pauses: Vec<f64> = pairs.map(|(before, after)| after.seconds_since(*before)).collect();
        pauses.arrange_by(|a, b| b.total_cmp(a));
        let pause = pauses.get(1).copied().unwrap_or(0.0) * CALM_PAUSES;
        (pause.max(CALM_SECONDS) * CALM_FACTOR.powi(self.settled.min(8) as i32)).min(CALM_MAX)
    }
}
