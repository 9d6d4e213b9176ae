//! Reads the block devices, and the stack of devices: which of them use others.

use super::block_devices::{BlockDevices, Stack, Stacked};
use super::diskstats::{disks, holds_nothing, is_partition_of, parse};
use super::measurement::{Absent, Measurement, UNKNOWN_FORMAT};
use crate::base::identity::identity;
use crate::base::sort::SmallSort;
use crate::base::text::NAME_MAX;
use crate::host::Root;
use serde::{Deserialize, Serialize};

/// The stack of devices is looked up again after this time, or when there are other devices.
const RENEWED_SECONDS: f64 = 595.0;

/// The stack, kept with the counters.
#[derive(Debug, Serialize, Deserialize)]
struct KeptStack {
    boottime_seconds: f64,
    /// The names it was looked up for.
    disks: Vec<String>,
    stack: Stack,
}

/// Reads `/proc/diskstats`, and `/sys/block` where necessary.
///
/// # Errors
/// When the file cannot be read or has no line of a known form.
pub fn read(run: &mut Measurement<'_>) -> Result<BlockDevices, Absent> {
    let content = run.proc("diskstats")?;
    let devices = parse(&content);
    if devices.is_empty() && !content.trim_ascii().is_empty() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    let names = devices.iter().map(|device| (device.id.clone(), device.name.clone())).collect();
    let whole = run.root.block_devices().ok().filter(|names| !names.is_empty());
    let disks = disks(devices, whole.as_deref());
    let whole: Vec<String> = match whole {
        Some(whole) => whole.into_iter().filter(|name| !holds_nothing(name)).collect(),
        None => disks.iter().map(|disk| disk.name.clone()).collect(),
    };
    let previous = run.previous::<KeptStack>("block_devices").map(|(kept, _)| kept);
    let before = previous.as_ref().map(|kept| kept.stack.clone()).unwrap_or_default();
    let now = run.now.boottime_seconds;
    let is_recent = |kept: &KeptStack| kept.disks == whole && now - kept.boottime_seconds < RENEWED_SECONDS;
    let kept = previous.filter(is_recent).unwrap_or_else(|| {
        let stack = look_up(run.root, &whole);
        KeptStack { boottime_seconds: now, disks: whole, stack }
    });
    run.counters.keep("block_devices", &kept);
    Ok(BlockDevices { disks, names, changed: kept.stack != before, stack: kept.stack })
}

fn look_up(root: &Root, disks: &[String]) -> Stack {
    let mut stack = Stack::new();
    for disk in disks {
        let on = root.sys_names(&format!("block/{disk}/slaves")).unwrap_or_default();
        let mut on: Vec<String> = on.iter().map(|name| whole(name, disks)).collect();
        on.arrange();
        on.dedup();
        // More than the cleaned line of a file: the name is an identity.
        let mapping = disk.starts_with("dm-").then(|| root.sys_text(&format!("block/{disk}/dm/name"))).flatten();
        let mapping = mapping.map(|name| identity(name.trim_end_matches('\n').as_bytes(), NAME_MAX));
        let stacked = Stacked { mapping: mapping.filter(|name| !name.is_empty()), on };
        if stacked != Stacked::default() {
            stack.insert(disk.replace('!', "/"), stacked);
        }
    }
    stack
}

/// The disk of a partition, or the disk itself.
fn whole(name: &str, disks: &[String]) -> String {
    let disk = disks.iter().find(|disk| is_partition_of(name, disk)).map_or(name, String::as_str);
    disk.replace('!', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_part_of_its_disk() {
        let disks = ["sda".to_string(), "nvme0n1".to_string()];
        assert_eq!(
            ["sda2", "nvme0n1p3", "sdb1", "sda"].map(|name| whole(name, &disks)),
            ["sda", "nvme0n1", "sdb1", "sda"]
        );
    }
}
