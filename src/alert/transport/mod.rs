//! How messages leave this host. Each transport implements [`Transport`] in a file of its own; this file lists them.

mod chat;
mod interface;
mod sendmail;
mod smtp;
mod syslog;
mod webhook;

pub use interface::{SendJob, Transport};

use crate::config::{Route, TransportConfig};

/// A sentence that names the missing mail program of a route; `None` when it exists, and for other transports.
pub fn missing_program(route: &Route) -> Option<String> {
    match &route.transport {
        TransportConfig::Sendmail(settings) => sendmail::missing(settings),
        _ => None,
    }
}

/// The transport of a route.
pub fn for_route(route: &Route) -> &dyn Transport {
    match &route.transport {
        TransportConfig::Smtp(smtp) => smtp,
        TransportConfig::Sendmail(sendmail) => sendmail,
        TransportConfig::Webhook(webhook) => webhook,
        TransportConfig::Syslog(syslog) => syslog,
    }
}
