//! `osmon probe`: one snapshot of this host.

use crate::cli::{Call, Command, Exit};
use crate::commands::view::snapshot;
use crate::context::Context;
use crate::pipeline::measure::{conclude, measure, record};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use std::time::Duration;

/// Longest wait for another osmon process.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
struct Arguments {
    /// Measure and print only; store nothing
    #[arg(long)]
    no_store: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "probe",
    about: "Take one snapshot of this host, show it and append it to the history",
    examples: "  osmon probe                 the host at a glance\n  osmon probe --json | jq .cpu\n  osmon probe --no-store      without storing it",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_measure(call)?;
    let (probed, json, stored) = if arguments.no_store {
        let (probed, json) = measure(&context, 0)?;
        (probed, json, Ok(()))
    } else {
        let lock = context.store.lock(PATIENCE)?;
        let (probed, json) = measure(&context, 0)?;
        let stored = conclude(&context, record(&context, &probed, &json));
        context.store.keep_reserve();
        drop(lock);
        (probed, json, stored)
    };
    if call.out.json {
        call.out.print(&json);
    }
    if call.out.is_shown() {
        call.out.info(&snapshot::render(&call.out, &json, &probed.processes.to_json()?));
    }
    // The snapshot is shown even when it could not be stored.
    stored.map(|()| Exit::Done)
}
