//! `osmon heal`: repair now what the configuration allows, and explain what is not repaired.

mod explanation;
mod json;

use crate::base::clock::local_minute;
use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view;
use crate::context::Context;
use crate::heal::situation::Pause;
use crate::model::action::{Phase, Status};
use crate::pipeline::annotations;
use crate::pipeline::heal::{self, HealReport, HealRequest, pause};
use anyhow::Result;
use clap::{ArgGroup, Args, FromArgMatches};
use std::io;
use std::time::{Duration, Instant};

/// Longest pause, in days.
const LONGEST_DAYS: i64 = 30;
/// Longest time of a run of the command, which no other step waits for.
const LIMIT: Duration = Duration::from_secs(45);
/// Wait for another healing run.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["dry_run", "explain", "pause", "resume", "release"]))]
struct Arguments {
    /// Change nothing on the host; decide and record as always
    #[arg(long)]
    dry_run: bool,
    /// Show what would be done now, and every guard that refuses; record nothing
    #[arg(long)]
    explain: bool,
    /// Pause all repairs until a time or for a span: 2h, 18:00 (at most 30 days)
    #[arg(long, value_name = "TIME", requires = "because")]
    pause: Option<String>,
    /// Reason of the pause, for your colleagues
    #[arg(long, value_name = "TEXT", requires = "pause")]
    because: Option<String>,
    /// End the pause
    #[arg(long)]
    resume: bool,
    /// Try a target again that was given up
    #[arg(long, value_name = "TARGET")]
    release: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "heal",
    about: "Repair what [heal] allows; explain what is not repaired",
    group: Group::Incidents,
    examples: "  osmon heal                  repair now, as osmon run does each minute\n  osmon heal --explain        what would be done, and what refuses it\n  osmon heal --pause 2h --because \"moving the database\"\n  osmon heal --resume\n  osmon heal --release nginx.service",
    arguments: Arguments::augment_args,
    scheduled: true,
    shares_system: true,
    run,
    exits: &[Exit::Done, Exit::Warning],
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    if let Some(until) = &arguments.pause {
        return set_pause(&context, until, arguments.because.as_deref().unwrap_or_default());
    }
    if arguments.resume {
        pause::set(&context, None)?;
        return said(&context, "repairs are no longer paused");
    }
    if let Some(target) = &arguments.release {
        pause::release(&context, target)?;
        return said(&context, &format!("{target} may be repaired again"));
    }
    if arguments.explain {
        let explained = heal::explain(&context, false);
        match context.out.json {
            true => context.out.print(&json::explained(&context, &explained).to_string()),
            false => explanation::lines(&context, &explained).iter().for_each(|line| context.out.print(line)),
        }
        return Ok(context.exit());
    }
    if !heal::is_wanted(&context) {
        context.out.info(explanation::nothing(&context));
        return Ok(context.exit());
    }
    if context.store.directory().exists() && !context.store.is_writable() {
        return Err(unwritable(&context));
    }
    let until = Instant::now() + LIMIT;
    let request = HealRequest { until, dry_run: arguments.dry_run, snapshot: None, patience: PATIENCE };
    let report = heal::heal(&context, &request)?;
    if report.is_busy {
        return Err(ErrorKind::Busy("another healing run is at work".to_string()).into());
    }
    say(&context, &report);
    Ok(exit(&context, &report))
}

/// Prints what was done, and in short what refuses the rest.
fn say(context: &Context, report: &HealReport) {
    if context.out.json {
        context.out.print(&json::report(context, report).to_string());
        return;
    }
    let mut lines = view::heal::lines(report);
    lines.extend(explanation::refusals(&report.considered));
    if lines.is_empty() {
        lines.push("nothing to repair".to_string());
    }
    context.out.info(&lines.join("\n"));
}

/// An action that failed is a warning.
fn exit(context: &Context, report: &HealReport) -> Exit {
    let mut outcomes = report.records.iter().filter(|record| record.phase == Phase::Result);
    let has_failed = outcomes.any(|record| record.outcome.as_ref().is_some_and(|done| done.status == Status::Failed));
    if has_failed { Exit::Warning } else { context.exit() }
}

fn set_pause(context: &Context, until: &str, because: &str) -> Result<Exit> {
    let now = context.now.wall;
    let because = view::silences::reason(because)?;
    let until = view::silences::end(Some(until), None, None, LONGEST_DAYS, now)?;
    pause::set(context, Some(Pause { until, by: annotations::author(), because }))?;
    let text = format!("repairs are paused {}; osmon heal --resume ends it", view::silences::until(until, now));
    if context.out.json {
        context.out.print(&serde_json::json!({ "schema": 1, "paused_until": local_minute(until) }).to_string());
    }
    context.out.info(&text);
    Ok(Exit::Done)
}

fn said(context: &Context, text: &str) -> Result<Exit> {
    if context.out.json {
        context.out.print(&serde_json::json!({ "schema": 1, "done": text }).to_string());
    }
    context.out.info(text);
    Ok(Exit::Done)
}

/// A user who cannot write here cannot repair either: says for which action which right is missing.
fn unwritable(context: &Context) -> anyhow::Error {
    let explained = heal::explain(context, false);
    explanation::rights(context, &explained).iter().for_each(|line| context.out.print(line));
    let directory = context.store.directory().display();
    let error = io::Error::from(io::ErrorKind::PermissionDenied);
    anyhow::Error::from(error).context(format!(
        "could not write to {directory}; repairs are recorded there. Try it with sudo, or see docs/heal.md"
    ))
}
