//! `osmon downtime`: mute all alerts during maintenance.

use crate::base::clock::local_minute;
use crate::base::error_kind::ErrorKind;
use crate::base::parse_future;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view;
use crate::context::Context;
use crate::model::suppression::Silence;
use crate::pipeline::annotations;
use crate::pipeline::silences;
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};

/// Longest downtime, in days.
const LONGEST_DAYS: i64 = 30;

#[derive(Debug, Args)]
struct Arguments {
    /// End time: 18:00, "tomorrow 08:00", 2026-11-24, 4h (at most 30 days ahead)
    #[arg(long, value_name = "TIME", required_unless_present = "span")]
    until: Option<String>,
    /// Duration instead of an end time: 90m, 4h, 2d
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "until")]
    span: Option<String>,
    /// Start time of a planned downtime [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Reason, for your colleagues
    #[arg(long, value_name = "TEXT", required = true)]
    because: String,
    /// Do not repair anything either
    #[arg(long)]
    no_heal: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "downtime",
    about: "Mute all alerts during maintenance; ends automatically",
    group: Group::Incidents,
    examples: "  osmon downtime --for 2h --because \"new kernel\"\n  osmon downtime --until \"tomorrow 06:00\" --because \"moving house\"\n  osmon downtime --from 22:00 --for 1h --because \"reboot\"\n  osmon silence --list        lists it; --remove ends it early",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let now = context.now.wall;
    let because = view::silences::reason(&arguments.because)?;
    let since =
        arguments.from.as_deref().map_or(Ok(now), |from| parse_future::parse(from, now)).map_err(ErrorKind::Usage)?;
    let until = view::silences::end(arguments.until.as_deref(), arguments.span.as_deref(), None, LONGEST_DAYS, since)?;
    if since - now > TimeDelta::days(LONGEST_DAYS) {
        return Err(ErrorKind::Usage(format!("--from may be at most {LONGEST_DAYS} days ahead")).into());
    }
    let silence = Silence {
        number: 0,
        matcher: "*".to_string(),
        since,
        until,
        because,
        by: annotations::author(),
        no_heal: arguments.no_heal,
    };
    let from = if since > now { format!("from {} ", local_minute(since)) } else { String::new() };
    let text = format!("downtime {from}until {}: {}", local_minute(until), silence.because);
    let added = silence.clone();
    let number = silences::change(&context, move |suppressions| Ok((suppressions.add_silence(added), text)))?;
    let silence = Silence { number, ..silence };
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "silence": silence }).to_string());
    }
    call.out.info(&format!("downtime {from}{}", view::silences::until(until, since)));
    Ok(Exit::Done)
}
