//! A message before a transport renders it.

use super::content::Content;
use super::envelope::Envelope;
use super::message::{compose, compose_test, log_lines, note, test_note, test_subject};
use super::payload::{ChatMessage, LogLine, RenderedMail};
use crate::model::locale::Locale;
use anyhow::Result;
use chrono::{DateTime, Utc};

/// A message before a transport renders it.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// Sender of a mail; empty: `osmon@` and the full name of this host.
    pub from: &'a str,
    /// Recipients of a mail.
    pub to: &'a [String],
    /// Name of this host.
    pub host: &'a str,
    /// Name of this host with its domain, if that is known.
    pub full_host: &'a str,
    /// Language of the recipient.
    pub language: Locale,
    /// Current time.
    pub now: DateTime<Utc>,
    /// Content of the message.
    pub subject: Subject<'a>,
}

/// Content of a message.
#[derive(Debug, Clone)]
pub enum Subject<'a> {
    /// Events.
    Events {
        /// The events and when they are reported.
        content: Content<'a>,
        /// Message-ID.
        id: &'a str,
        /// Message-ID of the first mail about the same incidents.
        earlier: Option<String>,
    },
    /// A test message.
    Test,
}

impl Draft<'_> {
    /// The message as a mail.
    ///
    /// # Errors
    /// When an address is invalid.
    pub fn mail(&self) -> Result<RenderedMail> {
        let envelope = Envelope::new(self.from, self.to, self.full_host)?;
        let message = match &self.subject {
            Subject::Events { content, id, earlier } => compose(content, &envelope, id, earlier.as_deref())?,
            Subject::Test => compose_test(&envelope, self.host, self.language, self.now)?,
        };
        Ok(RenderedMail { envelope, content: message.formatted(), full_host: self.full_host.to_string() })
    }

    /// The message for a chat.
    pub fn chat_message(&self) -> ChatMessage {
        match &self.subject {
            Subject::Events { content, id, .. } => note(content, id),
            Subject::Test => test_note(self.host, self.language, self.now),
        }
    }

    /// The message for a log.
    pub fn log_lines(&self) -> Vec<LogLine> {
        match &self.subject {
            Subject::Events { content, .. } => log_lines(content),
            Subject::Test => {
                vec![LogLine { level: 5, text: test_subject(self.host, self.language), id: "test".to_string() }]
            }
        }
    }
}
