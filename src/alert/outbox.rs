//! The outbox: one file per event, in `new/` until everybody has it, then in `sent/` for a week; what nobody accepted in
//! time is in `dead/` until a person looks at it.
//!
//! The file's name comes from the event's id alone, so that the same event derived again after a crash is the same
//! file, and is told once.

use super::results::Results;
use crate::base::clock::{parse, stamp};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace, replace_cache, sync_parent};
use crate::base::lock::{Lock, acquire};
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
/// How long what was sent is kept, in days.
const KEEP_DAYS: i64 = 7;
/// Of more events than this the evidence stays in the file: a digest has no room for it.
const EVIDENCE_MAX: usize = 50;

/// The outbox of a data directory.
#[derive(Debug, Clone)]
pub struct Outbox {
    directory: PathBuf,
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Somebody has not accepted it yet.
    Waiting,
    /// Somebody has accepted it, and everybody else has refused it.
    Sent,
    /// Nobody accepted it in time.
    Dead,
}

impl Stage {
    /// The directory of those.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Waiting => "new",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// One alert.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Name of its file.
    pub name: String,
    /// The event.
    pub event: Event,
    /// What the outbox wrote down beside it.
    pub note: Note,
}

/// What the outbox writes down beside an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Note {
    /// Somebody put it in again then.
    pub again: String,
    /// When it was given up, and why; or when it was sent, and who has it and who refused.
    pub time: String,
    /// In words.
    pub why: String,
    /// Of what was sent: who has it and who refused it, by target.
    pub told: Results,
}

/// What waits to be sent.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The oldest first.
    pub alerts: Vec<Alert>,
    /// Files that are no alerts, with the reason. They stay where they are.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Outbox {
    /// The outbox below a data directory.
    pub fn new(data_directory: &Path) -> Self {
        Self { directory: data_directory.join("outbox") }
    }

    /// Puts an event in. One that is there already, or was there, is left alone.
    ///
    /// # Errors
    /// When it could not be written and synced.
    pub fn put(&self, event: &Event) -> Result<()> {
        if self.stage(event).is_some() {
            return Ok(());
        }
        self.write(event)
    }

    /// Writes an event's file, over what is there.
    ///
    /// # Errors
    /// When it could not be written and synced.
    pub fn write(&self, event: &Event) -> Result<()> {
        let path = self.path(Stage::Waiting, &name(event));
        let written = self.make(Stage::Waiting).and_then(|()| replace(&path, &serde_json::to_vec(event)?, FILE_MODE));
        written.with_context(|| format!("could not write the alert {}", path.display()))
    }

    /// Where an event is; `None`: it was never on its way, or it was sent more than a week ago.
    pub fn stage(&self, event: &Event) -> Option<Stage> {
        let name = name(event);
        [Stage::Sent, Stage::Waiting, Stage::Dead].into_iter().find(|stage| self.path(*stage, &name).exists())
    }

    fn path(&self, stage: Stage, name: &str) -> PathBuf {
        self.directory.join(stage.directory()).join(name)
    }

    fn make(&self, stage: Stage) -> io::Result<()> {
        make_directory(&self.directory.join(stage.directory()))
    }

    /// Only one sends at a time. `None`: somebody else is sending.
    ///
    /// # Errors
    /// When the directory or the lock file cannot be made.
    pub fn lock(&self, patience: Duration) -> Result<Option<Lock>> {
        let path = self.directory.join("lock");
        make_directory(&self.directory)
            .and_then(|()| acquire(&path, patience))
            .with_context(|| format!("could not open {}", path.display()))
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn waiting(&self) -> Result<Waiting> {
        self.list(Stage::Waiting)
    }

    /// How many files are there, whatever is in them.
    pub fn count(&self, stage: Stage) -> usize {
        let entries = fs::read_dir(self.directory.join(stage.directory())).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    }

    /// All that is at a stage.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn list(&self, stage: Stage) -> Result<Waiting> {
        let directory = self.directory.join(stage.directory());
        let mut waiting = Waiting::default();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(waiting),
            entries => entries.with_context(|| format!("could not list {}", directory.display()))?,
        };
        waiting.alerts.reserve_exact(self.count(stage));
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            match read(&path) {
                Ok(mut alert) => {
                    if waiting.alerts.len() >= EVIDENCE_MAX {
                        alert.event.evidence = None;
                    }
                    waiting.alerts.push(alert);
                }
                Err(reason) => waiting.unreadable.push((path, reason)),
            }
        }
        waiting.alerts.sort_unstable_by(|a, b| a.event.time.cmp(&b.event.time).then(a.event.id.cmp(&b.event.id)));
        Ok(waiting)
    }

    /// Moves alerts on, all together.
    ///
    /// # Errors
    /// When a file cannot be moved; then it will be sent again, never lost.
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
            // Both directories changed; a crash before this may send once more, never lose.
            let _ = sync_parent(&self.path(from, "x"));
            let _ = sync_parent(&self.path(to, "x"));
        }
        Ok(count)
    }

    /// Writes something down beside an event.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn note(&self, stage: Stage, name: &str, key: &str, why: &str, now: DateTime<Utc>) -> Result<()> {
        self.write_down(stage, name, &[(key, stamp(now).into()), ("why", why.into())], true)
    }

    /// The same for who has an event and who refused it. It may be lost in a power cut.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn note_told(&self, name: &str, told: &Results) -> Result<()> {
        self.write_down(Stage::Waiting, name, &[("told", serde_json::to_value(told)?)], false)
    }

    fn write_down(&self, stage: Stage, name: &str, entries: &[(&str, Value)], is_synced: bool) -> Result<()> {
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

    /// Takes an alert out. It stays in the history.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, stage: Stage, name: &str) -> Result<()> {
        let path = self.path(stage, name);
        fs::remove_file(&path).with_context(|| format!("could not remove {}", path.display()))?;
        let _ = sync_parent(&path);
        Ok(())
    }

    /// Removes what was sent more than a week ago.
    pub fn tidy(&self, now: DateTime<Utc>) {
        for alert in self.list(Stage::Sent).unwrap_or_default().alerts {
            if parse(&alert.event.time).is_some_and(|time| now - time > TimeDelta::days(KEEP_DAYS)) {
                // What stays is removed by the next run.
                let _ = fs::remove_file(self.path(Stage::Sent, &alert.name));
            }
        }
    }
}

/// Name of an event's file.
pub fn name(event: &Event) -> String {
    format!("{}-{}.json", event.id, event.kind.word())
}

fn read(path: &Path) -> Result<Alert, String> {
    #[derive(Deserialize)]
    struct Beside {
        #[serde(default)]
        outbox: Note,
    }
    let content = read_at_most(path, ALERT_MAX).map_err(|error| error.to_string())?;
    let event = serde_json::from_slice(&content).map_err(|error| format!("is no alert ({error})"))?;
    let is_noted = memchr::memmem::find(&content, b"\"outbox\"").is_some();
    let note = if is_noted { serde_json::from_slice::<Beside>(&content).ok() } else { None };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Alert { name, event, note: note.map(|beside| beside.outbox).unwrap_or_default() })
}
