//! One run over all resources.

use super::counters::{COUNTERS_MAX_AGE_SECONDS, PreviousCounters, SHORTEST_SECONDS};
use super::host_change::{self, HostState};
use super::host_facts::HostFacts;
use super::measurement::{Absent, Measurement, Scope};
use super::resource;
use super::system;
use crate::base::clock::{Now, boottime_seconds, own_cpu_ms};
use crate::base::text::clean;
use crate::base::units::duration;
use crate::config;
use crate::host::Root;
use crate::model::record::{Header, Record, round};
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A larger change of the wall clock is remarked upon, in seconds.
const CLOCK_STEP_SECONDS: f64 = 90.0;
/// Programs and file systems that may hang are asked within this time after the begin of a run. The pipeline abandons
/// measuring after 8 s, and then nothing of it is kept.
const ASKING_LIMIT: Duration = Duration::from_millis(5500);
/// Longest reason for a missing resource, in characters.
const REASON_MAX: usize = 200;

/// The result of one run.
#[derive(Debug)]
pub struct ProbeResult {
    /// The snapshot.
    pub snapshot: Record,
    /// The top processes and units, for the `processes` stream.
    pub processes: Record,
    /// Counters for the next run.
    pub counters: PreviousCounters,
    /// Remarks on this snapshot: it is the first one, or the clock was set.
    pub remarks: Vec<String>,
    /// Missing resources, with the reason.
    pub failed: BTreeMap<&'static str, Absent>,
    /// The host at the previous snapshot; `None` when no counters of it were kept.
    pub before: Option<HostState>,
    /// Number of runs since then that found another osmon running.
    pub skipped_runs: u64,
}

/// Parameters of a run.
#[derive(Debug, Clone, Copy)]
pub struct ProbeRequest {
    /// Resources to measure.
    pub scope: Scope,
    /// Number of runs since the previous snapshot that found another osmon running; recorded with the snapshot.
    pub skipped_runs: u64,
}

/// The section `probe`: cost of the run, and sources it could not read.
#[derive(Serialize)]
struct ProbeSection<'a> {
    cpu_ms: f64,
    #[serde(skip_serializing_if = "is_zero")]
    skipped_runs: u64,
    /// Number of impossible values that were left out.
    #[serde(skip_serializing_if = "is_zero")]
    discarded_values: u64,
    /// The first of them by name, and why: `disk_io sda.reads`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    discarded: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_step_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remark: &'a Vec<String>,
    failed: &'a BTreeMap<&'static str, Absent>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The section `uptime`.
#[derive(Serialize)]
struct Uptime {
    seconds: f64,
}

/// Measures the host. Rates are computed from `previous`. If there is none that can be used, the counters are read twice,
/// 250 ms apart; after a boot and on a recorded host the snapshot has no rates instead.
pub fn probe(
    root: &Root,
    settings: &config::Probe,
    now: Now,
    previous: Option<PreviousCounters>,
    request: &ProbeRequest,
) -> ProbeResult {
    let root = &root.until(Instant::now() + ASKING_LIMIT);
    let boot_id = root.boot_id();
    let host_before = previous.as_ref().and_then(HostState::from_counters);
    let clock_step = previous.as_ref().and_then(|before| before.clock_step(&now, &boot_id));
    let clock_step = clock_step.filter(|step| step.abs() > CLOCK_STEP_SECONDS).map(round);
    let mut remarks = Vec::new();
    if let Some(step) = clock_step {
        let direction = if step > 0.0 { "forward" } else { "back" };
        remarks.push(format!("the clock was set {direction} by {} since the last snapshot", duration(step.abs())));
    }
    let rebooted = previous.as_ref().is_some_and(|before| before.boot_id != boot_id);
    let earlier = previous.as_ref();
    let usable = earlier.filter(|before| before.age(&now, &boot_id).is_some_and(|age| age <= COUNTERS_MAX_AGE_SECONDS));
    let run = Run { root, settings, boot_id, scope: request.scope, earlier };
    let first;
    let (before, now) = match usable {
        Some(before) => {
            let now = wait(root, now, SHORTEST_SECONDS - (now.boottime_seconds - before.boottime_seconds));
            (Some(before), now)
        }
        None if rebooted => {
            remarks.push("first snapshot after a boot: rates begin with the next one".to_string());
            (None, now)
        }
        None if root.is_recorded() => {
            remarks.push("first snapshot: rates begin with the next one".to_string());
            (None, now)
        }
        None => {
            remarks.push(format!(
                "first snapshot: rates are over {} ms, from the next one on since the one before",
                SHORTEST_SECONDS * 1000.0
            ));
            first = run.measure(now, None, true).0.counters;
            (Some(&first), wait(root, now, SHORTEST_SECONDS))
        }
    };
    let (mut measured, failed) = run.measure(now, before, false);
    let section = ProbeSection {
        cpu_ms: round(own_cpu_ms()),
        skipped_runs: request.skipped_runs,
        discarded_values: measured.discarded,
        discarded: &measured.discarded_by_name,
        clock_step_seconds: clock_step,
        remark: &remarks,
        failed: &failed,
    };
    // Numbers and strings only: serialising them cannot fail.
    let _ = measured.snapshot.add("probe", &section);
    let Measurement { snapshot, processes, counters, .. } = measured;
    let skipped_runs = request.skipped_runs;
    ProbeResult { snapshot, processes, counters, remarks, failed, before: host_before, skipped_runs }
}

/// Waits until the interval is long enough; returns at once on a recorded host, which does not change.
fn wait(root: &Root, now: Now, seconds: f64) -> Now {
    if seconds <= 0.0 || root.is_recorded() {
        return now;
    }
    std::thread::sleep(Duration::from_secs_f64(seconds.min(SHORTEST_SECONDS)));
    Now { boottime_seconds: boottime_seconds(), ..now }
}

/// State shared by both readings of a run.
struct Run<'a> {
    root: &'a Root,
    settings: &'a config::Probe,
    boot_id: String,
    scope: Scope,
    earlier: Option<&'a PreviousCounters>,
}

impl Run<'_> {
    /// Measures every resource of the scope, or only those that have counters. Returns the measurement and the missing
    /// resources.
    fn measure<'b>(
        &'b self,
        now: Now,
        previous: Option<&'b PreviousCounters>,
        counters_only: bool,
    ) -> (Measurement<'b>, BTreeMap<&'static str, Absent>) {
        let (root, boot_id) = (self.root, &self.boot_id);
        let interval = previous.and_then(|previous| previous.age(&now, boot_id));
        let header = Header { now, host: root.host_name(), boot_id: boot_id.clone(), interval_seconds: interval };
        let mut measurement = Measurement {
            root,
            settings: self.settings,
            now,
            previous: previous.zip(interval),
            earlier: self.earlier,
            facts: HostFacts::default(),
            tasks: None,
            cores: None,
            busy_ticks: None,
            forks: None,
            memory_bytes: None,
            block_devices: None,
            discarded: 0,
            discarded_by_name: BTreeMap::new(),
            failed: BTreeMap::new(),
            counters: PreviousCounters::new(&now, boot_id),
            snapshot: Record::new(header.clone()),
            processes: Record::new(header),
        };
        measurement.facts = system::facts(&mut measurement);
        let mut failed = BTreeMap::new();
        let in_scope = resource::ALL.iter().filter(|resource| {
            (self.scope == Scope::All || resource.scope == self.scope) && (!counters_only || resource.has_counters)
        });
        for resource in in_scope {
            // A bug, or a kernel file in an unknown format, must not cost more than its own section.
            let result = catch_unwind(AssertUnwindSafe(|| (resource.measure)(&mut measurement)));
            let crashed = |_| Err("could not be understood (please report this)".to_string());
            if let Err(reason) = result.unwrap_or_else(crashed) {
                failed.insert(resource.name, clean(&reason, REASON_MAX));
            }
        }
        failed.append(&mut measurement.failed);
        let facts = std::mem::take(&mut measurement.facts);
        host_change::keep(root, &measurement.snapshot.header, &mut measurement.counters);
        for (name, added) in [
            ("uptime", measurement.add("uptime", &Uptime { seconds: round(now.boottime_seconds) })),
            ("system", measurement.add("system", &facts)),
        ] {
            if let Err(reason) = added {
                failed.insert(name, reason);
            }
        }
        (measurement, failed)
    }
}
