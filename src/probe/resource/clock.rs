//! The clock: adjtimex(2), and chronyd where it keeps the time. Entropy where the kernel waits for it.

use crate::model::record::round;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::Serialize;

/// chronyd is asked this often, in seconds.
const CHRONY_SECONDS: f64 = 300.0;
/// From this release on `/dev/random` never waits again once it had enough entropy.
const WITHOUT_WAITING: (u32, u32) = (5, 6);

/// The section `clock`.
#[derive(Debug, Serialize)]
struct Clock {
    /// The clock is synchronised: `STA_UNSYNC` is not set (adjtimex(2)).
    synchronized: bool,
    /// Distance to the source of time, ahead or behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_ms: Option<f64>,
    /// Largest possible error; it grows while there is no correction.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_error_ms: Option<f64>,
    /// In words: `0.4 ms behind its source (chrony)`.
    state: String,
}

/// The section `entropy`.
#[derive(Debug, Serialize)]
struct Entropy {
    available_bits: u64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "clock", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    entropy(run)?;
    let Some(kernel) = run.root.kernel_clock() else { return Ok(()) };
    let (behind_ms, source) = if run.root.has_chrony() {
        match run.periodic("chrony", CHRONY_SECONDS, |run| run.root.chrony_behind_ms()) {
            Ok((behind, _)) => (Some(behind), "chrony"),
            Err(reason) => {
                run.failed.insert("clock", reason);
                (None, "chrony")
            }
        }
    } else {
        (kernel.behind_ms, "kernel")
    };
    let state = match behind_ms {
        Some(behind) => {
            let side = if behind < 0.0 { "ahead of" } else { "behind" };
            format!("{} ms {side} its source ({source})", round(behind.abs()))
        }
        None if kernel.synchronized => "synchronised".to_string(),
        None => "not synchronised".to_string(),
    };
    run.add(
        "clock",
        &Clock {
            synchronized: kernel.synchronized,
            offset_ms: behind_ms.map(|behind| round(behind.abs())),
            // Without a source the kernel only knows that it is more than 16 s.
            max_error_ms: kernel.max_error_ms.filter(|_| kernel.synchronized).map(round),
            state,
        },
    )
}

/// Where the kernel is old enough that programs wait for entropy.
fn entropy(run: &mut Measurement<'_>) -> Result<(), Absent> {
    if run.root.kernel_release().as_deref().and_then(release).is_none_or(|release| release >= WITHOUT_WAITING) {
        return Ok(());
    }
    let line = run.root.proc_line("sys/kernel/random/entropy_avail").unwrap_or_default();
    match line.parse() {
        Ok(available_bits) => run.add("entropy", &Entropy { available_bits }),
        Err(_) => Ok(()),
    }
}

/// The first two numbers of a release: `5.10.110-v8+`.
fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        for (text, expected) in
            [("5.10.110-v8+", Some((5, 10))), ("3.10.0-1160.el7", Some((3, 10))), ("6.1", Some((6, 1))), ("x", None)]
        {
            assert_eq!(release(text), expected, "{text}");
        }
        assert!(release("5.4.0") < Some(WITHOUT_WAITING) && release("5.10.0") > Some(WITHOUT_WAITING));
    }
}
