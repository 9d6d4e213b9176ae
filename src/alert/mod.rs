//! Alerts: delivery of events. An event is queued in the outbox before it is stored anywhere else, and leaves it only
//! when every recipient has accepted or refused it, or when it expires.

mod answer;
mod attempt;
mod budget;
mod chart;
mod claims;
mod content;
mod delivery;
mod delivery_problem;
mod dispatcher;
mod draft;
mod envelope;
mod item;
mod ledger;
pub mod message;
pub mod outbox;
mod outgoing;
mod payload;
pub mod ping;
mod planner;
mod present;
mod queue;
mod reach;
mod record;
mod results;
mod settle;
mod subject;
mod target_state;
mod template;
mod test_send;
mod transport;
mod unreachable;

pub use attempt::Attempt;
pub use delivery::Delivery;
pub use delivery_problem::{DeliveryProblem, delivery_problems};
pub use dispatcher::Dispatcher;
pub use envelope::domain;
pub use ledger::{Ledger, STATE as LEDGER};
pub use outbox::{Outbox, Stage};
pub use present::{OpenIncident, Present};
pub use reach::reach;
pub use results::{Results, TargetResult};
pub use test_send::{TestSend, note_reached, test_send};
pub use unreachable::{Unreachable, unreachable};
