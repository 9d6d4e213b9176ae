//! Appending to a stream.

use super::{EVENTS, PROCESSES, SNAPSHOTS, Store, at, line};
use crate::base::clock::Now;
use crate::base::file::{FILE_MODE, make_directory, read_at_most, sync_parent};
use anyhow::Result;
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
    /// Appends everything another store has recorded, file by file, as it is: its lines carry their own checksums.
    ///
    /// # Errors
    /// What the file system says. Called again, it may append a day twice.
    pub fn adopt(&self, other: &Store) -> Result<()> {
        for stream in [SNAPSHOTS, PROCESSES, EVENTS] {
            for source in other.days(stream)? {
                let content = at("read", &source, read_at_most(&source, u64::MAX))?;
                let directory = self.directory.join(stream);
                at("make", &directory, make_directory(&directory))?;
                let target = directory.join(source.file_name().unwrap_or_default());
                at("write to", &target, append(&target, &String::from_utf8_lossy(&content)))?;
            }
        }
        Ok(())
    }
}

fn append(path: &Path, record: &str) -> io::Result<()> {
    let is_new = !path.exists();
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
        Ok(count) if count == bytes.len() => file.sync_data(),
        Ok(_) => Err(Errno::ENOSPC.into()),
        Err(error) => Err(error),
    };
    if written.is_err() {
        // The error that matters is the one above; if even this fails, the next append seals the torn tail.
        let _ = file.set_len(length);
    }
    written?;
    if is_new { sync_parent(path) } else { Ok(()) }
}

/// Whether the last byte is something other than a newline.
fn is_torn(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    let mut byte = [0_u8];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != [b'\n'])
}
