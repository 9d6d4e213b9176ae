//! A transition of an incident: what is appended to the `events` stream and told to people.

use super::evidence::Evidence;
use super::incident::Severity;
use super::locale::Locale;
use super::message::{Message, localized};
use super::title;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An incident was opened.
    Fired,
    /// A warning became critical.
    Escalated,
    /// The incident is over.
    Recovered,
    /// The incident is still open.
    Reminded,
    /// It comes and goes too often to tell of each time.
    Flapping,
    /// What was not told for a while is told: how it is now.
    Settled,
    /// Nothing: the daily sign of life, if it is wanted. Not part of the history.
    Alive,
}

impl EventKind {
    /// As files and tables write it.
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

/// Whether a value is a yes or no, of which the title says all there is to say.
pub fn is_flag(metric: &str, limit: f64) -> bool {
    limit == 1.0
        && !["_percent", "_bytes", "_second", "_seconds", "_ms", "_per_core"].iter().any(|unit| metric.ends_with(unit))
}

/// One transition. Everything a message needs is inside, so that it can be told long after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `<incident>.<sequence>`: the same transition has the same id, also when it is derived again after a crash.
    pub id: String,
    /// Id of the incident.
    pub incident: String,
    /// What happened.
    pub kind: EventKind,
    /// How bad the incident is; when it is over, how bad it was.
    pub severity: Severity,
    /// RFC 3339, UTC.
    pub time: String,
    /// Host name.
    pub host: String,
    /// Name of the rule in the configuration.
    pub rule: String,
    /// What it is about: `CPU`, `File system /var`.
    pub title: String,
    /// Metric with labels.
    pub metric: String,
    /// Value at this moment, in the unit that the metric's name ends in.
    pub value: f64,
    /// The limit it went beyond.
    pub limit: f64,
    /// The limit is a ceiling (else a floor).
    pub above: bool,
    /// First breach, RFC 3339, UTC.
    pub since: String,
    /// From the first breach to now, in seconds, by the clock that does not step where the boot is the same.
    pub duration_seconds: f64,
    /// What the rule says in words of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why, where that is not plain: `gone` for a recovery of what is not there any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of what settled: it is well now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub well: bool,
    /// Why nobody is told; `None`: people are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
    /// The texts above as messages, for readers in other languages.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub localized: Localized,
    /// What was going on; of what began or got worse, where anything is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// The texts of an event as messages; `None`: a person wrote the text, or an older osmon.
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

    /// In a language, why nobody is notified.
    pub fn muted_in(&self, locale: Locale) -> Option<String> {
        Some(localized(self.localized.muted.as_ref(), self.muted.as_deref()?, locale))
    }

    /// Sets why nobody is notified.
    pub fn mute(&mut self, reason: Option<Message>) {
        self.muted = reason.as_ref().map(Message::english);
        self.localized.muted = reason;
    }

    /// Whether the incident is over with it.
    pub fn is_over(&self) -> bool {
        self.kind == EventKind::Recovered || self.well
    }
}
