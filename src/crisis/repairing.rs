//! Incidents that osmon is repairing: people are told of them when that failed or takes too long.

use crate::config::HealEntry;
use std::collections::BTreeSet;

/// An entry that may repair incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct Repairing {
    /// The entry.
    pub entry: HealEntry,
    /// Metrics with labels of incidents that it could not repair, or cannot.
    pub told: BTreeSet<String>,
    /// For how long a notification waits, from the first breach, in seconds.
    pub seconds: f64,
}

impl Repairing {
    /// Returns whether the notification of an incident that has been open for `seconds` waits.
    pub fn holds(&self, rule: &str, metric: &str, seconds: f64) -> bool {
        self.entry.is_for(rule, metric) && !self.told.contains(metric) && seconds <= self.seconds
    }
}
