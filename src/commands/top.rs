//! `osmon top`: the consumers of CPU, memory and disks, now or in the past.

use crate::base::error_kind::ErrorKind;
use crate::base::{clock, parse_past};
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view::consumers as view;
use crate::context::Context;
use crate::model::consumers::Consumers;
use crate::probe::{ProbeRequest, Scope, probe};
use crate::query::consumers;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches};

/// How long the live host is measured, in seconds.
const LIVE_SECONDS: f64 = 1.0;
/// Maximum distance of a record from the given time.
const NEAR_MINUTES: i64 = 10;

#[derive(Debug, Args)]
struct Arguments {
    /// The consumers at this time: 03:00, "yesterday 14:30", "2h ago", "2026-11-20 03:00"
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    at: Option<String>,
    /// The total of each consumer since this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End of the span [default: now]
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "top",
    about: "Who uses CPU, memory and disks: now, in the past, in a span",
    group: Group::EveryDay,
    examples: "  osmon top                   one second of the live host\n  osmon top --at 03:00        what was eating the CPU last night?\n  osmon top --since yesterday --until today",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    let time = |text: &str| parse_past::parse(text, context.now.wall).map_err(ErrorKind::Usage);
    let (heading, used) = match (&arguments.at, &arguments.since) {
        (Some(at), _) => at_time(&context, time(at)?)?,
        (None, Some(since)) => {
            let until = arguments.until.as_deref().map_or(Ok(context.now.wall), time)?;
            over_span(&context, time(since)?, until)?
        }
        (None, None) => live(&context)?,
    };
    if call.out.json {
        call.out.print(&view::to_json(&used).to_string());
    } else {
        call.out.print(&view::render(&call.out, &heading, &used));
    }
    Ok(Exit::Done)
}

/// The live host over one second; nothing is stored.
fn live(context: &Context) -> Result<(String, Consumers)> {
    let kept = context.store.load_cache("probe").filter(|_| context.root.is_recorded());
    let who = ProbeRequest { scope: Scope::Consumers, skipped_runs: 0 };
    let first = probe(&context.root, &context.config.probe, context.now, kept, &who);
    let probed = if context.root.is_recorded() {
        first
    } else {
        std::thread::sleep(std::time::Duration::from_secs_f64(LIVE_SECONDS));
        let later = clock::Now { boottime_seconds: clock::boottime_seconds(), ..context.now };
        probe(&context.root, &context.config.probe, later, Some(first.counters), &who)
    };
    let used = Consumers::from_record(&probed.processes.to_json()?).unwrap_or_default();
    Ok((format!("{}, over {}", context.root.host_name(), view::seconds(used.seconds)), used))
}

/// The record nearest to a time.
fn at_time(context: &Context, at: DateTime<Utc>) -> Result<(String, Consumers)> {
    let used = consumers::at(context, at, TimeDelta::minutes(NEAR_MINUTES))?.ok_or_else(|| {
        ErrorKind::BadData(format!("nothing was recorded within {NEAR_MINUTES} min of {}", clock::local_minute(at)))
    })?;
    let time = used.first.unwrap_or(at);
    let over =
        if used.seconds > 0.0 { format!(", over the {} before", view::seconds(used.seconds)) } else { String::new() };
    Ok((format!("{} {}{over}", clock::local_minute(time), clock::zone_name(time)), used))
}

/// Sums a span; whole hours are read from rollups.
fn over_span(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<(String, Consumers)> {
    if until <= since {
        return Err(ErrorKind::Usage(format!(
            "--until ({}) must be after --since ({})",
            clock::local_minute(until),
            clock::local_minute(since)
        ))
        .into());
    }
    let used = consumers::between(context, since, until)?;
    if used.is_empty() {
        return Err(ErrorKind::BadData(format!(
            "nothing was recorded from {} to {}",
            clock::local_minute(since),
            clock::local_minute(until)
        ))
        .into());
    }
    let span_seconds = (until - since).num_milliseconds() as f64 / 1e3;
    let heading = format!(
        "{} to {} {}, recorded {} of {}",
        clock::local_minute(since),
        clock::local_minute(until),
        clock::zone_name(until),
        crate::base::units::duration(used.seconds),
        crate::base::units::duration(span_seconds)
    );
    Ok((heading, used))
}
