//! Losses that are known: snapshots that are gone though the rollups remember them. `osmon repair` cannot bring them back;
//! it notes how many are left, so that verify tells of each loss once.

use super::{Store, at};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace};
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// UTC day, and how many snapshots of it were left.
pub type Losses = BTreeMap<String, usize>;

impl Store {
    fn losses_file(&self) -> PathBuf {
        self.directory().join("damaged").join("losses.json")
    }

    /// The losses that were noted.
    pub fn losses(&self) -> Losses {
        let text = read_at_most(&self.losses_file(), 1024 * 1024).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Notes losses beside those that are known. The caller holds the lock.
    ///
    /// # Errors
    /// What the file system says.
    pub fn note_losses(&self, more: Losses) -> Result<()> {
        let mut losses = self.losses();
        losses.extend(more);
        let path = self.losses_file();
        let directory = self.directory().join("damaged");
        at("make", &directory, make_directory(&directory))?;
        at("write", &path, replace(&path, &serde_json::to_vec(&losses)?, FILE_MODE))
    }
}
