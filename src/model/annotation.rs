//! A mark: what happened to the clock and the machine, or a note of a person. Appended to the `events` stream.

use super::locale::{Key, Locale, key};
use super::message::{Message, localized};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// Somebody's words.
    Note,
    /// The host was started anew.
    Reboot,
    /// The host was started anew and had not been shut down in order: a power cut, a reset, a crash of the kernel.
    PowerLoss,
    /// The host slept.
    Suspended,
    /// The wall clock was set.
    ClockStep,
    /// Another kernel runs.
    KernelChange,
    /// Packages were installed, changed or removed.
    PackageChange,
    /// osmon was not run.
    MissedRuns,
    /// Snapshots could not be stored.
    NotStored,
    /// Old history went as it was to go.
    Expired,
    /// Old history went because it took too much room.
    Dropped,
}

impl AnnotationKind {
    /// As tables show it.
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
        }
    }

    /// The key of the same in the reader's language.
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
        }
    }

    /// Whether it is something people did not mean to happen.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::PowerLoss | Self::MissedRuns | Self::NotStored | Self::Dropped)
    }
}

/// One mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// The same mark has the same id, also when it is found again after a crash. Readers keep the first.
    pub id: String,
    /// What happened.
    pub kind: AnnotationKind,
    /// When it ended or was noticed, RFC 3339, UTC.
    pub time: String,
    /// When it began, where it has a length; of a gap: the last snapshot before. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How long it lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// One plain sentence for people, cleaned.
    pub text: String,
    /// The text as a message; `None`: a person wrote it, or an older osmon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub localized: Option<Message>,
    /// Whose note it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Annotation {
    /// The text in a language.
    pub fn text_in(&self, locale: Locale) -> String {
        localized(self.localized.as_ref(), &self.text, locale)
    }
}
