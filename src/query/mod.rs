//! Read models shared by commands, page and mails.

pub mod actions;
pub mod baseline;
pub mod clock;
pub mod consumers;
pub mod failed_run;
pub mod forecast;
pub mod health;
pub mod host;
mod incident_lookup;
pub mod incidents;
pub mod notified;
pub mod periods;
pub mod silences;
pub mod stored_days;
pub mod suppression;
pub mod timeline;
pub mod verdict;
pub mod watch;
