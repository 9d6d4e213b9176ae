//! Setting osmon up on a host: what is found there, the configuration and that of other systems, what runs osmon; and removing it.

pub mod answers;
pub mod config_file;
pub mod discover;
pub mod import;
pub mod page_directory;
pub mod removal;
pub mod schedule;
