//! How many files a process has open (`/proc/<pid>/fd`, proc_pid_fd(5)), and how many it may have (`/proc/<pid>/limits`,
//! proc_pid_limits(5)).

use super::Root;
use std::fs;

impl Root {
    /// Number of open files of a process; `None`: it has ended, or that may not be read.
    pub fn open_file_count(&self, pid: u32) -> Option<u64> {
        let directory = self.base.join(format!("proc/{pid}/fd"));
        // Since Linux 6.2 the size of the directory is that number; before, 0.
        let size = if self.recorded { 0 } else { fs::metadata(&directory).ok()?.len() };
        if size > 0 {
            return Some(size);
        }
        Some(fs::read_dir(directory).ok()?.count() as u64)
    }

    /// Largest number of open files that a process may have; `None`: no limit, or it has ended.
    pub fn open_file_limit(&self, pid: u32) -> Option<u64> {
        soft_limit(&self.proc(&format!("{pid}/limits")).ok()?)
    }
}

/// The first number after `Max open files`.
fn soft_limit(limits: &[u8]) -> Option<u64> {
    let line = limits.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Max open files"))?;
    std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read() {
        let limits = b"Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        for none in [
            b"".as_slice(),
            b"Max open files            unlimited            unlimited            files",
            b"Max open files\n",
        ] {
            assert_eq!(soft_limit(none), None);
        }
        let (root, own) = (Root::new(None), std::process::id());
        assert!(root.open_file_count(own).is_some_and(|count| (3..100_000).contains(&count)));
        assert!(root.open_file_count(0).is_none() && root.open_file_limit(0).is_none());
    }
}
