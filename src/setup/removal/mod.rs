//! Removes osmon from a host: lists what is there, then deletes it.

mod data;
mod installed;
mod plan;
mod remove;

pub use data::Data;
pub use installed::{Installed, is_of_package};
pub use plan::Plan;
pub use remove::remove;
