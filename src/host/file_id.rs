//! Identity of a file or directory: its device and its inode.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Device and inode of a file or directory; unique on a host while it exists (stat(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// Device of its file system, as `st_dev`.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
}

impl FileId {
    /// From the two numbers of its device.
    pub fn new(major: u32, minor: u32, inode: u64) -> Self {
        Self { device: rustix::fs::makedev(major, minor), inode }
    }

    /// Of a file that was looked up.
    pub fn of(meta: &Metadata) -> Self {
        Self { device: meta.dev(), inode: meta.ino() }
    }

    /// From `MAJOR:MINOR` in hexadecimal, as `/proc/locks` and `/proc/<pid>/maps` write it, and a decimal inode; `None` for
    /// other text, and for inode 0, which no file has.
    pub fn parse(device: &str, inode: &str) -> Option<Self> {
        let (major, minor) = device.split_once(':')?;
        let number = |text| u32::from_str_radix(text, 16).ok();
        let inode: u64 = inode.parse().ok().filter(|inode| *inode > 0)?;
        Some(Self::new(number(major)?, number(minor)?, inode))
    }
}
