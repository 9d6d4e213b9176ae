//! `osmon incidents`: past and open incidents.

mod list;

use crate::base::clock::stamp;
use crate::base::error_kind::ErrorKind;
use crate::base::parse_past;
use crate::base::text::plural;
use crate::base::units::duration;
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::query::incidents::{self, IncidentRecord};
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};
use serde_json::{Value, json};

/// Number of days shown by default.
const USUAL_DAYS: i64 = 30;

#[derive(Debug, Args)]
struct Arguments {
    /// Only incidents of this name: a rule (disk), a short name (disk:/var), the beginning of an id
    #[arg(value_name = "ID")]
    name: Option<String>,
    /// Only open incidents
    #[arg(long)]
    open: bool,
    /// Start: yesterday, "2h ago", 7d, 2026-11-01 [default: 30 days]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "incidents",
    about: "List incidents, worst first: since, duration, peak, notified",
    group: Group::Incidents,
    examples: "  osmon incidents --open      the worst first\n  osmon incidents disk:/var --since 7d\n  osmon incidents --json | jq '.incident[].id'",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    let now = context.now.wall;
    let time = |text: &str| parse_past::parse(text, now).map_err(ErrorKind::Usage);
    let since = arguments.since.as_deref().map_or(Ok(now - TimeDelta::days(USUAL_DAYS)), time)?;
    let until = arguments.until.as_deref().map_or(Ok(now), time)?;
    if since > until {
        return Err(ErrorKind::Usage("--until must be after --since".to_string()).into());
    }
    let mut records = incidents::read(&context, since, until)?;
    let names = incidents::shortest_names(&records, until < now);
    let mut records: Vec<(IncidentRecord, String)> = records.drain(..).zip(names).collect();
    if let Some(name) = &arguments.name {
        let closest = records.iter().filter_map(|(record, _)| record.closeness(name)).min();
        records.retain(|(record, _)| closest.is_some() && record.closeness(name) == closest);
    }
    records.retain(|(record, _)| record.open.is_some() || !arguments.open);
    if call.out.json {
        let list: Vec<Value> = records.iter().map(|(record, _)| to_json(record, &context)).collect();
        call.out.print(
            &json!({ "schema": 1, "time": stamp(now), "since": stamp(since), "until": stamp(until), "incident": list })
                .to_string(),
        );
        return Ok(Exit::Done);
    }
    let mut lines = list::lines(&call.out, &mut records, &context);
    if records.is_empty() {
        lines = vec![if arguments.open { "no incident is open" } else { "no incidents" }.to_string()];
    } else {
        let open = records.iter().filter(|(record, _)| record.open.is_some()).count();
        let days = duration((until - since).num_seconds() as f64);
        lines.push(call.out.paint(
            Style::Dim,
            &format!("{} in {days}, {open} open; osmon explain ID shows why", plural(records.len(), "incident")),
        ));
    }
    call.out.print(&lines.join("\n"));
    Ok(Exit::Done)
}

fn to_json(record: &IncidentRecord, context: &Context) -> Value {
    json!({
        "id": record.id, "short_id": record.short_id(), "rule": record.rule, "title": record.title, "metric": record.metric, "severity": record.severity,
        "information": record.is_information(),
        "since": stamp(record.since), "ended": record.ended.map(stamp), "open": record.open.is_some(),
        "recovering": record.open.as_ref().is_some_and(|open| open.recovering), "duration_seconds": record.lasted,
        "peak": record.peak, "limit": record.limit, "above": record.above, "told": record.notified(context),
        "event": record.events.iter().map(|event| &event.id).collect::<Vec<_>>(),
    })
}
