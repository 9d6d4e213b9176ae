//! Sender and recipients of a mail.

use anyhow::{Context, Result};
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
    /// Parses the addresses. An empty `from` means `osmon@` and the host name.
    ///
    /// # Errors
    /// When an address is invalid.
    pub fn new(from: &str, to: &[String], host: &str) -> Result<Self> {
        let sender = if from.is_empty() { format!("osmon <osmon@{}>", domain(host)) } else { from.to_string() };
        let from =
            sender.parse().with_context(|| format!("{sender:?} is not a valid mail address; set [alert] from"))?;
        let to = to
            .iter()
            .map(|address| address.parse().with_context(|| format!("{address:?} is not a valid mail address")))
            .collect::<Result<_>>()?;
        Ok(Self { from, to })
    }
}

/// A host name as the domain of a mail address, with other characters than letters, digits, `-` and `.` replaced by `-`.
pub fn domain(host: &str) -> String {
    let plain: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']).to_string();
    if plain.is_empty() { "localhost".to_string() } else { plain }
}
