//! The lines of `/proc/diskstats` (`Documentation/admin-guide/iostats.rst`).

use crate::probe::fields::{lines, number, words};
use serde::{Deserialize, Serialize};

/// Size of a sector in `/proc/diskstats` in bytes, independent of the device.
pub const SECTOR_BYTES: u64 = 512;

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Numbers of the device: `8:0`.
    pub id: String,
    /// Its name; bytes that are no UTF-8 stay apart by a hash.
    pub name: String,
    /// Requests at this moment.
    pub in_flight: Option<u64>,
    /// Why `in_flight` is absent although the line has it.
    pub in_flight_odd: Option<String>,
    /// The counters.
    pub counters: DiskCounters,
}

/// Counters since boot; each `None` when it is not readable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiskCounters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Milliseconds, in 32 bits on every kernel, as the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_ms: Option<u64>,
}

/// Reads all lines with a name and a number; each value alone.
pub fn parse(content: &[u8]) -> Vec<Device> {
    lines(content).filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Device> {
    let mut fields = words(line);
    let (major, minor) = (number(fields.next()?)?, number(fields.next()?)?);
    let name = crate::base::identity::identity(fields.next()?, crate::base::text::NAME_MAX);
    let fields: Vec<&[u8]> = fields.collect();
    let (mut in_flight, mut in_flight_odd) = (None, None);
    let value = |at: usize| fields.get(at).and_then(|word| number(word));
    let bytes = |sectors: Option<u64>| sectors.map(|sectors| sectors.saturating_mul(SECTOR_BYTES));
    let counters = if fields.len() == 4 {
        // A partition of Linux 2.6.0 to 2.6.24.
        let [reads, read, writes, written] = [0, 1, 2, 3].map(value);
        DiskCounters {
            reads,
            read_bytes: bytes(read),
            writes,
            written_bytes: bytes(written),
            ..DiskCounters::default()
        }
    } else {
        if let Some(word) = fields.get(8) {
            in_flight = number(word);
            in_flight_odd = in_flight.is_none().then(|| format!("is {}", String::from_utf8_lossy(word)));
        }
        DiskCounters {
            reads: value(0),
            read_bytes: bytes(value(2)),
            read_ms: value(3),
            writes: value(4),
            written_bytes: bytes(value(6)),
            write_ms: value(7),
            busy_ms: value(9),
        }
    };
    let is_known = counters != DiskCounters::default();
    is_known.then(|| Device { id: format!("{major}:{minor}"), name, in_flight, in_flight_odd, counters })
}

/// The devices that are disks of their own and were used. `whole` are the names in `/sys/block`; where it is missing,
/// partitions are known by their names.
pub fn disks(devices: Vec<Device>, whole: Option<&[String]>) -> Vec<Device> {
    let all: Vec<String> =
        if whole.is_none() { devices.iter().map(|device| device.name.clone()).collect() } else { Vec::new() };
    let is_whole = |name: &str| match whole {
        Some(whole) => whole.iter().any(|known| is_same(known, name)),
        None => !all.iter().any(|disk| is_partition_of(name, disk)),
    };
    let was_used = |counters: &DiskCounters| counters.reads != Some(0) || counters.writes != Some(0);
    let mut disks: Vec<Device> = Vec::new();
    for device in devices {
        let is_new = !disks.iter().any(|disk| disk.name == device.name);
        if is_new && was_used(&device.counters) && !holds_nothing(&device.name) && is_whole(&device.name) {
            disks.push(device);
        }
    }
    disks
}

/// Loop, RAM and optical devices hold no data of their own; `nvme0c1n1` is a path to `nvme0n1`.
pub fn holds_nothing(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_path =
        || name.strip_prefix("nvme").and_then(|rest| rest.split_once('c')).is_some_and(|(head, _)| digits(head));
    ["loop", "ram", "zram", "fd", "sr", "nbd"].iter().any(|prefix| name.strip_prefix(prefix).is_some_and(digits))
        || is_path()
}

/// `/sys/block` writes `!` for the `/` in a device's name.
fn is_same(directory: &str, device: &str) -> bool {
    directory.len() == device.len()
        && directory.bytes().zip(device.bytes()).all(|(a, b)| a == b || (a == b'!' && b == b'/'))
}

/// `sda1` is a partition of `sda`, `nvme0n1p1` of `nvme0n1`, but `dm-10` none of `dm-1`.
pub fn is_partition_of(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk) else { return false };
    let number = if disk.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p').unwrap_or("") } else { rest };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = "   8  0 sda 1 0 2 3 4 0 5 6 7 8 9\n";

    fn names(content: &str, whole: Option<&[&str]>) -> Vec<String> {
        let whole: Option<Vec<String>> = whole.map(|names| names.iter().map(ToString::to_string).collect());
        disks(parse(content.as_bytes()), whole.as_deref()).into_iter().map(|device| device.name).collect()
    }

    #[test]
    fn each_value_alone() {
        let content = format!(
            "{LINE}   8  1 sda1 35486 38030 5 6\n 104 0 cciss/c0d0 1 x 0 -1 99999999999999999999 0 0 0 -1\nx y z\n"
        );
        let devices = parse(content.as_bytes());
        assert_eq!(devices.len(), 3);
        let DiskCounters { read_bytes, written_bytes, busy_ms, .. } = devices[0].counters;
        assert_eq!((read_bytes, written_bytes, busy_ms), (Some(1024), Some(2560), Some(8)));
        assert_eq!((devices[0].in_flight, &*devices[0].id), (Some(7), "8:0"));
        assert_eq!(devices[1].counters.written_bytes, Some(6 * 512), "the short form of old kernels");
        let odd = &devices[2];
        assert_eq!(
            (odd.counters.reads, odd.counters.read_ms, odd.counters.writes, odd.in_flight),
            (Some(1), None, None, None)
        );
        assert_eq!(odd.in_flight_odd.as_deref(), Some("is -1"));
        assert_eq!(names(&content, Some(&["cciss!c0d0"])), ["cciss/c0d0"]);
    }

    #[test]
    fn whole_disks() {
        let lines: String =
            ["sda", "sda1", "nvme0n1", "nvme0n1p2", "nvme0c1n1", "dm-1", "dm-10", "md0", "md0p1", "loop3", "sr0"]
                .iter()
                .map(|name| LINE.replace("sda", name))
                .collect();
        assert_eq!(names(&lines, None), ["sda", "nvme0n1", "dm-1", "dm-10", "md0"]);
        assert_eq!(names(&lines, Some(&["sda", "dm-10", "loop3"])), ["sda", "dm-10"]);
        assert_eq!(names(&LINE.replace("1 0 2 3 4", "0 0 2 3 0"), None), [""; 0], "never used");
    }

    proptest! {
        #[test]
        fn no_line_costs_another(noise in "[ -~]{0,60}", garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
            let found = parse(format!("{noise}\n{LINE}{noise}\n").as_bytes());
            prop_assert!(found.contains(&parse(LINE.as_bytes())[0]));
            parse(&garbage);
        }
    }
}
