//! `osmon probe`: one snapshot of this host.

use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view::{beyond, snapshot};
use crate::config::Rule;
use crate::context::{Context, request};
use crate::model::snapshot::Snapshot;
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
    about: "Take one snapshot of this host, show it and record it",
    group: Group::EveryDay,
    examples: "  osmon probe                 the host at a glance, also into a pipe\n  osmon probe --json | jq .cpu\n  osmon probe --no-store      without storing it\n  * * * * * osmon-probe       in a crontab: silent unless something fails",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_measure(call)?;
    let (probed, json, stored) = if arguments.no_store {
        let (probed, json, _) = measure(&context, 0)?;
        (probed, json, Ok(()))
    } else {
        let lock = context.store.lock(PATIENCE)?;
        let (probed, json, identity) = measure(&context, 0)?;
        let stored = conclude(&context, record(&context, &probed, &json, Some(identity)));
        context.store.keep_reserve();
        drop(lock);
        (probed, json, stored)
    };
    if call.out.json {
        call.out.print(&json);
    }
    // People pipe `osmon probe` as they do ps or df; `osmon-probe` is for crontabs, where each byte is a mail.
    if call.out.is_shown() || (call.out.program == "osmon probe" && !call.out.json) {
        let beyond = beyond::values(&Snapshot::parse(&json)?.metrics, &rules(call, &context));
        call.out.print(&snapshot::render(&call.out, &json, &probed.processes.to_json()?, &beyond));
    }
    // The snapshot is shown even when it could not be stored.
    stored.map(|()| Exit::Done)
}

/// The rules whose limits the table marks. To measure, only a part of the configuration is read.
fn rules(call: &Call, context: &Context) -> Vec<Rule> {
    let whole = Context::open_unsaid(call, &request(call));
    whole.map_or_else(|_| context.config.rules.clone(), |whole| whole.config.rules.clone())
}
