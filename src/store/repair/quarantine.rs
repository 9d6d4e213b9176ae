//! Quarantine: damaged data moves below `damaged/`, under its original path.

use crate::base::file::{FILE_MODE, make_directory, open_regular, sync_parent};
use crate::store::{Store, at};
use anyhow::Result;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Directory of the quarantine.
pub const DAMAGED: &str = "damaged";

impl Store {
    /// The quarantine path of a path below the data directory; its directory is created.
    fn quarantine_path(&self, path: &Path) -> Result<PathBuf> {
        let below = path.strip_prefix(self.directory()).unwrap_or(path);
        let target = self.directory().join(DAMAGED).join(below);
        let directory = target.parent().unwrap_or(&target);
        at("make", directory, make_directory(directory))?;
        Ok(target)
    }

    /// A quarantine file to append to: earlier content stays.
    ///
    /// # Errors
    /// Errors of the file system.
    pub(super) fn quarantine_file(&self, path: &Path) -> Result<File> {
        let target = self.quarantine_path(path)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(FILE_MODE).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        let file = at("write to", &target, options.open(&target))?;
        at("sync", &target, sync_parent(&target))?;
        Ok(file)
    }

    /// Appends a copy of a file to its quarantine file.
    ///
    /// # Errors
    /// Errors of the file system.
    pub(super) fn quarantine_copy(&self, path: &Path) -> Result<()> {
        let mut from = at("read", path, open_regular(path))?;
        let mut file = self.quarantine_file(path)?;
        let copied = io::copy(&mut from, &mut file).and_then(|_| file.flush()).and_then(|()| file.sync_all());
        at("set aside", path, copied)
    }

    /// Moves an entry of any kind into the quarantine, under a free name.
    ///
    /// # Errors
    /// Errors of the file system.
    pub(super) fn quarantine_entry(&self, path: &Path) -> Result<PathBuf> {
        let target = free(&self.quarantine_path(path)?);
        at("set aside", path, fs::rename(path, &target))?;
        at("sync", &target, sync_parent(&target).and_then(|()| sync_parent(path)))?;
        Ok(target)
    }
}

/// The path, with a number appended when it exists already.
pub fn free(path: &Path) -> PathBuf {
    let numbered = |number: u32| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}.{number}"))
    };
    let mut candidates = std::iter::once(path.to_path_buf()).chain((2..100_000).map(numbered));
    candidates.find(|candidate| candidate.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}
