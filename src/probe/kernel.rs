//! Small facts of the kernel that change: file handles, the clock, whether a reboot is waited for.

use super::measure::Measure;
use super::rate::percent;
use serde::Serialize;

/// The section `file_handle`: open files of the whole host (`/proc/sys/fs/file-nr`).
#[derive(Debug, Serialize)]
struct FileHandle {
    used: u64,
    limit: u64,
    used_percent: f64,
}

/// The section `clock`.
#[derive(Debug, Serialize)]
struct Clock {
    /// Something disciplines it: the kernel's `STA_UNSYNC` is not set (adjtimex(2)).
    synchronized: bool,
}

/// The section `maintenance`.
#[derive(Debug, Serialize)]
struct Maintenance {
    /// A package asked for a reboot (`/run/reboot-required`).
    reboot_needed: bool,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    measure.add("maintenance", &Maintenance { reboot_needed: measure.root.run("reboot-required").is_ok() })?;
    if let Some(synchronized) = measure.root.is_clock_synchronized() {
        measure.add("clock", &Clock { synchronized })?;
    }
    let content = measure.root.proc("sys/fs/file-nr").map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&content);
    // Used, unused (always 0 since 2.6) and limit, with tabs between them.
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [used, _, limit] = numbers.as_slice() else {
        return Err("the file has a form that is not understood".to_string());
    };
    let (used, limit) = (*used, *limit);
    measure.add("file_handle", &FileHandle { used, limit, used_percent: percent(used as f64, limit as f64) })
}
