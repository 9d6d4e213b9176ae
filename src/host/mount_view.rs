//! The mounts of the host. A confined service has others: `ProtectSystem=` makes file systems look read-only to it, and
//! `ProtectHome=` hides them. What the host has is what process 1 sees.

use super::{FILE_MAX, Root, read_first};
use crate::base::file::read_at_most;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

impl Root {
    /// `/proc/self/mountinfo`, or that of process 1 where its mounts are others. Lines may be longer than half a page.
    ///
    /// # Errors
    /// As [`Root::proc`].
    pub fn mount_info(&self) -> io::Result<Vec<u8>> {
        let process = if self.is_confined() { "1" } else { "self" };
        let path = self.base.join("proc").join(process).join("mountinfo");
        if self.recorded { read_at_most(&path, FILE_MAX) } else { read_first(&path, 0) }
    }

    /// The directory below which this process reaches the mount points of [`Root::mount_info`].
    pub fn mounts_below(&self) -> PathBuf {
        if self.is_confined() { self.base.join("proc/1/root") } else { PathBuf::from("/") }
    }

    /// Whether the mounts of this process are not those of process 1. No for a user who may not know.
    fn is_confined(&self) -> bool {
        let space = |process: &str| fs::read_link(self.base.join("proc").join(process).join("ns/mnt"));
        let is_other = || matches!((space("1"), space("self")), (Ok(first), Ok(own)) if first != own);
        *self.constant.is_confined.get_or_init(|| !self.recorded && is_other())
    }
}

/// A mount point, raw bytes, below a directory.
pub fn below(directory: &Path, point: &[u8]) -> PathBuf {
    let point = Path::new(OsStr::from_bytes(point));
    directory.join(point.strip_prefix("/").unwrap_or(point))
}
