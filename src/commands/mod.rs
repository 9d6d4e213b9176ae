//! One file per command: its flags and what it does.

pub mod ack;
pub mod alerts;
pub mod backup;
pub mod completions;
pub mod config;
pub mod detect_crisis;
pub mod doctor;
pub mod downtime;
pub mod explain;
pub mod graph;
pub mod heal;
pub mod history;
pub mod incidents;
pub mod init;
pub mod note;
pub mod probe;
pub mod repair;
pub mod restore;
pub mod run;
pub mod schedule;
pub mod send_alert;
pub mod silence;
pub mod status;
pub mod store;
pub mod top;
pub mod uninstall;
pub mod verify;
pub mod version;
pub mod view;

use crate::cli::Command;

/// Every command of `osmon`, in the order of its help.
pub const TABLE: &[&Command] = &[
    &init::COMMAND,
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
    &heal::COMMAND,
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
    &schedule::COMMAND,
    &doctor::COMMAND,
    &version::COMMAND,
    &completions::COMMAND,
    &uninstall::COMMAND,
];
