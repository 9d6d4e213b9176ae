//! Alerts: events on their way to people. An event is written to the outbox before anything else remembers it, and
//! leaves it only when everybody who is to be told has accepted it, has refused it for good, or its time is over.

mod chat;
mod close;
mod deliver;
mod delivery_problem;
mod envelope;
pub mod heartbeat;
mod item;
mod ledger;
mod mask;
pub mod message;
pub mod outbox;
mod plan;
mod program;
mod results;
mod smtp;
mod syslog;
mod template;
mod transport;
mod trial;
mod webhook;
mod words;

pub use deliver::{Delivery, Post};
pub use delivery_problem::{DeliveryProblem, delivery_problems};
pub use envelope::domain;
pub use ledger::{Ledger, STATE as LEDGER};
pub use outbox::{Outbox, Stage};
pub use results::{Results, Told};
pub use trial::{learn, trial};
