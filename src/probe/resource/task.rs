//! The table of processes and threads: `/proc/loadavg` has their number, `/proc/sys/kernel` its limits.

use crate::probe::fields::{leading_number, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::percent;
use serde::Serialize;

/// How often the limits are read, in seconds.
const LIMIT_SECONDS: f64 = 600.0;

/// The section `task`.
#[derive(Debug, Serialize)]
struct Task {
    /// Processes and threads of the host, those of the kernel too.
    used: u64,
    /// The smaller of `pid_max` and `threads-max`.
    limit: u64,
    used_percent: f64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "task", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let limits = |run: &mut Measurement<'_>| {
        let limit = |name: &str| number(run.root.proc(&format!("sys/kernel/{name}")).ok()?.trim_ascii());
        Ok(["pid_max", "threads-max"].into_iter().filter_map(limit).filter(|limit| *limit > 0).min())
    };
    let (Some(limit), _) = run.periodic("task.limit", LIMIT_SECONDS, limits)? else { return Ok(()) };
    let used = existing(&run.proc("loadavg")?).ok_or(UNKNOWN_FORMAT)?;
    run.add("task", &Task { used, limit, used_percent: percent(used as f64, limit as f64) })
}

/// The second number of the fourth field: `0.50 0.40 0.30 1/100 1234`.
fn existing(loadavg: &[u8]) -> Option<u64> {
    let field = words(loadavg.trim_ascii()).nth(3)?;
    leading_number(field.get(memchr::memchr(b'/', field)? + 1..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tasks_is_in_the_fourth_field() {
        assert_eq!(existing(b"0.50 0.40 0.30 1/387 4321\n"), Some(387));
        for wrong in [b"".as_slice(), b"0.5 0.4 0.3", b"0.5 0.4 0.3 1 2", b"0.5 0.4 0.3 1/ 2", b"a b c 1/x 2"] {
            assert_eq!(existing(wrong), None);
        }
    }
}
