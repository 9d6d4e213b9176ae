//! `osmon verify`: checks the completeness and integrity of the history.

use crate::cli::progress::progress;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view::findings::{advice, json, kept_since, print_findings};
use crate::context::Context;
use anyhow::{Context as _, Result};
use clap::Args;

#[derive(Debug, Args)]
struct Arguments {}

/// The command.
pub const COMMAND: Command = Command {
    name: "verify",
    about: "Check every record, rollup and state file; changes nothing",
    group: Group::History,
    examples: "  osmon verify -v             what is wrong, where, since when, what it costs\n  osmon verify --json | jq .finding\n  osmon verify || osmon repair",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let context = Context::open(call)?;
    let directory = context.store.directory();
    directory.metadata().with_context(|| format!("no history to verify in {}", directory.display()))?;
    let verified =
        context.store.verify(context.now.wall, &|tier| kept_since(&context, tier), &mut progress(call, "verifying"))?;
    if call.out.json {
        call.out.print(&json(&verified));
    }
    print_findings(call, &verified, advice(&verified));
    Ok(if verified.findings.is_empty() { Exit::Done } else { Exit::BadData })
}
