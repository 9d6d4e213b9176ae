//! Space and inodes of file systems, from statvfs(3) or from the file `statvfs` of a recorded host.

use super::mount_view::below;
use super::{FILE_MAX, Root};
use crate::base::bounded;
use crate::base::file::read_at_most;
use crate::base::text::unescape;
use nix::sys::statvfs::statvfs;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// A file system that takes longer to answer counts as hung.
const STATVFS_LIMIT: Duration = Duration::from_secs(2);

/// Space and inodes of a file system, in bytes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size.
    pub total_bytes: u64,
    /// Free space, including the blocks reserved for root.
    pub free_bytes: u64,
    /// Free space available to users.
    pub available_bytes: u64,
    /// Number of inodes; 0 where the file system creates them as needed.
    pub inodes: u64,
    /// Number of free inodes.
    pub inodes_free: u64,
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
    /// How it may be queried.
    pub access: Access,
}

impl Root {
    /// Space of file systems, in the order of the queries, or the reason why it is not known.
    pub fn spaces(&self, queries: Vec<SpaceQuery>) -> Vec<Result<Space, String>> {
        if self.recorded {
            return self.recorded_spaces(&queries);
        }
        let directory = self.mounts_below();
        let queries = queries.into_iter().map(|query| (below(&directory, &query.point), query.access));
        let mut results: Vec<Result<Space, String>> = Vec::with_capacity(queries.len());
        let (mut in_turn, mut separate) = (Vec::new(), Vec::new());
        for (number, (point, access)) in queries.enumerate() {
            results.push(match access {
                Access::Direct => space_of(&point),
                _ => Err(format!("did not answer within {} s", STATVFS_LIMIT.as_secs())),
            });
            match access {
                Access::Direct => {}
                Access::Bounded => in_turn.push((number, point)),
                Access::Separate => separate.push(vec![(number, point)]),
            }
        }
        let numbers: Vec<usize> = in_turn.iter().chain(separate.iter().flatten()).map(|(number, _)| *number).collect();
        let groups = std::iter::once(in_turn).chain(separate).collect();
        let answers = bounded::groups(STATVFS_LIMIT, groups, |(_, point)| space_of(point));
        for (number, answer) in numbers.into_iter().zip(answers) {
            if let (Some(slot), Ok(answer)) = (results.get_mut(number), answer) {
                *slot = answer;
            }
        }
        results
    }

    fn recorded_spaces(&self, queries: &[SpaceQuery]) -> Vec<Result<Space, String>> {
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
        let find = |query: &SpaceQuery| known.get(&query.point).copied().ok_or_else(|| "not recorded".to_string());
        queries.iter().map(find).collect()
    }
}

fn space_of(point: &Path) -> Result<Space, String> {
    let found = statvfs(point).map_err(|error| error.desc().to_lowercase())?;
    Ok(space([
        found.fragment_size(),
        found.blocks(),
        found.blocks_free(),
        found.blocks_available(),
        found.files(),
        found.files_free(),
    ]))
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
