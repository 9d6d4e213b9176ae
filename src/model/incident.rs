//! Incidents, from first breach to recovery.

use super::locale::Locale;
use super::message::{Message, localized};
use super::metric::read_labels;
use crate::base::text::{NAME_MAX, clean, shell_word};
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
    /// The name that people type: see [`short_id`].
    pub short_id: String,
    /// Name of the rule in the configuration.
    pub rule: String,
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
    /// It is information, and says nothing about the health of the host.
    pub information: bool,
}

/// The short name of the incidents of a rule on a metric, for people to type: the rule, with labels their values behind
/// a colon (`cpu`, `disk:/var`, `service:nginx.service`). It names the open incident, else the newest.
pub fn short_id(rule: &str, metric: &str) -> String {
    let values: Vec<String> = read_labels(metric).1.into_iter().map(|(_, value)| value).collect();
    if values.is_empty() { rule.to_string() } else { format!("{rule}:{}", values.join(",")) }
}

/// The name to show where there is little room: the short id, or the long one where the short one is too long or would have
/// to be cleaned.
pub fn typed<'n>(short: &'n str, long: &'n str) -> &'n str {
    if clean(short, NAME_MAX) == short { short } else { long }
}

/// A short id to paste into a shell: quoted if necessary; the long id where quotes are not enough.
pub fn shell_id(short: &str, long: &str) -> String {
    if short.starts_with('-') || short.contains(['\'', '\\']) || short.chars().any(char::is_control) {
        long.to_string()
    } else {
        shell_word(short)
    }
}

impl Incident {
    /// The values of the labels, joined by commas, such as a mount point or a unit; empty without labels.
    pub fn subject(&self) -> &str {
        self.short_id.strip_prefix(&self.rule).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default()
    }

    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        localized(self.title_localized.as_ref(), &self.title, locale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_id_that_would_be_cut_gives_way() {
        assert_eq!((typed("disk:/var", "disk-1"), typed(&"v".repeat(81), "disk-1")), ("disk:/var", "disk-1"));
    }

    #[test]
    fn a_short_id_is_the_rule_and_what_it_is_about() {
        let cases = [
            ("cpu", "cpu.busy_percent", "cpu"),
            ("disk", "disk.used_percent{mount=\"/var\"}", "disk:/var"),
            ("service", "service.failed{service=\"a b\"}", "service:a b"),
            ("two", "x.y{a=\"1\",b=\"2\"}", "two:1,2"),
        ];
        for (rule, metric, expected) in cases {
            assert_eq!(short_id(rule, metric), expected);
        }
    }
}
