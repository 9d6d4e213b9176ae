//! Alerts: events on their way to people. An event is written to the outbox before anything else remembers it, and
//! leaves it only when somebody has accepted it.

pub mod heartbeat;
pub mod message;
pub mod outbox;
mod program;
mod smtp;
pub mod transport;
mod web;

pub use outbox::{Outbox, Stage};
pub use transport::{Sent, send};
