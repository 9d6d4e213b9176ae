//! A channel: a transport with its recipients. `[alert.route.NAME]`, `[alert] to` and `[alert] webhook` each make one.

use super::transport::TransportConfig;
use super::window::Window;
use crate::model::incident::Severity;

/// Name of the channel of `[alert] to`.
pub const MAIL: &str = "mail";
/// Name of the channel of `[alert] webhook`.
pub const WEBHOOK: &str = "webhook";

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
