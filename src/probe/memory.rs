//! Memory and swap: `/proc/meminfo` (proc_meminfo(5)).

use super::measure::{Measure, not_understood};
use super::rate::{per_second, percent};
use super::root::page_bytes;
use procfs_core::{FromBufRead, Meminfo};
use serde::{Deserialize, Serialize};

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
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    rates: Option<Rates>,
}

/// From `/proc/vmstat`, over the interval.
#[derive(Debug, PartialEq, Serialize)]
struct Rates {
    /// Processes ended by the kernel because there was no memory left (`oom_kill`, kernel 4.13).
    oom_kills: u64,
    /// Pages that had to be read from disk first.
    #[serde(skip_serializing_if = "Option::is_none")]
    major_faults_per_second: Option<f64>,
}

/// What is kept for the next snapshot: counters of `/proc/vmstat`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    oom_kill: u64,
    pgmajfault: u64,
    pswpin: u64,
    pswpout: u64,
}

/// The section `swap`, absent on a host that has none.
#[derive(Debug, PartialEq, Serialize)]
struct Swap {
    total_bytes: u64,
    used_bytes: u64,
    used_percent: f64,
    /// Traffic between memory and swap: much of it, both ways, is thrashing.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_bytes_per_second: Option<f64>,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("meminfo").map_err(|error| error.to_string())?;
    let (mut memory, mut swap) = parse(&content)?;
    let now = measure.root.proc("vmstat").map(|content| vmstat(&content)).unwrap_or_default();
    let before = measure.before.and_then(|(previous, seconds)| Some((previous.get::<Kept>("memory")?, seconds)));
    measure.counters.keep("memory", &now);
    memory.rates = before.map(|(before, seconds)| Rates {
        oom_kills: now.oom_kill.saturating_sub(before.oom_kill),
        major_faults_per_second: per_second(now.pgmajfault, before.pgmajfault, seconds),
    });
    measure.memory_bytes = Some((memory.used_bytes, memory.total_bytes));
    measure.add("memory", &memory)?;
    let Some(swap) = &mut swap else { return Ok(()) };
    if let Some((before, seconds)) = before {
        let bytes = |pages: u64| pages.saturating_mul(page_bytes());
        swap.in_bytes_per_second = per_second(bytes(now.pswpin), bytes(before.pswpin), seconds);
        swap.out_bytes_per_second = per_second(bytes(now.pswpout), bytes(before.pswpout), seconds);
    }
    measure.add("swap", swap)
}

/// Lines of a name and a number (`Documentation/filesystems/proc.rst`); what this kernel does not count stays 0.
fn vmstat(content: &[u8]) -> Kept {
    let mut kept = Kept::default();
    for line in content.split(|byte| *byte == b'\n') {
        let slot = match line.split(|byte| *byte == b' ').next() {
            Some(b"oom_kill") => &mut kept.oom_kill,
            Some(b"pgmajfault") => &mut kept.pgmajfault,
            Some(b"pswpin") => &mut kept.pswpin,
            Some(b"pswpout") => &mut kept.pswpout,
            _ => continue,
        };
        *slot =
            std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
    }
    kept
}

fn parse(content: &[u8]) -> Result<(Memory, Option<Swap>), String> {
    let info = Meminfo::from_buf_read(content).map_err(not_understood)?;
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
        rates: None,
    };
    let swap_used = info.swap_total.saturating_sub(info.swap_free);
    let swap = (info.swap_total > 0).then(|| Swap {
        total_bytes: info.swap_total,
        used_bytes: swap_used,
        used_percent: percent(swap_used as f64, info.swap_total as f64),
        in_bytes_per_second: None,
        out_bytes_per_second: None,
    });
    Ok((memory, swap))
}
