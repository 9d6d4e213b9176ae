//! The configuration: typed defaults, overlaid with `osmon.toml`, the environment and the command line.

mod address;
pub mod alert;
mod default_rules;
mod environment;
pub mod issue;
mod lint;
pub mod load;
mod locate;
pub mod location;
pub mod read;
pub mod read_others;
mod read_routes;
mod renamed;
mod resolve_rule;
pub mod route;
pub mod rule;
mod rule_spec;
pub mod salvage;
pub mod schema;
pub mod secret;
pub mod sendmail;
pub mod settings;
pub mod smtp;
mod template;
pub mod window;

pub use alert::{Alert, MailTransport};
pub use issue::ConfigIssue;
pub use load::{Loaded, Request};
pub use route::{Route, Syslog, TransportConfig, WEBHOOK_KINDS, Webhook};
pub use rule::Rule;
pub use secret::Secret;
pub use sendmail::Sendmail;
pub use settings::{Config, Probe, Report, Store};
pub use smtp::{Security, Smtp};
