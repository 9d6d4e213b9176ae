//! Plain types that travel between the rooms. No I/O.

pub mod catalogue;
pub mod event;
pub mod evidence;
pub mod incident;
pub mod mark;
pub mod message;
pub mod metric;
pub mod mute;
pub mod record;
pub mod title;
pub mod walk;
