//! Findings that `osmon repair` cannot repair and has noted, so that `osmon verify` reports them once: snapshots that are
//! missing although rollups were made from them, and days in which two hosts recorded by turns.

use super::{Store, at};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace};
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Number of remaining snapshots by UTC day.
pub type Losses = BTreeMap<String, usize>;

const LOSSES: &str = "losses.json";
const MIXED: &str = "mixed.json";

impl Store {
    fn noted_file(&self, name: &str) -> PathBuf {
        self.directory().join("damaged").join(name)
    }

    fn noted<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let text = read_at_most(&self.noted_file(name), 1024 * 1024).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn note(&self, name: &str, all: &impl Serialize) -> Result<()> {
        let path = self.noted_file(name);
        let directory = self.directory().join("damaged");
        at("make", &directory, make_directory(&directory))?;
        at("write", &path, replace(&path, &serde_json::to_vec(all)?, FILE_MODE))
    }

    /// The recorded losses.
    pub fn losses(&self) -> Losses {
        self.noted(LOSSES)
    }

    /// Adds losses to those already recorded. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn note_losses(&self, more: Losses) -> Result<()> {
        let mut losses = self.losses();
        losses.extend(more);
        self.note(LOSSES, &losses)
    }

    /// The noted days in which two hosts recorded by turns: `snapshots/2026-11-20`.
    pub fn mixed_days(&self) -> BTreeSet<String> {
        self.noted(MIXED)
    }

    /// Adds days in which two hosts recorded by turns. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn note_mixed_days(&self, more: impl IntoIterator<Item = String>) -> Result<()> {
        let mut days = self.mixed_days();
        days.extend(more);
        self.note(MIXED, &days)
    }
}
