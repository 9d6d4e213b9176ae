//! Dispatches a command line to its command and turns the result into an exit code.

use super::command::{Call, Command};
use super::common::Common;
use super::exit::Exit;
use super::external;
use super::output::Output;
use super::parser::{parser, standalone_parser};
use crate::base::subprocess;
use crate::base::suggestion::hint;
use anyhow::Result;
use clap::FromArgMatches;
use clap::error::ErrorKind as ClapErrorKind;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// `main` of `osmon`, which contains every command. Called by the name of a small binary, such as `osmon-graph` (a link),
/// it is that command.
pub fn run_all(table: &'static [&'static Command]) -> ExitCode {
    if let Some(command) = named_by_program(table) {
        return run_one(command);
    }
    let matches = match parser(table).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return exit_early(&error, named_command(table)),
    };
    let Some((name, inner)) = matches.subcommand() else { return Exit::Usage.into() };
    match table.iter().find(|command| command.name == name) {
        Some(command) => call(command, table, &format!("osmon {name}"), inner),
        None => run_external(name, &matches, inner, table),
    }
}

/// `main` of a small binary, which contains one command.
pub fn run_one(command: &'static Command) -> ExitCode {
    match standalone_parser(command).try_get_matches() {
        Ok(matches) => call(command, &[], &format!("osmon-{}", command.name), &matches),
        Err(error) => exit_early(&error, Some(command)),
    }
}

/// The command whose small binary has the name by which this program was called.
fn named_by_program(table: &[&'static Command]) -> Option<&'static Command> {
    let program = std::env::args_os().next()?;
    let name = Path::new(&program).file_name()?.to_str()?.strip_prefix("osmon-")?;
    table.iter().copied().find(|command| command.name == name)
}

fn call(command: &Command, table: &'static [&'static Command], program: &str, matches: &clap::ArgMatches) -> ExitCode {
    let common = match Common::from_arg_matches(matches) {
        Ok(common) => common,
        Err(error) => return exit_early(&error, Some(command)),
    };
    let call = Call {
        out: Arc::new(Output::new(program, &common)),
        common,
        matches: matches.clone(),
        scheduled: command.scheduled,
        shares_system: command.shares_system,
        table,
    };
    finish(command, &call.out, (command.run)(&call))
}

fn finish(command: &Command, out: &Output, result: Result<Exit>) -> ExitCode {
    let unprinted = |error| anyhow::Error::new(error).context("could not write to standard output");
    let result = result.and_then(|exit| out.failure().map_or(Ok(exit), |error| Err(unprinted(error))));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = command.failure.unwrap_or_else(|| Exit::from_error(&error));
            if out.json {
                out.print(&serde_json::json!({ "error": format!("{error:#}"), "exit": exit as u8 }).to_string());
            }
            out.warn(&format!("{error:#}"));
            exit.into()
        }
    }
}

/// Prints help, version or a usage error. A usage error ends like the command's other failures.
fn exit_early(error: &clap::Error, command: Option<&Command>) -> ExitCode {
    // If this output fails there is nowhere to report it.
    let _ = error.print();
    match error.kind() {
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => Exit::Done.into(),
        _ => command.and_then(|command| command.failure).unwrap_or(Exit::Usage).into(),
    }
}

/// The command that an invalid command line names.
fn named_command(table: &[&'static Command]) -> Option<&'static Command> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    table.iter().copied().find(|command| words.iter().any(|word| word.to_str() == Some(command.name)))
}

/// Runs the external program of an unknown command. `given` holds the common options before its name; the program finds
/// them in environment variables.
fn run_external(
    name: &str,
    given: &clap::ArgMatches,
    matches: &clap::ArgMatches,
    table: &[&'static Command],
) -> ExitCode {
    let out = Output::new("osmon", &Common::default());
    match external::find(name) {
        Some(program) => {
            let arguments: Vec<OsString> = matches.get_many::<OsString>("").into_iter().flatten().cloned().collect();
            let common = Common::from_arg_matches(given).unwrap_or_default();
            let flags = [("OSMON_CONFIG", common.config), ("OSMON_DATA_DIR", common.data_dir)];
            let variables: Vec<(&str, OsString)> =
                flags.into_iter().filter_map(|(name, path)| Some((name, path?.into_os_string()))).collect();
            let error = subprocess::become_program(&program, &arguments, &variables);
            out.warn(&format!("could not start {}: {error}", program.display()));
            Exit::from_error(&error.into()).into()
        }
        None => {
            let names = table.iter().flat_map(|command| [&[command.name], command.aliases].concat());
            let name = crate::base::text::clean(name, 40);
            out.warn(&format!("no such command: {name}{}; osmon --help lists them all", hint(&name, names)));
            Exit::Usage.into()
        }
    }
}
