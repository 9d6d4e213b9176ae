//! Memory and swap: `/proc/meminfo` (proc_meminfo(5)).

use crate::host::page_bytes;
use crate::probe::fields::{lines, number, value_of, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::{per_second, percent};
use serde::{Deserialize, Serialize};

/// The section `memory`, in bytes.
#[derive(Debug, PartialEq, Serialize)]
struct Memory {
    total_bytes: u64,
    /// Available to programs without swapping: `MemAvailable` (estimated on kernels before 3.14), and what the ZFS cache
    /// gives back.
    available_bytes: u64,
    /// Total minus available.
    used_bytes: u64,
    used_percent: f64,
    free_bytes: u64,
    /// Page cache and buffers.
    cached_bytes: u64,
    /// Shared memory and tmpfs: the kernel counts it as cache, but it cannot be reclaimed.
    shared_bytes: u64,
    slab_bytes: u64,
    /// Not yet written to disk.
    dirty_bytes: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    rates: Option<MemoryRates>,
}

/// From `/proc/vmstat`, over the interval.
#[derive(Debug, PartialEq, Serialize)]
struct MemoryRates {
    /// Processes killed by the OOM killer (`oom_kill`, kernel 4.13).
    oom_kills: u64,
    /// Page faults that had to read from disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    major_faults_per_second: Option<f64>,
}

/// Counters of `/proc/vmstat` kept for the next snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct KeptVmstat {
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
    /// Traffic between memory and swap. Much of it in both directions is thrashing.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_bytes_per_second: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "memory", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let zfs = run.root.proc("spl/kstat/zfs/arcstats").map(|content| zfs_cache_bytes(&content)).unwrap_or_default();
    let (mut memory, mut swap) = parse(&run.proc("meminfo")?, zfs)?;
    let now = run.root.proc("vmstat").map(|content| vmstat(&content)).unwrap_or_default();
    let before = run.previous::<KeptVmstat>("memory");
    run.counters.keep("memory", &now);
    memory.rates = before.map(|(before, seconds)| MemoryRates {
        oom_kills: now.oom_kill.saturating_sub(before.oom_kill),
        major_faults_per_second: per_second(now.pgmajfault, before.pgmajfault, seconds),
    });
    run.memory_bytes = Some((memory.used_bytes, memory.total_bytes));
    run.add("memory", &memory)?;
    let Some(swap) = &mut swap else { return Ok(()) };
    if let Some((before, seconds)) = before {
        let bytes = |pages: u64| pages.saturating_mul(page_bytes());
        swap.in_bytes_per_second = per_second(bytes(now.pswpin), bytes(before.pswpin), seconds);
        swap.out_bytes_per_second = per_second(bytes(now.pswpout), bytes(before.pswpout), seconds);
    }
    run.add("swap", swap)
}

/// Counters of `/proc/vmstat` (`Documentation/filesystems/proc.rst`); those that this kernel lacks stay 0.
fn vmstat(content: &[u8]) -> KeptVmstat {
    let mut kept = KeptVmstat::default();
    for line in lines(content) {
        let (slot, name): (_, &[u8]) = match line {
            [b'o', b'o', ..] => (&mut kept.oom_kill, b"oom_kill"),
            [b'p', b'g', b'm', ..] => (&mut kept.pgmajfault, b"pgmajfault"),
            [b'p', b's', b'w', b'p', b'i', ..] => (&mut kept.pswpin, b"pswpin"),
            [b'p', b's', b'w', b'p', b'o', ..] => (&mut kept.pswpout, b"pswpout"),
            _ => continue,
        };
        if let Some(value) = value_of(line, name) {
            *slot = value;
        }
    }
    kept
}

/// The values of `/proc/meminfo` used here, in bytes.
#[derive(Default)]
struct Meminfo {
    total: Option<u64>,
    free: Option<u64>,
    available: Option<u64>,
    buffers: u64,
    cached: u64,
    swap_total: u64,
    swap_free: u64,
    dirty: u64,
    shared: u64,
    slab: u64,
    anonymous: u64,
}

impl Meminfo {
    fn parse(content: &[u8]) -> Self {
        let mut info = Self::default();
        for line in lines(content) {
            let Some(name) = line.split(|byte| *byte == b':').next() else { continue };
            let bytes = || value_of(line, name).map(|kib| kib.saturating_mul(1024));
            match name {
                b"MemTotal" => info.total = bytes(),
                b"MemFree" => info.free = bytes(),
                b"MemAvailable" => info.available = bytes(),
                b"Buffers" => info.buffers = bytes().unwrap_or_default(),
                b"Cached" => info.cached = bytes().unwrap_or_default(),
                b"SwapTotal" => info.swap_total = bytes().unwrap_or_default(),
                b"SwapFree" => info.swap_free = bytes().unwrap_or_default(),
                b"Dirty" => info.dirty = bytes().unwrap_or_default(),
                b"Shmem" => info.shared = bytes().unwrap_or_default(),
                b"AnonPages" => info.anonymous = bytes().unwrap_or_default(),
                b"Slab" => info.slab = bytes().unwrap_or_default(),
                _ => {}
            }
        }
        info
    }
}

/// Bytes of the ZFS cache (ARC) above its minimum: the kernel does not count them as available, but ZFS frees them when
/// programs need memory. Lines such as `size 4 12345`.
fn zfs_cache_bytes(content: &[u8]) -> u64 {
    let (mut size, mut least) = (0, 0);
    for line in lines(content) {
        let mut fields = words(line);
        let slot = match fields.next() {
            Some(b"size") => &mut size,
            Some(b"c_min") => &mut least,
            _ => continue,
        };
        *slot = fields.nth(1).and_then(number).unwrap_or_default();
    }
    u64::saturating_sub(size, least)
}

/// `zfs`: bytes of the ZFS cache that can be freed; of a container they are those of its host, so they count only as far
/// as processes do not use the memory.
fn parse(content: &[u8], zfs: u64) -> Result<(Memory, Option<Swap>), Absent> {
    let info = Meminfo::parse(content);
    let (total, free) = info.total.zip(info.free).ok_or(UNKNOWN_FORMAT)?;
    let cached = info.cached.saturating_add(info.buffers);
    let available = info.available.unwrap_or(free.saturating_add(cached)).min(total);
    let used = total - available;
    let freeable = zfs.min(used.saturating_sub(info.anonymous.saturating_add(info.shared)));
    let (used, available) = (used - freeable, available + freeable);
    let memory = Memory {
        total_bytes: total,
        available_bytes: available,
        used_bytes: used,
        used_percent: percent(used as f64, total as f64),
        free_bytes: free,
        cached_bytes: cached,
        shared_bytes: info.shared,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_needed_costs_nothing() {
        let content = b"MemTotal: 100 kB\nMemFree: 40 kB\nNew thing\nCached: 20 kB\nSlab: ?\n";
        let (memory, swap) = parse(content, 0).unwrap();
        assert_eq!((memory.total_bytes, memory.used_percent, memory.slab_bytes), (102_400, 40.0, 0));
        assert_eq!(swap, None);
        assert_eq!(parse(b"MemTotal: 100 kB\n", 0), Err(UNKNOWN_FORMAT.to_string()));
        let content = b"13 1 0x01\nname type data\nsize 4 40960\nc_min 4 10240\nc 4 7\nsize_x 4 1\n";
        assert_eq!((zfs_cache_bytes(content), zfs_cache_bytes(b"size\nc_min 4 x")), (30_720, 0));
        let content = b"MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 20 kB\nAnonPages: 40 kB\nShmem: 10 kB\n";
        let used = |zfs| parse(content, zfs).unwrap().0.used_percent;
        assert_eq!((used(0), used(30_720), used(u64::MAX)), (80.0, 50.0, 50.0), "processes use 50 kB");
        let kept = vmstat(b"nr_free 7\noom_kill 3\npgmajfault 5\npgmajfault_x 6\npswpin x\npswpout 8");
        assert_eq!(kept, KeptVmstat { oom_kill: 3, pgmajfault: 5, pswpin: 0, pswpout: 8 });
    }
}
