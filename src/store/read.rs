//! Reads a stream. Damage never stops reading; it is counted.

use super::day::{self, Day};
use super::line::{self, Part};
use super::tail::{self, TAIL};
use super::{Store, member};
use crate::base::clock::stamp;
use crate::base::file::open_regular;
use crate::model::record::time_of;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Statistics of reading.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Records passed to the visitor.
    pub records: usize,
    /// Lines skipped because of a wrong checksum, and members that cannot be inflated.
    pub damaged: usize,
    /// Position of the first damage: file, hour of a sealed file, line.
    pub first_damage: Option<String>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
}

impl Reading {
    pub(super) fn damage(&mut self, place: impl FnOnce() -> String) {
        self.damaged += 1;
        self.first_damage.get_or_insert_with(place);
    }

    /// Adds the statistics of another part.
    pub fn join(&mut self, other: Self) {
        self.records += other.records;
        self.damaged += other.damaged;
        self.first_damage = self.first_damage.take().or(other.first_damage);
        self.unreadable.extend(other.unreadable);
    }
}

impl Store {
    /// Calls `visit` with every intact record of a stream from `since` to `until`, both inclusive, file by file.
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
        let mut reader = RangeReader::new(since, until, visit);
        for day in self.days_between(stream, since, until)? {
            reader.read(&day);
        }
        Ok(reader.reading)
    }

    /// Like [`Store::read`], but reads only the last file of a stream, backwards from its end to the first record
    /// before `since`. Records that a clock set back placed earlier in the file are not found.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_tail(
        &self,
        stream: &str,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        visit: &mut dyn FnMut(&str),
    ) -> Result<Reading> {
        let path = self.file(stream, &day::of(until));
        if path.with_extension("jsonl.gz").exists() {
            // Appended to after it was sealed (the clock was set back): the sealed file holds the rest of the day.
            return self.read(stream, since, until, visit);
        }
        let mut reader = RangeReader { is_tail: true, ..RangeReader::new(since, until, visit) };
        match open_regular(&path) {
            Ok(mut file) => {
                let seek = tail::start(&file, &reader.from).and_then(|start| file.seek(SeekFrom::Start(start)));
                let result = seek.and_then(|_| reader.lines(&path, "", &file, None));
                reader.note(&path, result);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => reader.note(&path, Err(error)),
        }
        Ok(reader.reading)
    }

    /// The intact records of a span in a part of a plain file.
    pub(super) fn read_part(
        &self,
        path: &Path,
        part: &Part,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        visit: &mut dyn FnMut(&str),
    ) -> Reading {
        let mut reader = RangeReader { lines_before: part.lines_before, ..RangeReader::new(since, until, visit) };
        let result = open_regular(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(part.bytes.start))?;
            reader.lines(path, "", file.take(part.bytes.end - part.bytes.start), None)
        });
        reader.note(path, result);
        reader.reading
    }

    /// The last intact record of a stream not after `until`.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn last(&self, stream: &str, until: DateTime<Utc>) -> Result<Option<String>> {
        // It is nearly always in one of the two newest days; all days are listed only when it is not.
        let newest = self.days_between(stream, until - TimeDelta::days(1), until)?;
        if let Some(last) = last_of(&newest, until) {
            return Ok(Some(last));
        }
        let name = day::of(until);
        let days: Vec<Day> = self.days(stream)?.into_iter().filter(|day| day.name <= name).collect();
        Ok(last_of(&days, until))
    }
}

/// The last intact record of these days, which are in order of time.
fn last_of(days: &[Day], until: DateTime<Utc>) -> Option<String> {
    days.iter().rev().find_map(|day| {
        // From the end: one step is usually enough; the whole day is read only as a last resort.
        let mut last = None::<String>;
        let keep = &mut |record: &str| last = Some(record.to_string());
        let mut reader = RangeReader { from: String::new(), ..RangeReader::new(until, until, keep) };
        if !reader.read_end(day).unwrap_or(false) {
            reader.read(day);
        }
        last
    })
}

/// A request for the records of a span.
struct RangeReader<'v> {
    from: String,
    to: String,
    visit: &'v mut dyn FnMut(&str),
    /// Lines of the file before those that are read.
    lines_before: usize,
    /// Whether damage is placed by the records around it, not by its own time.
    is_tail: bool,
    reading: Reading,
}

impl<'v> RangeReader<'v> {
    fn new(since: DateTime<Utc>, until: DateTime<Utc>, visit: &'v mut dyn FnMut(&str)) -> Self {
        Self {
            from: stamp(since),
            to: stamp(until),
            visit,
            lines_before: 0,
            is_tail: false,
            reading: Reading::default(),
        }
    }

    fn note(&mut self, path: &Path, result: io::Result<()>) {
        if let Err(error) = result {
            self.reading.unreadable.push((path.to_path_buf(), error.to_string()));
        }
    }

    fn read(&mut self, day: &Day) {
        // The plain file first: if it vanishes because the day is being sealed, the sealed file exists.
        let plain = day.plain.as_ref().map(|path| (path, open_regular(path)));
        let sealed = day.sealed.clone().or_else(|| {
            let path = day.plain.as_ref()?.with_extension("jsonl.gz");
            path.exists().then_some(path)
        });
        let mut known = (plain.is_some() && sealed.is_some()).then(HashSet::new);
        if let Some(path) = sealed {
            let result = open_regular(&path).and_then(|file| self.members(&path, &file, known.as_mut()));
            self.note(&path, result);
        }
        match plain {
            Some((path, Ok(file))) => {
                let result = self.lines(path, "", &file, known.as_mut());
                self.note(path, result);
            }
            Some((path, Err(error))) if error.kind() != io::ErrorKind::NotFound => self.note(path, Err(error)),
            _ => {}
        }
    }

    /// Reads the last lines of a plain file, or the last members of a sealed one. Returns whether a record was found.
    fn read_end(&mut self, day: &Day) -> io::Result<bool> {
        if let Some(path) = &day.plain {
            let mut file = open_regular(path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            self.lines(path, "", &file, None)?;
        } else if let Some(path) = &day.sealed {
            let file = open_regular(path)?;
            let members = member::list(&file, &mut |_, _| ())?;
            let is_before = |hour: &str| self.to.get(..hour.len()).is_some_and(|to| hour <= to);
            let members: Vec<_> = members.into_iter().filter(|member| is_before(&member.name)).collect();
            for member in members.iter().rev() {
                self.lines(path, &member.name, member::open(&file, member)?, None)?;
                if self.reading.records > 0 {
                    break;
                }
            }
        }
        Ok(self.reading.records > 0)
    }

    fn members(&mut self, path: &Path, file: &File, mut known: Option<&mut HashSet<u64>>) -> io::Result<()> {
        let mut gaps = Vec::new();
        let mut members = member::list(file, &mut |at, length| gaps.push((at, length)))?;
        if let (true, Some(foreign)) = (members.is_empty(), member::foreign(file)?) {
            gaps.clear();
            members.push(foreign);
        }
        for (at, length) in gaps {
            self.reading.damage(|| format!("{} bytes {at} to {}", path.display(), at + length));
        }
        for member in members {
            let hour = member.name.as_str();
            let (from, to) = (self.from.get(..hour.len()).unwrap_or(""), self.to.get(..hour.len()).unwrap_or(""));
            if hour.is_empty() || (hour >= from && hour <= to) {
                let content = member::open(file, &member)?;
                if let Err(error) = self.lines(path, hour, content, known.as_deref_mut()) {
                    self.reading.damage(|| format!("{} hour {hour}: {error}", path.display()));
                }
            }
        }
        Ok(())
    }

    /// `known` holds lines already passed, for lines that are present in both files.
    fn lines(
        &mut self,
        path: &Path,
        hour: &str,
        input: impl io::Read,
        mut known: Option<&mut HashSet<u64>>,
    ) -> io::Result<()> {
        let (from, to, before) = (&self.from, &self.to, self.lines_before);
        let (reading, visit, is_tail) = (&mut self.reading, &mut self.visit, &self.is_tail);
        // Damaged lines of which the next intact record decides whether they are in the span.
        let mut pending = Vec::new();
        line::lines(input, &mut |number, line| {
            // Most lines of a day are outside the span: their checksum is not verified.
            let begin = String::from_utf8_lossy(line.get(..100).unwrap_or(line));
            let time = time_of(&begin);
            let is_older = time.is_some_and(|time| time < from.as_str());
            if *is_tail && is_older {
                match line::check(line) {
                    Some(_) => pending.clear(),
                    None => pending.push(number),
                }
            }
            if is_older || time.is_some_and(|time| time > to.as_str()) {
                return;
            }
            for number in pending.drain(..) {
                reading.damage(|| place(path, hour, before + number));
            }
            match line::check(line).filter(|_| time.is_some()) {
                None => reading.damage(|| place(path, hour, before + number)),
                Some(record) => {
                    if known.as_mut().is_none_or(|known| known.insert(line::hash(record.as_bytes()))) {
                        reading.records += 1;
                        visit(record);
                    }
                }
            }
        })
    }
}

fn place(path: &Path, hour: &str, number: usize) -> String {
    let hour = if hour.is_empty() { String::new() } else { format!(" hour {hour}") };
    format!("{}{hour} line {number}", path.display())
}
