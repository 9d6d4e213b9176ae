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
use std::path::Path;
use std::time::Instant;

/// The open directories that lead to an item, so that nothing is removed from a tree that was moved elsewhere meanwhile.
#[derive(Clone, Copy)]
struct Way<'a> {
    above: Option<&'a Way<'a>>,
    /// The directory above, and the name and identity that this one must have in it.
    directory: BorrowedFd<'a>,
    name: &'a CStr,
    id: FileId,
}

/// The removal of one unit.
pub struct Removal<'a> {
    /// Path of the cleaned directory, and its identity.
    place: (&'a Path, FileId),
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
    /// A removal in the directory of this path and identity, which ends at `until`.
    pub fn new(place: (&'a Path, FileId), actuator: &'a dyn Actuator, in_use: &'a InUse, until: Instant) -> Self {
        Self { place, actuator, in_use, until, links: HashMap::new(), removed: 0, freed: 0 }
    }

    /// Removes an item and everything that was judged in it.
    ///
    /// # Errors
    /// The reason why the rest stays.
    pub fn remove(&mut self, directory: BorrowedFd<'_>, item: &Item) -> Result<(), Kept> {
        self.remove_below(directory, item, None)
    }

    fn remove_below(&mut self, directory: BorrowedFd<'_>, item: &Item, way: Option<&Way<'_>>) -> Result<(), Kept> {
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
            return self.unlink(directory, item, way);
        }
        let flags = if before.is_directory() { OFlags::DIRECTORY } else { OFlags::empty() };
        let file = seen::open(directory, &item.name, OFlags::RDONLY | flags).map_err(changed)?;
        if !before.is_untouched(&Seen::of(file.as_fd()).map_err(changed)?) {
            return Err(Kept::Changed);
        }
        if !seen::lock(file.as_fd()).map_err(changed)? {
            return Err(Kept::Locked);
        }
        let own = Way { above: way, directory, name: &item.name, id: before.id };
        for child in &item.children {
            self.remove_below(file.as_fd(), child, Some(&own))?;
        }
        // The name still leads to what is open and locked; a directory has lost what was in it.
        let now = Seen::at(directory, &item.name).map_err(changed)?;
        let is_same = if before.is_directory() {
            (now.id, now.mode, now.is_mount) == (before.id, before.mode, before.is_mount)
        } else {
            before.is_untouched(&now)
        };
        if is_same { self.unlink(directory, item, way) } else { Err(Kept::Changed) }
    }

    /// Returns whether every directory on the way is where it was, up to the cleaned directory itself.
    fn is_in_place(&self, way: Option<&Way<'_>>) -> bool {
        let (path, id) = self.place;
        let mut ways = std::iter::successors(way, |way| way.above);
        ways.all(|way| Seen::at(way.directory, way.name).is_ok_and(|now| now.id == way.id))
            && Seen::by_path(path).is_ok_and(|now| now.id == id)
    }

    fn unlink(&mut self, directory: BorrowedFd<'_>, item: &Item, way: Option<&Way<'_>>) -> Result<(), Kept> {
        if !self.is_in_place(way) {
            return Err(Kept::Changed);
        }
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
