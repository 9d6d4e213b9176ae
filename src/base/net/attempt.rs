//! What came of an attempt to send: step by step, and for each recipient.

use std::time::Duration;

/// One step on the way that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `resolve`, `connect`, `tls`, `login`, …
    pub name: &'static str,
    /// What came of it.
    pub text: String,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It may work the next time: no answer, a temporary refusal.
    Later,
    /// Only a person can change it: a refused login, a certificate. Tried once more after a minute, then once an hour.
    Settings,
    /// This recipient is refused for good.
    Recipient,
    /// All was said and no answer came: it may have been accepted. Tried again as the same message.
    Unknown,
}

/// Why somebody was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub fate: Fate,
    /// In the words of the one who refused.
    pub why: String,
    /// When they want to be asked again.
    pub wait: Option<Duration>,
}

impl Failure {
    /// A failure.
    pub fn new(fate: Fate, why: impl Into<String>) -> Self {
        Self { fate, why: why.into(), wait: None }
    }

    /// The same with what may help, where it fits.
    pub fn hint(self, fits: bool, hint: &str) -> Self {
        if fits { Self { why: format!("{} ({hint})", self.why), ..self } } else { self }
    }
}

/// An attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The steps that were taken.
    pub steps: Vec<Step>,
    /// For each recipient, in their order: by whom it was accepted, or why not.
    pub results: Vec<Result<String, Failure>>,
}

impl Attempt {
    /// Notes a step.
    pub fn step(&mut self, name: &'static str, text: impl Into<String>) {
        self.steps.push(Step { name, text: text.into() });
    }

    /// Everybody without a result yet gets this one.
    pub fn rest(mut self, recipients: usize, result: &Result<String, Failure>) -> Self {
        while self.results.len() < recipients {
            self.results.push(result.clone());
        }
        self
    }
}
