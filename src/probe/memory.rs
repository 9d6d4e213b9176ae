//! Memory and swap: `/proc/meminfo` (proc_meminfo(5)).

use super::measure::Measure;
use super::rate::percent;
use procfs_core::{FromBufRead, Meminfo};
use serde::Serialize;

/// The section `memory`, in bytes.
#[derive(Debug, PartialEq, Serialize)]
struct Memory {
    total_bytes: u64,
    /// What programs could still get without swapping (`MemAvailable`; estimated on kernels before 3.14).
    available_bytes: u64,
    /// Total less available.
    used_bytes: u64,
    used_percent: f64,
    free_bytes: u64,
    /// Page cache and buffers.
    cached_bytes: u64,
    /// Shared memory and tmpfs: counted as cache by the kernel and not to be had back.
    shared_bytes: u64,
    slab_bytes: u64,
    /// Waiting to be written to disk.
    dirty_bytes: u64,
}

/// The section `swap`, absent on a host that has none.
#[derive(Debug, PartialEq, Serialize)]
struct Swap {
    total_bytes: u64,
    used_bytes: u64,
    used_percent: f64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("meminfo").map_err(|error| error.to_string())?;
    let (memory, swap) = parse(&content)?;
    measure.add("memory", &memory)?;
    swap.map_or(Ok(()), |swap| measure.add("swap", &swap))
}

fn parse(content: &[u8]) -> Result<(Memory, Option<Swap>), String> {
    let info = Meminfo::from_buf_read(content).map_err(|error| error.to_string())?;
    let cached = info.cached.saturating_add(info.buffers);
    let total = info.mem_total;
    let available = info.mem_available.unwrap_or(info.mem_free.saturating_add(cached)).min(total);
    let used = total - available;
    let memory = Memory {
        total_bytes: total,
        available_bytes: available,
        used_bytes: used,
        used_percent: percent(used as f64, total as f64),
        free_bytes: info.mem_free,
        cached_bytes: cached,
        shared_bytes: info.shmem.unwrap_or_default(),
        slab_bytes: info.slab,
        dirty_bytes: info.dirty,
    };
    let swap_used = info.swap_total.saturating_sub(info.swap_free);
    let swap = (info.swap_total > 0).then(|| Swap {
        total_bytes: info.swap_total,
        used_bytes: swap_used,
        used_percent: percent(swap_used as f64, info.swap_total as f64),
    });
    Ok((memory, swap))
}
