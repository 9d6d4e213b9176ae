//! The outcome of one attempt to send a message.

use crate::base::net::failure::Failure;
use crate::base::net::step_log::{Step, StepLog};
use crate::base::redact::Redactor;

/// The result for one recipient: who accepted the message, or the failure.
pub type SendResult = Result<String, Failure>;

/// The outcome of one attempt to send a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The steps taken.
    pub log: StepLog,
    /// One result per recipient, in their order.
    pub results: Vec<SendResult>,
}

impl Attempt {
    /// An attempt with the same result for every recipient.
    pub fn uniform(log: StepLog, recipients: usize, result: &SendResult) -> Self {
        Self { log, results: vec![result.clone(); recipients] }
    }

    /// An attempt that failed before its first step.
    pub fn failed(recipients: usize, failure: Failure) -> Self {
        Self::uniform(StepLog::default(), recipients, &Err(failure))
    }

    /// Removes the secrets of the transport.
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let steps = self.log.steps.into_iter().map(|step| Step { text: redactor.redact(&step.text), ..step });
        let results = self.results.into_iter().map(|result| match result {
            Ok(by) => Ok(redactor.redact(&by)),
            Err(failure) => Err(Failure { reason: redactor.redact(&failure.reason), ..failure }),
        });
        Self { log: StepLog { steps: steps.collect() }, results: results.collect() }
    }
}
