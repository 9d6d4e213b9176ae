//! `osmon history`: recorded metrics, from minutes to years.

mod export;
mod gap;
mod glance;
mod recorded;
mod samples;
mod span;
mod summary;
mod table;

use crate::base::error_kind::ErrorKind;
use crate::base::local_time::LocalTime;
use crate::base::suggestion::hint;
use crate::base::{clock, parse_past, text};
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::model::catalogue;
use crate::model::exposition::{csv, influx, openmetrics};
use crate::model::metric::Selector;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches, ValueEnum};
use recorded::{History, read};
use span::{Span, Step};

#[derive(Debug, Args)]
struct Arguments {
    /// cpu.busy_percent, 'disk.used_percent{mount="/var*"}', "cpu" or "cpu.*" for all of a kind [default: today at a glance]
    #[arg(value_name = "METRIC")]
    metrics: Vec<String>,
    /// Start: 03:00, yesterday, "2h ago", 2026-11-01, or a span 2026-11-01..2026-11-08 [default: today]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// One moment (ten minutes around it), or a whole day or month: 03:00, yesterday, 2026-11-08, 2026-11
    #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "until"])]
    at: Option<String>,
    /// Interval between points: raw, 5m, 1h, 6h, 1d [default: chosen by the length of the span]
    #[arg(long, value_name = "SPAN")]
    step: Option<String>,
    /// Output format (--json is --format json)
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// A table
    #[default]
    Table,
    /// One JSON object
    Json,
    /// RFC 4180, one column per metric
    Csv,
    /// For Prometheus and VictoriaMetrics
    Openmetrics,
    /// Line protocol for InfluxDB and VictoriaMetrics
    Influx,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "history",
    about: "What the host did: any metric, from minutes to years",
    group: Group::EveryDay,
    examples: "  osmon history                            today at a glance\n  osmon history cpu.busy_percent --since 2h\n  osmon history 'disk.used_percent{mount=\"/\"}' --since 1y\n  osmon history cpu memory --at yesterday --step 1h\n  osmon history network --since 2026-11-01..2026-11-08 --format csv",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    let is_glance = arguments.metrics.is_empty();
    let format = if call.out.json { Format::Json } else { arguments.format };
    let bounds = context.store.bounds()?;
    let newest = bounds.map_or(context.now.wall, |(_, end)| end);
    let (since, until) = requested(&arguments, context.now.wall, newest).map_err(ErrorKind::Usage)?;
    let step = match &arguments.step {
        Some(step) => Step::parse(step).map_err(ErrorKind::Usage)?,
        None if is_glance => Step::of_glance(until - since),
        None if format == Format::Table => Step::of_table(until - since),
        None => Step::that_fits(until - since),
    };
    // A span of centuries is asked for by mistake: the zone is known for what is stored.
    let bounds = bounds.unwrap_or((since, until));
    let local = LocalTime::here(since.max(bounds.0).min(until), until.min(bounds.1).max(since));
    let span = |step| Span::new(since, until, context.now.wall, step, local.clone());
    let selectors = arguments.metrics.iter().map(|text| Selector::pattern(text)).collect::<Result<Vec<_>, _>>();
    let selectors = if is_glance { glance::selectors() } else { selectors.map_err(ErrorKind::Usage)? };
    let mut history = read(&context, span(step), &selectors)?;
    // History older than the finest tier is shown at the resolution that is kept, unless a step was given.
    if let (None, Some(kept)) = (&arguments.step, history.kept_step()) {
        history = read(&context, span(kept), &selectors)?;
    }
    if history.tracks.is_empty() && !history.is_within_gap(&arguments.metrics) {
        let why = nothing(&context, &history, &arguments.metrics)?;
        if !matches!(format, Format::Table | Format::Json) || !history.has_only_marks(&arguments.metrics) {
            return Err(why.into());
        }
        context.out.warn(&why.to_string());
    }
    if let (Some(part), Format::Csv | Format::Openmetrics | Format::Influx) = (history.span.coarse.last(), format) {
        let until = clock::local_minute(DateTime::from_timestamp_millis(part.end_ms).unwrap_or_default());
        context.out.warn(&format!("finer values have expired: up to {until} there are averages of longer spans"));
    }
    let text = match format {
        Format::Table if is_glance && !history.tracks.is_empty() => glance::render(&call.out, &history),
        Format::Table => table::render(&call.out, &history),
        Format::Json => export::json(&history)?,
        Format::Csv => csv::write(&history.exposed(), history.is_rolled()),
        Format::Openmetrics => openmetrics::write(&history.host, &history.exposed(), history.is_rolled()),
        Format::Influx => influx::write(&history.host, &history.exposed(), history.is_rolled()),
    };
    call.out.print(text.trim_end_matches('\n'));
    Ok(Exit::Done)
}

/// The span given by the arguments; the end is inclusive. It ends at `now`, unless it begins in the future: records with a
/// false date are there, up to `newest`.
fn requested(
    arguments: &Arguments,
    now: DateTime<Utc>,
    newest: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    let until_now = |begin: DateTime<Utc>, end: DateTime<Utc>| if begin > now { end } else { end.min(now) };
    let last = |begin, end: DateTime<Utc>| until_now(begin, end - TimeDelta::milliseconds(1));
    if let Some(at) = &arguments.at {
        let (begin, end) = parse_past::span(at, now)?;
        let around = TimeDelta::minutes(5);
        return Ok(if begin == end {
            (begin - around, until_now(begin, end + around))
        } else {
            (begin, last(begin, end))
        });
    }
    let (since, spanned) = match &arguments.since {
        Some(since) if since.contains("..") => {
            parse_past::span(since, now).map(|(begin, end)| (begin, Some(last(begin, end))))?
        }
        Some(since) => (
            parse_past::parse(since, now)
                .or_else(|error| parse_past::span(since, now).map(|span| span.0).map_err(|_| error))?,
            None,
        ),
        // Shortly after midnight today has too little data.
        None => (parse_past::midnight(now).min(now - TimeDelta::hours(6)), None),
    };
    let until = match &arguments.until {
        Some(until) => parse_past::parse(until, now)?,
        None => spanned.unwrap_or(if since > now { newest.max(since) } else { now }),
    };
    if since > until {
        let (since, until) = (clock::local_minute(since), clock::local_minute(until));
        return Err(format!("--until ({until}) must be after --since ({since})"));
    }
    Ok((since, until))
}

/// A requested metric that does not exist.
fn unknown(requested: &[String]) -> Option<&String> {
    requested.iter().find(|text| {
        Selector::pattern(text)
            .is_ok_and(|selector| !catalogue::names().any(|name| Selector::pattern_fits(&selector.name, name)))
    })
}

impl History {
    /// Returns whether nothing is shown because the span is a part of a gap.
    fn is_within_gap(&self, requested: &[String]) -> bool {
        !self.gaps.is_empty() && self.others.is_empty() && unknown(requested).is_none()
    }

    /// Returns whether there are notes or events of a span without records.
    fn has_only_marks(&self, requested: &[String]) -> bool {
        let is_empty = self.timeline.marks.is_empty() && self.timeline.events.is_empty();
        !is_empty && self.others.is_empty() && unknown(requested).is_none()
    }
}

/// Explains an empty result.
fn nothing(context: &Context, history: &History, requested: &[String]) -> Result<ErrorKind> {
    let (span, others) = (&history.span, &history.others);
    if let Some(first) = others.first() {
        let more = if others.len() > 1 {
            format!(", {} and others", others.get(1).map_or_else(String::new, ToString::to_string))
        } else {
            String::new()
        };
        return Ok(ErrorKind::BadData(format!("no such label; there is {first}{more}")));
    }
    let (since, until) = (clock::local_minute(span.since), clock::local_minute(span.until));
    if let Some(text) = unknown(requested) {
        let name = text::clean(text.split('{').next().unwrap_or(text), text::NAME_MAX);
        let hint = hint(&name, catalogue::names());
        return Ok(ErrorKind::BadData(format!("no metric {name} was recorded from {since} to {until}{hint}")));
    }
    let began = recorded::began(context)?;
    let why = match began {
        Some(began) if span.until < began => format!("recording began on {}", clock::local_form(began, "%Y-%m-%d")),
        Some(_) if span.since > span.now => format!("it is {} now", clock::local_minute(span.now)),
        _ => "see osmon schedule".to_string(),
    };
    Ok(ErrorKind::BadData(format!("nothing was recorded from {since} to {until}; {why}")))
}
