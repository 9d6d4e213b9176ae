//! Spans of incidents.

use crate::model::incident::Severity;
use chrono::{DateTime, Utc};

/// The time from the begin of an incident to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentSpan {
    /// Metric with labels.
    pub metric: String,
    /// Title of the incident.
    pub title: String,
    /// Its highest severity.
    pub severity: Severity,
    /// Begin.
    pub since: DateTime<Utc>,
    /// End; of an open incident the present.
    pub until: DateTime<Utc>,
}
