//! Annotations: changes of clock and host, and notes of users. Appended to the `events` stream.

use super::locale::{Key, Locale, key};
use super::message::{Message, localized};
use serde::{Deserialize, Serialize};

/// Kind of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// A note of a user.
    Note,
    /// The host was rebooted.
    Reboot,
    /// The host was rebooted without a clean shutdown: power loss, reset, or kernel crash.
    PowerLoss,
    /// The host was suspended.
    Suspended,
    /// The wall clock was set.
    ClockStep,
    /// The host runs another kernel.
    KernelChange,
    /// Packages were installed, changed or removed.
    PackageChange,
    /// osmon did not run.
    MissedRuns,
    /// Snapshots could not be stored.
    NotStored,
    /// Old history was removed at its configured age.
    Expired,
    /// Old history was removed to free space.
    Dropped,
    /// Another host records here from now on.
    Continued,
    /// The host has another name.
    Renamed,
    /// The data directory has another place.
    Moved,
    /// The history was restored from a backup.
    Restored,
    /// Two hosts record here by turns.
    Shared,
}

impl AnnotationKind {
    /// The word shown in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Reboot => "reboot",
            Self::PowerLoss => "power loss",
            Self::Suspended => "suspended",
            Self::ClockStep => "clock",
            Self::KernelChange => "kernel",
            Self::PackageChange => "packages",
            Self::MissedRuns => "gap",
            Self::NotStored => "not stored",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Continued => "other host",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Restored => "restored",
            Self::Shared => "two hosts",
        }
    }

    /// The key of its localised name.
    pub fn label(self) -> Key {
        match self {
            Self::Note => key::ANNOTATION_NOTE,
            Self::Reboot => key::ANNOTATION_REBOOT,
            Self::PowerLoss => key::ANNOTATION_POWER_LOSS,
            Self::Suspended => key::ANNOTATION_SUSPENDED,
            Self::ClockStep => key::ANNOTATION_CLOCK_STEP,
            Self::KernelChange => key::ANNOTATION_KERNEL_CHANGE,
            Self::PackageChange => key::ANNOTATION_PACKAGE_CHANGE,
            Self::MissedRuns => key::ANNOTATION_MISSED_RUNS,
            Self::NotStored => key::ANNOTATION_NOT_STORED,
            Self::Expired => key::ANNOTATION_EXPIRED,
            Self::Dropped => key::ANNOTATION_DROPPED,
            Self::Continued => key::ANNOTATION_CONTINUED,
            Self::Renamed => key::ANNOTATION_RENAMED,
            Self::Moved => key::ANNOTATION_MOVED,
            Self::Restored => key::ANNOTATION_RESTORED,
            Self::Shared => key::ANNOTATION_SHARED,
        }
    }

    /// Returns whether it can be the reason of a gap between snapshots.
    pub fn explains_gap(self) -> bool {
        use AnnotationKind::{ClockStep, Continued, MissedRuns, NotStored, PowerLoss, Reboot, Restored, Suspended};
        matches!(self, Reboot | PowerLoss | Suspended | ClockStep | MissedRuns | NotStored | Continued | Restored)
    }

    /// Returns whether it is an unplanned event.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::PowerLoss | Self::MissedRuns | Self::NotStored | Self::Dropped | Self::Shared)
    }
}

/// One annotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Deterministic id: an annotation that is found again after a crash has the same id. Readers keep the first.
    pub id: String,
    /// Kind.
    pub kind: AnnotationKind,
    /// Time of its end or detection, RFC 3339, UTC.
    pub time: String,
    /// Begin of a period; for a gap, the last snapshot before it. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Length of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// One sentence in English, cleaned.
    pub text: String,
    /// The text as a message; `None` if it was written by a user or an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub localized: Option<Message>,
    /// Author of a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Annotation {
    /// The text in a language.
    pub fn text_in(&self, locale: Locale) -> String {
        localized(self.localized.as_ref(), &self.text, locale)
    }
}
