//! What all commands share: the common flags, exit codes, output, and finding the command that was asked for.

mod brake;
pub mod common;
mod dispatch;
pub mod exit;
mod external;
pub mod output;
pub mod progress;
pub mod table;

pub use common::Common;
pub use dispatch::{run_all, run_one};
pub use exit::Exit;
pub use output::Output;

use anyhow::Result;
use clap::ArgMatches;
use std::sync::Arc;

/// One command: everything the dispatcher must know of it.
pub struct Command {
    /// The word after `osmon`, and after `osmon-` where there is a small binary.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// One line for the list of commands.
    pub about: &'static str,
    /// How it is used: lines of command and comment.
    pub examples: &'static str,
    /// Adds its own flags.
    pub arguments: fn(clap::Command) -> clap::Command,
    /// cron calls it: a complaint that repeats is held back there.
    pub scheduled: bool,
    /// Does it.
    pub run: fn(&Call) -> Result<Exit>,
    /// The codes it ends with, besides the ones of failures.
    pub exits: &'static [Exit],
    /// The code that stands for every failure, where a caller understands no other (monitoring plugins).
    pub failure: Option<Exit>,
}

/// A command line that was understood.
pub struct Call {
    /// The flags every command has.
    pub common: Common,
    /// The command's own.
    pub matches: ArgMatches,
    /// cron calls this command.
    pub scheduled: bool,
    /// Where results and complaints go.
    pub out: Arc<Output>,
}
