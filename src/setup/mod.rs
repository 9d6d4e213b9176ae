//! Setting osmon up on a host: what is found there, the configuration, what runs osmon; and removing it.

pub mod answers;
pub mod config_file;
pub mod discover;
pub mod page_directory;
pub mod removal;
pub mod schedule;
