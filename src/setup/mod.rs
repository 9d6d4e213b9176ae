//! Sets osmon up on a host and removes it: discovery, configuration, import from other systems, schedule, removal.

pub mod answers;
pub mod config_file;
pub mod discover;
pub mod import;
pub mod page_directory;
pub mod removal;
pub mod schedule;
