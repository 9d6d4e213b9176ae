//! Reading a stream: never stops at damage, and says how much there was.

use super::{Store, at, line};
use crate::base::clock::stamp;
use crate::base::file::read_at_most;
use crate::model::record::time_of;
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was met while reading.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Records given to the visitor.
    pub records: usize,
    /// Lines that were passed over because their checksum is wrong.
    pub damaged: usize,
    /// The first damaged line: file and line number.
    pub first_damage: Option<(PathBuf, usize)>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Store {
    /// Calls `visit` with every intact record of a stream from `since` to `until`, both included, file by file.
    ///
    /// # Errors
    /// When the stream's directory cannot be listed; a stream that does not exist is empty.
    pub fn read(
        &self,
        stream: &str,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        visit: &mut dyn FnMut(&str),
    ) -> Result<Reading> {
        let mut reading = Reading::default();
        let (from, to) = (stamp(since), stamp(until));
        for path in self.days(stream)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // The name is the UTC day, so the order of names is the order of days.
            let day = name.get(..10).unwrap_or("");
            if day >= from.get(..10).unwrap_or("") && day <= to.get(..10).unwrap_or("") {
                read_file(&path, &from, &to, &mut reading, visit);
            }
        }
        Ok(reading)
    }

    /// The last intact record of a stream not after `until`.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn last(&self, stream: &str, until: DateTime<Utc>) -> Result<Option<String>> {
        for path in self.days(stream)?.iter().rev() {
            let (mut last, until) = (None::<String>, stamp(until));
            read_file(path, "", &until, &mut Reading::default(), &mut |record| last = Some(record.to_string()));
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// The day files of a stream, oldest first.
    pub(super) fn days(&self, stream: &str) -> Result<Vec<PathBuf>> {
        let directory = self.directory.join(stream);
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => at("list", &directory, entries)?,
        };
        let mut days: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_day(path)).collect();
        days.sort();
        Ok(days)
    }
}

fn is_day(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".jsonl").is_some_and(|day| {
        day.len() == 10
            && day
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
    })
}

fn read_file(path: &Path, from: &str, to: &str, reading: &mut Reading, visit: &mut dyn FnMut(&str)) {
    let content = match read_at_most(path, u64::MAX) {
        Ok(content) => content,
        Err(error) => {
            reading.unreadable.push((path.to_path_buf(), error.to_string()));
            return;
        }
    };
    line::split(&content, |number, record| match record {
        None => {
            reading.damaged += 1;
            reading.first_damage.get_or_insert_with(|| (path.to_path_buf(), number));
        }
        Some(record) => {
            if time_of(record).is_some_and(|time| time >= from && time <= to) {
                reading.records += 1;
                visit(record);
            }
        }
    });
}
