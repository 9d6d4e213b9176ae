//! The processes of the previous snapshot.
//!
//! They are kept as a flat list of numbers, because this is the largest part of the state written and read each minute.

use super::stat::{IoBytes, ProcessStat};
use std::collections::HashMap;

/// Numbers kept per process that ever used CPU: pid, start, ticks, bytes read and written ([`u64::MAX`]: unknown).
const KEPT: usize = 5;

/// Ticks and I/O of processes by pid and start, because a pid alone is reused.
pub struct PreviousProcesses(HashMap<(u64, u64), (u64, IoBytes)>);

impl PreviousProcesses {
    /// Parses the kept numbers.
    pub fn read(kept: &[u64]) -> Self {
        let (rows, _) = kept.as_chunks::<KEPT>();
        let io = |read: u64, written: u64| (read != u64::MAX).then_some([read, written]);
        let rows = rows.iter();
        Self(rows.map(|[pid, start, ticks, read, written]| ((*pid, *start), (*ticks, io(*read, *written)))).collect())
    }

    /// Ticks and I/O of a process at the previous snapshot.
    pub fn find(&self, stat: &ProcessStat) -> Option<(u64, IoBytes)> {
        self.0.get(&(u64::from(stat.pid), stat.start_ticks)).copied()
    }
}

/// Appends a process to the numbers to keep, unless it never used CPU.
pub fn keep(kept: &mut Vec<u64>, stat: &ProcessStat, io: IoBytes) {
    if stat.ticks > 0 {
        let [read, written] = io.unwrap_or([u64::MAX; 2]);
        kept.extend([u64::from(stat.pid), stat.start_ticks, stat.ticks, read, written]);
    }
}
