//! The verdict on the host, and the reasons for which it is unknown.

use crate::cli::Exit;
use crate::cli::output::Style;
use crate::model::locale::{Key, Locale, key};
use chrono::{DateTime, Utc};

/// Seconds from one moment to a later one; never negative, whatever the wall clock did.
pub fn seconds_between(since: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    ((until - since).num_milliseconds() as f64 / 1e3).max(0.0)
}

/// The verdict on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No incident is open, and everything essential was measured and judged.
    Healthy,
    /// The worst open incident is a warning.
    Degraded,
    /// A critical incident is open.
    Critical,
    /// The health is unknown; see [`Doubt`].
    Unknown,
}

impl Verdict {
    /// The key of its localised text.
    pub fn key(self) -> Key {
        match self {
            Self::Healthy => key::VERDICT_HEALTHY,
            Self::Degraded => key::VERDICT_DEGRADED,
            Self::Critical => key::VERDICT_CRITICAL,
            Self::Unknown => key::VERDICT_UNKNOWN,
        }
    }

    /// The word in JSON, which stays as it is: programs compare it.
    pub fn json_word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The word written by `osmon status`, as monitoring plugins expect it.
    pub fn status_word(self) -> &'static str {
        match self {
            Self::Healthy => "OK",
            Self::Degraded => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The exit code of the commands that judge the host.
    pub fn exit(self) -> Exit {
        match self {
            Self::Healthy => Exit::Done,
            Self::Degraded => Exit::Warning,
            Self::Critical => Exit::Critical,
            Self::Unknown => Exit::Unknown,
        }
    }

    /// Its colour on a terminal.
    pub fn style(self) -> Style {
        match self {
            Self::Healthy => Style::Good,
            Self::Degraded | Self::Unknown => Style::Warn,
            Self::Critical => Style::Bad,
        }
    }

    /// Its class on the page: `ok`, `warn`, `bad` or `unknown`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Healthy => "ok",
            Self::Degraded => "warn",
            Self::Critical => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// Why the health of the host is unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// There is no snapshot; the data directory.
    NoData(String),
    /// The newest snapshot has no time or no host.
    NoHeader,
    /// The newest snapshot cannot be read, with the reason.
    Unreadable(String),
    /// The newest snapshot is too old; its age in seconds.
    Stale(f64),
    /// The rules have not judged the newest snapshot; when they last judged one.
    Unjudged(Option<DateTime<Utc>>),
    /// Sections that every host has but that could not be measured: name and reason of each.
    Unmeasured(Vec<String>),
}

impl Doubt {
    /// Returns whether recording has stopped.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoHeader | Self::Unreadable(_) | Self::Stale(_))
    }

    /// One line, with what to check.
    pub fn text(&self, now: DateTime<Utc>, locale: Locale) -> String {
        match self {
            Self::NoData(directory) => locale.with(key::VERDICT_NO_DATA_IN, directory),
            Self::NoHeader => locale.text(key::VERDICT_NO_HEADER).to_string(),
            Self::Unreadable(reason) => reason.clone(),
            Self::Stale(age) => locale.with(key::VERDICT_NO_DATA_FOR, &locale.duration(*age)),
            Self::Unjudged(last) => {
                let (semicolon, advice) = (locale.text(key::MAIL_SEMICOLON), locale.text(key::VERDICT_CHECK_DETECTION));
                format!("{}{semicolon}{advice}", unjudged(*last, now, locale))
            }
            Self::Unmeasured(names) => {
                locale.with(key::PAGE_NOT_MEASURED_LIST, &names.join(locale.text(key::MAIL_SEMICOLON)))
            }
        }
    }
}

/// When the rules were last evaluated, if ever.
pub fn unjudged(last: Option<DateTime<Utc>>, now: DateTime<Utc>, locale: Locale) -> String {
    match last {
        None => locale.text(key::VERDICT_NEVER_JUDGED).to_string(),
        Some(last) => locale.with(key::VERDICT_JUDGED_AGO, &locale.duration(seconds_between(last, now))),
    }
}
