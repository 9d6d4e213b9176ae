//! `osmon top`: who uses the host, now or back then.

use crate::base::error_kind::ErrorKind;
use crate::base::{clock, parse_past};
use crate::cli::{Call, Command, Exit};
use crate::commands::view::consumers::{self, Usage};
use crate::context::Context;
use crate::probe::{ProbeRequest, Scope, probe};
use crate::store::PROCESSES;
use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches};
use serde_json::Value;

/// How long the live host is looked at.
const LIVE_SECONDS: f64 = 1.0;
/// A record this far from the time asked for is still the one that is meant.
const NEAR_MINUTES: i64 = 10;

#[derive(Debug, Args)]
struct Arguments {
    /// Who used what then: 03:00, "yesterday 14:30", "2h ago", "2026-11-20 03:00"
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    at: Option<String>,
    /// Who used how much since then, in all
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// … until then [default: now]
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "top",
    about: "Who uses CPU, memory and disks: now, at a time in the past, or over a span",
    examples: "  osmon top                   one second of the live host\n  osmon top --at 03:00        what was eating the CPU last night?\n  osmon top --since yesterday --until today",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let time = |text: &str| parse_past::parse(text, context.now.wall).map_err(ErrorKind::Usage);
    let (heading, usage) = match (&arguments.at, &arguments.since) {
        (Some(at), _) => at_time(&context, time(at)?)?,
        (None, Some(since)) => {
            let until = arguments.until.as_deref().map_or(Ok(context.now.wall), time)?;
            over_span(&context, time(since)?, until)?
        }
        (None, None) => live(&context)?,
    };
    if call.out.json {
        call.out.print(&usage.to_json().to_string());
    } else {
        call.out.print(&consumers::render(&call.out, &heading, &usage));
    }
    Ok(Exit::Done)
}

/// The host itself, over one second; nothing is stored.
fn live(context: &Context) -> Result<(String, Usage)> {
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
    let mut usage = Usage::default();
    let record: Value = serde_json::from_str(&probed.processes.to_json()?)?;
    usage.add(&record);
    Ok((format!("{}, over {}", context.root.host_name(), consumers::seconds(usage.seconds())), usage))
}

/// The record nearest to a time.
fn at_time(context: &Context, at: DateTime<Utc>) -> Result<(String, Usage)> {
    let near = TimeDelta::minutes(NEAR_MINUTES);
    let mut nearest: Option<(TimeDelta, String)> = None;
    context.store.read(PROCESSES, at - near, at + near, &mut |line| {
        let time = crate::model::record::time_of(line).and_then(clock::parse);
        if let Some(distance) = time.map(|time| (time - at).abs())
            && nearest.as_ref().is_none_or(|(best, _)| distance < *best)
        {
            nearest = Some((distance, line.to_string()));
        }
    })?;
    let (_, line) = nearest.ok_or_else(|| {
        ErrorKind::BadData(format!("nothing was recorded within {NEAR_MINUTES} min of {}", clock::local_minute(at)))
    })?;
    let record: Value = serde_json::from_str(&line).context("the record is damaged")?;
    let mut usage = Usage::default();
    usage.add(&record);
    let time = record.get("time").and_then(Value::as_str).and_then(clock::parse).unwrap_or(at);
    let interval = record.get("interval_seconds").and_then(Value::as_f64);
    let over =
        interval.map_or_else(String::new, |seconds| format!(", over the {} before", consumers::seconds(seconds)));
    Ok((format!("{} {}{over}", clock::local_minute(time), clock::zone_name(time)), usage))
}

/// Every record of a span together.
fn over_span(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<(String, Usage)> {
    if until <= since {
        return Err(ErrorKind::Usage(format!(
            "--until ({}) must be after --since ({})",
            clock::local_minute(until),
            clock::local_minute(since)
        ))
        .into());
    }
    let mut usage = Usage::default();
    context.store.read(PROCESSES, since, until, &mut |line| {
        if let Ok(record) = serde_json::from_str(line) {
            usage.add(&record);
        }
    })?;
    if usage.is_empty() {
        return Err(ErrorKind::BadData(format!(
            "nothing was recorded from {} to {}",
            clock::local_minute(since),
            clock::local_minute(until)
        ))
        .into());
    }
    let asked = (until - since).num_milliseconds() as f64 / 1e3;
    let heading = format!(
        "{} to {} {}, recorded {} of {}",
        clock::local_minute(since),
        clock::local_minute(until),
        clock::zone_name(until),
        crate::base::units::duration(usage.seconds()),
        crate::base::units::duration(asked)
    );
    Ok((heading, usage))
}
