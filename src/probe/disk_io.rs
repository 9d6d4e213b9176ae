//! Transfers of block devices: `/proc/diskstats` (`Documentation/admin-guide/iostats.rst`).

use super::measure::{Measure, not_understood};
use super::rate::{per_second, percent};
use crate::base::text::{NAME_MAX, clean};
use procfs_core::{DiskStat, DiskStats, FromBufRead};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No disk, nor a shelf of them behind one name, moves more: what is beyond is a counter that jumped.
const BYTES_PER_SECOND_MAX: f64 = 128.0 * 1024.0 * 1024.0 * 1024.0;
/// Size of a sector in `/proc/diskstats`, whatever the device's own is, in bytes.
const SECTOR_BYTES: u64 = 512;

/// An element of the section `disk_io`: one whole disk, over the interval.
#[derive(Debug, Serialize)]
struct DiskIo {
    device: String,
    #[serde(flatten)]
    rates: Option<Rates>,
    /// Requests under way at this moment.
    in_flight: u64,
    counters: Counters,
}

#[derive(Debug, PartialEq, Serialize)]
struct Rates {
    read_bytes_per_second: f64,
    written_bytes_per_second: f64,
    reads_per_second: f64,
    writes_per_second: f64,
    /// Share of time in which at least one request was under way.
    busy_percent: f64,
    /// Average time of a request from queueing to completion, in milliseconds; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Counters {
    reads: u64,
    read_bytes: u64,
    read_ms: u64,
    writes: u64,
    written_bytes: u64,
    write_ms: u64,
    busy_ms: u64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("diskstats").map_err(|error| error.to_string())?;
    let stats = DiskStats::from_buf_read(content.as_slice()).map_err(not_understood)?;
    let whole = measure.root.block_devices().ok();
    let before: Option<(BTreeMap<String, Counters>, f64)> =
        measure.before.and_then(|(previous, seconds)| Some((previous.get("disk_io")?, seconds)));
    let (mut disks, mut kept) = (Vec::new(), BTreeMap::new());
    for stat in stats.0.into_iter().filter(|stat| is_disk(stat, whole.as_deref())) {
        let device = clean(&stat.name, NAME_MAX);
        let counters = counters(&stat);
        let rates = before.as_ref().and_then(|(before, seconds)| rates(&counters, before.get(&device)?, *seconds));
        let rates = match rates {
            Some(rates) if rates.read_bytes_per_second.max(rates.written_bytes_per_second) > BYTES_PER_SECOND_MAX => {
                measure.discarded += 1;
                None
            }
            rates => rates,
        };
        if kept.contains_key(&device) {
            continue;
        }
        kept.insert(device.clone(), counters.clone());
        disks.push(DiskIo { device, rates, in_flight: stat.in_progress, counters });
    }
    measure.counters.keep("disk_io", &kept);
    measure.add("disk_io", &disks)
}

/// A whole disk that has done something; loop, RAM and optical devices hold no data of their own.
fn is_disk(stat: &DiskStat, whole: Option<&[String]>) -> bool {
    let is_whole = whole.is_none_or(|names| names.iter().any(|name| name.replace('!', "/") == stat.name));
    let is_other = ["loop", "ram", "zram", "fd", "sr", "nbd"].iter().any(|prefix| {
        stat.name.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    is_whole && !is_other && (stat.reads > 0 || stat.writes > 0)
}

fn counters(stat: &DiskStat) -> Counters {
    Counters {
        reads: stat.reads,
        read_bytes: stat.sectors_read.saturating_mul(SECTOR_BYTES),
        read_ms: stat.time_reading,
        writes: stat.writes,
        written_bytes: stat.sectors_written.saturating_mul(SECTOR_BYTES),
        write_ms: stat.time_writing,
        busy_ms: stat.time_in_progress,
    }
}

/// `None` when a counter fell: another device under the same name.
fn rates(now: &Counters, before: &Counters, seconds: f64) -> Option<Rates> {
    let reads = now.reads.checked_sub(before.reads)?;
    let writes = now.writes.checked_sub(before.writes)?;
    // The kernel keeps these in 32 bits of milliseconds: falling alone is a wrap, and costs this one value only.
    let waited = now
        .read_ms
        .checked_sub(before.read_ms)
        .zip(now.write_ms.checked_sub(before.write_ms))
        .map(|(read, write)| read + write);
    let requests = (reads + writes) as f64;
    Some(Rates {
        read_bytes_per_second: per_second(now.read_bytes, before.read_bytes, seconds)?,
        written_bytes_per_second: per_second(now.written_bytes, before.written_bytes, seconds)?,
        reads_per_second: per_second(now.reads, before.reads, seconds)?,
        writes_per_second: per_second(now.writes, before.writes, seconds)?,
        busy_percent: percent(now.busy_ms.saturating_sub(before.busy_ms) as f64 / 1000.0, seconds),
        latency_ms: waited.filter(|_| requests > 0.0).map(|ms| crate::model::record::round(ms as f64 / requests)),
    })
}
