//! Known losses: snapshots that are missing although rollups were made from them. `osmon repair` cannot restore them;
//! it records how many are left, so that `osmon verify` reports each loss once.

use super::{Store, at};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Number of remaining snapshots by UTC day.
pub type Losses = BTreeMap<String, usize>;

impl Store {
    fn losses_file(&self) -> PathBuf {
        self.directory().join("damaged").join("losses.json")
    }

    /// The recorded losses.
    pub fn losses(&self) -> Losses {
        let text = read_at_most(&self.losses_file(), 1024 * 1024).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Adds losses to those already recorded. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn note_losses(&self, more: Losses) -> Result<()> {
        let mut losses = self.losses();
        losses.extend(more);
        let path = self.losses_file();
        let directory = self.directory().join("damaged");
        at("make", &directory, make_directory(&directory))?;
        at("write", &path, replace(&path, &serde_json::to_vec(&losses)?, FILE_MODE))
    }
}
