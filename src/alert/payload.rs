//! The forms in which transports take a message: a mail, a chat message, log lines.

use super::envelope::Envelope;
use crate::model::event::Event;
use crate::model::incident::Severity;
use crate::model::locale::Locale;

/// A mail, ready for the wire.
#[derive(Debug, Clone)]
pub struct RenderedMail {
    /// Sender and recipients.
    pub envelope: Envelope,
    /// Headers and body.
    pub content: Vec<u8>,
    /// Name of this host with its domain, if that is known.
    pub full_host: String,
}

/// A message for a chat or another webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMessage {
    /// The subject that the mail would have.
    pub subject: String,
    /// A few lines of plain text.
    pub text: String,
    /// Name of this host.
    pub host: String,
    /// Language of the text.
    pub language: Locale,
    /// Id of the message; the same when it has to be sent again.
    pub id: String,
    /// The worst severity still open; `None`: everything has recovered.
    pub severity: Option<Severity>,
    /// The events, as recorded.
    pub events: Vec<Event>,
}

impl ChatMessage {
    /// The severity in upper case; `OK` when everything has recovered.
    pub fn word(&self) -> &'static str {
        self.severity.map_or("OK", Severity::word)
    }

    /// A coloured dot for the severity.
    pub fn emoji(&self) -> &'static str {
        match self.severity {
            Some(Severity::Critical) => "🔴",
            Some(Severity::Warning) => "🟠",
            None => "🟢",
        }
    }
}

/// A line for the journal or syslog.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Syslog severity: 2 critical, 4 warning, 5 notice.
    pub level: u8,
    /// The message.
    pub text: String,
    /// Id of the event.
    pub id: String,
}
