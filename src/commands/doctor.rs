//! `osmon doctor`: checks the installation; one line per check, with the command that fixes what is wrong.

mod access;
mod check;
mod environment;
mod host;
mod mail;
mod measured;
mod page;
mod program;
mod repairs;
mod schedule;
mod store;

use crate::cli::output::Style;
use crate::cli::table::fold_to;
use crate::cli::{Call, Command, Exit};
use crate::commands::view;
use crate::context::Context;
use crate::pipeline::fallback_store;
use crate::query::health;
use crate::setup::schedule::find;
use anyhow::Result;
use check::{Check, State};
use clap::{Args, FromArgMatches};
use schedule::Whose;

/// Width of the facts, in columns.
const WIDTH: usize = 60;
/// Columns before a fact.
const INDENT: usize = 20;

#[derive(Debug, Args)]
struct Arguments {
    /// Send a test message through every channel, too
    #[arg(long)]
    send: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "doctor",
    about: "Check the installation, and say how to fix what is wrong",
    examples: "  osmon doctor            what is wrong, and the command that fixes it\n  osmon doctor --send     sends a test message through every channel, too\n  osmon doctor --json | jq '.[] | select(.state != \"ok\")'",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::PLUGIN
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let host = view::schedule::host(call);
    let found = find(&host);
    let present = fallback_store::look(context.clone());
    let recorded = health::read(&present);
    let whose = Whose::of(context.store.directory());
    let mut checks = schedule::checks(&context, &found, whose, recorded.health.taken, recorded.health.stale_seconds);
    checks.extend(program::checks(found.as_deref().unwrap_or_default()));
    checks.extend(environment::checks(&context));
    checks.extend(host::checks(&context));
    checks.extend(access::checks(&context));
    checks.extend(mail::checks(&present, arguments.send));
    checks.extend(measured::checks(&context, &recorded));
    checks.push(repairs::check(&context));
    checks.extend(page::checks(&context, &host.processes));
    checks.extend(store::checks(&present));
    if call.out.json {
        call.out.print(&serde_json::to_string(&checks)?);
    } else {
        checks.iter().for_each(|check| call.out.print(&shown(&context, check)));
        call.out.print(&check::summary(&checks));
    }
    Ok(match check::worst(&checks) {
        State::Ok => Exit::Done,
        State::Warn => Exit::Warning,
        State::Fail => Exit::Critical,
    })
}

fn shown(context: &Context, check: &Check) -> String {
    let style = match check.state {
        State::Ok => Style::Good,
        State::Warn => Style::Warn,
        State::Fail => Style::Bad,
    };
    let word = context.out.paint(style, &format!("{:<4}", check.state.word()));
    let mut lines = fold_to(&check.text, WIDTH).into_iter();
    let first = format!("{word}  {:<14}{}", check.id, lines.next().unwrap_or_default());
    let rest = lines.map(|line| format!("{:INDENT$}{}", "", line.trim_start()));
    // A command is not folded, so that it can be copied; of several that are too long each has its line.
    let fix = check.fix.iter().flat_map(|fix| match fix.chars().count() + 3 > WIDTH {
        true => fix.split_inclusive("; ").collect(),
        false => vec![fix.as_str()],
    });
    let fix = fix.enumerate().map(|(at, fix)| {
        let arrow = if at == 0 { "->" } else { "  " };
        format!("{:INDENT$}{}", "", context.out.paint(Style::Bold, format!("{arrow} {fix}").trim_end()))
    });
    std::iter::once(first).chain(rest).chain(fix).collect::<Vec<_>>().join("\n")
}
