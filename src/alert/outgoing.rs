//! Sends prepared messages concurrently.

use super::attempt::Attempt;
use super::draft::{Draft, Subject};
use super::transport::{SendJob, for_route};
use crate::base::bounded::{self, Unfinished};
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::redact::Redactor;
use crate::config::Route;
use std::time::{Duration, Instant};

/// How long a sender that has reached its limit may take to report why.
const REPORT_GRACE: Duration = Duration::from_millis(500);

/// A rendered message on its way to a route.
pub struct OutgoingMessage {
    recipients: usize,
    redactor: Redactor,
    patience: Duration,
    job: SendJob,
}

impl OutgoingMessage {
    /// Renders a draft for the transport of a route. One that cannot be rendered fails when it is sent.
    pub fn new(route: &Route, draft: &Draft<'_>) -> Self {
        let transport = for_route(route);
        // A route without recipients has one target.
        let recipients = draft.to.iter().filter(|to| !to.is_empty()).count().max(1);
        let job = match draft.subject {
            Subject::Test => transport.prepare_test(draft),
            Subject::Events { .. } => transport.prepare(draft),
        };
        let job = job.unwrap_or_else(|error| {
            let failure = Failure::configuration(format!("{error:#}"));
            Box::new(move |_| Attempt::failed(recipients, failure.clone()))
        });
        Self { recipients, redactor: transport.redactor(), patience: transport.patience(), job }
    }

    fn send(&self, deadline: Instant) -> Attempt {
        (self.job)(deadline).redacted(&self.redactor)
    }
}

/// Sends messages concurrently, each on a thread of its own, so that one that hangs delays no other. A message may take
/// `usual`, or longer if its transport is patient. Returns within `limit`, with one attempt per message.
pub fn send_all(messages: Vec<OutgoingMessage>, usual: Duration, limit: Duration) -> Vec<Attempt> {
    let patience = messages.iter().map(|message| message.patience).max().unwrap_or_default();
    let limit = limit.min(usual.max(patience));
    let recipients: Vec<usize> = messages.iter().map(|message| message.recipients).collect();
    let begin = Instant::now();
    let groups = messages.into_iter().map(|message| vec![message]).collect();
    let attempts = bounded::groups(limit + REPORT_GRACE, groups, move |message: &OutgoingMessage| {
        message.send(begin + limit.min(usual.max(message.patience)))
    });
    let finished = attempts.into_iter().zip(recipients).map(|(attempt, recipients)| {
        attempt.unwrap_or_else(|unfinished| {
            let failure = match unfinished {
                Unfinished::TimedOut => {
                    let reason = format!("did not finish within {} s", limit.as_secs());
                    Failure::new(FailureKind::Unconfirmed, reason)
                }
                Unfinished::Panicked => Failure::temporary("internal error while sending (please report this)"),
            };
            Attempt::failed(recipients, failure)
        })
    });
    finished.collect()
}
