//! The files of a stream: one a UTC day, appended to today and sealed later.

use super::{Store, at};
use crate::base::sort::SmallSort;
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

/// The files of one day. Both exist when records were appended to a day that was already sealed: the clock was set
/// back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// The UTC day: `2026-11-20`.
    pub name: String,
    /// Lines as they were appended.
    pub plain: Option<PathBuf>,
    /// The same lines, compressed.
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

/// Up to this number of days is looked up by name: cheaper than listing years of files.
const FEW_DAYS: i64 = 40;

impl Store {
    /// The days of a stream from `since` to `until`, both inclusive, oldest first.
    ///
    /// # Errors
    /// As [`Store::days`].
    pub fn days_between(&self, stream: &str, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Day>> {
        let (first, last) = (of(since), of(until));
        if (until - since).num_days() > FEW_DAYS {
            let days = self.days(stream)?.into_iter();
            return Ok(days.filter(|day| day.name >= first && day.name <= last).collect());
        }
        let dates = std::iter::successors(Some(since.date_naive()), NaiveDate::succ_opt);
        let dates = dates.take_while(|date| *date <= until.date_naive());
        let names = dates.map(|date| date.format("%Y-%m-%d").to_string());
        let there = |path: PathBuf| path.symlink_metadata().is_ok().then_some(path);
        let days = names.map(|name| {
            let plain = self.file(stream, &name);
            Day { sealed: there(plain.with_extension("jsonl.gz")), plain: there(plain), name }
        });
        Ok(days.filter(|day| day.plain.is_some() || day.sealed.is_some()).collect())
    }

    /// The days of a stream that are not sealed, oldest first.
    ///
    /// # Errors
    /// As [`Store::days`].
    pub fn open_days(&self, stream: &str) -> Result<Vec<String>> {
        let mut open: Vec<String> = file_names(&self.directory.join(stream))?
            .filter_map(|name| name.strip_suffix(PLAIN).filter(|name| is_day(name)).map(ToString::to_string))
            .collect();
        open.arrange();
        Ok(open)
    }

    /// The first day of a stream.
    ///
    /// # Errors
    /// As [`Store::days`].
    pub fn first_day(&self, stream: &str) -> Result<Option<String>> {
        let names = file_names(&self.directory.join(stream))?;
        Ok(names.filter(|name| name.get(..10).is_some_and(is_day)).min().map(|mut name| {
            name.truncate(10);
            name
        }))
    }
}

/// The names in a directory; none when it does not exist.
fn file_names(directory: &Path) -> Result<impl Iterator<Item = String> + use<>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        entries => Some(at("list", directory, entries)?),
    };
    Ok(entries.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok()))
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

/// Returns whether a text is a day: `2026-11-20`, ten bytes, so that text order is day order.
pub fn is_day(name: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    name.len() == 10 && name.bytes().enumerate().all(shape)
}

/// Parses the name of a day.
pub fn date(name: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(name, "%Y-%m-%d").ok()
}

/// The first moment of a day.
pub fn begin(name: &str) -> Option<DateTime<Utc>> {
    date(name).map(|date| date.and_time(NaiveTime::MIN).and_utc())
}

/// The last moment that a day can be named by: records under a false date may be of any time before.
pub fn last_moment() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(253_402_300_799_999).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The name of the UTC day of a time.
pub fn of(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}
