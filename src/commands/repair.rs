//! `osmon repair`: repairs the findings of verify; damaged data is moved aside, never deleted.

use crate::cli::progress::progress;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view::findings::{json, kept_since, print_findings};
use crate::context::Context;
use crate::store::repair::{Repair, intention};
use anyhow::{Context as _, Result};
use clap::{Args, FromArgMatches};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
struct Arguments {
    /// Print what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "repair",
    about: "Set aside what is damaged; rebuild what can be derived",
    group: Group::History,
    examples: "  osmon repair --dry-run      what it would do\n  osmon repair -v             do it; what is bad goes to damaged/ in the data directory",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let directory = context.store.directory();
    directory.metadata().with_context(|| format!("no history to repair in {}", directory.display()))?;
    if arguments.dry_run {
        let verified = context.store.verify(
            context.now.wall,
            &|tier| kept_since(&context, tier),
            &mut progress(call, "verifying"),
        )?;
        if call.out.json {
            call.out.print(&json(&verified));
        } else {
            verified.findings.iter().for_each(|finding| call.out.print(&intention(finding)));
        }
        return Ok(Exit::Done);
    }
    let lock = context.store.lock(PATIENCE)?;
    let mut done = Vec::new();
    let mut say = |text: &str| {
        if !call.out.json {
            call.out.print(text);
        }
        done.push(text.to_string());
    };
    let mut repair = Repair { now: context.now.wall, kept_since: &|tier| kept_since(&context, tier), say: &mut say };
    let verified = context.store.repair(&mut repair, &mut progress(call, "verifying"));
    drop(lock);
    let verified = verified?;
    if call.out.json {
        let finding = &verified.findings;
        call.out.print(&serde_json::json!({ "schema": 1, "done": done, "finding": finding }).to_string());
    }
    print_findings(call, &verified, if verified.findings.len() == 1 { " remains" } else { " remain" });
    Ok(if verified.findings.is_empty() { Exit::Done } else { Exit::BadData })
}
