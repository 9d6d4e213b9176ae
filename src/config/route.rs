//! A channel: a transport with its recipients. `[alert.route.NAME]`, `[alert] to` and `[alert] webhook` each make one.

use super::secret::Secret;
use super::sendmail::Sendmail;
use super::smtp::Smtp;
use super::window::Window;
use crate::model::incident::Severity;

/// Name of the channel of `[alert] to`.
pub const MAIL: &str = "mail";
/// Name of the channel of `[alert] webhook`.
pub const WEBHOOK: &str = "webhook";
/// Values of `kind` that mean a webhook: message formats.
pub const WEBHOOK_KINDS: [&str; 6] = ["slack", "teams", "discord", "mattermost", "ntfy", "webhook"];

/// One channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// How its messages leave this host, with the settings for it.
    pub transport: TransportConfig,
    /// Recipients of mails; empty for other transports.
    pub to: Vec<String>,
    /// Less severe events are not sent.
    pub min_severity: Severity,
    /// Events at other times are not sent.
    pub window: Option<Window>,
    /// Name of the channel that must have failed first; empty: none.
    pub fallback_for: String,
}

/// The settings of a transport.
#[derive(Debug, Clone, PartialEq)]
pub enum TransportConfig {
    /// A mail server.
    Smtp(Smtp),
    /// A sendmail-compatible program.
    Sendmail(Sendmail),
    /// A web server that takes JSON.
    Webhook(Webhook),
    /// The journal or syslog.
    Syslog(Syslog),
}

impl TransportConfig {
    /// Its secrets, each with the name of the key that should hold it.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        match self {
            // Without a user there is no login, so the password is not needed.
            Self::Smtp(smtp) if !smtp.user.is_empty() => vec![("password_file", smtp.secret())],
            Self::Webhook(hook) => vec![("url_file", hook.url.clone()), ("token_file", hook.token.clone())],
            Self::Smtp(_) | Self::Sendmail(_) | Self::Syslog(_) => Vec::new(),
        }
    }
}

/// A log on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    /// Path of the socket; empty: the journal's, else `/dev/log`.
    pub socket: String,
}

/// A webhook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Webhook {
    /// Format of the messages, such as `slack`; empty: guessed from the URL.
    pub kind: String,
    /// Its URL.
    pub url: Secret,
    /// Sent as a bearer token.
    pub token: Secret,
    /// JSON that is sent instead of the format of `kind`; empty: none.
    pub template: String,
    /// PEM file with additional certificate authorities; empty: none.
    pub ca_file: String,
    /// Allow `http://` to other hosts.
    pub allow_plain: bool,
}
