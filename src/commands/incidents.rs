//! `osmon incidents`: what was wrong, and for how long.

use crate::base::clock::{local_form, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::parse_past;
use crate::base::text::{fit, plural};
use crate::base::units::{duration, metric_value};
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::cli::{Call, Command, Exit};
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::incident::Severity;
use crate::query::incidents::{self, Case};
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};
use serde_json::{Value, json};

/// How far back is shown where nothing is said, in days.
const USUAL_DAYS: i64 = 30;

const WIDTH: usize = 80;
const ID_WIDTH: usize = 17;
const TITLE_WIDTH: usize = 15;
const COLUMNS: [Column; 7] = [
    ("ID", ID_WIDTH, false),
    ("Bad", 4, false),
    ("What", TITLE_WIDTH, false),
    ("Since", 11, false),
    ("Lasted", 8, true),
    ("Peak", 8, true),
    ("Told", 5, false),
];

#[derive(Debug, Args)]
struct Arguments {
    /// Only those that are not over
    #[arg(long)]
    open: bool,
    /// From when: yesterday, "2h ago", 7d, 2026-11-01 [default: 30 days]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// … until when [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "incidents",
    about: "What was wrong: every incident with how bad, since when, how long, the peak",
    examples: "  osmon incidents --open\n  osmon incidents --since 7d\n  osmon incidents --json | jq '.incident[].id'",
    arguments: Arguments::augment_args,
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
    let mut cases = incidents::read(&context, since, until)?;
    cases.retain(|case| case.open.is_some() || !arguments.open);
    if call.out.json {
        let list: Vec<Value> = cases.iter().map(|case| to_json(case, &context)).collect();
        call.out.print(
            &json!({ "schema": 1, "time": stamp(now), "since": stamp(since), "until": stamp(until), "incident": list })
                .to_string(),
        );
        return Ok(Exit::Done);
    }
    let mut lines = vec![call.out.paint(Style::Bold, &head(&COLUMNS))];
    lines.extend(cases.iter().map(|case| line(call, case, &context)));
    if cases.is_empty() {
        lines = vec![if arguments.open { "no incident is open" } else { "no incidents" }.to_string()];
    } else {
        let open = cases.iter().filter(|case| case.open.is_some()).count();
        let days = duration((until - since).num_seconds() as f64);
        lines.push(call.out.paint(
            Style::Dim,
            &format!("{} in {days}, {open} open; osmon explain ID says why", plural(cases.len(), "incident")),
        ));
    }
    call.out.print(&lines.join("\n"));
    Ok(Exit::Done)
}

fn line(call: &Call, case: &Case, context: &Context) -> String {
    let lasted = duration(case.lasted).replace(" min", "m").replace(" h", "h").replace(" d", "d").replace(" s", "s");
    // An id is there to be typed: a long one takes its room from the title, which may need a line of its own.
    let more = case.id.chars().count().saturating_sub(ID_WIDTH);
    let columns = COLUMNS.map(|(head, width, right)| match head {
        "ID" => (head, width + more, right),
        "What" => (head, width.saturating_sub(more), right),
        _ => (head, width, right),
    });
    let is_cut = case.title.chars().count() > TITLE_WIDTH.saturating_sub(more);
    let peak = case.peak.filter(|_| !is_flag(case.name(), case.limit));
    let cells = [
        case.id.clone(),
        case.severity.word().chars().take(4).collect(),
        if is_cut { String::new() } else { case.title.clone() },
        local_form(case.since, "%m-%d %H:%M"),
        if case.open.is_some() { format!("{lasted}…") } else { lasted },
        peak.map_or_else(|| "–".to_string(), |value| metric_value(case.name(), value)),
        case.told(context).to_string(),
    ];
    let title = if is_cut { format!("\n    {}", fit(&case.title, WIDTH - 4)) } else { String::new() };
    let text = row(&columns, &cells) + &title;
    match (&case.open, case.severity) {
        (None, _) => text,
        (Some(_), Severity::Critical) => call.out.paint(Style::Bad, &text),
        (Some(_), Severity::Warning) => call.out.paint(Style::Warn, &text),
    }
}

fn to_json(case: &Case, context: &Context) -> Value {
    json!({
        "id": case.id, "rule": case.rule, "title": case.title, "metric": case.metric, "severity": case.severity,
        "since": stamp(case.since), "ended": case.ended.map(stamp), "open": case.open.is_some(),
        "recovering": case.open.as_ref().is_some_and(|open| open.recovering), "duration_seconds": case.lasted,
        "peak": case.peak, "limit": case.limit, "above": case.above, "told": case.told(context),
        "event": case.events.iter().map(|event| &event.id).collect::<Vec<_>>(),
    })
}
