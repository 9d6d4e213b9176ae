//! `damaged/`: what was set aside, below the path it had.

use crate::base::file::{FILE_MODE, make_directory, open_regular, sync_parent};
use crate::store::{Store, at};
use anyhow::Result;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where what is set aside goes.
pub const DAMAGED: &str = "damaged";

impl Store {
    /// The path below `damaged/` of a path below the data directory, with its directory made.
    fn aside_path(&self, path: &Path) -> Result<PathBuf> {
        let below = path.strip_prefix(self.directory()).unwrap_or(path);
        let target = self.directory().join(DAMAGED).join(below);
        let directory = target.parent().unwrap_or(&target);
        at("make", directory, make_directory(directory))?;
        Ok(target)
    }

    /// A file to append to: what was set aside earlier stays.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn aside_file(&self, path: &Path) -> Result<File> {
        let target = self.aside_path(path)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(FILE_MODE).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        let file = at("write to", &target, options.open(&target))?;
        at("sync", &target, sync_parent(&target))?;
        Ok(file)
    }

    /// Appends the content of a file to the one of the same name below `damaged/`.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn aside_copy(&self, path: &Path) -> Result<()> {
        let mut from = at("read", path, open_regular(path))?;
        let mut file = self.aside_file(path)?;
        let copied = io::copy(&mut from, &mut file).and_then(|_| file.flush()).and_then(|()| file.sync_all());
        at("set aside", path, copied)
    }

    /// Moves an entry of any kind below `damaged/`, under a name that is free.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn aside_entry(&self, path: &Path) -> Result<PathBuf> {
        let target = free(&self.aside_path(path)?);
        at("set aside", path, fs::rename(path, &target))?;
        at("sync", &target, sync_parent(&target).and_then(|()| sync_parent(path)))?;
        Ok(target)
    }
}

/// The path, or with a number behind it where there is something already.
pub fn free(path: &Path) -> PathBuf {
    let numbered = |number: u32| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}.{number}"))
    };
    let mut candidates = std::iter::once(path.to_path_buf()).chain((2..100_000).map(numbered));
    candidates.find(|candidate| candidate.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}
