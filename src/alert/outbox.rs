//! The outbox: one file per event, `new/` until it was accepted, then `sent/` for a week.
//!
//! The file's name comes from the event's id alone, so that the same event derived again after a crash is the same
//! file, and is told once.

use crate::base::clock::parse;
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace, sync_parent};
use crate::base::lock::{Lock, acquire};
use crate::model::event::Event;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest alert that is read, in bytes.
const ALERT_MAX: u64 = 1024 * 1024;
/// How long what was sent is kept, in days.
const KEEP_DAYS: i64 = 7;

/// The outbox of a data directory.
#[derive(Debug, Clone)]
pub struct Outbox {
    directory: PathBuf,
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has accepted it yet.
    Waiting,
    /// Somebody has accepted it.
    Sent,
}

/// What waits to be sent.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Events, oldest first, with the files they are in.
    pub events: Vec<(PathBuf, Event)>,
    /// Files that are no alerts, with the reason. They stay where they are.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Outbox {
    /// The outbox below a data directory.
    pub fn new(data_directory: &Path) -> Self {
        Self { directory: data_directory.join("outbox") }
    }

    /// Puts an event in. One that is there already, or was sent already, is left alone.
    ///
    /// # Errors
    /// When it could not be written and synced.
    pub fn put(&self, event: &Event) -> Result<()> {
        let name = format!("{}-{}.json", event.id, event.kind.word());
        let (new, sent) = (self.directory.join("new"), self.directory.join("sent"));
        let path = new.join(&name);
        if path.exists() || sent.join(&name).exists() {
            return Ok(());
        }
        let written = make_directory(&new).and_then(|()| replace(&path, &serde_json::to_vec(event)?, FILE_MODE));
        written.with_context(|| format!("could not write the alert {}", path.display()))
    }

    /// Where an event is; `None`: it was never on its way, or it was sent more than a week ago.
    pub fn stage(&self, event: &Event) -> Option<Stage> {
        let name = format!("{}-{}.json", event.id, event.kind.word());
        let is_in = |directory: &str| self.directory.join(directory).join(&name).exists();
        if is_in("sent") {
            return Some(Stage::Sent);
        }
        is_in("new").then_some(Stage::Waiting)
    }

    /// Only one sends at a time. `None`: somebody else is sending.
    ///
    /// # Errors
    /// When the directory or the lock file cannot be made.
    pub fn lock(&self) -> Result<Option<Lock>> {
        let path = self.directory.join("lock");
        make_directory(&self.directory)
            .and_then(|()| acquire(&path, Duration::ZERO))
            .with_context(|| format!("could not open {}", path.display()))
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn waiting(&self) -> Result<Waiting> {
        let directory = self.directory.join("new");
        let mut waiting = Waiting::default();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(waiting),
            entries => entries.with_context(|| format!("could not list {}", directory.display()))?,
        };
        for path in
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"))
        {
            match read(&path) {
                Ok(event) => waiting.events.push((path, event)),
                Err(reason) => waiting.unreadable.push((path, reason)),
            }
        }
        waiting.events.sort_by(|(_, a), (_, b)| a.time.cmp(&b.time).then(a.id.cmp(&b.id)));
        Ok(waiting)
    }

    /// Notes that these were accepted: they leave `new/`.
    ///
    /// # Errors
    /// When a file cannot be moved; then it will be sent again.
    pub fn accepted(&self, files: &[PathBuf]) -> Result<()> {
        let sent = self.directory.join("sent");
        make_directory(&sent).with_context(|| format!("could not make {}", sent.display()))?;
        for file in files {
            let target = sent.join(file.file_name().unwrap_or_default());
            fs::rename(file, &target)
                .with_context(|| format!("could not move {} to {}", file.display(), target.display()))?;
        }
        if let Some(file) = files.first() {
            // Both directories changed; a crash before this may send once more, never lose.
            let _ = sync_parent(file);
            let _ = sync_parent(&sent.join("x"));
        }
        Ok(())
    }

    /// Removes what was sent more than a week ago.
    pub fn tidy(&self, now: DateTime<Utc>) {
        let Ok(entries) = fs::read_dir(self.directory.join("sent")) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let old = read(&path)
                .ok()
                .and_then(|event| parse(&event.time))
                .is_some_and(|time| now - time > TimeDelta::days(KEEP_DAYS));
            if old {
                // What stays is removed by the next run.
                let _ = fs::remove_file(&path);
            }
        }
    }
}

fn read(path: &Path) -> Result<Event, String> {
    let content = read_at_most(path, ALERT_MAX).map_err(|error| error.to_string())?;
    serde_json::from_slice(&content).map_err(|error| format!("is no alert ({error})"))
}
