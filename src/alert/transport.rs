//! The way out: an SMTP server, or a program on this host that takes mail.

use super::message::Envelope;
use super::{program, smtp};
use crate::base::bounded::{self, Unfinished};
use crate::config::{Alert, Transport};
use anyhow::{Result, anyhow};
use lettre::Message;
use std::time::Duration;

/// Somebody has accepted the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// By whom, in words: `accepted by mail.example.org:587 (250 2.0.0 Ok: queued)` or `handed over to /usr/bin/msmtp`.
    pub by: String,
}

/// Nobody accepted it, for a reason outside this program.
pub(super) fn refused(why: String) -> anyhow::Error {
    std::io::Error::other(why).into()
}

/// Sends one mail to all its recipients. Ends within the configured time, whatever the other side does.
///
/// # Errors
/// Why nobody accepted it.
pub fn send(message: &Message, envelope: &Envelope, settings: &Alert, host: &str) -> Result<Sent> {
    let limit = Duration::from_secs(settings.smtp.timeout_seconds);
    let by_smtp = match settings.transport {
        Transport::Smtp => true,
        Transport::Sendmail => false,
        Transport::Auto => !settings.smtp.host.is_empty(),
    };
    if !by_smtp {
        return program::send(message, envelope, &settings.sendmail, limit);
    }
    // Looking up a name may take longer than any connection: the whole is bounded, not its parts.
    let (server, port) = (settings.smtp.host.clone(), smtp::port(&settings.smtp));
    let (message, smtp_settings, host) = (message.clone(), settings.smtp.clone(), host.to_string());
    match bounded::run(limit + Duration::from_secs(1), move || smtp::send(&message, &smtp_settings, &host)) {
        Ok(result) => result,
        Err(Unfinished::TimedOut) => {
            Err(refused(format!("{server}:{port} did not finish within {} s", limit.as_secs())))
        }
        Err(Unfinished::Panicked) => {
            Err(anyhow!("sending by {server}:{port} failed inside osmon (please report this)"))
        }
    }
}
