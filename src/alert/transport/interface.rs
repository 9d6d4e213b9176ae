//! The interface of a transport.

use crate::alert::attempt::Attempt;
use crate::alert::draft::Draft;
use crate::base::net::failure::Failure;
use crate::base::redact::Redactor;
use anyhow::Result;
use std::time::{Duration, Instant};

/// Sends one rendered message before a deadline. It owns everything it needs, so that it can run on a thread of its own.
pub type SendJob = Box<dyn Fn(Instant) -> Attempt + Send>;

/// A transport for messages. Implemented by the settings of each transport.
pub trait Transport {
    /// Renders a message and returns the job that sends it.
    ///
    /// # Errors
    /// When the message cannot be rendered, for example because an address is invalid.
    fn prepare(&self, draft: &Draft<'_>) -> Result<SendJob>;

    /// Like [`prepare`](Self::prepare) for a test message. A transport whose [`prepare`](Self::prepare) does not log
    /// every step of connecting does so here.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    fn prepare_test(&self, draft: &Draft<'_>) -> Result<SendJob> {
        self.prepare(draft)
    }

    /// Reaches the peer before a deadline, without sending anything: connects, greets with the full name of this host, logs
    /// in. Returns who answered.
    ///
    /// # Errors
    /// The peer cannot be reached, or refuses the greeting or the login.
    fn reach(&self, full_host: &str, deadline: Instant) -> Result<String, Failure>;

    /// Removes the secrets of this transport from the answers of its peer.
    fn redactor(&self) -> Redactor {
        Redactor::default()
    }

    /// How long a message may take by this transport if that is longer than the usual limit of a message.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns whether `per_hour` and `per_day` limit it.
    fn is_rate_limited(&self) -> bool {
        true
    }
}
