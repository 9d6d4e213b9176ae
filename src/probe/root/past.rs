//! What files tell of the past: when they were changed, and the end of those that only grow.

use super::{Root, names};
use crate::base::clock;
use crate::base::file::open_regular;
use chrono::{DateTime, Utc};
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

impl Root {
    /// When a file was last changed, by its path from the top.
    pub fn modified(&self, file: &str) -> Option<DateTime<Utc>> {
        fs::metadata(self.base.join(file)).and_then(|meta| meta.modified()).ok().map(DateTime::from)
    }

    /// The last `limit` bytes of a file, by its path from the top.
    ///
    /// # Errors
    /// What the file system says.
    pub fn tail(&self, file: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut file = open_regular(&self.base.join(file))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
        let mut content = Vec::new();
        file.take(limit).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Names of what is in a directory, by its path from the top; none where it cannot be read.
    pub fn list(&self, directory: &str) -> Vec<String> {
        names(&self.base.join(directory)).unwrap_or_default()
    }

    /// How long the host has been suspended since it booted, in seconds; a recording has it in a file `suspended`.
    pub fn suspended_seconds(&self) -> Option<f64> {
        if !self.recorded {
            return Some(clock::suspended_seconds());
        }
        let text = self.recorded_text("suspended").unwrap_or_else(|| "0".to_string());
        text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
    }
}
