//! Links and entries below `/sys`, by which devices are told apart.

use super::Root;
use crate::base::sort::SmallSort;
use std::fs;
use std::os::unix::fs::DirEntryExt;

impl Root {
    /// Last component of the target of a link below `/sys`: the device of a class entry; `None`: no link.
    pub fn sys_link(&self, name: &str) -> Option<String> {
        let target = fs::read_link(self.base.join("sys").join(name)).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    /// Entries of a directory below `/sys` that begin with `prefix`, sorted, with their inodes: another device by the same
    /// name has another. Empty where there is no such directory.
    pub fn sys_entries(&self, directory: &str, prefix: &str) -> Vec<(String, u64)> {
        let entries = fs::read_dir(self.base.join("sys").join(directory)).into_iter().flatten().flatten();
        let mut found: Vec<(String, u64)> = entries
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.ino()))
            .filter(|(name, _)| name.starts_with(prefix))
            .collect();
        found.arrange();
        found
    }
}
