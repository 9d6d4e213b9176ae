//! Why an exchange over the network failed, and what the caller can do about it.

use std::time::Duration;

/// Kind of a failure, which decides about retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Temporary: no connection, or a temporary refusal.
    Temporary,
    /// Persists until the settings change: a refused login, an untrusted certificate, a wrong address.
    Configuration,
    /// The peer permanently refused this item; it may accept others.
    Rejected,
    /// Everything was sent but no reply came: it may have been accepted.
    Unconfirmed,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Kind.
    pub kind: FailureKind,
    /// One line for people, quoting the peer if it gave a reason.
    pub reason: String,
    /// Pause requested by the peer before the next attempt.
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

    /// Adds `prefix: ` before the reason.
    pub fn prefixed(self, prefix: &str) -> Self {
        Self { reason: format!("{prefix}: {}", self.reason), ..self }
    }

    /// Adds a hint in parentheses, if `applies`.
    pub fn hint(self, applies: bool, hint: &str) -> Self {
        if applies { Self { reason: format!("{} ({hint})", self.reason), ..self } } else { self }
    }
}
