//! Memory and swap: `/proc/meminfo` (proc_meminfo(5)), `/proc/vmstat`, and the cache of ZFS.

mod meminfo;
mod vmstat;

use crate::host::page_bytes;
use crate::probe::growth::rate;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::percent;
use meminfo::{Meminfo, zfs_cache_bytes};
use serde::Serialize;
use vmstat::Vmstat;

/// Most growth per second: the OOM killer; faults and pages of swap (100 GB/s).
const MOST_KILLS: f64 = 1e3;
const MOST_PAGES: f64 = 25e6;

/// The section `memory`, in bytes. Absent: the kernel does not say it, or says what cannot be true.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Memory {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
    /// Available to programs without swapping: `MemAvailable` (free memory and page cache on kernels before 3.14), what is free or can be freed
    /// where it is far more than that, and what the ZFS cache gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_bytes: Option<u64>,
    /// Total minus available and huge pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_bytes: Option<u64>,
    /// Share of the used memory in that without huge pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_bytes: Option<u64>,
    /// Page cache and buffers.
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_bytes: Option<u64>,
    /// Shared memory and tmpfs: the kernel counts it as cache, but it cannot be reclaimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slab_bytes: Option<u64>,
    /// Not yet written to disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    dirty_bytes: Option<u64>,
    /// Set aside for huge pages, used or not: no other program can have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    huge_pages_bytes: Option<u64>,
    /// Huge pages of the default size that nobody uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    huge_pages_free_bytes: Option<u64>,
    /// Processes killed by the OOM killer in the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_kills: Option<u64>,
    /// Page faults that had to read from disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    major_faults_per_second: Option<f64>,
}

/// The section `swap`, absent on a host that has none.
#[derive(Debug, PartialEq, Serialize)]
struct Swap {
    total_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
    /// Traffic between memory and swap. Much of it in both directions is thrashing.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_bytes_per_second: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "memory", scope: Scope::Consumers, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let info = Meminfo::parse(&run.proc("meminfo")?);
    let total = info.total.unwrap_or_default();
    // In a container whose memory LXC gives it, the cache is that of the host.
    let zfs = if run.facts.is_lxc() { None } else { run.root.proc("spl/kstat/zfs/arcstats").ok() };
    let (mut memory, impossible) = memory(info, zfs.map_or(0, |content| zfs_cache_bytes(&content, total)));
    for (name, reason) in impossible {
        run.discard(format!("memory {name}"), reason);
    }
    let now = run.root.proc("vmstat").map(|content| Vmstat::parse(&content)).unwrap_or_default();
    let before = run.previous::<Vmstat>("memory");
    run.counters.keep("memory", &now);
    let mut grown = |name: &str, counter: fn(&Vmstat) -> Option<u64>, most: f64| {
        let (before, seconds) = before.as_ref()?;
        let by = run.growth_of(|| format!("memory {name}"), counter(&now)?, counter(before)?, most * seconds)?;
        (*seconds > 0.0).then_some((by, *seconds))
    };
    memory.oom_kills = grown("oom_kill", |counters| counters.oom_kill, MOST_KILLS).map(|(by, _)| by);
    let faults = grown("pgmajfault", |counters| counters.pgmajfault, MOST_PAGES);
    memory.major_faults_per_second = faults.map(|(by, seconds)| rate(by, seconds));
    let mut bytes = |name: &str, counter| {
        grown(name, counter, MOST_PAGES).map(|(by, seconds)| rate(by.saturating_mul(page_bytes()), seconds))
    };
    let traffic = [bytes("pswpin", |counters| counters.pswpin), bytes("pswpout", |counters| counters.pswpout)];
    run.memory_bytes = memory.used_bytes.zip(memory.total_bytes);
    run.add("memory", &memory)?;
    if let Some(swap) = swap(run, &info, traffic) {
        run.add("swap", &swap)?;
    }
    memory.used_bytes.map(|_| ()).ok_or(UNKNOWN_FORMAT.to_string())
}

/// Values that cannot be true, with the reason.
type Impossible = Vec<(&'static str, String)>;

/// `zfs`: bytes of the ZFS cache that can be freed; they count only as far as processes do not use the memory.
fn memory(mut info: Meminfo, zfs: u64) -> (Memory, Impossible) {
    let Some(total) = info.total.filter(|total| *total > 0) else { return (Memory::default(), Vec::new()) };
    let mut impossible = Impossible::new();
    let mut part = |name: &'static str, value: Option<u64>| {
        let is_possible = value.is_none_or(|value| value <= total);
        if let Some(value) = value.filter(|_| !is_possible) {
            impossible.push((name, format!("{value} of {total} bytes")));
        }
        value.filter(|_| is_possible)
    };
    info.free = part("free", info.free);
    info.cached = part("cached", info.cached);
    info.buffers = part("buffers", info.buffers);
    info.shared = part("shared", info.shared);
    info.available = part("available", info.available);
    let (slab, dirty) = (part("slab", info.slab), part("dirty", info.dirty));
    let most = info.most_available();
    let available = match info.available {
        // The number of the host of a container; smaller differences are those of kernels that count otherwise.
        Some(available) => most.filter(|most| available.saturating_sub(*most) > total / 4).or(Some(available)),
        None => info.estimated_available(),
    };
    // A pool that does not fit beside what is free and available is that of the host of a container.
    let huge =
        part("huge_pages", info.huge().map(|huge| huge.saturating_add(available.or(info.free).unwrap_or_default())));
    let huge = huge.and(info.huge());
    let judged = total.saturating_sub(huge.unwrap_or_default());
    let used = available.map(|available| judged.saturating_sub(available));
    let kept = info.anonymous.unwrap_or(u64::MAX).saturating_add(info.shared.unwrap_or_default());
    let freeable = zfs.min(used.unwrap_or_default().saturating_sub(kept));
    let used = used.map(|used| used - freeable);
    let memory = Memory {
        total_bytes: Some(total),
        available_bytes: available.map(|available| available + freeable),
        used_bytes: used,
        used_percent: used.map(|used| percent(used as f64, judged as f64)),
        free_bytes: info.free,
        cached_bytes: info.cached_and_buffers(),
        shared_bytes: info.shared,
        slab_bytes: slab,
        dirty_bytes: dirty,
        huge_pages_bytes: huge,
        huge_pages_free_bytes: info.huge_free().zip(huge).map(|(free, all)| free.min(all)),
        oom_kills: None,
        major_faults_per_second: None,
    };
    (memory, impossible)
}

/// Swap, if there is any; `traffic`: into memory and out of it, in bytes per second.
fn swap(run: &mut Measurement<'_>, info: &Meminfo, traffic: [Option<f64>; 2]) -> Option<Swap> {
    let total = info.swap_total.filter(|total| *total > 0)?;
    let free = info.swap_free.filter(|free| {
        let is_possible = *free <= total;
        if !is_possible {
            run.discard("swap free".to_string(), format!("{free} of {total} bytes"));
        }
        is_possible
    });
    let used = free.map(|free| total - free);
    let [in_bytes_per_second, out_bytes_per_second] = traffic;
    let used_percent = used.map(|used| percent(used as f64, total as f64));
    Some(Swap { total_bytes: total, used_bytes: used, used_percent, in_bytes_per_second, out_bytes_per_second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, zfs: u64) -> (Memory, Impossible) {
        memory(Meminfo::parse(text.as_bytes()), zfs)
    }

    #[test]
    fn available_is_what_can_be_true() {
        let used = |text: &str| of(&format!("MemTotal: 1000 kB\n{text}"), 0).0.used_percent;
        let cases = [
            ("MemFree: 400 kB\nCached: 200 kB\n", Some(40.0)),
            ("MemFree: 50 kB\nMemAvailable: 5000 kB\nCached: 30 kB\n", Some(92.0)),
            ("MemFree: 50 kB\nMemAvailable: 900 kB\nCached: 30 kB\n", Some(92.0)),
            ("MemFree: 500 kB\nMemAvailable: 600 kB\nCached: 30 kB\n", Some(40.0)),
            ("MemFree: 60 kB\nCached: 700 kB\nShmem: 650 kB\n", Some(89.0)),
            ("MemFree: 9999 kB\nMemAvailable: 300 kB\n", Some(70.0)),
            ("MemAvailable: 300 kB\n", Some(70.0)),
            ("MemFree: 9999 kB\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(used(text), expected, "{text}");
        }
        assert_eq!(of("MemFree: 40 kB\n", 0).0, Memory::default());
        assert_eq!(of("MemTotal: 0 kB\nMemFree: 0 kB\n", 0).0, Memory::default());
    }

    #[test]
    fn the_cache_of_zfs_is_available_where_processes_leave_it() {
        let text = "MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 20 kB\nAnonPages: 40 kB\nShmem: 10 kB\n";
        let used = |text: &str, zfs| of(text, zfs).0.used_percent.unwrap();
        assert_eq!(
            (used(text, 0), used(text, 30_720), used(text, u64::MAX)),
            (80.0, 50.0, 50.0),
            "processes use 50 kB"
        );
        assert_eq!(used(&text.replace("AnonPages", "Other"), u64::MAX), 80.0, "unknown");
    }

    #[test]
    fn huge_pages_are_not_judged() {
        let text = "MemTotal: 1000 kB\nMemFree: 20 kB\nMemAvailable: 30 kB\nCached: 40 kB\n";
        let with = |more: &str| {
            let (memory, impossible) = of(&format!("{text}{more}"), 0);
            let names: Vec<&str> = impossible.iter().map(|(name, _)| *name).collect();
            (memory.huge_pages_bytes.map(|bytes| bytes / 1024), memory.used_percent.unwrap(), names)
        };
        assert_eq!(with(""), (None, 97.0, vec![]));
        assert_eq!(with("HugePages_Total: 0\nHugepagesize: 2048 kB\nHugetlb: 0 kB\n"), (Some(0), 97.0, vec![]));
        assert_eq!(with("Hugetlb: 900 kB\n"), (Some(900), 70.0, vec![]));
        assert_eq!(with("HugePages_Total: 9\nHugepagesize: 100 kB\n"), (Some(900), 70.0, vec![]));
        assert_eq!(with("Hugetlb: 971 kB\n"), (None, 97.0, vec!["huge_pages"]), "that of the host of a container");
    }

    proptest! {
        #[test]
        fn any_numbers_give_a_possible_memory(values in proptest::collection::vec(0_u64..2000, 10), zfs in 0_u64..2_000_000) {
            let names = ["MemTotal", "MemFree", "MemAvailable", "Cached", "Buffers", "Shmem", "AnonPages", "Hugetlb",
                "Slab", "SReclaimable"];
            let text: String = names.iter().zip(&values).map(|(name, value)| format!("{name}: {value} kB\n")).collect();
            let (memory, _) = of(&text, zfs);
            let total = memory.total_bytes.unwrap_or_default();
            prop_assert!(memory.used_percent.is_none_or(|used| (0.0..=100.0).contains(&used)));
            if let Some((used, available)) = memory.used_bytes.zip(memory.available_bytes) {
                prop_assert_eq!(used + available + memory.huge_pages_bytes.unwrap_or_default(), total);
            }
        }
    }
}
