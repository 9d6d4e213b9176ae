//! Transfers of block devices: `/proc/diskstats` (`Documentation/admin-guide/iostats.rst`).

use crate::model::record::round;
use crate::probe::block_devices::BlockDevices;
use crate::probe::block_stack;
use crate::probe::diskstats::{Device, DiskCounters, SECTOR_BYTES};
use crate::probe::growth::{Counter, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::rates::percent;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most bytes per second of one device.
const BYTES_PER_SECOND_MAX: f64 = 128.0 * 1024.0 * 1024.0 * 1024.0;
/// Most requests per second of one device.
const REQUESTS_PER_SECOND_MAX: f64 = 2e7;
/// Most requests of one device at once.
const IN_FLIGHT_MAX: u64 = 1 << 20;
/// Milliseconds are counted in 32 bits: 49.7 days of work.
const MS_WRAP: u64 = 1 << 32;

/// An element of the section `disk_io`: one whole disk, over the interval.
#[derive(Debug, Serialize)]
struct DiskIo {
    /// Name of the mapping where there is one (`vg0-home`), else of the device (`sda`).
    device: String,
    #[serde(flatten)]
    rates: Option<DiskRates>,
    /// Requests in flight at this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<u64>,
    /// It lies on other disks of this list, which count its transfers again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stacked: bool,
    /// Those disks.
    #[serde(skip_serializing_if = "String::is_empty")]
    on: String,
    counters: DiskCounters,
}

#[derive(Debug, PartialEq, Serialize)]
struct DiskRates {
    #[serde(skip_serializing_if = "Option::is_none")]
    read_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writes_per_second: Option<f64>,
    /// Share of time with at least one request in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    busy_percent: Option<f64>,
    /// Average time of a request from queueing to completion, in milliseconds; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "disk_io", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let devices = block_stack::read(run)?;
    let before = run.previous::<BTreeMap<String, DiskCounters>>("disk_io");
    let mut disks = Vec::new();
    for device in &devices.disks {
        let before = before.as_ref().and_then(|(before, seconds)| Some((before.get(&device.name)?, *seconds)));
        disks.push(disk(run, device, before, &devices));
    }
    let kept: BTreeMap<&str, &DiskCounters> =
        devices.disks.iter().map(|device| (device.name.as_str(), &device.counters)).collect();
    run.counters.keep("disk_io", &kept);
    run.block_devices = Some(devices);
    run.add("disk_io", &disks)
}

fn disk(
    run: &mut Measurement<'_>,
    device: &Device,
    before: Option<(&DiskCounters, f64)>,
    devices: &BlockDevices,
) -> DiskIo {
    let Device { name, counters, .. } = device;
    let in_flight_name = || format!("disk_io {name}.in_flight");
    if let Some(reason) = &device.in_flight_odd {
        run.discard(in_flight_name(), reason);
    }
    let in_flight = run.at_most(in_flight_name, device.in_flight, IN_FLIGHT_MAX);
    let rates = before.map(|(before, seconds)| rates(run, name, counters, before, seconds));
    let on = devices.below(name).join(", ");
    DiskIo { device: devices.shown(name), rates, in_flight, stacked: !on.is_empty(), on, counters: counters.clone() }
}

/// Rates over the interval, each alone.
fn rates(run: &mut Measurement<'_>, name: &str, now: &DiskCounters, before: &DiskCounters, seconds: f64) -> DiskRates {
    let wrap = run.root.is_32_bit().then_some(1 << 32);
    let counter = |name, now, before, wrap, most| Counter { name, now, before, wrap, most };
    let (requests, bytes) = (REQUESTS_PER_SECOND_MAX * (seconds + 1.0), BYTES_PER_SECOND_MAX * seconds);
    // Requests that end after a long time bring all of it at once.
    let waited = 65_536.0 * 1000.0 * (seconds + 1.0);
    let busy = seconds * 1100.0 + 1000.0;
    let sectors = wrap.map(|wrap| wrap * SECTOR_BYTES);
    let [reads, read, read_ms, writes, written, write_ms, busy_ms] = run.growth_of_device(
        &format!("disk_io {name}"),
        [
            counter("reads", now.reads, before.reads, wrap, requests),
            counter("read_bytes", now.read_bytes, before.read_bytes, sectors, bytes),
            counter("read_ms", now.read_ms, before.read_ms, Some(MS_WRAP), waited),
            counter("writes", now.writes, before.writes, wrap, requests),
            counter("written_bytes", now.written_bytes, before.written_bytes, sectors, bytes),
            counter("write_ms", now.write_ms, before.write_ms, Some(MS_WRAP), waited),
            counter("busy_ms", now.busy_ms, before.busy_ms, Some(MS_WRAP), busy),
        ],
    );
    let per_second = |grown: Option<u64>| grown.map(|grown| rate(grown, seconds));
    let sum = |a: Option<u64>, b: Option<u64>| Some((a? + b?) as f64);
    let (waited, requests) = (sum(read_ms, write_ms), sum(reads, writes).filter(|requests| *requests > 0.0));
    DiskRates {
        read_bytes_per_second: per_second(read),
        written_bytes_per_second: per_second(written),
        reads_per_second: per_second(reads),
        writes_per_second: per_second(writes),
        busy_percent: busy_ms.map(|ms| percent(ms as f64 / 1000.0, seconds)),
        latency_ms: waited.zip(requests).map(|(ms, requests)| round(ms / requests)),
    }
}
