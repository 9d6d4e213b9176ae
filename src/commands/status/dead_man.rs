//! Somebody is told when nothing is recorded any more: from a crontab line of its own, because who is dead tells nothing.

use super::{STALE_SECONDS, Status, seconds};
use crate::alert::Outbox;
use crate::base::clock::{parse, stamp};
use crate::commands::cases::STALE;
use crate::commands::here::Here;
use crate::commands::mutes;
use crate::model::event::{Event, Kind};
use crate::model::incident::Severity;
use crate::model::record::{Header, Record};
use crate::store::EVENTS;
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
pub fn watch(here: &Here, status: &Status) -> Result<()> {
    let told: Option<Told> = here.store.load_cache(STATE);
    match (told, status.is_stale) {
        (None, true) if here.now.boottime_seconds >= BOOT_SECONDS => begin(here, status),
        (Some(told), true) if told.nobody && is_told(here) => {
            put(here, &event(here, status, &told, Kind::Fired))?;
            save(here, &Told { nobody: false, ..told })
        }
        (Some(told), false) => end(here, status, &told),
        _ => Ok(()),
    }
}

fn begin(here: &Here, status: &Status) -> Result<()> {
    let incident = format!("{STALE}-{}", status.taken.map_or(0, |taken| taken.timestamp_millis()));
    let told = Told { incident, since: status.taken.map(stamp).unwrap_or_default(), nobody: !is_told(here) };
    let event = event(here, status, &told, Kind::Fired);
    put(here, &event)?;
    // The lock protects what a run writes; nobody else writes this file, and a run that hangs must not stop the alarm.
    let lock = here.store.try_lock(PATIENCE)?;
    save(here, &told)?;
    if lock.is_some() { append(here, &event) } else { Ok(()) }
}

fn end(here: &Here, status: &Status, told: &Told) -> Result<()> {
    let event = event(here, status, told, Kind::Recovered);
    if !told.nobody {
        put(here, &event)?;
    }
    let lock = here.store.lock(PATIENCE)?;
    here.store.remove_state(STATE)?;
    append(here, &event)?;
    drop(lock);
    Ok(())
}

fn save(here: &Here, told: &Told) -> Result<()> {
    here.store.with_reserve(|| here.store.save_state(STATE, told))
}

/// Whether there is somebody to tell, and nobody wants silence.
fn is_told(here: &Here) -> bool {
    let is_silenced = mutes::read(here).silence(STALE, METRIC, here.now.wall).is_some();
    here.config.alert.told_from().is_some() && !is_silenced
}

/// With nobody to tell nothing is queued.
fn put(here: &Here, event: &Event) -> Result<()> {
    if !is_told(here) {
        return Ok(());
    }
    here.store.create()?;
    here.store.with_reserve(|| Outbox::new(here.store.directory()).put(event))
}

fn append(here: &Here, event: &Event) -> Result<()> {
    let header =
        Header { now: here.now, host: event.host.clone(), boot_id: here.root.boot_id(), interval_seconds: None };
    let mut record = Record::new(header);
    record.add("event", event)?;
    here.store.append(EVENTS, &here.now, &record.to_json()?)
}

fn event(here: &Here, status: &Status, told: &Told, kind: Kind) -> Event {
    let now = here.now.wall;
    let since = parse(&told.since).unwrap_or(now);
    let age = seconds(status.taken.unwrap_or(now), now);
    Event {
        id: format!("{}.{}", told.incident, if kind == Kind::Fired { 1 } else { 2 }),
        incident: told.incident.clone(),
        kind,
        severity: Severity::Critical,
        time: stamp(now),
        host: status.host.clone(),
        rule: STALE.to_string(),
        title: "osmon records nothing".to_string(),
        metric: METRIC.to_string(),
        value: age,
        limit: STALE_SECONDS as f64,
        above: true,
        since: stamp(since),
        duration_seconds: seconds(since, now),
        message: None,
        reason: None,
        well: false,
        muted: None,
        evidence: None,
    }
}
