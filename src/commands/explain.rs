//! `osmon explain`: why an incident fired.

mod story;

use crate::base::clock::{parse, stamp};
use crate::cli::{Call, Command, Exit};
use crate::config::Rule;
use crate::config::rule::beyond;
use crate::context::Context;
use crate::model::annotation::Annotation;
use crate::model::evidence::{Evidence, Sample};
use crate::model::metric::SeriesKey;
use crate::model::point::Point;
use crate::model::suppression::Suppressions;
use crate::pipeline::evidence;
use crate::query::incidents::{self, Case};
use crate::query::silences;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches};
use serde_json::{Value, json};

/// So many samples are shown up to the moment it fired, and so many after it.
const SAMPLES: (usize, usize) = (12, 4);
/// How long before the first breach samples are looked at, in minutes.
const BEFORE_MINUTES: i64 = 5;
/// No rule waits longer than this before it fires, as far as samples are concerned, in hours.
const LONGEST_HOURS: i64 = 24;

#[derive(Debug, Args)]
struct Arguments {
    /// The incident, or a unique beginning of its id [default: the newest open one]
    #[arg(value_name = "ID")]
    incident: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "explain",
    about: "Why an incident fired: the rule and its place, the samples, who, what had changed",
    examples: "  osmon explain               the newest open incident\n  osmon explain cpu-3\n  osmon explain disk --json | jq .process",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

/// Everything that is told.
struct Explained {
    case: Case,
    /// As it is configured now; `None`: it is not any more.
    rule: Option<Rule>,
    /// Key, value and place of everything that is set for the rule.
    settings: Vec<(String, String, String)>,
    /// When it fired.
    fired: DateTime<Utc>,
    /// Around the moment it fired, the oldest first.
    samples: Vec<Sample>,
    who: Evidence,
    changes: Vec<Annotation>,
    mutes: Suppressions,
}

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let case = incidents::find(&context, arguments.incident.as_deref())?;
    let fired = case.fired().and_then(|event| parse(&event.time)).unwrap_or(case.since);
    let recorded = case.fired().and_then(|event| event.evidence.clone()).filter(|known| !known.process.is_empty());
    let explained = Explained {
        rule: context.config.rules.iter().find(|rule| rule.name == case.rule).cloned(),
        settings: context.settings(&["rule", &case.rule]),
        fired,
        samples: samples(&context, &case, fired)?,
        who: recorded.unwrap_or_else(|| evidence::who(&context, &case.metric, fired)),
        changes: evidence::changes(&context, fired),
        mutes: silences::read(&context),
        case,
    };
    let text = if call.out.json {
        to_json(&explained, &context).to_string()
    } else {
        story::tell(&call.out, &explained, &context)
    };
    call.out.print(&text);
    Ok(Exit::Done)
}

/// The last values up to the moment it fired and the first after it.
fn samples(context: &Context, case: &Case, fired: DateTime<Utc>) -> Result<Vec<Sample>> {
    let since = (case.since - TimeDelta::minutes(BEFORE_MINUTES)).max(fired - TimeDelta::hours(LONGEST_HOURS));
    let until = (fired + TimeDelta::minutes(SAMPLES.1 as i64 + 1)).min(context.now.wall);
    let is_wanted = |name: &str| name == case.name();
    let query = Query { is_wanted: &is_wanted, since, until };
    let series = SeriesKey::parse(&case.metric);
    let points = context.store.points(Tier::Columns, &query)?.points.remove(&series).unwrap_or_default();
    let (before, after): (Vec<&Point>, Vec<&Point>) =
        points.iter().partition(|point| point.time_ms <= fired.timestamp_millis());
    let kept = before.iter().skip(before.len().saturating_sub(SAMPLES.0)).chain(after.iter().take(SAMPLES.1));
    let samples = kept.filter_map(|point| {
        let time = DateTime::from_timestamp_millis(point.time_ms)?;
        Some(Sample { time: stamp(time), value: point.avg })
    });
    let samples: Vec<Sample> = samples.collect();
    // Where the history is gone the event still knows.
    let recorded = || case.fired().and_then(|event| event.evidence.as_ref()).map(|known| known.value.clone());
    Ok(if samples.is_empty() { recorded().unwrap_or_default() } else { samples })
}

/// Which limit of the rule a value is beyond.
fn breached(rule: Option<&Rule>, value: f64) -> Option<(&'static str, f64)> {
    let rule = rule?;
    let is_beyond = |limit: &f64| beyond(rule.above, value, *limit);
    let critical = rule.critical.map(|limit| limit.raise).filter(is_beyond).map(|limit| ("critical", limit));
    critical.or_else(|| rule.warning.map(|limit| limit.raise).filter(is_beyond).map(|limit| ("warning", limit)))
}

fn to_json(explained: &Explained, context: &Context) -> Value {
    let Explained { case, rule, .. } = explained;
    let limit = |limit: Option<crate::config::rule::Limit>| {
        limit.map(|limit| json!({ "raise": limit.raise, "clear": limit.clear, "for_seconds": limit.hold.as_secs() }))
    };
    let settings =
        explained.settings.iter().map(|(key, value, from)| json!({ "key": key, "value": value, "from": from }));
    let rule_json = rule.as_ref().map(|rule| {
        json!({ "name": rule.name, "when": if rule.above { "above" } else { "below" }, "warning": limit(rule.warning),
            "critical": limit(rule.critical), "clear_for_seconds": rule.clear_for.as_secs(), "setting": settings.collect::<Vec<_>>() })
    });
    let samples = explained.samples.iter().map(|sample| {
        let breached = breached(rule.as_ref(), sample.value).map(|(word, _)| word);
        json!({ "time": sample.time, "value": sample.value, "beyond": breached })
    });
    json!({
        "schema": 1, "id": case.id, "title": case.title, "metric": case.metric, "severity": case.severity,
        "since": stamp(case.since), "fired": stamp(explained.fired), "ended": case.ended.map(stamp),
        "open": case.open.is_some(), "duration_seconds": case.lasted, "peak": case.peak, "told": case.told(context),
        "rule": rule_json, "sample": samples.collect::<Vec<_>>(), "resource": explained.who.resource,
        "process": explained.who.process, "unit": explained.who.unit, "change": explained.changes, "event": case.events,
        "waits_for": story::waits_for(explained),
        "ack": explained.mutes.ack(&case.id, None, context.now.wall), "silence": explained.mutes.silence(&case.rule, &case.metric, context.now.wall),
    })
}
