//! Who writes to whom.

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
    /// The envelope that the configuration asks for.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub fn new(from: &str, to: &[String], host: &str) -> Result<Self> {
        let sender = if from.is_empty() { format!("osmon <osmon@{}>", domain(host)) } else { from.to_string() };
        let from = sender.parse().with_context(|| format!("{sender:?} is not a mail address; set [alert] from"))?;
        let to = to
            .iter()
            .map(|address| address.parse().with_context(|| format!("{address:?} is not a mail address")))
            .collect::<Result<_>>()?;
        Ok(Self { from, to })
    }
}

/// A host name as the domain of an address: what does not belong there becomes a hyphen.
pub fn domain(host: &str) -> String {
    let plain: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']).to_string();
    if plain.is_empty() { "localhost".to_string() } else { plain }
}
