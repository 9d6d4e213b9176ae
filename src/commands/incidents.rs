//! `osmon incidents`: past and open incidents.

use crate::base::clock::{local_form, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::parse_past;
use crate::base::text::{fit, plural};
use crate::base::units::{duration, metric_value};
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::incident::Severity;
use crate::query::incidents::{self, IncidentRecord};
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};
use serde_json::{Value, json};

/// Number of days shown by default.
const USUAL_DAYS: i64 = 30;

const WIDTH: usize = 80;
const ID_WIDTH: usize = 16;
const TITLE_WIDTH: usize = 12;
const COLUMNS: [Column; 7] = [
    ("ID", ID_WIDTH, false),
    ("Worst", 5, false),
    ("What", TITLE_WIDTH, false),
    ("Since", 11, false),
    ("Lasted", 8, true),
    ("Peak", 8, true),
    ("Notified", 8, false),
];

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
    about: "List incidents: severity, duration, peak, who was notified",
    group: Group::Incidents,
    examples: "  osmon incidents --open\n  osmon incidents disk:/var --since 7d\n  osmon incidents --json | jq '.incident[].id'",
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
    let mut lines = vec![call.out.paint(Style::Bold, &head(&COLUMNS))];
    lines.extend(records.iter().map(|(record, name)| line(call, record, name, &context)));
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

fn line(call: &Call, record: &IncidentRecord, name: &str, context: &Context) -> String {
    let lasted = duration(record.lasted).replace(" min", "m").replace(" h", "h").replace(" d", "d").replace(" s", "s");
    // Ids are typed and never cut: a long one takes space from the title, which may move to its own line.
    let more = name.chars().count().saturating_sub(ID_WIDTH);
    let columns = COLUMNS.map(|(head, width, right)| match head {
        "ID" => (head, width + more, right),
        "What" => (head, width.saturating_sub(more), right),
        _ => (head, width, right),
    });
    let is_cut = record.title.chars().count() > TITLE_WIDTH.saturating_sub(more);
    let peak = record.peak.filter(|_| !is_flag(record.name(), record.limit));
    let cells = [
        name.to_string(),
        if record.is_information() { "info" } else { record.severity.word() }.chars().take(4).collect(),
        if is_cut { String::new() } else { record.title.clone() },
        local_form(record.since, "%m-%d %H:%M"),
        if record.open.is_some() { format!("{lasted}…") } else { lasted },
        peak.map_or_else(|| "–".to_string(), |value| metric_value(record.name(), value)),
        record.notified(context).to_string(),
    ];
    let title = if is_cut { format!("\n    {}", fit(&record.title, WIDTH - 4)) } else { String::new() };
    let text = row(&columns, &cells) + &title;
    match (&record.open, record.severity) {
        (None, _) => text,
        _ if record.is_information() => text,
        (Some(_), Severity::Critical) => call.out.paint(Style::Bad, &text),
        (Some(_), Severity::Warning) => call.out.paint(Style::Warn, &text),
    }
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
