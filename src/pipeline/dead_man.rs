//! Dead man's switch: alerts when nothing is recorded any more. Needs a schedule of its own, because a stopped osmon cannot
//! alert. The alert is ended by whoever comes first: the next run, or the switch.

use super::journal;
use crate::alert::Outbox;
use crate::base::clock::{parse, stamp};
use crate::context::Context;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::query::clock;
use crate::query::health::{self, Recorded, seconds_between};
use crate::query::incidents::{self, STALE};
use crate::query::silences;
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Name of the state file; there is none while the data is fresh.
const STATE: &str = "stale";
/// Name of the state file with the time of the first look at a host that has recorded nothing yet, RFC 3339.
const WATCHED: &str = "watched";
/// Metric of the alert.
const METRIC: &str = "snapshot.age_seconds";
/// Wait for the lock. A hung run may hold it; the alert is then sent without it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Time after boot within which missing data is no alert, in seconds.
const BOOT_SECONDS: f64 = 300.0;

/// The alert in force.
#[derive(Debug, Serialize, Deserialize)]
struct StaleAlert {
    incident: String,
    /// Time of the last snapshot before the alert, RFC 3339; of the first look when none existed (formerly empty).
    since: String,
    /// No recipient was configured when it was raised.
    #[serde(default)]
    nobody: bool,
}

/// Queues an alert when data becomes stale and when it is fresh again, once each. An alert that had no recipient is
/// queued when there is one.
///
/// # Errors
/// When it cannot be written.
pub fn watch(context: &Context, recorded: &Recorded) -> Result<()> {
    let alert: Option<StaleAlert> = context.store.load_cache(STATE);
    match (alert, recorded.health.is_stale()) {
        // A clock that stepped makes no data old.
        (None, true) if clock::is_only_a_step(context, recorded.health.stale_seconds) => Ok(()),
        (None, true) if context.now.boottime_seconds >= BOOT_SECONDS => match since_when(context, recorded)? {
            Some(taken) => begin(context, recorded, taken),
            None => Ok(()),
        },
        (Some(alert), true) if alert.nobody && is_notified(context) => {
            put(context, &event(context, &recorded.host, recorded.health.taken, &alert, EventKind::Fired))?;
            save(context, &StaleAlert { nobody: false, ..alert })
        }
        // A run that holds the lock ends it itself.
        (Some(_), false) => context.store.try_lock(PATIENCE)?.map_or(Ok(()), |_lock| end(context, &recorded.host)),
        _ => Ok(()),
    }
}

/// The time of the last data: of the newest snapshot, or where none was ever recorded, of the first look, because a new
/// schedule needs a minute to begin. `None`: it is not long enough ago.
fn since_when(context: &Context, recorded: &Recorded) -> Result<Option<DateTime<Utc>>> {
    if recorded.health.taken.is_some() {
        return Ok(recorded.health.taken);
    }
    let now = context.now.wall;
    let Some(first) = context.store.load_cache::<String>(WATCHED).as_deref().and_then(parse) else {
        context.store.create()?;
        context.store.save_state(WATCHED, &stamp(now))?;
        return Ok(None);
    };
    Ok(Some(first).filter(|first| seconds_between(*first, now) > recorded.health.stale_seconds))
}

fn begin(context: &Context, recorded: &Recorded, taken: DateTime<Utc>) -> Result<()> {
    let lock = context.store.try_lock(PATIENCE);
    if matches!(lock, Ok(Some(_))) && (context.store.has_state(STATE) || !health::read(context).health.is_stale()) {
        // Another watcher alerted, or a run has recorded meanwhile.
        return Ok(());
    }
    let alert = StaleAlert {
        incident: format!("{STALE}-{}", taken.timestamp_millis()),
        since: stamp(taken),
        nobody: !is_notified(context),
    };
    let event = event(context, &recorded.host, Some(taken), &alert, EventKind::Fired);
    // The lock protects the files of a run; a hung run must not stop the alert.
    put(context, &event)?;
    let lock = lock?;
    save(context, &alert)?;
    if lock.is_some() { journal::append_event(context, &event) } else { Ok(()) }
}

/// Ends the alert in force, if there is one, because something was recorded. The lock is held.
///
/// # Errors
/// When it cannot be written; the alert then stays in force.
pub fn end(context: &Context, host: &str) -> Result<()> {
    let Some(alert) = context.store.load_cache::<StaleAlert>(STATE) else { return Ok(()) };
    let event = event(context, host, None, &alert, EventKind::Recovered);
    if !alert.nobody {
        put(context, &event)?;
    }
    journal::append_event(context, &event)?;
    context.store.remove_state(STATE)
}

fn save(context: &Context, alert: &StaleAlert) -> Result<()> {
    context.store.with_reserve(|| context.store.save_state(STATE, alert))
}

/// Returns whether a recipient is configured and no silence is in force.
fn is_notified(context: &Context) -> bool {
    let is_silenced = silences::read(context).silence(STALE, METRIC, context.now.wall).is_some();
    context.config.alert.notified_from().is_some() && !is_silenced
}

/// Queues an event; does nothing without a recipient.
fn put(context: &Context, event: &Event) -> Result<()> {
    if !is_notified(context) {
        return Ok(());
    }
    context.store.create()?;
    context.store.with_reserve(|| Outbox::new(context.store.directory()).put(event))
}

/// An event of the alert. `taken`: time of the newest snapshot; `None`: there is none, or it is new.
fn event(context: &Context, host: &str, taken: Option<DateTime<Utc>>, alert: &StaleAlert, kind: EventKind) -> Event {
    let now = context.now.wall;
    let since = parse(&alert.since).unwrap_or(now);
    let age = seconds_between(taken.unwrap_or(now), now);
    let title = Message::new(key::CRISIS_STALE);
    Event {
        id: format!("{}.{}", alert.incident, if kind == EventKind::Fired { 1 } else { 2 }),
        incident: alert.incident.clone(),
        kind,
        severity: Severity::Critical,
        time: stamp(now),
        host: host.to_string(),
        rule: STALE.to_string(),
        title: title.english(),
        metric: METRIC.to_string(),
        value: age,
        limit: incidents::state(context).spacing.stale_seconds(),
        above: true,
        since: stamp(since),
        duration_seconds: seconds_between(since, now),
        message: None,
        reason: None,
        well: false,
        muted: None,
        information: false,
        localized: Localized { title: Some(title), ..Localized::default() },
        evidence: None,
    }
}
