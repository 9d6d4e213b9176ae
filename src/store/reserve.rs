//! A small reserve file that is released when the disk is full, so that alerts can still be written.

use super::Store;
use crate::base::file::{is_disk_full, replace};
use anyhow::Result;
use std::fs;

/// Size of the reserve in bytes: enough for state files and some hundred alerts.
const RESERVE_BYTES: usize = 64 * 1024;

impl Store {
    /// Calls `work`; on a full disk, releases the reserve and calls it once more.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn with_reserve<T>(&self, work: impl Fn() -> Result<T>) -> Result<T> {
        match work() {
            Err(error) if is_disk_full(&error) && fs::remove_file(self.reserve_file()).is_ok() => {
                let result = work();
                // The remaining space is reserved again before history uses it.
                self.keep_reserve();
                result
            }
            result => result,
        }
    }

    /// Restores the reserve if it is missing or too small, as far as there is room. A full disk is not an error.
    pub fn keep_reserve(&self) {
        let path = self.reserve_file();
        let kept = path.metadata().map_or(0, |meta| meta.len());
        let sizes = std::iter::successors(Some(RESERVE_BYTES), |size| Some(size / 2)).take_while(|size| *size >= 4096);
        for size in sizes.take_while(|size| *size as u64 > kept) {
            // Not zeros: a file system that compresses or stores sparse files would reserve nothing.
            let filler: Vec<u8> = (0..size).map(|at| (at * 167 % 251) as u8).collect();
            if replace(&path, &filler, crate::base::file::FILE_MODE).is_ok() {
                return;
            }
        }
    }

    fn reserve_file(&self) -> std::path::PathBuf {
        self.directory.join("reserve")
    }
}
