//! Open files of all processes on one file system (`/proc/<pid>/fd`, proc_pid_fd(5)).

use super::mount_view::below;
use super::{Root, names};
use crate::base::text::{NAME_MAX, clean_bytes};
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Suffix that the kernel adds to the path of a deleted file.
const DELETED: &[u8] = b" (deleted)";
/// Bytes of a block of `st_blocks` (stat(2)).
const BLOCK_BYTES: u64 = 512;
/// The bit of a link that is open for writing.
const WRITABLE: u32 = 0o200;

/// A regular file that a process has open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenFile {
    /// Process that has it open; others may have too.
    pub pid: u32,
    /// Its path, cleaned, without the mark of a deleted file.
    pub path: String,
    /// It was deleted; its space is free once it is closed.
    pub is_deleted: bool,
    /// It is open for writing.
    pub is_written: bool,
    /// Its length in bytes.
    pub length: u64,
    /// Space that it takes, in bytes.
    pub allocated: u64,
    /// Link of the process to it.
    link: PathBuf,
}

impl Root {
    /// Open files of the file system mounted at `point`, one entry for each file, until a moment. Other users' processes
    /// are left out unless root asks. `is_below` says of a path whether it belongs to that mount.
    pub fn open_files(&self, point: &Path, is_below: &dyn Fn(&[u8]) -> bool, until: Instant) -> Vec<OpenFile> {
        let (mut found, mut known) = (Vec::new(), HashSet::new());
        // A file of a container may show a path that means another file system here.
        let device = if self.recorded {
            None
        } else {
            fs::metadata(below(&self.mounts_below(), point.as_os_str().as_bytes())).ok().map(|meta| meta.dev())
        };
        if device.is_none() && !self.recorded {
            return found;
        }
        let processes = names(&self.base.join("proc")).unwrap_or_default();
        for pid in processes.iter().filter_map(|name| name.parse::<u32>().ok()) {
            let directory = self.base.join(format!("proc/{pid}/fd"));
            for link in fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if Instant::now() > until {
                    return found;
                }
                let Ok(target) = fs::read_link(&link) else { continue };
                let path = target.as_os_str().as_bytes();
                let plain = path.strip_suffix(DELETED);
                if !is_below(plain.unwrap_or(path)) {
                    continue;
                }
                let Some(meta) = self.opened(&link).filter(|meta| device.is_none_or(|device| device == meta.dev()))
                else {
                    continue;
                };
                if meta.is_file() && known.insert((meta.dev(), meta.ino())) {
                    found.push(OpenFile {
                        pid,
                        path: clean_bytes(plain.unwrap_or(path), NAME_MAX),
                        is_deleted: plain.is_some(),
                        is_written: link.symlink_metadata().is_ok_and(|own| own.permissions().mode() & WRITABLE != 0),
                        length: meta.len(),
                        allocated: meta.blocks().saturating_mul(BLOCK_BYTES),
                        link,
                    });
                }
            }
        }
        found
    }

    /// The present length of an open file; `None`: it was closed.
    pub fn length_now(&self, file: &OpenFile) -> Option<u64> {
        self.opened(&file.link).map(|meta| meta.len())
    }

    /// Name of a process (`/proc/<pid>/comm`).
    pub fn process_name(&self, pid: u32) -> String {
        self.proc_line(&format!("{pid}/comm")).unwrap_or_default()
    }

    /// The file behind the link of a process; of a recorded host the file below its directory.
    pub(super) fn opened(&self, link: &Path) -> Option<Metadata> {
        if !self.recorded {
            return fs::metadata(link).ok();
        }
        let target = fs::read_link(link).ok()?;
        fs::metadata(self.base.join(target.strip_prefix("/").ok()?)).ok()
    }
}
