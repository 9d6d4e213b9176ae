//! The outbox: one file per event, in `new/` until every target has it, then in `sent/` for a week. An event that no
//! target accepted in time is in `dead/` until a user retries or drops it.
//!
//! The file name depends only on the event's id and kind, so an event that is derived again after a crash has the same
//! file and is sent once.

use super::results::Results;
use crate::base::clock::{parse, stamp};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace, replace_cache, sync_parent};
use crate::base::lock::{Lock, acquire};
use crate::base::sort::SmallSort;
use crate::model::event::Event;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest alert that is read, in bytes.
const ALERT_MAX: u64 = 1024 * 1024;
/// How long sent alerts are kept, in days.
const KEEP_DAYS: i64 = 7;
/// Maximum number of alerts that are read with their evidence: longer digests do not show it.
const EVIDENCE_MAX: usize = 50;

/// The outbox of a data directory.
#[derive(Debug, Clone)]
pub struct Outbox {
    directory: PathBuf,
}

/// The stage of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Some target does not have it yet.
    Queued,
    /// Some target accepted it, and every other accepted or refused it.
    Sent,
    /// It expired before any target accepted it.
    Dead,
}

impl Stage {
    /// Name of the directory of a stage.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Queued => "new",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// One alert.
#[derive(Debug, Clone)]
pub struct OutboxEntry {
    /// Name of its file.
    pub name: String,
    /// The event.
    pub event: Event,
    /// Notes of the outbox.
    pub note: OutboxNote,
}

/// Notes of the outbox in an alert's file, under `outbox`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OutboxNote {
    /// Time at which it was last requeued by hand (RFC 3339); empty: never.
    pub again: String,
    /// Time at which it was given up or sent (RFC 3339).
    pub time: String,
    /// Why it was given up, or which targets accepted and which refused it.
    pub why: String,
    /// Results of a sent alert. Named `told` in the file.
    #[serde(rename = "told")]
    pub results: Results,
}

/// The alerts of a stage.
#[derive(Debug, Default)]
pub struct StageListing {
    /// Oldest first.
    pub alerts: Vec<OutboxEntry>,
    /// Files that cannot be read as alerts, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Outbox {
    /// The outbox below a data directory.
    pub fn new(data_directory: &Path) -> Self {
        Self { directory: data_directory.join("outbox") }
    }

    /// Queues an event, unless it is or was in the outbox.
    ///
    /// # Errors
    /// When it could not be written and synced.
    pub fn put(&self, event: &Event) -> Result<()> {
        if self.stage(event).is_some() {
            return Ok(());
        }
        self.write(event)
    }

    /// Writes an event's file, replacing an existing one.
    ///
    /// # Errors
    /// When it could not be written and synced.
    pub fn write(&self, event: &Event) -> Result<()> {
        let path = self.path(Stage::Queued, &file_name(event));
        let written = self.make(Stage::Queued).and_then(|()| replace(&path, &serde_json::to_vec(event)?, FILE_MODE));
        written.with_context(|| format!("could not write the alert {}", path.display()))
    }

    /// The stage of an event; `None` when it was never queued or was sent more than a week ago.
    pub fn stage(&self, event: &Event) -> Option<Stage> {
        let name = file_name(event);
        [Stage::Sent, Stage::Queued, Stage::Dead].into_iter().find(|stage| self.path(*stage, &name).exists())
    }

    fn path(&self, stage: Stage, name: &str) -> PathBuf {
        self.directory.join(stage.directory()).join(name)
    }

    fn make(&self, stage: Stage) -> io::Result<()> {
        make_directory(&self.directory.join(stage.directory()))
    }

    /// Takes the lock that keeps deliveries from overlapping. Returns `None` if another process holds it after
    /// `patience`.
    ///
    /// # Errors
    /// When the directory or the lock file cannot be created.
    pub fn lock(&self, patience: Duration) -> Result<Option<Lock>> {
        let path = self.directory.join("lock");
        make_directory(&self.directory)
            .and_then(|()| acquire(&path, patience))
            .with_context(|| format!("could not open {}", path.display()))
    }

    /// The queued alerts.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn queued(&self) -> Result<StageListing> {
        self.list(Stage::Queued)
    }

    /// Number of files of a stage, readable or not.
    pub fn count(&self, stage: Stage) -> usize {
        let entries = fs::read_dir(self.directory.join(stage.directory())).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    }

    /// The alerts of a stage.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn list(&self, stage: Stage) -> Result<StageListing> {
        let directory = self.directory.join(stage.directory());
        let mut listing = StageListing::default();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            entries => entries.with_context(|| format!("could not list {}", directory.display()))?,
        };
        listing.alerts.reserve_exact(self.count(stage));
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            match read(&path) {
                Ok(mut alert) => {
                    if listing.alerts.len() >= EVIDENCE_MAX {
                        alert.event.evidence = None;
                    }
                    listing.alerts.push(alert);
                }
                Err(reason) => listing.unreadable.push((path, reason)),
            }
        }
        listing.alerts.arrange_by(|a, b| a.event.time.cmp(&b.event.time).then(a.event.id.cmp(&b.event.id)));
        Ok(listing)
    }

    /// Moves alerts from one stage to another. Returns how many were moved.
    ///
    /// # Errors
    /// When a file cannot be moved; it is then sent again, never lost.
    pub fn advance<'a>(&self, names: impl Iterator<Item = &'a str>, from: Stage, to: Stage) -> Result<usize> {
        let mut count = 0;
        for name in names {
            if count == 0 {
                self.make(to).with_context(|| format!("could not make {}", self.path(to, "").display()))?;
            }
            let (source, target) = (self.path(from, name), self.path(to, name));
            fs::rename(&source, &target)
                .with_context(|| format!("could not move {} to {}", source.display(), target.display()))?;
            count += 1;
        }
        if count > 0 {
            // Best effort: after a crash the alert may be sent once more, never lost.
            let _ = sync_parent(&self.path(from, "x"));
            let _ = sync_parent(&self.path(to, "x"));
        }
        Ok(count)
    }

    /// Records a time under `key`, and a reason, in an alert's file.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn note(&self, stage: Stage, name: &str, key: &str, why: &str, now: DateTime<Utc>) -> Result<()> {
        self.write_note(stage, name, &[(key, stamp(now).into()), ("why", why.into())], true)
    }

    /// Records the results of a queued alert in its file. Not synced: a power cut may lose it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn note_results(&self, name: &str, results: &Results) -> Result<()> {
        self.write_note(Stage::Queued, name, &[("told", serde_json::to_value(results)?)], false)
    }

    fn write_note(&self, stage: Stage, name: &str, entries: &[(&str, Value)], is_synced: bool) -> Result<()> {
        let path = self.path(stage, name);
        let content = read_at_most(&path, ALERT_MAX).with_context(|| format!("could not read {}", path.display()))?;
        let mut alert: Value = serde_json::from_slice(&content).with_context(|| format!("{}", path.display()))?;
        if let Value::Object(members) = &mut alert {
            let note = members.entry("outbox").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Value::Object(note) = note {
                note.extend(entries.iter().map(|(key, value)| ((*key).to_string(), value.clone())));
            }
        }
        let write = if is_synced { replace } else { replace_cache };
        let written = write(&path, &serde_json::to_vec(&alert)?, FILE_MODE);
        written.with_context(|| format!("could not write {}", path.display()))
    }

    /// Removes an alert's file. The event stays in the history.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, stage: Stage, name: &str) -> Result<()> {
        let path = self.path(stage, name);
        fs::remove_file(&path).with_context(|| format!("could not remove {}", path.display()))?;
        let _ = sync_parent(&path);
        Ok(())
    }

    /// Removes alerts sent more than a week ago.
    pub fn tidy(&self, now: DateTime<Utc>) {
        for alert in self.list(Stage::Sent).unwrap_or_default().alerts {
            if parse(&alert.event.time).is_some_and(|time| now - time > TimeDelta::days(KEEP_DAYS)) {
                // The next run tries again.
                let _ = fs::remove_file(self.path(Stage::Sent, &alert.name));
            }
        }
    }
}

/// Name of an event's file.
pub fn file_name(event: &Event) -> String {
    format!("{}-{}.json", event.id, event.kind.word())
}

fn read(path: &Path) -> Result<OutboxEntry, String> {
    #[derive(Deserialize)]
    struct Noted {
        #[serde(default)]
        outbox: OutboxNote,
    }
    let content = read_at_most(path, ALERT_MAX).map_err(|error| error.to_string())?;
    let event = serde_json::from_slice(&content).map_err(|error| format!("not a valid alert ({error})"))?;
    let is_noted = memchr::memmem::find(&content, b"\"outbox\"").is_some();
    let note = if is_noted { serde_json::from_slice::<Noted>(&content).ok() } else { None };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(OutboxEntry { name, event, note: note.map(|noted| noted.outbox).unwrap_or_default() })
}
