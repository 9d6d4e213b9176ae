//! Sealing: the file of a finished day becomes a gzip file with a member per hour.

use super::day::{Day, SEALED};
use super::packed_hours::PackedHours;
use super::{Store, at, line, member};
use crate::base::file::{FILE_MODE, open_regular, read_at_most, replace, sync_parent};
use crate::model::record::time_of;
use anyhow::Result;
use std::collections::HashSet;
use std::fs;
use std::io;

impl Store {
    /// Seals a day of a stream: every line as it is, damaged ones too, in members by hour. The new file is whole and
    /// synced before the old one goes. What was appended to a sealed day becomes further members, each line once. The
    /// caller holds the lock.
    ///
    /// # Errors
    /// What the file system says; then the day is as it was.
    pub fn seal(&self, stream: &str, day: &Day) -> Result<()> {
        let Some(plain) = &day.plain else { return Ok(()) };
        let target = self.directory().join(stream).join(format!("{}{SEALED}", day.name));
        let (mut packed, mut known) = (Vec::new(), HashSet::new());
        if day.sealed.is_some() {
            packed = at("read", &target, read_at_most(&target, u64::MAX))?;
            self.every_line(&target, &mut |line| {
                known.insert(line::hash(line));
            })?;
        }
        let mut hours = Hours { packed: PackedHours::load(self, stream), ..Hours::default() };
        let file = at("read", plain, open_regular(plain))?;
        let mut failure = None;
        let read = line::lines(file, &mut |_, line| {
            if failure.is_none() && (known.is_empty() || !known.contains(&line::hash(line))) {
                failure = hours.add(line, &mut packed).err();
            }
        });
        at("read", plain, read)?;
        at("pack", plain, failure.map_or_else(|| hours.end(&mut packed), Err))?;
        if packed.is_empty() {
            // A day without a line is a member without one: an empty file would be no gzip file.
            packed = at("pack", plain, member::pack("", &[]))?;
        }
        at("write", &target, replace(&target, &packed, FILE_MODE))?;
        self.forget_packed(stream);
        at("remove", plain, fs::remove_file(plain).and_then(|()| sync_parent(plain)))
    }

    /// Every line of a sealed file that can be read.
    fn every_line(&self, path: &std::path::Path, each: &mut dyn FnMut(&[u8])) -> Result<()> {
        let file = at("read", path, open_regular(path))?;
        for member in at("read", path, member::list(&file, &mut |_, _| ()))? {
            let content = at("read", path, member::open(&file, &member))?;
            // What cannot be inflated is not known, and stays where it is.
            let _ = line::lines(content, &mut |_, line| each(line));
        }
        Ok(())
    }
}

/// Lines on their way into members.
#[derive(Default)]
pub(super) struct Hours {
    hour: String,
    lines: Vec<u8>,
    packed: PackedHours,
}

impl Hours {
    /// Takes a line. A damaged one stays with those before it.
    ///
    /// # Errors
    /// As [`member::pack`].
    pub(super) fn add(&mut self, line: &[u8], packed: &mut Vec<u8>) -> io::Result<()> {
        let begin = String::from_utf8_lossy(line.get(..100).unwrap_or(line));
        let hour = line::check(line).and(time_of(&begin)).and_then(|time| time.get(..13));
        if let Some(hour) = hour.filter(|hour| *hour != self.hour) {
            if !self.hour.is_empty() {
                self.end(packed)?;
            }
            self.hour = hour.to_string();
        }
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        Ok(())
    }

    /// What was taken last becomes a member.
    ///
    /// # Errors
    /// As [`member::pack`].
    pub(super) fn end(&mut self, packed: &mut Vec<u8>) -> io::Result<()> {
        if !self.lines.is_empty() {
            packed.extend(self.packed.pack(&self.hour, &self.lines)?);
            self.lines.clear();
        }
        Ok(())
    }
}
