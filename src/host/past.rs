//! Modification times of files, and the end of files that only grow.

use super::{Root, names};
use crate::base::clock;
use crate::base::file::open_regular;
use chrono::{DateTime, Utc};
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

impl Root {
    /// Time of the last change of a file; `file` is relative to the root.
    pub fn modified(&self, file: &str) -> Option<DateTime<Utc>> {
        fs::metadata(self.base.join(file)).and_then(|meta| meta.modified()).ok().map(DateTime::from)
    }

    /// The last `limit` bytes of a file; `file` is relative to the root.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a regular one.
    pub fn tail(&self, file: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut file = open_regular(&self.base.join(file))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
        let mut content = Vec::new();
        file.take(limit).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Names in a directory, relative to the root; none when it cannot be read.
    pub fn list(&self, directory: &str) -> Vec<String> {
        names(&self.base.join(directory)).unwrap_or_default()
    }

    /// Time suspended since boot, in seconds; from the file `suspended` of a recorded host.
    pub fn suspended_seconds(&self) -> Option<f64> {
        if !self.recorded {
            return Some(clock::suspended_seconds());
        }
        let text = self.recorded_text("suspended").unwrap_or_else(|| "0".to_string());
        text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
    }
}
