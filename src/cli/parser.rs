//! Builds the command-line parsers, which are also the source of man pages and shell completions.

use super::command::Command;
use super::common::Common;
use super::exit::FAILURES;
use clap::Args;

/// Maximum width of the help, in columns.
const WIDTH: usize = 80;
const ABOUT: &str = "Host monitoring from one crontab line: JSON history, alerts that arrive, one static page";

/// The parser of `osmon` with a subcommand for each command of `table`.
pub fn parser(table: &[&'static Command]) -> clap::Command {
    let parser = Common::augment_args(clap::Command::new("osmon"))
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .max_term_width(WIDTH)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .allow_external_subcommands(true)
        .after_help("An unknown command X runs the program osmon-X, found beside osmon or on PATH.\nFirst steps: osmon run; then open the page it names.");
    table.iter().fold(parser, |parser, command| {
        let subcommand = describe(command, clap::Command::new(command.name));
        parser.subcommand(subcommand.visible_aliases(command.aliases.iter().copied()))
    })
}

/// The parser of a program that is one command, `osmon-NAME`.
pub fn standalone_parser(command: &Command) -> clap::Command {
    let program = format!("osmon-{}", command.name);
    let parser = clap::Command::new(command.name).bin_name(&program).display_name(&program);
    Common::augment_args(describe(command, parser)).about(command.about).version(env!("CARGO_PKG_VERSION"))
}

fn describe(command: &Command, parser: clap::Command) -> clap::Command {
    let exits = command.exits.iter().map(|exit| (*exit as u8, exit.meaning()));
    let failures = FAILURES.iter().filter(|_| command.failure.is_none()).map(|exit| (*exit as u8, exit.meaning()));
    let list: Vec<String> = exits.chain(failures).map(|(code, meaning)| format!("  {code:>2}  {meaning}")).collect();
    (command.arguments)(parser.about(command.about).max_term_width(WIDTH)).after_help(format!(
        "Examples:\n{}\n\nExit status:\n{}",
        command.examples,
        list.join("\n")
    ))
}
