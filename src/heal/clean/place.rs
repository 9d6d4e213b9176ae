//! A directory that is to be cleaned, opened step by step from `/` without following a link.

use super::seen::{self, Seen};
use crate::base::system_directories::{NOT_ITSELF, NOTHING_IN, is_system};
use crate::host::file_id::FileId;
use crate::host::{Root, local};
use crate::model::message::Message;
use rustix::fs::{Mode, OFlags, StatVfsMountFlags, fstatfs, fstatvfs};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Write permission of the group and of others.
const WRITABLE: u16 = 0o022;
/// The sticky bit: in such a directory only the owner of a file renames or removes it.
pub const STICKY: u16 = 0o1000;

/// An open directory that may be cleaned.
#[derive(Debug)]
pub struct Place {
    /// The directory.
    pub directory: OwnedFd,
    /// As it was opened.
    pub seen: Seen,
    /// Its path.
    pub path: PathBuf,
}

impl Place {
    /// Opens a directory. `own`: files of osmon. `point`: the mount point that the incident is about.
    ///
    /// # Errors
    /// The reason for which it is not cleaned.
    pub fn open(host: &Root, path: &str, own: &HashSet<FileId>, point: Option<&str>) -> Result<Self, Message> {
        let refused = |why: &str| Message::named(&format!("clean.refused_{why}")).with("directory", path);
        let path = Path::new(path);
        let mut names = path.components();
        if names.next() != Some(Component::RootDir) || path.components().any(|name| name == Component::ParentDir) {
            return Err(refused("relative"));
        }
        let plain: PathBuf = path.components().collect();
        if is_system(&plain) {
            return Err(refused("system"));
        }
        let failed = |error| match error {
            Errno::LOOP | Errno::NOTDIR => refused("link"),
            error => refused("missing").with("error", error.to_string()),
        };
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut directory = rustix::fs::open(host.top(), OFlags::PATH | flags, Mode::empty()).map_err(failed)?;
        let mut way = Vec::new();
        let mut names = names.peekable();
        while let Some(name) = names.next() {
            let name = CString::new(name.as_os_str().as_bytes()).map_err(|_| refused("relative"))?;
            let is_last = names.peek().is_none();
            let reading = if is_last { OFlags::RDONLY } else { OFlags::PATH };
            let before = Seen::at(directory.as_fd(), &name).map_err(failed)?;
            if !before.is_directory() {
                return Err(refused("link"));
            }
            let opened = OFlags::NOFOLLOW | flags | reading;
            directory = rustix::fs::openat(&directory, &name, opened, Mode::empty()).map_err(failed)?;
            let seen = Seen::of(directory.as_fd()).map_err(failed)?;
            way.push(seen.id);
            if seen.uid != 0 {
                return Err(refused("owner"));
            }
            if !is_last && seen.mode & WRITABLE != 0 && seen.mode & STICKY == 0 {
                return Err(refused("writable"));
            }
        }
        let seen = Seen::of(directory.as_fd()).map_err(failed)?;
        if is_alias(host, &way) {
            return Err(refused("system"));
        }
        if way.iter().any(|id| own.contains(id)) {
            return Err(refused("own"));
        }
        let kind = fstatfs(&directory).map_err(failed)?.f_type;
        if !local::is_local_number(u64::try_from(kind).unwrap_or_default() & 0xffff_ffff) {
            return Err(refused("remote"));
        }
        if fstatvfs(&directory).map_err(failed)?.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Err(refused("read_only"));
        }
        if let Some(point) = point.filter(|point| !is_on(host, &seen, point)) {
            return Err(refused("elsewhere").with("mount", point));
        }
        match seen::lock(directory.as_fd()) {
            Ok(true) => Ok(Self { directory, seen, path: plain }),
            Ok(false) => Err(refused("locked")),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Returns whether a directory is on the file system mounted at `point`.
fn is_on(host: &Root, seen: &Seen, point: &str) -> bool {
    let below = Path::new(point).strip_prefix("/").unwrap_or(Path::new(point));
    Seen::by_path(&host.top().join(below))
        .is_ok_and(|other| other.id.device == seen.id.device || (other.mount.is_some() && other.mount == seen.mount))
}

/// Returns whether one of the directories that lead to a directory, itself the last, is one of the system under another
/// name, such as a bind mount.
pub fn is_alias(host: &Root, way: &[FileId]) -> bool {
    let id = |path: &&str| {
        let below = Path::new(path).strip_prefix("/").ok()?;
        Seen::by_path(&host.top().join(below)).ok().map(|seen| seen.id)
    };
    let is_in = NOTHING_IN.iter().filter_map(id).any(|other| way.contains(&other));
    is_in || NOT_ITSELF.iter().filter_map(id).any(|other| way.last() == Some(&other))
}
