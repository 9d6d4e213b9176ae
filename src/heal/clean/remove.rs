//! Removes what was judged, name by name, from the leaves up. Each file is looked at again immediately before it goes.

use super::judge::{Item, free};
use super::kept::Kept;
use super::seen::{self, Seen};
use crate::heal::actuator::Actuator;
use crate::host::file_id::FileId;
use crate::host::in_use::InUse;
use nix::errno::Errno;
use nix::unistd::UnlinkatFlags;
use rustix::fs::{FileType, OFlags};
use std::collections::HashMap;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// The removal of one unit.
pub struct Removal<'a> {
    actuator: &'a dyn Actuator,
    in_use: &'a InUse,
    until: Instant,
    /// Files with several hard links: the number of links that are left.
    links: HashMap<FileId, u32>,
    /// Number of files and directories removed.
    pub removed: u64,
    /// Space freed, in bytes.
    pub freed: u64,
}

impl<'a> Removal<'a> {
    /// A removal that ends at `until`.
    pub fn new(actuator: &'a dyn Actuator, in_use: &'a InUse, until: Instant) -> Self {
        Self { actuator, in_use, until, links: HashMap::new(), removed: 0, freed: 0 }
    }

    /// Removes an item and everything that was judged in it.
    ///
    /// # Errors
    /// The reason why the rest stays.
    pub fn remove(&mut self, directory: BorrowedFd<'_>, item: &Item) -> Result<(), Kept> {
        if Instant::now() >= self.until {
            return Err(Kept::NoTime);
        }
        let changed = |_| Kept::Changed;
        let before = &item.seen;
        free(self.in_use, before.id)?;
        if before.kind() == FileType::Symlink {
            let now = Seen::at(directory, &item.name).map_err(changed)?;
            if !before.is_untouched(&now) {
                return Err(Kept::Changed);
            }
            return self.unlink(directory, item);
        }
        let flags = if before.is_directory() { OFlags::DIRECTORY } else { OFlags::empty() };
        let file = seen::open(directory, &item.name, OFlags::RDONLY | flags).map_err(changed)?;
        if !before.is_untouched(&Seen::of(file.as_fd()).map_err(changed)?) {
            return Err(Kept::Changed);
        }
        if !seen::lock(file.as_fd()).map_err(changed)? {
            return Err(Kept::Locked);
        }
        for child in &item.children {
            self.remove(file.as_fd(), child)?;
        }
        // The name still leads to what is open and locked; a directory has lost what was in it.
        let now = Seen::at(directory, &item.name).map_err(changed)?;
        let is_same = if before.is_directory() {
            (now.id, now.mode, now.is_mount) == (before.id, before.mode, before.is_mount)
        } else {
            before.is_untouched(&now)
        };
        if is_same { self.unlink(directory, item) } else { Err(Kept::Changed) }
    }

    fn unlink(&mut self, directory: BorrowedFd<'_>, item: &Item) -> Result<(), Kept> {
        let name: &CStr = &item.name;
        let flags = if item.seen.is_directory() { UnlinkatFlags::RemoveDir } else { UnlinkatFlags::NoRemoveDir };
        match self.actuator.remove(directory, name, flags) {
            Ok(()) => {}
            // Somebody else was faster.
            Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::ENOTEMPTY | Errno::EEXIST | Errno::EBUSY) => return Err(Kept::Busy),
            Err(_) => return Err(Kept::Failed),
        }
        self.removed += 1;
        let links = if item.seen.is_directory() { 1 } else { item.seen.links };
        let left = self.links.entry(item.seen.id).or_insert(links);
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.links.remove(&item.seen.id);
            self.freed = self.freed.saturating_add(item.seen.allocated);
        }
        Ok(())
    }
}
