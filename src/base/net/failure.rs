//! Why an exchange over the network failed, and what the caller can do about it.

use std::time::Duration;

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It may work next time: no connection, a temporary refusal.
    Temporary,
    /// It stays until somebody changes the settings: a refused login, an untrusted certificate, a wrong address.
    Configuration,
    /// The peer refused this item for good; it may accept others.
    Rejected,
    /// Everything was sent and no answer came: it may have been accepted.
    Unconfirmed,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it calls for.
    pub kind: FailureKind,
    /// One line for people, with the peer's own words where it gave any.
    pub reason: String,
    /// Pause that the peer asked for before the next attempt.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a requested pause.
    pub fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), retry_after: None }
    }

    /// A failure that may go away by itself.
    pub fn temporary(reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Temporary, reason)
    }

    /// A failure that stays until the settings change.
    pub fn configuration(reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Configuration, reason)
    }

    /// The same failure with `prefix: ` before its reason.
    pub fn prefixed(self, prefix: &str) -> Self {
        Self { reason: format!("{prefix}: {}", self.reason), ..self }
    }

    /// The same failure with a hint in parentheses, if `applies`.
    pub fn hint(self, applies: bool, hint: &str) -> Self {
        if applies { Self { reason: format!("{} ({hint})", self.reason), ..self } } else { self }
    }
}
