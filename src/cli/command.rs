//! The description of a command and the parsed call of one.

use super::{common::Common, exit::Exit, output::Output};
use anyhow::Result;
use clap::ArgMatches;
use std::sync::Arc;

/// Everything the dispatcher needs to know about a command.
pub struct Command {
    /// The subcommand of `osmon`; a small binary is called `osmon-` and this name.
    pub name: &'static str,
    /// Other names of the subcommand.
    pub aliases: &'static [&'static str],
    /// One line for the list of commands, at most 60 characters.
    pub about: &'static str,
    /// The part of the list it is in.
    pub group: Group,
    /// Lines of example and explanation, shown at the end of the help.
    pub examples: &'static str,
    /// Adds the command's own arguments to a parser.
    pub arguments: fn(clap::Command) -> clap::Command,
    /// The command is run by cron: repeated warnings are throttled.
    pub scheduled: bool,
    /// The command works on what is recorded: a user without data of their own may use those of the system.
    pub shares_system: bool,
    /// Runs the command.
    pub run: fn(&Call) -> Result<Exit>,
    /// Exit codes of success; those of failures are common to all commands.
    pub exits: &'static [Exit],
    /// The one exit code of every failure, for commands called as monitoring plugins.
    pub failure: Option<Exit>,
}

/// A part of the list of commands, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Commands that people and cron use daily.
    EveryDay,
    /// Incidents and alerts.
    Incidents,
    /// The recorded history as a whole.
    History,
    /// Installation and configuration.
    SetUp,
}

impl Group {
    /// Every group with its heading.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::EveryDay, "Every day"),
        (Self::Incidents, "Incidents and alerts"),
        (Self::History, "The history as a whole"),
        (Self::SetUp, "Set-up"),
    ];
}

impl Command {
    /// Defaults of commands; each sets at least its name, description, examples, arguments and function.
    pub const DEFAULT: Self = Self {
        name: "",
        aliases: &[],
        about: "",
        group: Group::SetUp,
        examples: "",
        arguments: |parser| parser,
        scheduled: false,
        shares_system: false,
        run: |_| Ok(Exit::Internal),
        exits: &[Exit::Done],
        failure: None,
    };

    /// Defaults of commands that are called as monitoring plugins.
    pub const PLUGIN: Self = Self {
        exits: &[Exit::Done, Exit::Warning, Exit::Critical, Exit::Unknown],
        failure: Some(Exit::Unknown),
        ..Self::DEFAULT
    };
}

/// A parsed command line.
pub struct Call {
    /// Options common to all commands.
    pub common: Common,
    /// The command's own arguments.
    pub matches: ArgMatches,
    /// The command is one that cron runs.
    pub scheduled: bool,
    /// It may use the data of the system (see [`Command::shares_system`]).
    pub shares_system: bool,
    /// Every command of the program.
    pub table: &'static [&'static Command],
    /// Destination of results and warnings.
    pub out: Arc<Output>,
}
