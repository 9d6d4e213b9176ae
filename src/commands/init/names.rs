//! Sender and greeting of a host without a full name: many mail servers refuse both.

use super::parse;
use crate::config::parse_address;
use crate::host::full_name::is_full;
use crate::setup::answers::{Answers, Sending};

/// The names to propose.
pub struct Names {
    /// The recipients have a domain to propose names in; otherwise these are only examples.
    pub has_domain: bool,
    /// No sender is set, and the usual one has no domain.
    pub needs_from: bool,
    /// The mail server would be greeted without a domain.
    pub needs_helo: bool,
    /// A sender in the domain of the first recipient.
    pub from: String,
    /// This host in that domain.
    pub helo_name: String,
}

impl Names {
    /// The names for a host that is called `full`.
    pub fn proposed(answers: &Answers, full: &str) -> Self {
        let mailbox = answers.to.first().and_then(|to| parse_address(to).ok());
        let domain = mailbox.map(|mailbox| mailbox.email.domain().to_string()).filter(|domain| is_full(domain));
        let is_needed = !is_full(full) && !answers.to.is_empty();
        let greets = matches!(&answers.sending, Sending::Smtp(server) if server.helo_name.is_empty());
        let host = full.split('.').next().unwrap_or_default();
        let has_domain = domain.is_some();
        let domain = domain.unwrap_or_else(|| "example.org".to_string());
        Self {
            has_domain,
            needs_from: is_needed && answers.from.is_empty(),
            needs_helo: is_needed && greets,
            from: format!("osmon@{domain}"),
            helo_name: format!("{host}.{domain}"),
        }
    }

    /// A line that names the flags to give; `None` where nothing is missing.
    pub fn advice(&self, full: &str) -> Option<String> {
        let flag = |is_needed: bool, flag: String| if is_needed { flag } else { String::new() };
        let from = flag(self.needs_from, format!(" --from {}", self.from));
        let helo = flag(self.needs_helo, format!(" --helo-name {}", self.helo_name));
        let is_missing = self.needs_from || self.needs_helo;
        is_missing.then(|| {
            format!("this host has no full name ({full}), which many mail servers refuse: osmon init --yes{from}{helo}")
        })
    }
}

/// A sender; empty: the usual one.
///
/// # Errors
/// It is no address.
pub fn sender(text: &str) -> Result<String, String> {
    if parse::is_none(text) {
        return Ok(String::new());
    }
    parse_address(text).map(|_| text.to_string())
}

/// A full name of a host; empty: none.
///
/// # Errors
/// It has no domain.
pub fn full(text: &str) -> Result<String, String> {
    match text {
        text if parse::is_none(text) => Ok(String::new()),
        text if is_full(text) => Ok(text.to_string()),
        _ => Err("a full name such as web-01.example.org is needed".to_string()),
    }
}
