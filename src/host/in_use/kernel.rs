//! Files that the kernel itself uses or knows to be in use: locks, disk images, swap files, watched directories.

use super::super::Root;
use super::super::file_id::FileId;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

impl Root {
    /// Locked files (`/proc/locks`, proc_locks(5)): of flock(2), fcntl(2), and leases.
    pub(in crate::host) fn locks(&self) -> HashSet<FileId> {
        let text = self.proc("locks").unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(lock).collect()
    }

    /// Disk images of loop devices, and swap files: no process has them open.
    pub(super) fn kernel_files(&self) -> HashSet<FileId> {
        let devices = self.block_devices().unwrap_or_default();
        let loops = devices.iter().filter(|name| name.starts_with("loop"));
        let images = loops.filter_map(|name| self.sys_text(&format!("block/{name}/loop/backing_file")));
        let swaps = self.proc("swaps").unwrap_or_default();
        let swaps = String::from_utf8_lossy(&swaps);
        let swaps = swaps.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().next().map(str::to_string));
        images.chain(swaps).filter_map(|path| self.file_at(&path)).collect()
    }

    fn file_at(&self, path: &str) -> Option<FileId> {
        let below = Path::new(path.trim_end()).strip_prefix("/").ok()?;
        fs::metadata(self.base.join(below)).ok().as_ref().map(FileId::of)
    }
}

/// A line of `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 4242 08:01:131 0 EOF`.
fn lock(line: &str) -> Option<FileId> {
    let file = line.split_ascii_whitespace().find(|field| field.matches(':').count() == 2)?;
    let (device, inode) = file.rsplit_once(':')?;
    FileId::parse(device, inode)
}

/// Watched files and directories in `/proc/<pid>/fdinfo/<fd>`: `inotify wd:1 ino:9e7e sdev:800013 mask:…`. The device is in
/// the kernel's own form, with 20 bits for the minor number.
pub(super) fn watched(details: &str) -> Vec<FileId> {
    let one = |line: &str| {
        let value = |key: &str| {
            let field = line.split_ascii_whitespace().find_map(|field| field.strip_prefix(key))?;
            u64::from_str_radix(field, 16).ok()
        };
        let (inode, device) = (value("ino:")?, value("sdev:")?);
        let (major, minor) = (u32::try_from(device >> 20).ok()?, u32::try_from(device & 0xf_ffff).ok()?);
        Some(FileId::new(major, minor, inode))
    };
    details.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_read_waiting_or_held_and_damaged_lines_are_not() {
        let id = Some(FileId::new(0xfd, 0x10, 131));
        assert_eq!(lock("1: FLOCK  ADVISORY  WRITE 4242 fd:10:131 0 EOF"), id);
        assert_eq!(lock("1: -> POSIX  ADVISORY  READ 4242 fd:10:131 0 EOF"), id);
        assert_eq!(lock("3: OFDLCK ADVISORY  READ -1 fd:10:131 0 EOF"), id);
        assert_eq!(lock("1: FLOCK  ADVISORY  WRITE 4242 fd:10:0 0 EOF"), None);
        for damaged in ["", "1: FLOCK", "1: FLOCK ADVISORY WRITE 4242 fd:zz:131 0 EOF", "a:b:c", "::"] {
            assert_eq!(lock(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn watched_directories_are_read_from_the_details_of_a_descriptor() {
        let details = "pos:\t0\nflags:\t02000000\nino:\t1057\n\
                       inotify wd:3 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8\n\
                       inotify wd:2 ino:zz sdev:800013\n";
        assert_eq!(watched(details), [FileId::new(8, 0x13, 0x9e7e)]);
    }
}
