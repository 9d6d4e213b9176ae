//! An open incident, as a repair sees it.

use crate::model::metric::read_labels;
use chrono::{DateTime, Utc};

/// An open incident that an entry may repair.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    /// Id of the incident.
    pub incident: String,
    /// Its rule.
    pub rule: String,
    /// Its metric with labels.
    pub metric: String,
    /// Title, for people.
    pub title: String,
    /// Last value.
    pub value: f64,
    /// The breached limit.
    pub limit: f64,
    /// First breach.
    pub since: DateTime<Utc>,
    /// How long it has been beyond its limit, by the boot clock, in seconds.
    pub open_seconds: f64,
    /// The newest snapshot had a value beyond the limit: neither missing nor recovering.
    pub is_current: bool,
    /// A silence in force forbids its repair: its reason.
    pub forbidden: Option<String>,
}

impl Case {
    /// Value of a label of its metric.
    pub fn label(&self, key: &str) -> Option<String> {
        read_labels(&self.metric).1.into_iter().find(|(label, _)| label == key).map(|(_, value)| value)
    }
}
