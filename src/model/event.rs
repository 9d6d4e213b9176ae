//! Events: transitions of incidents, appended to the `events` stream and delivered as alerts.

use super::evidence::Evidence;
use super::incident::Severity;
use super::locale::Locale;
use super::message::{Message, localized};
use super::title;
use serde::{Deserialize, Serialize};

/// Kind of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An incident was opened.
    Fired,
    /// A warning became critical.
    Escalated,
    /// The incident has ended.
    Recovered,
    /// A reminder of an open incident.
    Reminded,
    /// The incident flaps: further transitions are not alerted one by one.
    Flapping,
    /// The end of flapping, with the current state.
    Settled,
    /// The daily status, which is not a transition and not part of the history.
    Alive,
}

impl EventKind {
    /// The word written in files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Escalated => "escalated",
            Self::Recovered => "recovered",
            Self::Reminded => "reminded",
            Self::Flapping => "flapping",
            Self::Settled => "settled",
            Self::Alive => "alive",
        }
    }
}

/// Returns whether a metric is a yes/no value, which its title describes completely.
pub fn is_flag(metric: &str, limit: f64) -> bool {
    limit == 1.0
        && !["_percent", "_bytes", "_second", "_seconds", "_ms", "_per_core"].iter().any(|unit| metric.ends_with(unit))
}

/// One transition. It holds everything a message needs, so that it can be delivered much later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `<incident>.<sequence>`: deterministic, so that a transition that is derived again after a crash has the same
    /// id.
    pub id: String,
    /// Id of the incident.
    pub incident: String,
    /// Kind.
    pub kind: EventKind,
    /// Severity of the incident; of a recovery, the highest it had.
    pub severity: Severity,
    /// RFC 3339, UTC.
    pub time: String,
    /// Host name.
    pub host: String,
    /// Name of the rule in the configuration.
    pub rule: String,
    /// Its subject: `CPU`, `File system /var`.
    pub title: String,
    /// Metric with labels.
    pub metric: String,
    /// Current value, in the unit of the metric.
    pub value: f64,
    /// The breached limit.
    pub limit: f64,
    /// The limit is a ceiling, otherwise a floor.
    pub above: bool,
    /// First breach, RFC 3339, UTC.
    pub since: String,
    /// Seconds since the first breach, by the monotonic clock within one boot.
    pub duration_seconds: f64,
    /// The message of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Reason of a recovery: `gone` when the measured thing no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For [`EventKind::Settled`]: the incident has recovered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub well: bool,
    /// Why it is not alerted; `None` when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
    /// The incident is information, and says nothing about the health of the host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub information: bool,
    /// The texts above as messages, for readers in other languages.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub localized: Localized,
    /// Evidence, for incidents that fired or escalated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// The texts of an event as messages; `None` for text written by a user or an older version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Localized {
    /// Of [`Event::title`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Message>,
    /// Of [`Event::message`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// Of [`Event::muted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<Message>,
}

impl Localized {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Event {
    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        title::in_language(locale, self.localized.title.as_ref(), &self.rule, &self.metric, &self.title)
    }

    /// The message in a language.
    pub fn message_in(&self, locale: Locale) -> Option<String> {
        Some(localized(self.localized.message.as_ref(), self.message.as_deref()?, locale))
    }

    /// Why it is not alerted, in a language.
    pub fn muted_in(&self, locale: Locale) -> Option<String> {
        Some(localized(self.localized.muted.as_ref(), self.muted.as_deref()?, locale))
    }

    /// Sets why it is not alerted.
    pub fn mute(&mut self, reason: Option<Message>) {
        self.muted = reason.as_ref().map(Message::english);
        self.localized.muted = reason;
    }

    /// Returns whether the event ends its incident.
    pub fn is_over(&self) -> bool {
        self.kind == EventKind::Recovered || self.well
    }
}
