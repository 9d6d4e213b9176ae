//! `osmon completions`: the completion script of a shell.

use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit, parser};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use clap_complete::{Shell, generate};

#[derive(Debug, Args)]
struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "completions",
    about: "Print the completion script of a shell: bash, zsh or fish",
    examples: "  osmon completions bash > ~/.local/share/bash-completion/completions/osmon\n  osmon completions zsh > ~/.zfunc/_osmon       with ~/.zfunc in fpath\n  osmon completions fish > ~/.config/fish/completions/osmon.fish",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let shell = Arguments::from_arg_matches(&call.matches)?.shell;
    let script = script(call.table, shell)?;
    if call.out.json {
        let name = shell.to_string();
        call.out.print(&serde_json::json!({ "schema": 1, "shell": name, "script": script }).to_string());
    } else {
        call.out.print(script.trim_end());
    }
    Ok(Exit::Done)
}

/// The completion script of `osmon` with these commands.
///
/// # Errors
/// It is not UTF-8.
pub fn script(table: &[&'static Command], shell: Shell) -> Result<String, ErrorKind> {
    let mut script = Vec::new();
    generate(shell, &mut parser(table), "osmon", &mut script);
    String::from_utf8(script)
        .map_err(|_| ErrorKind::BadData("the script is not UTF-8 (please report this)".to_string()))
}
