//! The way out: an SMTP server, or a program on this host that takes mail.

use super::message::Envelope;
use super::{program, smtp};
use crate::base::bounded::{self, Unfinished};
use crate::config::{Alert, Transport};
use anyhow::{Result, anyhow};
use lettre::Message;
use lettre::message::Mailbox;
use std::time::Duration;

/// Somebody has accepted the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// By whom, in words: `accepted by mail.example.org:587 (250 2.0.0 Ok: queued)` or `handed over to /usr/bin/msmtp`.
    pub by: String,
    /// Recipients that were refused for good while others were accepted, each with the reason.
    pub refused: Vec<String>,
}

/// After a refusal of all together: each recipient by itself, so that a wrong address silences nobody else.
///
/// # Errors
/// `together`, when nobody was accepted.
pub(super) fn one_by_one(
    recipients: &[Mailbox],
    together: anyhow::Error,
    send: impl Fn(&Mailbox) -> Result<String>,
) -> Result<Sent> {
    let (mut by, mut refused) = (None, Vec::new());
    for recipient in recipients {
        match send(recipient) {
            Ok(accepted) => by = Some(accepted),
            Err(error) => refused.push(format!("{}: {error:#}", recipient.email)),
        }
    }
    by.map(|by| Sent { by, refused }).ok_or(together)
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
    let (message, envelope, smtp_settings, host) =
        (message.clone(), envelope.clone(), settings.smtp.clone(), host.to_string());
    match bounded::run(limit + Duration::from_secs(1), move || smtp::send(&message, &envelope, &smtp_settings, &host)) {
        Ok(result) => result,
        Err(Unfinished::TimedOut) => {
            Err(refused(format!("{server}:{port} did not finish within {} s", limit.as_secs())))
        }
        Err(Unfinished::Panicked) => {
            Err(anyhow!("sending by {server}:{port} failed inside osmon (please report this)"))
        }
    }
}
