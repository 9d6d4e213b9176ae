//! Evidence for events: the top consumers of the resource, the last values, recent changes.

mod facts;
mod storage;

use crate::base::bounded;
use crate::base::clock::{local_short, parse, stamp};
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::consumers::Consumers;
use crate::model::event::{Event, EventKind};
use crate::model::evidence::{CHANGES_MAX, Evidence, Resource, Sample, VALUES_MAX};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use crate::model::metric::{SeriesKey, read_labels, write_labels};
use crate::model::point::{Point, group};
use crate::model::record::time_of;
use crate::model::snapshot::Snapshot;
use crate::model::walk::walk;
use crate::query::{actions, consumers, incidents, timeline};
use crate::store::SNAPSHOTS;
use crate::store::query::Query;
use crate::store::tier::Tier;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, Instant};

/// How long an alert waits for its evidence.
const LIMIT: Duration = Duration::from_millis(800);
/// How far back the last values are searched, in minutes.
const VALUES_MINUTES: i64 = 30;
/// Of a reminder: how far back they go, in days, and up to how many hours they are read from five minutes each.
const SINCE_DAYS: i64 = 30;
const FINE_HOURS: i64 = 48;
/// How far back changes are listed, in minutes.
pub const CHANGES_MINUTES: i64 = 60;
/// Maximum length of a change, in characters.
const CHANGE_MAX: usize = 160;
/// Largest number of repairs that an alert tells of.
const REPAIRS_MAX: usize = 4;
/// Maximum length of a fact, in characters.
const FACT_MAX: usize = 400;

/// Adds evidence to events that tell of an open incident. `processes` is the record of this run, if there is one. Evidence
/// that cannot be collected in time is left out: an alert without evidence is better than none.
pub fn add(context: &Context, events: Vec<Event>, snapshot: &Snapshot, processes: Option<String>) -> Vec<Event> {
    let mut events = with_facts(context, events, snapshot, processes);
    // A recovery says too what was tried.
    for event in events.iter_mut().filter(|event| needs_evidence(event) || event.is_over()) {
        add_repairs(context, event);
    }
    events
}

fn with_facts(context: &Context, events: Vec<Event>, snapshot: &Snapshot, processes: Option<String>) -> Vec<Event> {
    if !events.iter().any(needs_evidence) {
        return events;
    }
    let (other, plain, record) = (context.clone(), events.clone(), processes.clone());
    let mut events = bounded::run(LIMIT, move || with_evidence(&other, events, record)).unwrap_or(plain);
    // Evidence collected so far must survive an unreadable file.
    let until = Instant::now() + facts::LIMIT;
    for event in events.iter_mut().filter(|event| needs_evidence(event)) {
        let facts = facts::of(context, event, snapshot, processes.as_deref(), until);
        if !facts.is_empty() {
            let evidence = event.evidence.get_or_insert_default();
            evidence.fact = facts.iter().map(|fact| clean(&fact.english(), FACT_MAX)).collect();
            evidence.fact_localized = facts;
        }
    }
    events
}

/// Adds what osmon tried for the incident of an event, and what came of it, as facts.
fn add_repairs(context: &Context, event: &mut Event) {
    let repairs = actions::of_event(context, event, REPAIRS_MAX);
    for repair in repairs.iter().rev() {
        let fact = Message::new(key::ACTION_FACT).with("line", repair.timed(context.now.wall));
        let evidence = event.evidence.get_or_insert_default();
        evidence.fact.push(clean(&fact.english(), FACT_MAX));
        evidence.fact_localized.push(fact);
    }
}

fn needs_evidence(event: &Event) -> bool {
    use EventKind::{Escalated, Fired, Reminded, Settled};
    matches!(event.kind, Fired | Escalated | Reminded) || (event.kind == Settled && !event.is_over())
}

/// All events are of one moment, so what they share is read once.
fn with_evidence(context: &Context, mut events: Vec<Event>, processes: Option<String>) -> Vec<Event> {
    let Some(time) = events.first().and_then(|event| parse(&event.time)) else { return events };
    let recorded = processes.as_deref().and_then(Consumers::from_record);
    let consumers = recorded.filter(has_any).or_else(|| nearest(context, time));
    let changes = host_changes(context, time);
    let change: Vec<String> = changes.iter().map(|mark| words(mark, time)).collect();
    let change_localized: Vec<Message> = changes.iter().map(|mark| line(mark, time)).collect();
    for event in events.iter_mut().filter(|event| needs_evidence(event)) {
        let used = top_consumers(&event.metric, consumers.as_ref());
        let evidence = Evidence {
            value: match event.kind {
                EventKind::Reminded => {
                    values_since(context, event, time).unwrap_or_else(|| values(context, event, time))
                }
                _ => values(context, event, time),
            },
            change: change.clone(),
            change_localized: change_localized.clone(),
            ..used
        };
        event.evidence = Some(evidence).filter(|evidence| !evidence.is_empty());
    }
    events
}

/// The top consumers of the resource of a metric, at a time in the past.
pub fn who(context: &Context, metric: &str, time: DateTime<Utc>) -> Evidence {
    top_consumers(metric, nearest(context, time).as_ref())
}

fn top_consumers(metric: &str, consumers: Option<&Consumers>) -> Evidence {
    let resource = Resource::of(metric);
    let within = consumers.and_then(|consumers| within_limit(metric, consumers));
    let consumers = within.as_ref().or(consumers);
    match (resource, consumers) {
        (Some(resource), Some(consumers)) => consumers::evidence(consumers, resource),
        _ => Evidence { resource, ..Evidence::default() },
    }
}

/// Of a limit of a unit, only that unit and its processes; `None`: any other metric, or a slice, which is no owner.
fn within_limit(metric: &str, consumers: &Consumers) -> Option<Consumers> {
    let (_, labels) = read_labels(metric.starts_with("limit.").then_some(metric)?);
    let (_, unit) = labels.first().filter(|(_, unit)| consumers.units.contains_key(unit))?;
    let mut within = consumers.clone();
    within.programs.retain(|program, _| program.unit == *unit);
    within.units.retain(|name, _| name == unit);
    Some(within)
}

fn has_any(consumers: &Consumers) -> bool {
    !(consumers.programs.is_empty() && consumers.units.is_empty())
}

/// Without a record close to the time there are no consumers; a read error must not withhold an alert.
fn nearest(context: &Context, time: DateTime<Utc>) -> Option<Consumers> {
    let close = incidents::state(context).spacing.stale_seconds();
    consumers::at(context, time, TimeDelta::seconds(close as i64)).ok().flatten()
}

/// The last values of the event's metric, ending with the event's own.
fn values(context: &Context, event: &Event, time: DateTime<Utc>) -> Vec<Sample> {
    let name = event.metric.split('{').next().unwrap_or_default();
    let mut values = Vec::new();
    let visit = &mut |line: &str| {
        let Some(then) = time_of(line).filter(|then| **then < *event.time) else { return };
        let mut found = None;
        // Of a damaged line, the values before the damage are used.
        let _ = walk(line, &mut |known, labels, value| {
            if known == name && event.metric.get(name.len()..) == Some(write_labels(labels).as_str()) {
                found = Some(value);
            }
        });
        values.extend(found.map(|value| Sample { time: then.to_string(), value }));
    };
    let since = time - TimeDelta::minutes(VALUES_MINUTES);
    if context.store.read_tail(SNAPSHOTS, since, time, visit).is_err() {
        return Vec::new();
    }
    values.arrange_by(|a, b| a.time.cmp(&b.time));
    values.push(Sample { time: stamp(time), value: event.value });
    values.drain(..values.len().saturating_sub(VALUES_MAX));
    values
}

/// Values over the whole time of an incident, ending with the event's own; `None` where it is short or they cannot be read.
fn values_since(context: &Context, event: &Event, time: DateTime<Utc>) -> Option<Vec<Sample>> {
    let since = parse(&event.since)?.max(time - TimeDelta::days(SINCE_DAYS));
    let span = (time - since).num_milliseconds();
    let name = event.metric.split('{').next().unwrap_or_default();
    let tier = if span > FINE_HOURS * 3_600_000 { Tier::Hours } else { Tier::FiveMinutes };
    let query = Query { is_wanted: &|known| known == name, since, until: time };
    let all = (span > VALUES_MINUTES * 60_000).then(|| context.store.points(tier, &query))?.ok()?;
    let is_own = |key: &SeriesKey| event.metric.get(name.len()..) == Some(write_labels(&key.labels).as_str());
    let points = all.points.into_iter().find(|(key, _)| is_own(key))?.1;
    let step = span / (VALUES_MAX as i64 - 1) + 1;
    let from = since.timestamp_millis();
    let points = points.into_iter().map(|point| Point { time_ms: (point.time_ms - from).max(0), ..point });
    let mut values: Vec<Sample> = group(points, step)
        .into_iter()
        .filter_map(|point| {
            let then = DateTime::from_timestamp_millis(from + point.time_ms)?;
            Some(Sample { time: stamp(then), value: point.avg })
        })
        .collect();
    values.push(Sample { time: stamp(time), value: event.value });
    values.drain(..values.len().saturating_sub(VALUES_MAX));
    Some(values).filter(|values| values.len() > 2)
}

/// Changes in the hour before, the oldest first.
pub fn changes(context: &Context, time: DateTime<Utc>) -> Vec<Annotation> {
    let mut marks = marks(context, time);
    marks.drain(..marks.len().saturating_sub(CHANGES_MAX));
    marks
}

/// Changes to the host in the hour before, the newest first: without what osmon says of itself.
fn host_changes(context: &Context, time: DateTime<Utc>) -> Vec<Annotation> {
    let mut marks = marks(context, time);
    marks.retain(|mark| !matches!(mark.kind, AnnotationKind::MissedRuns | AnnotationKind::NotStored));
    marks.reverse();
    marks.truncate(CHANGES_MAX);
    marks
}

fn marks(context: &Context, time: DateTime<Utc>) -> Vec<Annotation> {
    let since = time - TimeDelta::minutes(CHANGES_MINUTES);
    let mut marks = timeline::read(context, since, time).map(|timeline| timeline.marks).unwrap_or_default();
    marks.retain(|mark| !matches!(mark.kind, AnnotationKind::Expired | AnnotationKind::Dropped));
    marks
}

/// `21:05 packages: installed nginx 1.24`.
pub fn words(mark: &Annotation, now: DateTime<Utc>) -> String {
    clean(&line(mark, now).english(), CHANGE_MAX)
}

/// An annotation as a message.
fn line(mark: &Annotation, now: DateTime<Utc>) -> Message {
    let time = parse(&mark.time).map(|time| local_short(time, now)).unwrap_or_default();
    let text = mark.localized.clone().map_or_else(|| mark.text.as_str().into(), Arg::Message);
    Message::new(key::CHANGE_LINE).with("time", time).with("kind", Message::new(mark.kind.label())).with("text", text)
}
