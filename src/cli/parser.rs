//! Builds the command-line parsers, which are also the source of man pages and shell completions.

use super::command::{Command, Group};
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
        .help_template(format!("{{about}}\n\n{{usage-heading}} {{usage}}\n{}\nCommon options:\n{{options}}\n\n{{after-help}}", list(table)))
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

/// The commands in groups, one line each.
fn list(table: &[&'static Command]) -> String {
    let mut list = String::new();
    for (group, heading) in Group::ALL {
        list.push_str(&format!("\n{heading}:\n"));
        for command in table.iter().filter(|command| command.group == group) {
            list.push_str(&format!("  {:<15}{}\n", command.name, command.about));
        }
    }
    list
}

fn describe(command: &Command, parser: clap::Command) -> clap::Command {
    let parser = (command.arguments)(parser.about(command.about).max_term_width(WIDTH));
    let names: Vec<String> = parser.get_subcommands().map(|action| action.get_name().to_string()).collect();
    let described = names.iter().fold(parser, |parser, name| {
        // The examples of an action are those of its command that call it.
        let call = format!("osmon {} {name}", command.name);
        let examples: Vec<&str> = command.examples.lines().filter(|line| line.contains(&call)).collect();
        parser.mut_subcommand(name, |action| action.after_help(after_help(command, &examples.join("\n"))))
    });
    described.after_help(after_help(command, command.examples))
}

/// Examples and exit status.
fn after_help(command: &Command, examples: &str) -> String {
    let exits = command.exits.iter().map(|exit| (*exit as u8, exit.meaning()));
    let failures = FAILURES.iter().filter(|_| command.failure.is_none()).map(|exit| (*exit as u8, exit.meaning()));
    let list: Vec<String> = exits.chain(failures).map(|(code, meaning)| format!("  {code:>2}  {meaning}")).collect();
    format!("Examples:\n{examples}\n\nExit status:\n{}", list.join("\n"))
}
