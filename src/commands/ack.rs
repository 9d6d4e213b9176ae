//! `osmon ack`: acknowledge an incident.

use crate::base::clock::local_minute;
use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit, Group};
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
/// The reason of an acknowledgement without one, as typed on a phone.
const NO_REASON: &str = "no reason given";
/// Default length of an acknowledgement, in hours.
const USUAL_HOURS: i64 = 24;

#[derive(Debug, Args)]
struct Arguments {
    /// The incident: its short name (cpu, disk:/var), its id or a unique prefix of it
    #[arg(value_name = "ID")]
    incident: String,
    /// Duration: 90m, 4h, 2d (at most 7 days) [default: 24h]
    #[arg(long = "for", value_name = "SPAN")]
    span: Option<String>,
    /// End time instead of a duration: 18:00, "tomorrow 08:00"
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    until: Option<String>,
    /// What you are doing about it, for your colleagues
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "ack",
    about: "Acknowledge an incident: no reminders until a given time",
    group: Group::Incidents,
    examples: "  osmon ack cpu --for 4h --because \"import is running\"\n  osmon ack disk:/var --because \"new disk is ordered\"",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let now = context.now.wall;
    let because = view::silences::reason(arguments.because.as_deref().unwrap_or(NO_REASON))?;
    let usual = Some(TimeDelta::hours(USUAL_HOURS));
    let until = view::silences::end(arguments.until.as_deref(), arguments.span.as_deref(), usual, LONGEST_DAYS, now)?;
    let record = incidents::find(&context, Some(&arguments.incident), "ack")?;
    let Some(open) = &record.open else {
        return Err(ErrorKind::BadData(format!("{} has ended; there is nothing to acknowledge", record.id)).into());
    };
    let severity = Some(open.severity);
    let ack = Ack { number: 0, incident: record.id, severity, since: now, until, because, by: annotations::author() };
    let text =
        format!("acknowledged {} ({}) until {}: {}", ack.incident, record.title, local_minute(until), ack.because);
    let added = ack.clone();
    let number = silences::change(&context, move |suppressions| {
        // A new acknowledgement replaces an earlier one.
        suppressions.acks.retain(|known| known.incident != added.incident);
        Ok((suppressions.add_ack(added), text))
    })?;
    let ack = Ack { number, ..ack };
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "ack": ack }).to_string());
    }
    call.out.info(&format!("{} is acknowledged {}", ack.incident, view::silences::until(until, now)));
    Ok(Exit::Done)
}
