//! Transfers of block devices: `/proc/diskstats` (`Documentation/admin-guide/iostats.rst`).

use crate::base::text::{NAME_MAX, clean};
use crate::probe::fields::{lines, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::{per_second, percent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Upper limit of a plausible rate; a counter that jumped gives more.
const BYTES_PER_SECOND_MAX: f64 = 128.0 * 1024.0 * 1024.0 * 1024.0;
/// Size of a sector in `/proc/diskstats` in bytes, independent of the device.
const SECTOR_BYTES: u64 = 512;

/// An element of the section `disk_io`: one whole disk, over the interval.
#[derive(Debug, Serialize)]
struct DiskIo {
    device: String,
    #[serde(flatten)]
    rates: Option<DiskRates>,
    /// Requests in flight at this moment.
    in_flight: u64,
    counters: DiskCounters,
}

#[derive(Debug, PartialEq, Serialize)]
struct DiskRates {
    read_bytes_per_second: f64,
    written_bytes_per_second: f64,
    reads_per_second: f64,
    writes_per_second: f64,
    /// Share of time with at least one request in flight.
    busy_percent: f64,
    /// Average time of a request from queueing to completion, in milliseconds; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DiskCounters {
    reads: u64,
    read_bytes: u64,
    read_ms: u64,
    writes: u64,
    written_bytes: u64,
    write_ms: u64,
    busy_ms: u64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "disk_io", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let devices = parse(&run.proc("diskstats")?)?;
    let whole = run.root.block_devices().ok();
    let before = run.previous::<BTreeMap<String, DiskCounters>>("disk_io");
    let (mut disks, mut kept) = (Vec::new(), BTreeMap::new());
    for Device { name, in_flight, counters } in devices.into_iter().filter(|device| is_disk(device, whole.as_deref())) {
        let device = clean(&name, NAME_MAX);
        let rates = before.as_ref().and_then(|(before, seconds)| rates(&counters, before.get(&device)?, *seconds));
        let rates = match rates {
            Some(rates) if rates.read_bytes_per_second.max(rates.written_bytes_per_second) > BYTES_PER_SECOND_MAX => {
                run.discarded += 1;
                None
            }
            rates => rates,
        };
        if kept.contains_key(&device) {
            continue;
        }
        kept.insert(device.clone(), counters.clone());
        disks.push(DiskIo { device, rates, in_flight, counters });
    }
    run.counters.keep("disk_io", &kept);
    run.add("disk_io", &disks)
}

/// A line of `/proc/diskstats`.
struct Device {
    name: String,
    in_flight: u64,
    counters: DiskCounters,
}

/// Reads all lines that are complete.
fn parse(content: &[u8]) -> Result<Vec<Device>, Absent> {
    let devices: Vec<Device> = lines(content).filter_map(parse_line).collect();
    if devices.is_empty() && !content.trim_ascii().is_empty() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    Ok(devices)
}

fn parse_line(line: &[u8]) -> Option<Device> {
    let mut fields = words(line).skip(2);
    let name = String::from_utf8_lossy(fields.next()?).into_owned();
    let mut numbers = [0; 10];
    for slot in &mut numbers {
        *slot = number(fields.next()?)?;
    }
    let [reads, _, sectors_read, read_ms, writes, _, sectors_written, write_ms, in_flight, busy_ms] = numbers;
    let counters = DiskCounters {
        reads,
        read_bytes: sectors_read.saturating_mul(SECTOR_BYTES),
        read_ms,
        writes,
        written_bytes: sectors_written.saturating_mul(SECTOR_BYTES),
        write_ms,
        busy_ms,
    };
    Some(Device { name, in_flight, counters })
}

/// Returns whether a device is a whole disk that was used. Loop, RAM and optical devices hold no data of their own.
fn is_disk(device: &Device, whole: Option<&[String]>) -> bool {
    let is_whole = whole.is_none_or(|names| names.iter().any(|name| is_same(name, &device.name)));
    let is_other = ["loop", "ram", "zram", "fd", "sr", "nbd"].iter().any(|prefix| {
        device.name.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    is_whole && !is_other && (device.counters.reads > 0 || device.counters.writes > 0)
}

/// `/sys/block` writes `!` for the `/` in a device's name.
fn is_same(directory: &str, device: &str) -> bool {
    directory.len() == device.len()
        && directory.bytes().zip(device.bytes()).all(|(a, b)| a == b || (a == b'!' && b == b'/'))
}

/// Rates over the interval; `None` when a counter fell: another device under the same name.
fn rates(now: &DiskCounters, before: &DiskCounters, seconds: f64) -> Option<DiskRates> {
    let reads = now.reads.checked_sub(before.reads)?;
    let writes = now.writes.checked_sub(before.writes)?;
    // 32-bit counters of milliseconds: a fall of these alone is a wrap and costs the latency only.
    let waited = now
        .read_ms
        .checked_sub(before.read_ms)
        .zip(now.write_ms.checked_sub(before.write_ms))
        .map(|(read, write)| read + write);
    let requests = (reads + writes) as f64;
    Some(DiskRates {
        read_bytes_per_second: per_second(now.read_bytes, before.read_bytes, seconds)?,
        written_bytes_per_second: per_second(now.written_bytes, before.written_bytes, seconds)?,
        reads_per_second: per_second(now.reads, before.reads, seconds)?,
        writes_per_second: per_second(now.writes, before.writes, seconds)?,
        busy_percent: percent(now.busy_ms.saturating_sub(before.busy_ms) as f64 / 1000.0, seconds),
        latency_ms: waited.filter(|_| requests > 0.0).map(|ms| crate::model::record::round(ms as f64 / requests)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_costs_itself_only() {
        let content =
            b"   8  0 sda 1 0 2 3 4 0 5 6 7 8 9\n   8  1 sda1 1 2 3 4\n 104 0 cciss/c0d0 1 0 0 0 0 0 0 0 0 0 0\n";
        let devices = parse(content).unwrap();
        let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
        assert_eq!(names, ["sda", "cciss/c0d0"]);
        let DiskCounters { read_bytes, written_bytes, busy_ms, .. } = devices[0].counters;
        assert_eq!((read_bytes, written_bytes, busy_ms, devices[0].in_flight), (1024, 2560, 8, 7));
        assert!(is_disk(&devices[1], Some(&["cciss!c0d0".to_string()])));
        assert!(!is_disk(&devices[0], Some(&["sdb".to_string()])));
        assert!(parse(b"\n").unwrap().is_empty() && parse(b"x y z\n").is_err());
    }
}
