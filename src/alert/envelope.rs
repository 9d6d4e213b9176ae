//! Sender and recipients of a mail.

use crate::config::parse_address;
use anyhow::{Error, Result};
use lettre::message::Mailbox;

/// Sender and recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Sender.
    pub from: Mailbox,
    /// Recipients; at least one.
    pub to: Vec<Mailbox>,
}

impl Envelope {
    /// Parses the addresses. An empty `from` means `osmon@` and the full name of this host.
    ///
    /// # Errors
    /// When an address is invalid.
    pub fn new(from: &str, to: &[String], full_host: &str) -> Result<Self> {
        let sender = if from.is_empty() { format!("osmon <osmon@{}>", domain(full_host)) } else { from.to_string() };
        let from = parse_address(&sender).map_err(|reason| Error::msg(format!("{reason}; set [alert] from")))?;
        let to = to.iter().map(|address| parse_address(address).map_err(Error::msg)).collect::<Result<_>>()?;
        Ok(Self { from, to })
    }

    /// The recipients to name in the headers: those with ASCII addresses, if there are any, because not every server
    /// accepts a mail whose headers contain others.
    pub fn shown(&self) -> impl Iterator<Item = &Mailbox> {
        let is_plain = |to: &Mailbox| to.email.user().is_ascii();
        let is_any_plain = self.to.iter().any(is_plain);
        self.to.iter().filter(move |to| !is_any_plain || is_plain(to))
    }
}

/// A host name as the domain of a mail address, with other characters than letters, digits, `-` and `.` replaced by `-`.
pub fn domain(host: &str) -> String {
    let plain: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']).to_string();
    if plain.is_empty() { "localhost".to_string() } else { plain }
}
