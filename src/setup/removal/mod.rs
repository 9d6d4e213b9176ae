//! Removing osmon from a host: what there is of it, and taking it away.

mod data;
mod installed;
mod plan;
mod remove;

pub use data::Data;
pub use installed::{Installed, is_of_package};
pub use plan::Plan;
pub use remove::remove;
