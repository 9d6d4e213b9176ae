//! Decides whether an entry of a cleaned directory may go, with everything in it or not at all.

use super::kept::Kept;
use super::place::STICKY;
use super::protected::is_protected;
use super::seen::{self, Seen, Time};
use crate::base::sort::SmallSort;
use crate::host::file_id::FileId;
use crate::host::in_use::InUse;
use rustix::fs::{FileType, OFlags, RawDir};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Deepest nesting that is removed: each level has one descriptor open.
const DEPTH_MAX: usize = 64;
/// Room for a directory's entries as the kernel returns them; one has at most 280 bytes.
const ENTRIES_BYTES: usize = 32 * 1024;

/// The conditions under which an entry may go.
#[derive(Debug)]
pub struct Rules<'a> {
    /// Only files whose times are all up to this one.
    pub before: Time,
    /// The present.
    pub now: Time,
    /// Patterns of names and paths that are kept.
    pub keep: &'a [String],
    /// Files and directories of osmon.
    pub own: &'a HashSet<FileId>,
    /// The cleaned directory.
    pub place: Seen,
    /// Mount points as this process sees them, for kernels that do not mark them.
    pub mount_points: HashSet<PathBuf>,
    /// Largest number of files and directories of one run.
    pub items: u64,
    /// Largest space of one run, in bytes.
    pub bytes: u64,
    /// Time limit.
    pub until: Instant,
}

/// A file or directory that may go.
#[derive(Debug)]
pub struct Item {
    /// Name in its directory.
    pub name: CString,
    /// As it was judged.
    pub seen: Seen,
    /// Its contents, if it is a directory.
    pub children: Vec<Item>,
}

/// An entry of the cleaned directory that may go with everything in it.
#[derive(Debug)]
pub struct Unit {
    /// The entry.
    pub item: Item,
    /// Number of files and directories.
    pub items: u64,
    /// Space that it takes, in bytes.
    pub bytes: u64,
}

/// Judges an entry of a directory. `path` is its path.
///
/// # Errors
/// The first reason for which it stays.
pub fn judge(
    rules: &Rules<'_>,
    in_use: &InUse,
    directory: BorrowedFd<'_>,
    name: &CStr,
    path: &Path,
) -> Result<Unit, Kept> {
    let mut judge = Judge { rules, in_use, items: 0, bytes: 0, links: HashMap::new() };
    let item = judge.item(directory, name, path, 0)?;
    if judge.links.values().any(|(here, all)| here != all) {
        return Err(Kept::Linked);
    }
    Ok(Unit { item, items: judge.items, bytes: judge.bytes })
}

struct Judge<'a> {
    rules: &'a Rules<'a>,
    in_use: &'a InUse,
    items: u64,
    bytes: u64,
    /// Files with several hard links: the number of links in this unit, and in all.
    links: HashMap<FileId, (u32, u32)>,
}

impl Judge<'_> {
    fn item(&mut self, directory: BorrowedFd<'_>, name: &CStr, path: &Path, depth: usize) -> Result<Item, Kept> {
        let seen = Seen::at(directory, name).map_err(|_| Kept::Unreadable)?;
        self.check(&seen, name, path)?;
        self.count(&seen)?;
        if depth >= DEPTH_MAX {
            return Err(Kept::Deep);
        }
        if seen.kind() == FileType::Symlink {
            return Ok(Item { name: name.to_owned(), seen, children: Vec::new() });
        }
        let flags = if seen.is_directory() { OFlags::DIRECTORY } else { OFlags::empty() };
        let file = seen::open(directory, name, OFlags::RDONLY | flags).map_err(|_| Kept::Unreadable)?;
        let opened = Seen::of(file.as_fd()).map_err(|_| Kept::Unreadable)?;
        if !seen.is_untouched(&opened) {
            return Err(Kept::Changed);
        }
        if !seen::lock(file.as_fd()).map_err(|_| Kept::Unreadable)? {
            return Err(Kept::Locked);
        }
        let mut children = Vec::new();
        if seen.is_directory() {
            let most = usize::try_from(self.rules.items).unwrap_or(usize::MAX);
            let names = names(file.as_fd(), most.saturating_add(1)).map_err(|_| Kept::Unreadable)?;
            if names.len() > most {
                return Err(Kept::Large);
            }
            for name in names {
                let path = path.join(OsStr::from_bytes(name.to_bytes()));
                children.push(self.item(file.as_fd(), &name, &path, depth + 1)?);
            }
        }
        Ok(Item { name: name.to_owned(), seen, children })
    }

    fn check(&self, seen: &Seen, name: &CStr, path: &Path) -> Result<(), Kept> {
        let (rules, place) = (self.rules, &self.rules.place);
        let is_elsewhere = || seen.mount != place.mount || (seen.is_directory() && seen.id.device != place.id.device);
        if Instant::now() >= rules.until {
            Err(Kept::NoTime)
        } else if is_protected(&name.to_string_lossy(), &path.to_string_lossy(), rules.keep) {
            Err(Kept::Protected)
        } else if rules.own.contains(&seen.id) {
            Err(Kept::Own)
        } else if seen.is_mount || is_elsewhere() || rules.mount_points.contains(path) {
            Err(Kept::Mount)
        } else if !matches!(seen.kind(), FileType::RegularFile | FileType::Directory | FileType::Symlink) {
            Err(Kept::Special)
        } else if seen.mode & STICKY != 0 && seen.kind() != FileType::Symlink {
            Err(Kept::Sticky)
        } else if seen.is_immutable {
            Err(Kept::Immutable)
        } else if seen.newest() > rules.now {
            Err(Kept::Future)
        } else if seen.newest() > rules.before {
            Err(Kept::Young)
        } else {
            free(self.in_use, seen.id)
        }
    }

    /// Counts it once, however many hard links it has.
    fn count(&mut self, seen: &Seen) -> Result<(), Kept> {
        self.items += 1;
        let mut is_first = true;
        if !seen.is_directory() && seen.links > 1 {
            let (here, _) = self.links.entry(seen.id).or_insert((0, seen.links));
            *here += 1;
            is_first = *here == 1;
        }
        if is_first {
            self.bytes = self.bytes.saturating_add(seen.allocated);
        }
        if self.items > self.rules.items || self.bytes > self.rules.bytes { Err(Kept::Large) } else { Ok(()) }
    }
}

/// Checks that nobody uses a file or holds a lock on it.
pub fn free(in_use: &InUse, id: FileId) -> Result<(), Kept> {
    match (in_use.is_locked(id), in_use.is_used(id)) {
        (true, _) => Err(Kept::Locked),
        (_, true) => Err(Kept::InUse),
        _ => Ok(()),
    }
}

/// Names in a directory, sorted, without itself and its parent; at most `most`.
pub fn names(directory: BorrowedFd<'_>, most: usize) -> rustix::io::Result<Vec<CString>> {
    let mut buffer = Vec::with_capacity(ENTRIES_BYTES);
    let mut entries = RawDir::new(directory, buffer.spare_capacity_mut());
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push(name.to_owned());
        }
        if names.len() >= most {
            break;
        }
    }
    names.arrange();
    Ok(names)
}
