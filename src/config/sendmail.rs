//! `[alert.sendmail]`: a program that takes mails.

use serde::Deserialize;

/// `[alert.sendmail]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Sendmail {
    /// Program; empty: the first one found.
    pub program: String,
    /// Arguments before the recipients.
    pub arguments: Vec<String>,
}

impl Default for Sendmail {
    fn default() -> Self {
        Self { program: String::new(), arguments: vec!["-i".to_string()] }
    }
}
