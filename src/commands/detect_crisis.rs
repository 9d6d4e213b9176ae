//! `osmon detect-crisis`: evaluate the rules on the newest snapshot.

mod replay;

use crate::base::error_kind::ErrorKind;
use crate::base::units::duration;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view::health;
use crate::context::Context;
use crate::model::snapshot::Snapshot;
use crate::pipeline::baseline;
use crate::pipeline::daily_status;
use crate::pipeline::dead_man;
use crate::pipeline::detect::{commit, enqueue, evaluate, promise};
use crate::pipeline::evidence;
use crate::query;
use crate::query::health::{is_stale, seconds_between};
use crate::query::incidents;
use crate::store::SNAPSHOTS;
use anyhow::{Context as _, Result};
use clap::{Args, FromArgMatches};
use std::path::PathBuf;
use std::time::Duration;

/// Longest wait for another osmon process.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
struct Arguments {
    /// Evaluate the rules on past data instead and count their alerts; writes nothing
    #[arg(long, conflicts_with = "replay")]
    dry_run: bool,
    /// Start of the past data: 7d, yesterday, 2026-11-01 [default: 7d]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Like --dry-run, over an external time series: lines of timestamp,value ("-": standard input)
    #[arg(long, value_name = "FILE", requires = "metric")]
    replay: Option<PathBuf>,
    /// The metric that the external series holds; the rules that watch it are evaluated
    #[arg(long, value_name = "NAME", requires = "replay")]
    metric: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "detect-crisis",
    about: "Evaluate the rules on the newest snapshot; queue alerts",
    group: Group::Incidents,
    examples: "  osmon detect-crisis -v      print the verdict even when piped\n  osmon detect-crisis --json\n  osmon detect-crisis --dry-run --since 30d\n  osmon detect-crisis --replay cpu.csv --metric cpu.busy_percent",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    ..Command::PLUGIN
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    if arguments.dry_run || arguments.replay.is_some() {
        let Arguments { since, replay: file, metric, .. } = &arguments;
        let request =
            replay::ReplayRequest { since: since.as_deref(), file: file.as_deref(), metric: metric.as_deref() };
        return replay::run(call, &request);
    }
    if arguments.since.is_some() {
        return Err(ErrorKind::Usage("--since requires --dry-run or --replay".to_string()).into());
    }
    let context = Context::open(call)?;
    let directory = context.store.directory();
    let none = || ErrorKind::BadData(format!("no snapshot in {}; run osmon probe first", directory.display()));
    if !directory.exists() {
        return Err(none().into());
    }
    let lock = context.store.lock(PATIENCE)?;
    let snapshot = context.store.last(SNAPSHOTS, context.now.wall)?.ok_or_else(none)?;
    let snapshot = Snapshot::parse(&snapshot).context("the newest snapshot cannot be used")?;
    let (taken, now) = (snapshot.now.wall, context.now.wall);
    if is_stale(taken, now, &incidents::state(&context).spacing) {
        let age = seconds_between(taken, now);
        return Err(ErrorKind::BadData(format!(
            "the newest snapshot is {} old; is osmon probe in your crontab?",
            duration(age)
        ))
        .into());
    }
    let mut detected = evaluate(&context, &snapshot)?;
    detected.events = evidence::add(&context, detected.events, &snapshot, None);
    daily_status::add(&context, &mut detected);
    promise(&context, &detected);
    let enqueued = enqueue(&context, &detected.to_deliver());
    commit(&context, &detected, enqueued.is_ok())?;
    enqueued?;
    dead_man::end(&context, &snapshot.host)?;
    let learned = baseline::keep_up(&context);
    context.keep_configuration();
    drop(lock);
    if let Err(error) = learned {
        context.out.warn(&format!("the baseline could not be updated: {error:#}"));
    }
    let judged = detected.health(&context);
    if call.out.json {
        call.out.print(&health::to_json(&judged, &detected.events).to_string());
    }
    let mut lines = health::lines(&context.out, &judged, "");
    lines.extend(query::baseline::lines(&context).iter().map(|line| context.out.fold("", line)));
    call.out.info(&lines.join("\n"));
    Ok(judged.verdict.exit())
}
