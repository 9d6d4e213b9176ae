//! File handles, and whether a reboot is pending.

use crate::probe::fields::{number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::percent;
use serde::Serialize;

/// Most files that can be open: beyond it, the number is no count.
const USED_MAX: u64 = 1 << 40;

/// The section `file_handle`: open files of the whole host (`/proc/sys/fs/file-nr`).
#[derive(Debug, Serialize)]
struct FileHandle {
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
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
    let [used, limit] = parse(&run.proc("sys/fs/file-nr")?);
    let used = run.at_most(|| "file_handle.used".to_string(), used, USED_MAX);
    if used.is_none() && limit.is_none() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    let used_percent = used.zip(limit.filter(|limit| *limit > 0));
    let used_percent = used_percent.map(|(used, limit)| percent(used as f64, limit as f64));
    run.add("file_handle", &FileHandle { used, limit, used_percent })
}

/// Used and limit, each alone; between them is the number of unused handles, always 0 since Linux 2.6.
fn parse(content: &[u8]) -> [Option<u64>; 2] {
    let mut words = words(content.trim_ascii()).map(number);
    [words.next().flatten(), words.nth(1).flatten()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_alone() {
        assert_eq!(parse(b"1000\t0\t100000\n"), [Some(1000), Some(100_000)]);
        assert_eq!(parse(b"1000 x 9223372036854775807"), [Some(1000), Some(i64::MAX as u64)]);
        assert_eq!((parse(b"x 0 5"), parse(b"7")), ([None, Some(5)], [Some(7), None]));
    }
}
