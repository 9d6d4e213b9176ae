//! Which host records here: what `state/host.json` knows of it, and what changed since.

use super::annotations;
use crate::base::clock::{parse, stamp};
use crate::context::Context;
use crate::crisis::State;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::locale::{Key, key};
use crate::model::message::Message;
use crate::probe::PreviousCounters;
use crate::probe::host_change::HostState;
use crate::probe::mounts::missing_mount;
use crate::probe::same_host::{is_placeholder, is_same_host};
use crate::query::baseline::{CACHE, GROUPS, LEARNED};
use crate::query::host::{self, Known, Recorder};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs;
use std::path::Path;

/// A name that comes back within this many days is no change worth a mark.
const NAME_DAYS: i64 = 7;
/// Another host that recorded here within this many minutes still does.
const SHARED_MINUTES: i64 = 60;
/// Hours between two marks that say that a directory is shared.
const SHARED_HOURS: i64 = 24;
/// Maximum number of names and of other hosts that are remembered.
const KNOWN_MAX: usize = 8;

/// The host that records now.
#[derive(Debug, Default)]
pub struct Identity {
    /// The last snapshot is of another host: its counters are not ours, and it was not rebooted.
    pub is_other: bool,
    /// The new content of the state file.
    known: Known,
    /// It differs from what is remembered.
    is_new: bool,
    /// There is no history yet.
    is_first: bool,
    /// It continues the history of another host.
    continues: bool,
    marks: Vec<Annotation>,
}

/// Identifies the host that records now, changing nothing.
pub fn identify(context: &Context) -> Identity {
    let mut known = host::known(context);
    let now = HostState::new(&context.now, context.root.boot_id(), context.root.host_name());
    // A dangling link has no real path.
    let place = fs::canonicalize(&context.config.data_dir);
    let place = place.map_or_else(|_| known.directory.clone(), |place| place.to_string_lossy().into_owned());
    let machine = context.root.machine();
    let own = Recorder { host: now.host.clone(), machine, boot_id: now.boot_id.clone(), seen: String::new() };
    if known.current == own && known.directory == place {
        return Identity { known, ..Identity::default() };
    }
    let last = std::mem::replace(&mut known.current, own);
    let old_place = std::mem::replace(&mut known.directory, place);
    let Some(before) = before(context) else {
        return Identity { known, is_new: true, is_first: true, ..Identity::default() };
    };
    let mut identity = Identity { is_new: true, ..Identity::default() };
    let machines =
        (last.machine.as_deref().filter(|_| last.boot_id == before.boot_id), known.current.machine.as_deref());
    if is_same_host(&before, &now, machines) {
        identity.marks.extend(renamed(&mut known, &before, &now));
        if !old_place.is_empty() && old_place != known.directory {
            let new = known.directory.clone();
            identity.marks.push(before.mark(&now, AnnotationKind::Moved, change(key::CHANGE_MOVED, &old_place, &new)));
        }
    } else {
        identity.is_other = true;
        let is_shared = known.is_returning(now.wall - TimeDelta::minutes(SHARED_MINUTES), now.wall);
        known.leave(Recorder {
            host: before.host.clone(),
            boot_id: before.boot_id.clone(),
            seen: stamp(before.wall),
            ..last
        });
        if is_shared {
            identity.marks.extend(shared(&mut known, &before, &now));
        } else {
            identity.continues = true;
            known.since = Some(stamp(now.wall));
            let text = if before.host == now.host { key::CHANGE_CONTINUED_SAME } else { key::CHANGE_CONTINUED };
            identity.marks.push(before.mark(&now, AnnotationKind::Continued, change(text, &before.host, &now.host)));
        }
    }
    Identity { known, ..identity }
}

impl Identity {
    /// Appends the marks and remembers the host. The lock is held.
    ///
    /// # Errors
    /// Errors of the file system; the next run finds the same again.
    pub fn keep(self, context: &Context) -> Result<()> {
        if !self.is_new {
            return Ok(());
        }
        if let Some(point) = missing_mount(&context.root, Path::new(&self.known.directory)).filter(|_| self.is_first) {
            let (directory, point) = (&self.known.directory, point.display());
            context.out.warn(&format!(
                "a new history begins in {directory}; nothing is mounted on {point}, which /etc/fstab names: if the history is there, mount it and remove what began here"
            ));
        }
        annotations::append_all(context, self.marks)?;
        if self.continues {
            // The other host's usual values do not apply here.
            context.store.remove_state(CACHE)?;
            [LEARNED, GROUPS].iter().try_for_each(|name| context.store.remove_numbers(name))?;
        }
        context.store.with_reserve(|| context.store.save_state(host::STATE, &self.known))
    }

    /// The state of the rules, without what is of the host before: its incidents end where its history does.
    pub fn own_state(&self, state: State, boot_id: &str) -> State {
        let since = self.known.since.as_deref().and_then(parse);
        let is_older = state.last.zip(since).is_some_and(|(last, since)| last.wall < since);
        if !is_older || state.boot_id == boot_id {
            return state;
        }
        State { unsent: state.unsent, unrecorded: state.unrecorded, ..State::default() }
    }
}

/// The host at the last snapshot.
fn before(context: &Context) -> Option<HostState> {
    let counters = context.store.load_cache::<PreviousCounters>("probe");
    counters.as_ref().and_then(HostState::from_counters).or_else(|| annotations::newest(context))
}

/// A mark that the name changed, unless the name is a known one that comes back.
fn renamed(known: &mut Known, before: &HostState, now: &HostState) -> Option<Annotation> {
    if before.host == now.host || is_placeholder(&before.host) || is_placeholder(&now.host) {
        return None;
    }
    let oldest = now.wall - TimeDelta::days(NAME_DAYS);
    known.names.retain(|_, seen| is_within(seen, oldest));
    let is_known = known.names.contains_key(&now.host);
    if known.names.len() < KNOWN_MAX {
        known.names.insert(before.host.clone(), stamp(now.wall));
    }
    (!is_known).then(|| before.mark(now, AnnotationKind::Renamed, change(key::CHANGE_RENAMED, &before.host, &now.host)))
}

/// A mark that two hosts record by turns, once a day.
fn shared(known: &mut Known, before: &HostState, now: &HostState) -> Option<Annotation> {
    let oldest = now.wall - TimeDelta::hours(SHARED_HOURS);
    if known.shared.as_deref().is_some_and(|said| is_within(said, oldest)) {
        return None;
    }
    known.shared = Some(stamp(now.wall));
    Some(before.mark(now, AnnotationKind::Shared, change(key::CHANGE_SHARED, &before.host, &now.host)))
}

fn is_within(time: &str, oldest: DateTime<Utc>) -> bool {
    parse(time).is_some_and(|time| time >= oldest)
}

fn change(text: Key, old: &str, new: &str) -> Message {
    Message::new(text).with("old", old).with("new", new)
}
