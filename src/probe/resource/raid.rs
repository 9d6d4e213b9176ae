//! RAID, thin pools and multipath devices: the md driver, and the device mapper as LVM and multipathd use it.

mod array;
mod device_mapper;
mod mdstat;

use crate::base::sort::SmallSort;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use array::Array;
use mdstat::Md;

/// The registration.
pub const RESOURCE: Resource = Resource { name: "raid", scope: Scope::All, has_counters: false, measure };

/// Interval at which dmsetup is run, in seconds.
const INTERVAL_SECONDS: f64 = 300.0;
/// Arguments of dmsetup. Without `--noflush` the kernel commits the metadata of each thin pool: that writes to its disks.
const STATUS: [&str; 2] = ["status", "--noflush"];

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let mut arrays = md(run);
    let status = match run.periodic("device_mapper", INTERVAL_SECONDS, dmsetup) {
        Ok((status, _)) => status,
        Err(reason) => {
            run.failed.insert("device_mapper", reason);
            String::new()
        }
    };
    if !status.is_empty() {
        let found = device_mapper::parse(&status, |number| path_name(run, number));
        arrays.extend(found.arrays);
        if !found.pools.is_empty() {
            run.add("thin_pool", &found.pools)?;
        }
        if !found.multipath.is_empty() {
            run.add("multipath", &found.multipath)?;
        }
    }
    arrays.arrange_by(|a, b| a.array.cmp(&b.array));
    if arrays.is_empty() { Ok(()) } else { run.add("raid", &arrays) }
}

/// Arrays of the md driver; none where the kernel does not have it.
fn md(run: &Measurement<'_>) -> Vec<Array> {
    let Ok(content) = run.root.proc("mdstat") else { return Vec::new() };
    let found = mdstat::parse(&String::from_utf8_lossy(&content));
    found.iter().filter_map(|md| Array::of_md(md, mismatches(run, md))).collect()
}

/// Sectors that a completed check found different; `None` while a pass runs, and after any other pass: the kernel counts there
/// as well, in the first resync of an array all that the disks held before.
fn mismatches(run: &Measurement<'_>, md: &Md) -> Option<u64> {
    let line = |file: &str| run.root.sys_line(&format!("block/{}/md/{file}", md.name)).ok();
    let is_checked = md.sync.is_none() && line("last_sync_action")? == "check";
    if is_checked { line("mismatch_cnt")?.parse().ok() } else { None }
}

/// The lines of `dmsetup status` that matter; empty on a host that has nothing of interest.
fn dmsetup(run: &mut Measurement<'_>) -> Result<String, Absent> {
    let names = run.root.block_devices().unwrap_or_default();
    let line = |device: &str, file: &str| run.root.sys_line(&format!("block/{device}/dm/{file}")).unwrap_or_default();
    let mut mapped = names.iter().filter(|name| name.starts_with("dm-"));
    if !mapped.any(|device| device_mapper::is_of_interest(&line(device, "name"), &line(device, "uuid"))) {
        return Ok(String::new());
    }
    let status = run.root.storage_program("dmsetup", &STATUS, "dmsetup-status")?.unwrap_or_default();
    let is_of_interest = |line: &&str| [" thin-pool ", " multipath ", " raid "].iter().any(|kind| line.contains(kind));
    Ok(status.lines().filter(is_of_interest).collect::<Vec<_>>().join("\n"))
}

/// Name of a block device by its number: `sdc` of `8:32`.
fn path_name(run: &Measurement<'_>, number: &str) -> String {
    let text = run.root.sys_text(&format!("dev/block/{number}/uevent")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("DEVNAME=")).unwrap_or(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::STATUS;

    #[test]
    fn asking_for_the_status_does_not_write() {
        assert!(STATUS.contains(&"--noflush"), "thin pools are committed: {STATUS:?}");
    }
}
