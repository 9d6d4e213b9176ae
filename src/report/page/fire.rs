//! A page on fire: with a problem that began lately, what helps at once stands first.

use crate::query::health::Health;
use chrono::TimeDelta;

/// A problem younger than this, in hours, is a fire.
const YOUNG_HOURS: i64 = 3;

/// Returns whether an open problem began lately.
pub fn is_on_fire(health: &Health) -> bool {
    health.open.iter().any(|incident| health.now - incident.since < TimeDelta::hours(YOUNG_HOURS))
}
