//! `osmon ack`: somebody is at work on an incident.

use crate::base::clock::local_minute;
use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit};
use crate::commands::view;
use crate::context::Context;
use crate::model::suppression::Ack;
use crate::pipeline::annotations;
use crate::pipeline::silences;
use crate::query::incidents;
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};

/// Longest acknowledgement, in days.
const LONGEST_DAYS: i64 = 7;
/// How long one lasts where nothing is said, in hours.
const USUAL_HOURS: i64 = 24;

#[derive(Debug, Args)]
struct Arguments {
    /// The incident, or a unique beginning of its id
    #[arg(value_name = "ID")]
    incident: String,
    /// How long: 90m, 4h, 2d (at most 7 days) [default: 24h]
    #[arg(long = "for", value_name = "SPAN")]
    span: Option<String>,
    /// … or its end: 18:00, "tomorrow 08:00"
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    until: Option<String>,
    /// What you do about it, for the others
    #[arg(long, value_name = "TEXT", required = true)]
    because: String,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "ack",
    about: "Say that you are at work on an incident: no reminders until then or until worse",
    examples: "  osmon ack cpu-3 --for 4h --because \"import is running\"\n  osmon ack disk-9f1c22ab-1 --because \"new disk is ordered\"",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let now = context.now.wall;
    let because = view::silences::reason(&arguments.because)?;
    let usual = Some(TimeDelta::hours(USUAL_HOURS));
    let until = view::silences::end(arguments.until.as_deref(), arguments.span.as_deref(), usual, LONGEST_DAYS, now)?;
    let case = incidents::find(&context, Some(&arguments.incident))?;
    if case.open.is_none() {
        return Err(ErrorKind::BadData(format!("{} is over; nothing is told of it any more", case.id)).into());
    }
    let ack = Ack { incident: case.id, since: now, until, because, by: annotations::author() };
    let text = format!("acknowledged {} ({}) until {}: {}", ack.incident, case.title, local_minute(until), ack.because);
    let added = ack.clone();
    silences::change(&context, move |mutes| {
        // The last word counts.
        mutes.acks.retain(|known| known.incident != added.incident);
        mutes.acks.push(added);
        Ok(((), text))
    })?;
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "ack": ack }).to_string());
    }
    call.out.info(&format!("{} is acknowledged {}", ack.incident, view::silences::until(until, now)));
    Ok(Exit::Done)
}
