//! Somebody is told when nothing is recorded any more: from a crontab line of its own, because who is dead tells nothing.

use super::journal;
use crate::alert::Outbox;
use crate::base::clock::{parse, stamp};
use crate::context::Context;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::query::health::{Recorded, STALE_SECONDS, seconds_between};
use crate::query::incidents::STALE;
use crate::query::silences;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Name of the state file; there is none while the data is fresh.
const STATE: &str = "stale";
/// What it watches.
const METRIC: &str = "snapshot.age_seconds";
/// A run that hangs may hold the lock: then the alert goes out all the same.
const PATIENCE: Duration = Duration::from_secs(3);
/// A host that was just booted has had no time to record anything, in seconds.
const BOOT_SECONDS: f64 = 300.0;

/// What was told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    incident: String,
    /// Time of the last snapshot before, RFC 3339; empty: there never was one.
    since: String,
    /// Nobody could be told.
    #[serde(default)]
    nobody: bool,
}

/// Puts what began or ended into the outbox, once. What nobody could be told when it began is told when somebody can be.
///
/// # Errors
/// When it could not be written.
pub fn watch(context: &Context, recorded: &Recorded) -> Result<()> {
    let told: Option<Told> = context.store.load_cache(STATE);
    match (told, recorded.health.is_stale()) {
        (None, true) if context.now.boottime_seconds >= BOOT_SECONDS => begin(context, recorded),
        (Some(told), true) if told.nobody && is_told(context) => {
            put(context, &event(context, recorded, &told, EventKind::Fired))?;
            save(context, &Told { nobody: false, ..told })
        }
        (Some(told), false) => end(context, recorded, &told),
        _ => Ok(()),
    }
}

fn begin(context: &Context, recorded: &Recorded) -> Result<()> {
    let incident = format!("{STALE}-{}", recorded.health.taken.map_or(0, |taken| taken.timestamp_millis()));
    let told =
        Told { incident, since: recorded.health.taken.map(stamp).unwrap_or_default(), nobody: !is_told(context) };
    let event = event(context, recorded, &told, EventKind::Fired);
    put(context, &event)?;
    // The lock protects what a run writes; nobody else writes this file, and a run that hangs must not stop the alarm.
    let lock = context.store.try_lock(PATIENCE)?;
    save(context, &told)?;
    if lock.is_some() { journal::append_event(context, &event) } else { Ok(()) }
}

fn end(context: &Context, recorded: &Recorded, told: &Told) -> Result<()> {
    let event = event(context, recorded, told, EventKind::Recovered);
    if !told.nobody {
        put(context, &event)?;
    }
    let lock = context.store.lock(PATIENCE)?;
    context.store.remove_state(STATE)?;
    journal::append_event(context, &event)?;
    drop(lock);
    Ok(())
}

fn save(context: &Context, told: &Told) -> Result<()> {
    context.store.with_reserve(|| context.store.save_state(STATE, told))
}

/// Whether there is somebody to tell, and nobody wants silence.
fn is_told(context: &Context) -> bool {
    let is_silenced = silences::read(context).silence(STALE, METRIC, context.now.wall).is_some();
    context.config.alert.told_from().is_some() && !is_silenced
}

/// With nobody to tell nothing is queued.
fn put(context: &Context, event: &Event) -> Result<()> {
    if !is_told(context) {
        return Ok(());
    }
    context.store.create()?;
    context.store.with_reserve(|| Outbox::new(context.store.directory()).put(event))
}

fn event(context: &Context, recorded: &Recorded, told: &Told, kind: EventKind) -> Event {
    let now = context.now.wall;
    let since = parse(&told.since).unwrap_or(now);
    let age = seconds_between(recorded.health.taken.unwrap_or(now), now);
    let title = Message::new(key::CRISIS_STALE);
    Event {
        id: format!("{}.{}", told.incident, if kind == EventKind::Fired { 1 } else { 2 }),
        incident: told.incident.clone(),
        kind,
        severity: Severity::Critical,
        time: stamp(now),
        host: recorded.host.clone(),
        rule: STALE.to_string(),
        title: title.english(),
        metric: METRIC.to_string(),
        value: age,
        limit: STALE_SECONDS as f64,
        above: true,
        since: stamp(since),
        duration_seconds: seconds_between(since, now),
        message: None,
        reason: None,
        well: false,
        muted: None,
        localized: Localized { title: Some(title), ..Localized::default() },
        evidence: None,
    }
}
