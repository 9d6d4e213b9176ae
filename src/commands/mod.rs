//! One file per command: its flags and what it does; it wires the rooms below together.

pub mod ack;
pub mod alerts;
mod alive;
pub mod backup;
mod cases;
pub mod config;
mod damaged;
pub mod detect_crisis;
pub mod downtime;
mod evidence;
pub mod explain;
mod findings;
pub mod graph;
mod here;
pub mod history;
pub mod incidents;
mod learn;
mod marks;
mod meter;
mod mutes;
pub mod note;
pub mod probe;
mod probe_table;
mod refuge;
pub mod repair;
mod replay;
pub mod restore;
pub mod run;
pub mod send_alert;
pub mod silence;
mod skipped;
pub mod status;
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
    &status::COMMAND,
    &top::COMMAND,
    &history::COMMAND,
    &note::COMMAND,
    &incidents::COMMAND,
    &explain::COMMAND,
    &ack::COMMAND,
    &silence::COMMAND,
    &downtime::COMMAND,
    &detect_crisis::COMMAND,
    &send_alert::COMMAND,
    &alerts::COMMAND,
    &graph::COMMAND,
    &backup::COMMAND,
    &restore::COMMAND,
    &verify::COMMAND,
    &repair::COMMAND,
    &store::COMMAND,
    &config::COMMAND,
];
