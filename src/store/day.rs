//! The files of a stream: one a UTC day, appended to today and sealed later.

use super::{Store, at};
use anyhow::Result;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ending of a file that is appended to.
pub const PLAIN: &str = ".jsonl";
/// Ending of a sealed file.
pub const SEALED: &str = ".jsonl.gz";

/// The files of one day. Both are there when something was appended to a day that was sealed already: a clock was set back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// The UTC day: `2026-11-20`.
    pub name: String,
    /// Lines as they were appended.
    pub plain: Option<PathBuf>,
    /// The same, compressed.
    pub sealed: Option<PathBuf>,
}

impl Store {
    /// The days of a stream, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be listed; one that does not exist has no days.
    pub fn days(&self, stream: &str) -> Result<Vec<Day>> {
        let directory = self.directory.join(stream);
        let mut days: BTreeMap<String, Day> = BTreeMap::new();
        for path in entries(&directory)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (name, is_sealed) = match (file.strip_suffix(SEALED), file.strip_suffix(PLAIN)) {
                (Some(name), _) => (name, true),
                (None, Some(name)) => (name, false),
                (None, None) => continue,
            };
            if !is_day(name) {
                continue;
            }
            let day = days.entry(name.to_string()).or_insert_with(|| Day { name: name.to_string(), ..Day::default() });
            *(if is_sealed { &mut day.sealed } else { &mut day.plain }) = Some(path);
        }
        Ok(days.into_values().collect())
    }
}

/// The entries of a directory; none when it does not exist.
///
/// # Errors
/// When it cannot be listed.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => Ok(at("list", directory, entries)?.flatten().map(|entry| entry.path()).collect()),
    }
}

/// Whether a text is a day: `2026-11-20`, ten bytes, so that the order of text is the order of days.
pub fn is_day(name: &str) -> bool {
    name.len() == 10 && date(name).is_some()
}

/// The day that a name means.
pub fn date(name: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(name, "%Y-%m-%d").ok()
}

/// The first moment of a day.
pub fn begin(name: &str) -> Option<DateTime<Utc>> {
    date(name).map(|date| date.and_time(NaiveTime::MIN).and_utc())
}

/// The name of the UTC day of a time.
pub fn of(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
