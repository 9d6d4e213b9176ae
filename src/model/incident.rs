//! One crisis, from its first breach to its recovery.

use super::locale::Locale;
use super::message::{Message, localized};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How bad. The order is the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// As it is written in subjects and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Where a thing that a rule watches stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Within its limits.
    #[default]
    Ok,
    /// Beyond a limit, not yet for long enough.
    Pending,
    /// An open incident.
    Firing,
    /// Back within its limits, not yet for long enough.
    Recovering,
}

/// What people are told of an open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Stable name: rule, checksum of the object, running number.
    pub id: String,
    /// How bad it is now.
    pub severity: Severity,
    /// What it is about: `CPU`, `File system /var`.
    pub title: String,
    /// The title as a message; `None`: a person wrote it.
    pub title_localized: Option<Message>,
    /// Name of the metric, whose end is the unit.
    pub metric: String,
    /// Last value seen.
    pub value: f64,
    /// The limit it went beyond.
    pub limit: f64,
    /// First breach.
    pub since: DateTime<Utc>,
    /// Back within its limits, waiting to be sure.
    pub recovering: bool,
}

impl Incident {
    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        localized(self.title_localized.as_ref(), &self.title, locale)
    }
}
