//! Appending to a stream.

use super::{STREAMS, Store, at, day, line};
use crate::base::clock::Now;
use crate::base::file::{FILE_MODE, make_directory, sync_parent};
use anyhow::Result;
use chrono::TimeDelta;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

impl Store {
    /// Appends one record (JSON without checksum) to the file of `now`'s UTC day. When this returns, the record
    /// survives power loss. The caller holds the lock.
    ///
    /// # Errors
    /// What the file system says; then nothing of the record is in the file.
    pub fn append(&self, stream: &str, now: &Now, json: &str) -> Result<()> {
        let path = self.file(stream, &now.wall.format("%Y-%m-%d").to_string());
        let directory = self.directory.join(stream);
        at("make", &directory, make_directory(&directory))?;
        at("write to", &path, append(&path, &line::seal(json)))
    }
}

impl Store {
    /// Appends every record of another store, day by day. What was derived from the days it adds to is derived anew.
    ///
    /// # Errors
    /// What the file system says. Called again, it may append a day twice.
    pub fn adopt(&self, other: &Store) -> Result<()> {
        for stream in STREAMS {
            for day in other.days(stream)? {
                let Some(begin) = day::begin(&day.name) else { continue };
                let mut lines = String::new();
                other.read(stream, begin, begin + TimeDelta::milliseconds(86_399_999), &mut |line| {
                    lines.push_str(line);
                    lines.push('\n');
                })?;
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

/// Appends lines and syncs them, and the name of a new file.
///
/// # Errors
/// What the file system says; then nothing of the lines is in the file.
pub(super) fn append(path: &Path, record: &str) -> io::Result<()> {
    let is_new = !path.exists();
    append_by(path, record, File::sync_data)?;
    if is_new { sync_parent(path) } else { Ok(()) }
}

/// The same for what can be made again: nothing is synced.
///
/// # Errors
/// What the file system says; then nothing of the lines is in the file.
pub(super) fn append_unsynced(path: &Path, lines: &str) -> io::Result<()> {
    append_by(path, lines, |_| Ok(()))
}

fn append_by(path: &Path, record: &str, sync: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
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
        // What a power cut left half-written stays its own line: it costs itself, not this record.
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(record.as_bytes());
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
    written
}

/// Whether the last byte is something other than a newline.
fn is_torn(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    let mut byte = [0_u8];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != [b'\n'])
}
