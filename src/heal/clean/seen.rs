//! A file or directory as it was seen: its identity, times and what forbids its removal. All access is relative to an open
//! directory and follows no link.

use crate::host::file_id::FileId;
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, ResolveFlags, Statx, StatxAttributes, StatxFlags, flock, openat,
    openat2, statx,
};
use rustix::io::{Errno, Result};
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Bytes of a block of `stx_blocks` (statx(2)).
const BLOCK_BYTES: u64 = 512;

/// A point in time: seconds and nanoseconds since 1970.
pub type Time = (i64, u32);

/// The answer of statx(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Device and inode.
    pub id: FileId,
    /// Type and permissions.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Number of hard links.
    pub links: u32,
    /// Space that it takes, in bytes.
    pub allocated: u64,
    /// Identity of its mount; `None` before Linux 5.8.
    pub mount: Option<u64>,
    /// A file system is mounted here, or would be on access.
    pub is_mount: bool,
    /// It may not be removed: immutable, or append only.
    pub is_immutable: bool,
    length: u64,
    accessed: Time,
    modified: Time,
    changed: Time,
}

impl Seen {
    /// An entry of a directory; a link itself, not what it leads to.
    pub fn at(directory: BorrowedFd<'_>, name: &CStr) -> Result<Self> {
        Self::ask(directory, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// An open file or directory.
    pub fn of(file: BorrowedFd<'_>) -> Result<Self> {
        Self::ask(file, c"", AtFlags::EMPTY_PATH)
    }

    /// The file that a path leads to, as the kernel remembers it: this never waits for a server.
    pub fn by_path(path: &std::path::Path) -> Result<Self> {
        let flags = AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        Ok(Self::new(&statx(rustix::fs::CWD, path, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)?))
    }

    fn ask(directory: BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Self> {
        let flags = flags | AtFlags::NO_AUTOMOUNT;
        Ok(Self::new(&statx(directory, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)?))
    }

    fn new(found: &Statx) -> Self {
        let has_mount = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID);
        let has = |attributes| found.stx_attributes.intersects(attributes);
        Self {
            id: FileId::new(found.stx_dev_major, found.stx_dev_minor, found.stx_ino),
            mode: found.stx_mode,
            uid: found.stx_uid,
            links: found.stx_nlink,
            allocated: found.stx_blocks.saturating_mul(BLOCK_BYTES),
            mount: has_mount.then_some(found.stx_mnt_id),
            is_mount: has(StatxAttributes::MOUNT_ROOT | StatxAttributes::AUTOMOUNT),
            is_immutable: has(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND),
            length: found.stx_size,
            accessed: (found.stx_atime.tv_sec, found.stx_atime.tv_nsec),
            modified: (found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
            changed: (found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec),
        }
    }

    /// Its type.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode.into())
    }

    /// Returns whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind() == FileType::Directory
    }

    /// Its newest time: access, modification and change; of a directory without access, which any listing sets.
    pub fn newest(&self) -> Time {
        let written = self.modified.max(self.changed);
        if self.is_directory() { written } else { written.max(self.accessed) }
    }

    /// Returns whether `now` is the same file, untouched. A file with several hard links changes when one of them goes.
    pub fn is_untouched(&self, now: &Self) -> bool {
        let mut before = *self;
        if self.is_directory() {
            before.accessed = now.accessed;
        } else if self.links > 1 {
            (before.changed, before.links) = (now.changed, now.links);
        }
        before == *now
    }
}

/// Opens an entry of a directory for reading: never through a link or into another mount, and without a trace in its
/// access time where that is allowed.
pub fn open(directory: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let inside =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    let attempt = |flags| match openat2(directory, name, flags, Mode::empty(), inside) {
        // Before Linux 5.6, or forbidden by a filter of system calls.
        Err(Errno::NOSYS | Errno::PERM) => openat(directory, name, flags, Mode::empty()),
        answer => answer,
    };
    match attempt(flags | OFlags::NOATIME) {
        // Only its owner and root may.
        Err(Errno::PERM) => attempt(flags),
        answer => answer,
    }
}

/// Locks an open file or directory; false: somebody else holds a lock on it. The lock ends when the descriptor is closed.
pub fn lock(file: BorrowedFd<'_>) -> Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error),
    }
}
