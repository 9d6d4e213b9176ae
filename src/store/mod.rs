//! The store: append-only streams of JSON lines, one file per UTC day, and small state files.
//!
//! Guarantees (`docs/design.md`, "The store's promise"): an acknowledged record is one line, written by one `write(2)`
//! under the lock and synced; a damaged line affects only itself; writing never needs to read history.

pub mod block;
mod bounds;
pub mod clock_trust;
pub mod consumers;
pub mod contents;
pub mod day;
mod fill_consumers;
pub mod hour;
pub mod hour_ranges;
mod leftover;
pub mod line;
pub mod loss;
pub mod member;
pub mod packed_hours;
pub mod query;
pub mod read;
pub mod rebuild;
pub mod recent;
mod recent_cache;
pub mod repair;

pub mod reserve;
pub mod restoring;
pub mod retain;
mod scan;
pub mod seal;
pub mod state;
pub mod stream;
mod tail;
pub mod tier;
pub mod upkeep;
pub mod verify;

use crate::base::error_kind::ErrorKind;
use crate::base::file::make_directory;
use crate::base::group::give_to_readers;
use crate::base::lock::{Lock, acquire};
use anyhow::{Context, Result};
use nix::unistd::{AccessFlags, access, geteuid};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Snapshots of this host.
pub const SNAPSHOTS: &str = "snapshots";
/// The top processes of each snapshot.
pub const PROCESSES: &str = "processes";
/// Transitions of incidents.
pub const EVENTS: &str = "events";
/// Stream of repairs.
pub const ACTIONS: &str = "actions";

/// Every stream.
pub const STREAMS: [&str; 4] = [SNAPSHOTS, PROCESSES, EVENTS, ACTIONS];

/// A data directory.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// The store in `directory`, which need not exist yet.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Creates the directory if it does not exist; one that root makes is for the group of readers too.
    ///
    /// # Errors
    /// When it cannot be created; the message says how to choose another one. [`ErrorKind::Busy`] while a restore is not
    /// finished.
    pub fn create(&self) -> Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        self.await_restore()?;
        let is_new = !self.directory.exists();
        let made = make_directory(&self.directory);
        let made = made.and_then(|()| if is_new { give_to_readers(&self.directory) } else { Ok(()) });
        made.map_err(|error| self.unusable("make", error))
    }

    /// Takes the write lock, waiting at most `patience`. Returns `None` when another process holds it.
    ///
    /// # Errors
    /// When the directory or the lock file cannot be created.
    pub fn try_lock(&self, patience: Duration) -> Result<Option<Lock>> {
        self.acquire("lock", patience)
    }

    /// Takes the run lock without waiting. It is held until the run has delivered and rendered, so that only one of
    /// several simultaneous runs works. Returns `None` when another run holds it.
    ///
    /// # Errors
    /// As [`Store::try_lock`].
    pub fn try_turn(&self) -> Result<Option<Lock>> {
        self.acquire("run.lock", Duration::ZERO)
    }

    fn acquire(&self, name: &str, patience: Duration) -> Result<Option<Lock>> {
        self.create()?;
        let path = self.directory.join(name);
        let lock = match acquire(&path, patience) {
            // A restore has just moved the directory away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create()?;
                acquire(&path, patience)
            }
            lock => lock,
        };
        lock.map_err(|error| self.unusable("write to", error))
    }

    /// Takes the write lock; for callers that cannot do anything else meanwhile.
    ///
    /// # Errors
    /// As [`Store::try_lock`]; [`ErrorKind::Busy`] when the lock was not free in time.
    pub fn lock(&self, patience: Duration) -> Result<Lock> {
        self.try_lock(patience)?.ok_or_else(|| {
            ErrorKind::Busy(format!(
                "{}: another osmon holds the lock for more than {} s; try again, or look for it with: fuser {}/lock",
                self.directory.display(),
                patience.as_secs(),
                self.directory.display()
            ))
            .into()
        })
    }

    fn unusable(&self, verb: &str, error: io::Error) -> anyhow::Error {
        let place = self.directory.display();
        if self.directory.exists() && !self.directory.is_dir() {
            return ErrorKind::CannotCreate(format!(
                "the data directory {place} is a file; choose another with --data-dir DIR"
            ))
            .into();
        }
        let is_of_root = !geteuid().is_root() && self.directory.metadata().is_ok_and(|meta| meta.uid() == 0);
        let advice = match is_of_root {
            true => "try it with sudo, make it writable or choose another with --data-dir DIR",
            false => "make it writable or choose another with --data-dir DIR",
        };
        if error.kind() == io::ErrorKind::PermissionDenied {
            let text = format!("could not {verb} the data directory {place}; {advice}");
            return anyhow::Error::new(error).context(text);
        }
        ErrorKind::CannotCreate(format!("could not {verb} the data directory {place}: {error}; {advice}")).into()
    }

    /// Returns whether the directory can be written, which it cannot on a file system that became read-only.
    pub fn is_writable(&self) -> bool {
        access(&self.directory, AccessFlags::W_OK).is_ok()
    }

    fn file(&self, stream: &str, day: &str) -> PathBuf {
        self.directory.join(stream).join(format!("{day}.jsonl"))
    }
}

/// Adds the path to an I/O error: "could not read /x/y: permission denied".
fn at<T>(verb: &str, path: &Path, result: io::Result<T>) -> Result<T> {
    result.with_context(|| format!("could not {verb} {}", path.display()))
}
