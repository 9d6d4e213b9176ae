//! Evidence for events: who used the resource, the last values, what had changed.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::base::bounded;
use crate::base::clock::{local_short, parse, stamp};
use crate::base::text::{NAME_MAX, clean};
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::event::{Event, EventKind};
use crate::model::evidence::{CHANGES_MAX, Evidence, PROCESSES_MAX, Resource, Sample, UNITS_MAX, User, VALUES_MAX};
use crate::model::metric::write_labels;
use crate::model::record::time_of;
use crate::model::walk::walk;
use crate::query::health::STALE_SECONDS;
use crate::query::timeline;
use crate::store::{PROCESSES, SNAPSHOTS};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::time::Duration;

/// An alert does not wait longer for its evidence.
const LIMIT: Duration = Duration::from_millis(800);
/// How long before an event its last values are looked for, in minutes.
const VALUES_MINUTES: i64 = 30;
/// How long before an event a change may have been its cause, in minutes.
pub const CHANGES_MINUTES: i64 = 60;
/// Longest text of a change, in characters.
const CHANGE_MAX: usize = 160;

/// Gives evidence to what began or got worse. `processes`: the record of this very run, where there is one. What cannot
/// be had in time is left out: an alert without evidence is better than none.
pub fn add(context: &Context, events: Vec<Event>, processes: Option<String>) -> Vec<Event> {
    if !events.iter().any(is_asked) {
        return events;
    }
    let (context, plain) = (context.clone(), events.clone());
    bounded::run(LIMIT, move || with_evidence(&context, events, processes)).unwrap_or(plain)
}

fn is_asked(event: &Event) -> bool {
    matches!(event.kind, EventKind::Fired | EventKind::Escalated)
}

/// The events are of one moment: what is the same for all of them is read once.
fn with_evidence(context: &Context, mut events: Vec<Event>, processes: Option<String>) -> Vec<Event> {
    let Some(time) = events.first().and_then(|event| parse(&event.time)) else { return events };
    let processes = processes.or_else(|| nearest(context, time).map(|record| record.to_string()));
    let change: Vec<String> = changes(context, time).iter().map(|mark| words(mark, time)).collect();
    for event in events.iter_mut().filter(|event| is_asked(event)) {
        let who = who(context, &event.metric, time, processes.as_deref());
        let evidence = Evidence { value: values(context, event, time), change: change.clone(), ..who };
        event.evidence = Some(evidence).filter(|evidence| !evidence.is_empty());
    }
    events
}

/// Who used the resource of a metric at a time, from a record that is given or from the history.
pub fn who(context: &Context, metric: &str, time: DateTime<Utc>, given: Option<&str>) -> Evidence {
    let mut evidence = Evidence { resource: Resource::of(metric), ..Evidence::default() };
    let Some(resource) = evidence.resource else { return evidence };
    let given = given.and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(|record| !is_empty(record));
    let Some(record) = given.or_else(|| nearest(context, time)) else { return evidence };
    evidence.process = users(&record["process"], "name", resource, PROCESSES_MAX);
    evidence.unit = users(&record["unit"], "unit", resource, UNITS_MAX);
    evidence
}

fn is_empty(record: &Value) -> bool {
    ["process", "unit"].iter().all(|name| record[*name].as_array().is_none_or(Vec::is_empty))
}

/// The record of processes nearest to a time.
fn nearest(context: &Context, time: DateTime<Utc>) -> Option<Value> {
    let near = TimeDelta::seconds(STALE_SECONDS);
    let mut nearest: Option<(TimeDelta, String)> = None;
    let visit = &mut |line: &str| {
        let distance = time_of(line).and_then(parse).map(|then| (then - time).abs());
        if let Some(distance) = distance.filter(|far| nearest.as_ref().is_none_or(|(best, _)| far < best)) {
            nearest = Some((distance, line.to_string()));
        }
    };
    context.store.read(PROCESSES, time - near, time + near, visit).ok()?;
    serde_json::from_str(&nearest?.1).ok()
}

/// The greediest of a list; those of one name and unit together.
fn users(list: &Value, name: &str, resource: Resource, most: usize) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for item in list.as_array().into_iter().flatten() {
        let text = |key: &str| clean(item[key].as_str().unwrap_or_default(), NAME_MAX);
        let rates = (item["read_bytes_per_second"].as_f64(), item["written_bytes_per_second"].as_f64());
        let io = match rates {
            (None, None) => None,
            (read, written) => Some(read.unwrap_or(0.0) + written.unwrap_or(0.0)),
        };
        let user = User {
            name: text(name),
            user: text("user"),
            unit: if name == "unit" { String::new() } else { text("unit") },
            cpu_percent: item["cpu_percent"].as_f64(),
            memory_bytes: item["memory_bytes"].as_f64(),
            io_bytes_per_second: io,
        };
        let same = |known: &&mut User| known.name == user.name && known.user == user.user && known.unit == user.unit;
        match users.iter_mut().find(same) {
            Some(known) => {
                let sum = |a: Option<f64>, b: Option<f64>| {
                    if a.is_some() || b.is_some() { Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)) } else { None }
                };
                known.cpu_percent = sum(known.cpu_percent, user.cpu_percent);
                known.memory_bytes = sum(known.memory_bytes, user.memory_bytes);
                known.io_bytes_per_second = sum(known.io_bytes_per_second, user.io_bytes_per_second);
            }
            None => users.push(user),
        }
    }
    users.retain(|user| user.amount(resource) > 0.0);
    users.sort_by(|a, b| b.amount(resource).total_cmp(&a.amount(resource)).then_with(|| a.name.cmp(&b.name)));
    users.truncate(most);
    users
}

/// The last values of the event's metric; the newest is that of the event.
fn values(context: &Context, event: &Event, time: DateTime<Utc>) -> Vec<Sample> {
    let name = event.metric.split('{').next().unwrap_or_default();
    let mut values = Vec::new();
    let visit = &mut |line: &str| {
        let Some(then) = time_of(line).filter(|then| **then < *event.time) else { return };
        let mut found = None;
        // A damaged line adds what stands before the damage.
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
    values.sort_by(|a, b| a.time.cmp(&b.time));
    values.push(Sample { time: stamp(time), value: event.value });
    values.drain(..values.len().saturating_sub(VALUES_MAX));
    values
}

/// What happened to the machine in the hour before, the oldest first.
pub fn changes(context: &Context, time: DateTime<Utc>) -> Vec<Annotation> {
    let since = time - TimeDelta::minutes(CHANGES_MINUTES);
    let mut marks = timeline::read(context, since, time).map(|timeline| timeline.marks).unwrap_or_default();
    marks.retain(|mark| !matches!(mark.kind, AnnotationKind::Expired | AnnotationKind::Dropped));
    marks.drain(..marks.len().saturating_sub(CHANGES_MAX));
    marks
}

/// `21:05 packages: installed nginx 1.24`.
pub fn words(mark: &Annotation, now: DateTime<Utc>) -> String {
    let time = parse(&mark.time).map(|time| local_short(time, now)).unwrap_or_default();
    clean(&format!("{time} {}: {}", mark.kind.word(), mark.text), CHANGE_MAX)
}
