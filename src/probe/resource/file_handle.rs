//! File handles, and whether a reboot is pending.

use crate::probe::fields::{number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::percent;
use serde::Serialize;

/// The section `file_handle`: open files of the whole host (`/proc/sys/fs/file-nr`).
#[derive(Debug, Serialize)]
struct FileHandle {
    used: u64,
    limit: u64,
    used_percent: f64,
}

/// The section `maintenance`.
#[derive(Debug, Serialize)]
struct Maintenance {
    /// A package requested a reboot (`/run/reboot-required`).
    reboot_needed: bool,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "file_handle", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    run.add("maintenance", &Maintenance { reboot_needed: run.root.run("reboot-required").is_ok() })?;
    let content = run.proc("sys/fs/file-nr")?;
    // Used, unused (always 0 since 2.6) and limit.
    let numbers: Vec<u64> = words(content.trim_ascii()).filter_map(number).collect();
    let &[used, _, limit] = numbers.as_slice() else { return Err(UNKNOWN_FORMAT.to_string()) };
    run.add("file_handle", &FileHandle { used, limit, used_percent: percent(used as f64, limit as f64) })
}
