//! Facts beside the value of an event: the bytes that are left, what takes them, whom the OOM killer killed.

mod limits;

use super::storage;
use crate::base::bounded;
use crate::context::Context;
use crate::model::event::{Event, EventKind};
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::{Metric, read_labels};
use crate::model::snapshot::Snapshot;
use crate::model::walk::walk;
use crate::probe::oom_victims::{Victim, oom_victims};
use crate::probe::open_files::{Found, Holder, open_files};
use std::time::{Duration, Instant};

/// Time limit of everything that is looked up on the host for the events of one run.
pub const LIMIT: Duration = Duration::from_millis(700);
/// Largest number of victims named.
const VICTIMS_MAX: usize = 3;
/// Victims of this span before the snapshot belong to it, in seconds, when the interval is not known.
const VICTIM_SECONDS: f64 = 120.0;
/// Deleted files are named from this share of the file system on.
const DELETED_SHARE: f64 = 0.01;

/// The facts about an event; `processes` is the record of this run. What the host does not answer before `until` is left out.
pub fn of(
    context: &Context,
    event: &Event,
    snapshot: &Snapshot,
    processes: Option<&str>,
    until: Instant,
) -> Vec<Message> {
    let (name, labels) = read_labels(&event.metric);
    let mount = labels.iter().find(|(label, _)| label == "mount").map(|(_, mount)| mount.as_str());
    match (name, mount) {
        ("disk.used_percent", Some(mount)) => disk(context, event, snapshot, mount, until),
        ("memory.oom_kills", _) => killed(context, event, snapshot, processes, until),
        ("limit.memory_used_percent" | "memory_error.corrected" | "memory_error.uncorrected" | "process.hung", _) => {
            let (root, metric, values) = (context.root.clone(), event.metric.clone(), snapshot.metrics.clone());
            bounded::run(left(until), move || limits::of(&root, &metric, &values)).unwrap_or_default()
        }
        _ => match storage::facts(name, &labels, snapshot) {
            facts if facts.is_empty() => state(snapshot, name, labels.first().map_or("", |(_, element)| element)),
            facts => facts,
        },
    }
}

/// How the thing is, in words. Of a service the title and the cause say it.
fn state(snapshot: &Snapshot, metric: &str, element: &str) -> Vec<Message> {
    let section = metric.split('.').next().filter(|section| *section != "service").unwrap_or_default();
    let state = snapshot.words.get(&(format!("{section}.state"), element.to_string()));
    state.map(|state| Message::new(key::FACT_STATE).with("state", state.as_str())).into_iter().collect()
}

fn disk(context: &Context, event: &Event, snapshot: &Snapshot, mount: &str, until: Instant) -> Vec<Message> {
    let value = |name: &str| {
        let is_mount = |metric: &&Metric| metric.name == name && metric.labels.iter().any(|(_, value)| value == mount);
        snapshot.metrics.iter().find(is_mount).map(|metric| metric.value)
    };
    let (Some(free), Some(total)) = (value("disk.available_bytes"), value("disk.total_bytes")) else {
        return Vec::new();
    };
    let bytes = |message: Message, name: &str, value: f64| message.with_value(name, "disk.total_bytes", value);
    let mut facts = vec![bytes(bytes(Message::new(key::FACT_FREE), "free", free), "total", total)];
    if event.kind == EventKind::Reminded {
        return facts;
    }
    let (root, point) = (context.root.clone(), mount.to_string());
    let found: Found = bounded::run(left(until), move || open_files(&root, &point)).unwrap_or_default();
    let held = |message: Message, file: &Holder| {
        message.with("path", &*file.path).with("name", &*file.name).with("pid", file.pid.to_string())
    };
    if let Some(file) = &found.growing {
        let rate = "disk_io.written_bytes_per_second";
        facts.push(held(Message::new(key::FACT_GROWING).with_value("rate", rate, file.bytes), file));
    }
    if let Some((all, largest)) = found.deleted.filter(|(all, _)| *all >= total * DELETED_SHARE) {
        facts.push(held(bytes(Message::new(key::FACT_DELETED), "size", all), &largest));
    }
    facts
}

fn killed(
    context: &Context,
    event: &Event,
    snapshot: &Snapshot,
    processes: Option<&str>,
    until: Instant,
) -> Vec<Message> {
    let interval = snapshot.interval_seconds.unwrap_or(VICTIM_SECONDS);
    let (root, since) = (context.root.clone(), snapshot.now.boottime_seconds - interval - 1.0);
    let victims = bounded::run(left(until), move || oom_victims(&root, since)).unwrap_or_default();
    let most = (event.value.max(1.0) as usize).min(VICTIMS_MAX);
    let named: Vec<Message> = victims.iter().take(most).map(victim).collect();
    if named.is_empty() { units(processes.unwrap_or_default()) } else { named }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

fn victim(victim: &Victim) -> Message {
    let key = if victim.unit.is_empty() { key::FACT_VICTIM } else { key::FACT_VICTIM_OF };
    let message = Message::new(key).with("name", &*victim.name).with("pid", victim.pid.to_string());
    message.with("unit", &*victim.unit).with_value("size", "memory.used_bytes", victim.bytes)
}

/// Units that lost a process, where the kernel log cannot be read.
fn units(processes: &str) -> Vec<Message> {
    let mut found = Vec::new();
    // Of a damaged record, what is before the damage.
    let _ = walk(processes, &mut |name, labels, value| {
        if name == "unit.oom_kills" && value > 0.0 && found.len() < VICTIMS_MAX {
            let unit = labels.first().map(|(_, unit)| unit.as_str()).unwrap_or_default();
            found.push(Message::named("fact.killed_in").with("count", value as usize).with("unit", unit));
        }
    });
    found
}
