//! One file per command: its flags and what it does; it wires the rooms below together.

pub mod backup;
pub mod config;
pub mod detect_crisis;
mod findings;
pub mod graph;
mod here;
pub mod history;
mod marks;
mod meter;
pub mod note;
pub mod probe;
mod probe_table;
mod refuge;
pub mod repair;
pub mod restore;
pub mod run;
pub mod send_alert;
mod skipped;
pub mod store;
mod timeline;
pub mod top;
mod top_table;
mod upkeep;
mod verdict;
pub mod verify;

use crate::cli::Command;

/// Every command of `osmon`, in the order of its help.
pub const TABLE: &[&Command] = &[
    &run::COMMAND,
    &probe::COMMAND,
    &top::COMMAND,
    &history::COMMAND,
    &note::COMMAND,
    &detect_crisis::COMMAND,
    &send_alert::COMMAND,
    &graph::COMMAND,
    &backup::COMMAND,
    &restore::COMMAND,
    &verify::COMMAND,
    &repair::COMMAND,
    &store::COMMAND,
    &config::COMMAND,
];
