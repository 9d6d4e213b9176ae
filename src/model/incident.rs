//! Incidents, from first breach to recovery.

use super::locale::Locale;
use super::message::{Message, localized};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Severity, ordered by urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Requires attention today.
    Warning,
    /// Requires attention now.
    Critical,
}

impl Severity {
    /// The word written in subjects and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

/// State of a watched value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Within its limits.
    #[default]
    Ok,
    /// Beyond a limit, but not for long enough to fire.
    Pending,
    /// An open incident.
    Firing,
    /// Within its limits again, but not for long enough to recover.
    Recovering,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Stable name: rule, checksum of the object, running number.
    pub id: String,
    /// Current severity.
    pub severity: Severity,
    /// Its subject: `CPU`, `File system /var`.
    pub title: String,
    /// The title as a message; `None` if a user wrote it.
    pub title_localized: Option<Message>,
    /// Name of the metric, which ends in its unit.
    pub metric: String,
    /// Last value seen.
    pub value: f64,
    /// The breached limit.
    pub limit: f64,
    /// First breach.
    pub since: DateTime<Utc>,
    /// Within its limits again, but not recovered yet.
    pub recovering: bool,
}

impl Incident {
    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        localized(self.title_localized.as_ref(), &self.title, locale)
    }
}
