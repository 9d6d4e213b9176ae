//! The count of something that happens now and then, such as processes killed for lack of memory: one incident with a
//! number, not an incident each time.

use super::stamp::Stamp;
use serde::{Deserialize, Serialize};

/// Repetitions within this time belong to the same incident, in seconds.
pub(super) const REPEAT_SECONDS: f64 = 12.0 * 3600.0;
/// An incident stays open for this multiple of the average pause between occurrences.
const PAUSES: f64 = 2.5;

/// Occurrences so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The first.
    pub since: Stamp,
    /// The latest.
    pub last: Stamp,
    /// Their number.
    pub count: u64,
    /// An incident was opened for them.
    #[serde(default)]
    pub fired: bool,
}

impl Tally {
    /// Counts further occurrences, at least one.
    pub(super) fn add(tally: Option<Self>, occurrences: f64, now: Stamp) -> Self {
        let tally = tally.filter(|tally| !tally.is_over(now));
        let known = tally.unwrap_or(Self { since: now, last: now, count: 0, fired: false });
        Self { last: now, count: known.count.saturating_add(occurrences.max(1.0) as u64), ..known }
    }

    /// Nothing happened for so long that the next time is a new incident.
    pub(super) fn is_over(&self, now: Stamp) -> bool {
        now.seconds_since(self.last) > REPEAT_SECONDS
    }

    /// How long it must be quiet for the incident to end, in seconds; 0 while it happened once.
    pub(super) fn quiet_seconds(&self) -> f64 {
        let pauses = self.count.saturating_sub(1).max(1) as f64;
        (self.last.seconds_since(self.since) / pauses * PAUSES).min(REPEAT_SECONDS)
    }
}
