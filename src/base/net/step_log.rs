//! The steps of an exchange in the order they happened, for troubleshooting.

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `resolve`, `connect`, `tls`, `login`, …
    pub name: &'static str,
    /// Its result.
    pub text: String,
}

/// The steps taken so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepLog {
    /// Oldest first.
    pub steps: Vec<Step>,
}

impl StepLog {
    /// Appends a step.
    pub fn record(&mut self, name: &'static str, text: impl Into<String>) {
        self.steps.push(Step { name, text: text.into() });
    }
}
