//! Space and inodes of file systems, from statvfs(3) or from the file `statvfs` of a recorded host.

use super::mount_view::below;
use super::{FILE_MAX, Root};
use crate::base::bounded;
use crate::base::file::read_at_most;
use crate::base::text::unescape;
use nix::sys::statvfs::statvfs;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A file system that takes longer to answer counts as hung.
const STATVFS_LIMIT: Duration = Duration::from_secs(2);

/// Space and inodes of a file system as it states them, which may be impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size of a block in bytes.
    pub block_bytes: u64,
    /// Number of blocks.
    pub blocks: u64,
    /// Number of free blocks, including those reserved for root.
    pub free: u64,
    /// Number of free blocks available to users.
    pub available: u64,
    /// Number of inodes; 0 where the file system creates them as needed.
    pub inodes: u64,
    /// Number of free inodes.
    pub inodes_free: u64,
}

/// Why a mount point has no space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSpace {
    /// It is a file, onto which another one is mounted.
    NotADirectory,
    /// It could not be asked, for a reason for people.
    Failed(String),
}

/// How a file system may be queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// At once: it answers from memory.
    Direct,
    /// With a time limit, one after another with others of this kind.
    Bounded,
    /// With a time limit and on its own, because it may well hang.
    Separate,
}

/// A query for the space of one file system.
#[derive(Debug)]
pub struct SpaceQuery {
    /// Mount point, raw bytes.
    pub point: Vec<u8>,
    /// Only a part of the file system is mounted: a directory, or a file.
    pub is_part: bool,
    /// How it may be queried.
    pub access: Access,
}

/// Files that container runtimes mount into every container; a recorded host need not have them.
const CONTAINER_FILES: [&[u8]; 4] = [b"/etc/hosts", b"/etc/hostname", b"/etc/resolv.conf", b"/run/.containerenv"];

impl Root {
    /// Space of file systems, in the order of the queries, or the reason why it is not known.
    pub fn spaces(&self, queries: Vec<SpaceQuery>) -> Vec<Result<Space, NoSpace>> {
        if self.recorded {
            return self.recorded_spaces(&queries);
        }
        let directory = self.mounts_below();
        let queries = queries.into_iter().map(|query| (below(&directory, &query.point), query));
        let mut results: Vec<Result<Space, NoSpace>> = Vec::with_capacity(queries.len());
        let (mut in_turn, mut separate) = (Vec::new(), Vec::new());
        for (number, (point, SpaceQuery { is_part, access, .. })) in queries.enumerate() {
            results.push(match access {
                Access::Direct => space_of(&point, is_part),
                _ => Err(NoSpace::Failed(format!("did not answer within {} s", STATVFS_LIMIT.as_secs()))),
            });
            match access {
                Access::Direct => {}
                Access::Bounded => in_turn.push((number, point, is_part)),
                Access::Separate => separate.push(vec![(number, point, is_part)]),
            }
        }
        let numbers: Vec<usize> = in_turn.iter().chain(separate.iter().flatten()).map(|(number, ..)| *number).collect();
        let groups = std::iter::once(in_turn).chain(separate).collect();
        // Without time they fail as if they hung.
        let limit = self.time_for(STATVFS_LIMIT).unwrap_or_default();
        let answers = bounded::groups(limit, groups, |(_, point, is_part)| space_of(point, *is_part));
        for (number, answer) in numbers.into_iter().zip(answers) {
            if let (Some(slot), Ok(answer)) = (results.get_mut(number), answer) {
                *slot = answer;
            }
        }
        results
    }

    fn recorded_spaces(&self, queries: &[SpaceQuery]) -> Vec<Result<Space, NoSpace>> {
        let content = read_at_most(&self.base.join("statvfs"), FILE_MAX).unwrap_or_default();
        let lines = content.split(|byte| *byte == b'\n').filter_map(|line| {
            let mut words = line.split(|byte| *byte == b' ');
            let point = unescape(words.next()?);
            let mut numbers = [0_u64; 6];
            for (number, word) in numbers.iter_mut().zip(words) {
                *number = std::str::from_utf8(word).ok()?.parse().ok()?;
            }
            Some((point, space(numbers)))
        });
        let known: HashMap<Vec<u8>, Space> = lines.collect();
        let find = |query: &SpaceQuery| {
            if query.is_part && self.is_recorded_file(&query.point) {
                return Err(NoSpace::NotADirectory);
            }
            known.get(&query.point).copied().ok_or_else(|| NoSpace::Failed("not recorded".to_string()))
        };
        queries.iter().map(find).collect()
    }

    fn is_recorded_file(&self, point: &[u8]) -> bool {
        let kind = fs::metadata(below(&self.base, point));
        kind.map_or_else(|_| CONTAINER_FILES.contains(&point), |kind| !kind.is_dir())
    }
}

fn space_of(point: &Path, is_part: bool) -> Result<Space, NoSpace> {
    if is_part && fs::metadata(point).is_ok_and(|kind| !kind.is_dir()) {
        return Err(NoSpace::NotADirectory);
    }
    let found = statvfs(point).map_err(|error| NoSpace::Failed(error.desc().to_lowercase()))?;
    Ok(space([
        found.fragment_size(),
        found.blocks(),
        found.blocks_free(),
        found.blocks_available(),
        found.files(),
        found.files_free(),
    ]))
}

fn space([block_bytes, blocks, free, available, inodes, inodes_free]: [u64; 6]) -> Space {
    Space { block_bytes, blocks, free, available, inodes, inodes_free }
}
