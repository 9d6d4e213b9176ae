//! Appending to a stream.

use super::{STREAMS, Store, at, day, line};
use crate::base::clock::Now;
use crate::base::file::{FILE_MODE, make_directory, sync_parent};
use anyhow::Result;
use chrono::TimeDelta;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

impl Store {
    /// Appends one record (JSON without checksum) to the file of the UTC day of `now`. When this returns, the record
    /// survives power loss. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system; the file then contains nothing of the record.
    pub fn append(&self, stream: &str, now: &Now, json: &str) -> Result<()> {
        let path = self.file(stream, &now.wall.format("%Y-%m-%d").to_string());
        let directory = self.directory.join(stream);
        let line = line::seal(json);
        let written = match append(&path, &line) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                at("make", &directory, make_directory(&directory))?;
                append(&path, &line)
            }
            written => written,
        };
        at("write to", &path, written)
    }
}

impl Store {
    /// Appends every record of another store that this one lacks, day by day. Data derived from the changed days is
    /// rebuilt.
    ///
    /// # Errors
    /// Errors of the file system. Another call continues, also after a crash.
    pub fn adopt(&self, other: &Store) -> Result<()> {
        for stream in STREAMS {
            for day in other.days(stream)? {
                let Some(begin) = day::begin(&day.name) else { continue };
                let end = begin + TimeDelta::milliseconds(86_399_999);
                let mut records = Vec::new();
                other.read(stream, begin, end, &mut |line| records.push(line.to_string()))?;
                let mut missing: HashSet<&str> = records.iter().map(String::as_str).collect();
                self.read(stream, begin, end, &mut |line| {
                    missing.remove(line);
                })?;
                let lines: String = records
                    .iter()
                    .filter(|line| missing.contains(line.as_str()))
                    .map(|line| format!("{line}\n"))
                    .collect();
                if lines.is_empty() {
                    continue;
                }
                let directory = self.directory.join(stream);
                at("make", &directory, make_directory(&directory))?;
                let target = self.file(stream, &day.name);
                at("write to", &target, append(&target, &lines))?;
            }
        }
        self.forget_progress();
        Ok(())
    }
}

/// Appends lines and syncs them, and the directory of a new file.
///
/// # Errors
/// Errors of the file system; the file then contains nothing of the lines.
pub(super) fn append(path: &Path, record: &str) -> io::Result<()> {
    let is_new = append_by(path, record.as_bytes(), File::sync_data)?;
    if is_new { sync_parent(path) } else { Ok(()) }
}

/// Like [`append`] without syncing, for data that can be rebuilt.
///
/// # Errors
/// Errors of the file system; the file then contains nothing of the lines.
pub(super) fn append_unsynced(path: &Path, content: &[u8]) -> io::Result<()> {
    append_by(path, content, |_| Ok(())).map(|_| ())
}

/// Returns whether the file was empty, as a new one is.
fn append_by(path: &Path, record: &[u8], sync: impl Fn(&File) -> io::Result<()>) -> io::Result<bool> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let length = meta.len();
    let mut bytes = Vec::with_capacity(record.len() + 1);
    if is_torn(&file, length)? {
        // A line torn by a power cut gets its own newline, so that it does not damage this record.
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(record);
    // One write(2): a reader, and a crash, see the whole line or a torn tail, nothing else.
    let written = match file.write(&bytes) {
        Ok(count) if count == bytes.len() => sync(&file),
        Ok(_) => Err(Errno::ENOSPC.into()),
        Err(error) => Err(error),
    };
    if written.is_err() {
        // The error that matters is the one above; if even this fails, the next append seals the torn tail.
        let _ = file.set_len(length);
    }
    written.map(|()| length == 0)
}

/// Returns whether the last byte is not a newline.
fn is_torn(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    let mut byte = [0_u8];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;
    use crate::store::SNAPSHOTS;

    #[test]
    fn adopting_again_after_a_crash_doubles_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (home, away) = (Store::new(directory.path().join("home")), Store::new(directory.path().join("away")));
        let add = |store: &Store, minute: u32| {
            let time = format!("2026-11-20T21:{minute:02}:00.000Z");
            let now = Now { wall: parse(&time).unwrap(), boottime_seconds: 0.0 };
            store.append(SNAPSHOTS, &now, &format!("{{\"schema\":1,\"time\":\"{time}\"}}")).unwrap();
        };
        add(&home, 0);
        (1..4).for_each(|minute| add(&away, minute));
        let minutes = || {
            let (mut found, begin) = (Vec::new(), parse("2026-11-20T00:00:00.000Z").unwrap());
            let each = &mut |line: &str| found.push(line.get(34..36).unwrap().parse::<u32>().unwrap());
            home.read(SNAPSHOTS, begin, begin + TimeDelta::days(1), each).unwrap();
            found
        };
        home.adopt(&away).unwrap();
        assert_eq!(minutes(), [0, 1, 2, 3]);
        add(&away, 4);
        home.adopt(&away).unwrap();
        assert_eq!(minutes(), [0, 1, 2, 3, 4]);
    }
}
