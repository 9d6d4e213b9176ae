//! Annotations on their way to the history: changes of clock and host, and failures to store.

use crate::base::clock::{Now, parse, stamp};
use crate::base::text::{NAME_MAX, clean};
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::record::round;
use crate::probe::ProbeResult;
use crate::probe::host_change::{self, GapContext, HostState};
use crate::store::{SNAPSHOTS, Store};
use anyhow::Result;
use chrono::TimeDelta;
use nix::unistd::{User, getuid};
use serde::{Deserialize, Serialize};

/// Name of the state file, which exists only while annotations are queued.
const STATE: &str = "marks";
/// Maximum number of queued annotations.
const WAITING_MAX: usize = 50;
/// Longest reason kept, in characters.
const REASON_MAX: usize = 200;

/// Annotations to append as soon as the store can be written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Waiting {
    #[serde(default)]
    not_stored: Option<NotStored>,
    #[serde(default)]
    marks: Vec<Annotation>,
}

/// Snapshots that could not be stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NotStored {
    /// Time of the first, RFC 3339, UTC.
    since: String,
    /// The last one: boot and time since boot.
    boot_id: String,
    boottime_seconds: f64,
    count: usize,
    /// Why the last one was not stored.
    reason: String,
}

impl NotStored {
    fn mark(&self, now: &Now) -> Annotation {
        let lasted = parse(&self.since).map(|since| (now.wall - since).num_milliseconds() as f64 / 1e3);
        let text = Message::named("change.not_stored").with("count", self.count).with("reason", self.reason.as_str());
        Annotation {
            id: format!("not_stored-{}", self.since),
            kind: AnnotationKind::NotStored,
            time: stamp(now.wall),
            since: Some(self.since.clone()),
            duration_seconds: lasted.filter(|seconds| *seconds >= 0.0).map(round),
            text: text.english(),
            localized: Some(text),
            author: None,
        }
    }
}

/// Changes since the last snapshot. Called before the new snapshot is appended, because the history is read when the
/// counters of the last one are lost.
pub fn found(context: &Context, probed: &ProbeResult) -> Vec<Annotation> {
    let Some(now) = HostState::from_counters(&probed.counters) else { return Vec::new() };
    let Some(before) = probed.before.clone().or_else(|| newest(context)) else { return Vec::new() };
    let gap = GapContext { skipped_runs: probed.skipped_runs, until_boottime_seconds: None };
    let found = host_change::annotations(&context.root, &before, &now, gap);
    if !found.iter().any(|mark| mark.kind == AnnotationKind::MissedRuns) {
        return found;
    }
    let waiting = context.load_state::<Waiting>(STATE).unwrap_or_default();
    let is_restored = waiting.marks.iter().any(|mark| mark.kind == AnnotationKind::Restored);
    let away = waiting.not_stored.filter(|away| away.boot_id == now.boot_id).map(|away| away.boottime_seconds);
    if is_restored {
        // Snapshots taken since the backup were recorded, so they are no missed runs.
        return found.into_iter().filter(|mark| mark.kind != AnnotationKind::MissedRuns).collect();
    }
    // Before a gap is reported: a snapshot may have been stored although its counters could not be kept.
    let stored = newest(context).filter(|stored| stored.boot_id == now.boot_id).map(|stored| stored.boottime_seconds);
    host_change::annotations(
        &context.root,
        &before,
        &now,
        GapContext { until_boottime_seconds: away.into_iter().chain(stored).reduce(f64::max), ..gap },
    )
}

/// The newest snapshot, even if the clock was set back since.
pub fn newest(context: &Context) -> Option<HostState> {
    let until = context.now.wall.checked_add_signed(TimeDelta::days(1)).unwrap_or(context.now.wall);
    let last = context.store.last(SNAPSHOTS, until).ok().flatten();
    HostState::from_snapshot(&last?)
}

/// Queues a mark that a directory was restored from the backup of a host, made at a time.
///
/// # Errors
/// Errors of the file system.
pub fn queue_restored(store: &Store, host: &str, created: &str, now: &Now) -> Result<()> {
    let mut waiting: Waiting = store.peek_state(STATE).content.unwrap_or_default();
    let time = parse(created).map_or_else(|| clean(created, NAME_MAX), |time| time.format("%F %H:%M UTC").to_string());
    let text = Message::new(key::CHANGE_RESTORED).with("host", clean(host, NAME_MAX)).with("time", time);
    waiting.marks.push(Annotation {
        id: format!("restored-{}", now.wall.timestamp_millis()),
        kind: AnnotationKind::Restored,
        time: stamp(now.wall),
        since: parse(created).map(stamp),
        duration_seconds: None,
        text: text.english(),
        localized: Some(text),
        author: None,
    });
    store.save_state(STATE, &waiting)
}

/// The annotations that wait for the next snapshot.
pub fn queued(store: &Store) -> Vec<Annotation> {
    store.peek_state::<Waiting>(STATE).content.unwrap_or_default().marks
}

/// Appends new and queued annotations. Those that cannot be appended are queued for the next snapshot. The lock is
/// held.
///
/// # Errors
/// Why an annotation could not be appended.
pub fn append_all(context: &Context, found: Vec<Annotation>) -> Result<()> {
    let waited = context.load_state::<Waiting>(STATE).unwrap_or_default();
    let nothing_waited = waited == Waiting::default();
    let mut marks = waited.marks;
    marks.extend(waited.not_stored.map(|away| away.mark(&context.now)));
    marks.extend(found);
    for (at, mark) in marks.iter().enumerate() {
        if let Err(error) = super::journal::append_annotation(context, mark) {
            let rest = marks.get(at..).unwrap_or_default().iter().take(WAITING_MAX).cloned().collect();
            keep(context, &Waiting { not_stored: None, marks: rest });
            return Err(error);
        }
    }
    if nothing_waited { Ok(()) } else { context.store.remove_state(STATE) }
}

/// Records that this snapshot could not be stored. The lock is held.
pub fn remember_not_stored(context: &Context, error: &anyhow::Error) {
    let mut waiting = context.load_state::<Waiting>(STATE).unwrap_or_default();
    let reason = error.root_cause().to_string();
    let reason = reason.split(" (os error").next().unwrap_or_default();
    let before = waiting.not_stored.take();
    waiting.not_stored = Some(NotStored {
        since: before.as_ref().map_or_else(|| stamp(context.now.wall), |before| before.since.clone()),
        boot_id: context.root.boot_id(),
        boottime_seconds: context.now.boottime_seconds,
        count: before.map_or(0, |before| before.count).saturating_add(1),
        reason: clean(reason, REASON_MAX),
    });
    keep(context, &waiting);
}

/// If nothing can be written, the queue is lost; the failure was reported already.
fn keep(context: &Context, waiting: &Waiting) {
    let _ = context.store.with_reserve(|| context.store.save_state(STATE, waiting));
}

/// Name of the calling user; under sudo, of the user who called it.
pub fn author() -> String {
    let person = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    let user = || User::from_uid(getuid()).ok().flatten().map(|user| user.name);
    clean(&person.or_else(user).unwrap_or_else(|| getuid().to_string()), NAME_MAX)
}
