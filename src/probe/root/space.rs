//! How full file systems are: asked of the host, or read from a recording.

use super::{FILE_MAX, Root};
use crate::base::bounded;
use crate::base::file::read_at_most;
use nix::sys::statvfs::statvfs;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How long a file system may take to tell its size before it counts as hung.
const STATVFS_LIMIT: Duration = Duration::from_secs(2);

/// Space and inodes of a file system (`statvfs(3)`), in bytes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size.
    pub total_bytes: u64,
    /// Free, what is kept for root included.
    pub free_bytes: u64,
    /// Free for everybody.
    pub available_bytes: u64,
    /// Inodes; 0 where the file system makes them as needed.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

impl Root {
    /// Space of the file systems at mount points given as raw bytes; where it is not known, why, in words. Those that
    /// may hang are asked each by itself, the others one after another, and all at the same time.
    pub fn spaces(&self, local: Vec<Vec<u8>>, may_hang: Vec<Vec<u8>>) -> Vec<Result<Space, String>> {
        if self.recorded {
            return self.recorded_spaces(&[local, may_hang].concat());
        }
        let groups = std::iter::once(local).chain(may_hang.into_iter().map(|mount| vec![mount])).collect();
        let answers = bounded::groups(STATVFS_LIMIT, groups, |mount| statvfs(Path::new(OsStr::from_bytes(mount))));
        let results = answers.into_iter().map(|answer| match answer {
            Ok(Ok(found)) => Ok(space([
                found.fragment_size(),
                found.blocks(),
                found.blocks_free(),
                found.blocks_available(),
                found.files(),
                found.files_free(),
            ])),
            Ok(Err(error)) => Err(error.desc().to_lowercase()),
            Err(_) => Err(format!("did not answer within {} s", STATVFS_LIMIT.as_secs())),
        });
        results.collect()
    }

    /// From the file `statvfs` of a recording.
    fn recorded_spaces(&self, mounts: &[Vec<u8>]) -> Vec<Result<Space, String>> {
        let content = read_at_most(&self.base.join("statvfs"), FILE_MAX).unwrap_or_default();
        let lines = content.split(|byte| *byte == b'\n').filter_map(|line| {
            let mut words = line.split(|byte| *byte == b' ');
            let point = crate::probe::mounts::unescape(words.next()?);
            let mut numbers = [0_u64; 6];
            for (number, word) in numbers.iter_mut().zip(words) {
                *number = std::str::from_utf8(word).ok()?.parse().ok()?;
            }
            Some((point, space(numbers)))
        });
        let known: HashMap<Vec<u8>, Space> = lines.collect();
        mounts.iter().map(|mount| known.get(mount).copied().ok_or_else(|| "not recorded".to_string())).collect()
    }
}

fn space([fragment, blocks, free, available, inodes, inodes_free]: [u64; 6]) -> Space {
    Space {
        total_bytes: blocks.saturating_mul(fragment),
        free_bytes: free.saturating_mul(fragment),
        available_bytes: available.saturating_mul(fragment),
        inodes,
        inodes_free,
    }
}
