//! Files and directories in use: open, mapped, the working directory of a process, locked, watched, mounted elsewhere, or
//! used by the kernel. For repairs that remove files.

use super::Root;
use super::file_id::FileId;
use crate::base::bounded;
use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

mod kernel;
mod mount_roots;

/// Files and directories in use.
#[derive(Debug, Clone, Default)]
pub struct InUse {
    used: HashSet<FileId>,
    locked: HashSet<FileId>,
}

/// The reason why it is not known which files are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// Processes of other users are hidden from this one.
    Hidden,
    /// The time limit passed.
    Late,
}

impl InUse {
    /// Returns whether a process or the kernel uses it.
    pub fn is_used(&self, id: FileId) -> bool {
        self.used.contains(&id)
    }

    /// Returns whether somebody holds a lock on it, or on a part of it.
    pub fn is_locked(&self, id: FileId) -> bool {
        self.locked.contains(&id)
    }
}

impl Root {
    /// The directory that is `/` of the host.
    pub fn top(&self) -> &Path {
        &self.base
    }

    /// Returns whether the files that processes of other users use can be seen. Tried with process 1, which only root may see.
    pub fn sees_open_files(&self) -> bool {
        let process = self.base.join("proc/1");
        let is_shown = || fs::read_dir(process.join("fd")).is_ok() && fs::read_link(process.join("cwd")).is_ok();
        self.recorded || (is_shown() && self.proc("1/maps").is_ok())
    }

    /// The files in use on the whole host. Those that this process itself has open do not count.
    ///
    /// # Errors
    /// [`Unseen`]: it is not known, so that everything may be in use.
    pub fn in_use(&self, limit: Duration) -> Result<InUse, Unseen> {
        // A working directory on a server that is gone makes stat(2) wait.
        let root = self.clone();
        bounded::run(limit, move || root.collect_uses()).unwrap_or(Err(Unseen::Late))
    }

    fn collect_uses(&self) -> Result<InUse, Unseen> {
        let pids = self.process_files().map_err(|_| Unseen::Hidden)?.pids();
        if !self.recorded && !pids.contains(&1) {
            return Err(Unseen::Hidden);
        }
        let (mut used, mut mapped, mut spaces) = (HashSet::new(), HashSet::new(), HashSet::new());
        for pid in pids {
            let directory = self.base.join("proc").join(pid.to_string());
            self.add_links(&directory, &mut used)?;
            if self.recorded || pid != std::process::id() {
                self.add_open(&directory, &mut used)?;
            }
            self.add_mapped(pid, &mut mapped, &mut used)?;
            if spaces.insert(fs::read_link(directory.join("ns/mnt")).ok()) {
                used.extend(self.mount_roots(pid));
            }
        }
        used.extend(self.kernel_files());
        Ok(InUse { used, locked: self.locks() })
    }

    /// Working directory, root and executable of a process.
    fn add_links(&self, directory: &Path, used: &mut HashSet<FileId>) -> Result<(), Unseen> {
        for name in ["cwd", "root", "exe"] {
            let link = directory.join(name);
            if unless_ended(fs::read_link(&link))?.is_some() {
                used.extend(self.opened(&link).as_ref().map(FileId::of));
            }
        }
        Ok(())
    }

    /// The files that a process has open, and those that it watches (inotify(7)).
    fn add_open(&self, directory: &Path, used: &mut HashSet<FileId>) -> Result<(), Unseen> {
        let Some(links) = unless_ended(fs::read_dir(directory.join("fd")))? else { return Ok(()) };
        for entry in links.flatten() {
            let Some(target) = unless_ended(fs::read_link(entry.path()))? else { continue };
            let target = target.as_os_str().as_bytes();
            if target.starts_with(b"/") {
                used.extend(self.opened(&entry.path()).as_ref().map(FileId::of));
            } else if target.starts_with(b"anon_inode:inotify") || target.starts_with(b"anon_inode:[fanotify]") {
                let details = fs::read_to_string(directory.join("fdinfo").join(entry.file_name()));
                used.extend(kernel::watched(&details.unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Files that a process has mapped, open or not. On btrfs `maps` shows another device than stat(2): the links in
    /// `map_files` lead to the file itself.
    fn add_mapped(&self, pid: u32, mapped: &mut HashSet<FileId>, used: &mut HashSet<FileId>) -> Result<(), Unseen> {
        let Some(maps) = unless_ended(self.proc(&format!("{pid}/maps")))? else { return Ok(()) };
        for line in String::from_utf8_lossy(&maps).lines() {
            let mut fields = line.split_ascii_whitespace();
            let (Some(range), Some(device), Some(inode)) = (fields.next(), fields.nth(2), fields.next()) else {
                continue;
            };
            let Some(id) = FileId::parse(device, inode).filter(|id| mapped.insert(*id)) else { continue };
            used.insert(id);
            let range: Vec<&str> = range.split('-').map(|end| end.trim_start_matches('0')).collect();
            let link = self.base.join(format!("proc/{pid}/map_files/{}", range.join("-")));
            used.extend(self.opened(&link).as_ref().map(FileId::of));
        }
        Ok(())
    }
}

/// The answer, or `None` when the process has ended meanwhile.
fn unless_ended<T>(answer: io::Result<T>) -> Result<Option<T>, Unseen> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Unseen::Hidden),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_seen_is_unknown_and_what_has_ended_uses_nothing() {
        let answer = |kind: ErrorKind| unless_ended::<()>(Err(kind.into()));
        assert_eq!(answer(ErrorKind::PermissionDenied), Err(Unseen::Hidden));
        assert_eq!((answer(ErrorKind::NotFound), unless_ended(Ok(1))), (Ok(None), Ok(Some(1))));
    }
}
