//! Where the records of each hour are in the plain file of a day, so that reading the day hour by hour reads it once.

use super::day;
use super::line::{self, Part};
use super::read::Reading;
use super::{PROCESSES, SNAPSHOTS, Store};
use crate::base::file::open_regular;
use crate::model::record::time_of;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The hours of a day of a stream. Where the clock was set back the part of an hour also holds records of other hours.
#[derive(Debug)]
pub struct HourRanges {
    stream: &'static str,
    /// File and parts by begin of the hour (`2026-11-20T21`); `None`: the day is sealed, or its file cannot be read.
    plain: Option<(PathBuf, BTreeMap<String, Part>)>,
}

impl HourRanges {
    /// Looks for the hours of the day that begins at `begin`. Lines without a time belong to the hour before them.
    pub fn find(store: &Store, stream: &'static str, begin: DateTime<Utc>) -> Self {
        let (path, day) = (store.file(stream, &day::of(begin)), day::of(begin));
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        let mut current = format!("{day}T00");
        let file = if path.with_extension("jsonl.gz").exists() { None } else { open_regular(&path).ok() };
        let read = file.map(|file| {
            line::spans(file, &mut |span| {
                let begin = String::from_utf8_lossy(span.bytes.get(..100).unwrap_or(span.bytes));
                let hour = time_of(&begin).and_then(|time| time.get(..13)).filter(|hour| hour.starts_with(&day));
                if let Some(hour) = hour.filter(|hour| *hour != current) {
                    hour.clone_into(&mut current);
                }
                let bytes = span.offset..span.offset + span.length + 1;
                match parts.get_mut(&current) {
                    Some(part) => part.bytes.end = bytes.end,
                    None => {
                        parts.insert(current.clone(), Part { bytes, lines_before: span.number - 1 });
                    }
                }
            })
        });
        Self { stream, plain: matches!(read, Some(Ok(()))).then_some((path, parts)) }
    }

    /// The stream.
    pub fn stream(&self) -> &'static str {
        self.stream
    }

    /// Calls `visit` with every intact record of the hour that begins at `hour`.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read(&self, store: &Store, hour: DateTime<Utc>, visit: &mut dyn FnMut(&str)) -> Result<Reading> {
        let last = hour + TimeDelta::milliseconds(3_599_999);
        if self.plain.is_none() {
            return store.read(self.stream, hour, last, visit);
        }
        let part = self.part(hour);
        Ok(part.map(|(path, part)| store.read_part(path, part, (hour, last), visit)).unwrap_or_default())
    }

    fn part(&self, hour: DateTime<Utc>) -> Option<(&Path, &Part)> {
        let (path, parts) = self.plain.as_ref()?;
        Some((path, parts.get(&hour.format("%Y-%m-%dT%H").to_string())?))
    }

    /// The bytes of the part of an hour; `None`: there are none, or they cannot be read.
    pub fn content(&self, hour: DateTime<Utc>) -> Option<Vec<u8>> {
        let (path, part) = self.part(hour)?;
        let mut content = vec![0; usize::try_from(part.bytes.end - part.bytes.start).ok()?];
        open_regular(path).ok()?.read_exact_at(&mut content, part.bytes.start).ok()?;
        Some(content)
    }
}

/// The hours of a day.
#[derive(Debug)]
pub struct DayRanges {
    /// Its snapshots.
    pub snapshots: HourRanges,
    /// Its processes.
    pub processes: HourRanges,
}

impl DayRanges {
    /// Looks for the hours of the day that begins at `begin`.
    pub fn find(store: &Store, begin: DateTime<Utc>) -> Self {
        let [snapshots, processes] = [SNAPSHOTS, PROCESSES].map(|stream| HourRanges::find(store, stream, begin));
        Self { snapshots, processes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Now, parse};
    use std::fs;

    #[test]
    fn an_hour_is_read_like_the_whole_file_also_where_the_clock_was_set_back() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_path_buf());
        let begin = parse("2026-11-20T00:00:00Z").unwrap();
        for minute in [5, 59, 60, 61, 190, 62, 70, 191, 1439] {
            let time = crate::base::clock::stamp(begin + TimeDelta::minutes(minute));
            let now = Now { wall: begin, boottime_seconds: 0.0 };
            store.append(SNAPSHOTS, &now, &format!("{{\"schema\":1,\"time\":\"{time}\"}}")).unwrap();
        }
        let path = store.file(SNAPSHOTS, "2026-11-20");
        let mut content = fs::read_to_string(&path).unwrap();
        content.push_str("torn");
        fs::write(&path, content.replacen('5', "6", 1)).unwrap();
        let ranges = HourRanges::find(&store, SNAPSHOTS, begin);
        let (mut records, mut damaged) = (0, Vec::new());
        for hour in (0..24).map(|hour| begin + TimeDelta::hours(hour)) {
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            let reading = ranges.read(&store, hour, &mut |line| found.push(line.to_string())).unwrap();
            let last = hour + TimeDelta::milliseconds(3_599_999);
            store.read(SNAPSHOTS, hour, last, &mut |line| expected.push(line.to_string())).unwrap();
            assert_eq!(found, expected);
            records += reading.records;
            damaged.extend(reading.first_damage.map(|place| place.rsplit(' ').next().unwrap().to_string()));
        }
        assert_eq!((records, damaged), (8, vec!["1".to_string(), "10".to_string()]));
    }
}
