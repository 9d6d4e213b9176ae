//! The result of one check.

use serde::Serialize;

/// The severity of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could.
    Warn,
    /// Something does not work.
    Fail,
}

impl State {
    /// `OK`, `WARN`, `FAIL`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name of the check.
    pub id: &'static str,
    /// Severity.
    pub state: State,
    /// The fact.
    pub text: String,
    /// The command that fixes it; null where all is well.
    pub fix: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(id: &'static str, text: impl Into<String>) -> Self {
        Self { id, state: State::Ok, text: text.into(), fix: None }
    }

    /// It could be better.
    pub fn warn(id: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { id, state: State::Warn, text: text.into(), fix: Some(fix.into()) }
    }

    /// It does not work.
    pub fn fail(id: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { id, state: State::Fail, text: text.into(), fix: Some(fix.into()) }
    }
}

/// The most serious state.
pub fn worst(checks: &[Check]) -> State {
    checks.iter().map(|check| check.state).max().unwrap_or(State::Ok)
}

/// `17 checks: 1 FAIL, 2 WARN, 14 OK`.
pub fn summary(checks: &[Check]) -> String {
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let parts = [State::Fail, State::Warn, State::Ok].map(|state| (count(state), state.word()));
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    format!("{} checks: {}", checks.len(), parts.collect::<Vec<_>>().join(", "))
}
