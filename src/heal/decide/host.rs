//! Guards of the host as a whole.

use super::question::Request;
use crate::heal::budget;
use crate::heal::guard::{Guard, Refusal};
use crate::heal::moment::DAY;
use crate::model::action::{ActionKind, Mode};
use crate::model::message::Arg;

/// Time after a boot in which nothing is done, in seconds.
const BOOT_GRACE: f64 = 300.0;
/// A snapshot older than this many intervals is stale,
const STALE_INTERVALS: f64 = 2.0;
/// plus the time that a run may take until it heals, in seconds.
const STALE_SLACK: f64 = 15.0;
/// The share of the last minute in which all tasks waited for memory, in percent, from which a service may be slow or fail
/// for that reason.
const MEMORY_FULL: f64 = 20.0;
/// Swapping at this rate is the same, in bytes per second.
const SWAP_STORM: f64 = 32.0 * 1024.0 * 1024.0;

/// Every guard of the host that refuses an action of a kind. `chosen`: the number of actions of this mode that this run
/// carries out already.
pub(super) fn refusals(request: &Request, kind: ActionKind, mode: Mode, chosen: usize) -> Vec<Refusal> {
    let Request { situation, state, actions_per_hour, .. } = request;
    let (now, mut refused) = (&situation.now, Vec::new());
    if let Some(path) = &situation.disabled_by {
        refused.push(Refusal::with(Guard::Disabled, path.as_str()));
    }
    if let Some(pause) = situation.pause.as_ref().filter(|pause| now.wall < pause.until) {
        let until = crate::base::clock::local_minute(pause.until);
        refused.push(Refusal::with(Guard::Paused, format!("{until} ({}: {})", pause.by, pause.because)));
    }
    if mode == Mode::Off {
        refused.push(Refusal::new(Guard::Off));
    }
    if situation.is_fallback {
        refused.push(Refusal::new(Guard::BadConfiguration));
    }
    let oldest = situation.interval_seconds * STALE_INTERVALS + STALE_SLACK;
    if situation.snapshot_age_seconds.is_none_or(|age| age > oldest) {
        // Without one of this boot it is older than the boot.
        let age = situation.snapshot_age_seconds.unwrap_or(now.boottime_seconds);
        refused.push(Refusal::with(Guard::StaleData, Arg::from_seconds(age)));
    }
    if situation.snapshots_since_gap == 0 {
        refused.push(Refusal::new(Guard::Gap));
    }
    // The age of files is by the wall clock, everything else by the time since boot.
    let is_recently_set = situation.clock_set_seconds.is_some_and(|seconds| seconds < DAY);
    let is_dated = !situation.is_clock_believed || is_recently_set;
    if situation.clock_doubt || (kind == ActionKind::Clean && is_dated) {
        refused.push(Refusal::new(Guard::ClockInDoubt));
    }
    if now.boottime_seconds < BOOT_GRACE {
        refused.push(Refusal::with(Guard::BootGrace, Arg::from_seconds(now.boottime_seconds)));
    }
    // Without systemd there is no state.
    if !["running", "degraded", "offline", ""].contains(&situation.system_state.as_str()) {
        refused.push(Refusal::with(Guard::SystemState, situation.system_state.as_str()));
    }
    if let Some(program) = &situation.package_work {
        refused.push(Refusal::with(Guard::PackageWork, program.as_str()));
    }
    refused.extend(short_of_memory(request).filter(|_| kind == ActionKind::Restart));
    if budget::used_by_host(state, mode, now) as usize + chosen >= *actions_per_hour as usize {
        refused.push(Refusal::with(Guard::HostBudget, *actions_per_hour as usize));
    }
    refused
}

/// Restarting a service does not help a host that is short of memory.
fn short_of_memory(request: &Request) -> Option<Refusal> {
    let value = |metric: &str, value: f64| Arg::Value { metric: metric.to_string(), value };
    let waited = request.situation.memory_full_percent.filter(|percent| *percent > MEMORY_FULL);
    let waited = waited.map(|percent| value("pressure.memory.full_avg60_percent", percent));
    let swapped = request.situation.swap_bytes_per_second.filter(|rate| *rate > SWAP_STORM);
    let swapped = swapped.map(|rate| value("swap.in_bytes_per_second", rate));
    waited.or(swapped).map(|detail| Refusal::with(Guard::MemoryPressure, detail))
}
