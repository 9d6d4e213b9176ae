//! `osmon store`: maintenance of the whole history.

use crate::base::error_kind::ErrorKind;
use crate::base::text::plural;
use crate::cli::progress::progress;
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::store::day::is_day;
use anyhow::{Context as _, Result};
use clap::{Args, FromArgMatches, Subcommand};
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two months in which the lock is released, so that a waiting run can take it.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Rebuild columns and rollups from snapshots; those whose snapshots are gone are kept
    Rebuild {
        /// Only from this UTC day on: 2026-11-20
        #[arg(long, value_name = "DAY")]
        since: Option<String>,
    },
}

/// The command.
pub const COMMAND: Command = Command {
    name: "store",
    about: "Rebuild the rollups of the whole history",
    group: Group::History,
    examples: "  osmon store rebuild -v\n  osmon store rebuild --since 2026-11-01",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let Action::Rebuild { since } = Arguments::from_arg_matches(&call.matches)?.action;
    let since = since.unwrap_or_default();
    if !since.is_empty() && !is_day(&since) {
        return Err(ErrorKind::Usage(format!("{since:?} is not a day; write for example 2026-11-20")).into());
    }
    let context = Context::open(call)?;
    let directory = context.store.directory();
    directory.metadata().with_context(|| format!("no history to rebuild in {}", directory.display()))?;
    let mut meter = progress(call, "rebuilding month");
    let lock = context.store.lock(PATIENCE)?;
    // Unclosed past days are closed first, so that they are among the days to rebuild.
    context.store.rebuild_open(context.now.wall, &context.root.boot_id())?;
    let next = context.store.rebuild_next(&since);
    let months = context.store.sealed_months(&since)?;
    drop(lock);
    let (all, mut days) = (months.len() as u64, 0);
    for (done, (month, names)) in (0..).zip(&months) {
        meter(done, all);
        if *month < next {
            continue;
        }
        std::thread::sleep(PAUSE);
        let lock = context.store.lock(PATIENCE)?;
        context.store.mark_rebuild(&since, Some(month))?;
        context.store.rebuild_month(month, names, &BTreeSet::new())?;
        drop(lock);
        days += names.len();
    }
    let lock = context.store.lock(PATIENCE)?;
    context.store.mark_rebuild(&since, None)?;
    drop(lock);
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "days": days, "months": all }).to_string());
    }
    call.out.info(&format!("made the rollups of {} anew", plural(days, "day")));
    Ok(Exit::Done)
}
