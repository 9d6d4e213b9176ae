//! One run over all resources.

use super::change::{self, Known};
use super::previous::{Previous, SHORTEST_SECONDS, STALE_SECONDS};
use super::{RESOURCES, Root, Scope, system};
use crate::base::clock::{Now, own_cpu_ms};
use crate::base::text::clean;
use crate::config;
use crate::model::record::{Header, Record, round};
use procfs_core::ProcError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What one run measured.
#[derive(Debug)]
pub struct Probed {
    /// The snapshot.
    pub snapshot: Record,
    /// The processes that used most, for the `processes` stream.
    pub processes: Record,
    /// Counters for the next run.
    pub counters: Previous,
    /// What a person should know about this snapshot: the first one, a clock that was set.
    pub remarks: Vec<String>,
    /// Resources that are absent, with the reason.
    pub failed: BTreeMap<&'static str, String>,
    /// What was known of the host at the snapshot before; `None`: no counters of it were kept.
    pub before: Option<Known>,
    /// How many runs found osmon busy since then.
    pub skipped_runs: u64,
}

/// What a resource needs while it is measured, and where it puts what it found.
pub(super) struct Measure<'a> {
    pub root: &'a Root,
    pub settings: &'a config::Probe,
    pub now: Now,
    /// The run before and the seconds since; `None`: no rates.
    pub before: Option<(&'a Previous, f64)>,
    /// Cores that are switched on.
    pub cores: Option<usize>,
    /// CPU time used by anybody since the run before, in ticks; processes are held against it.
    pub busy_ticks: Option<u64>,
    /// Processes started since the run before.
    pub forks: Option<u64>,
    /// Memory in use and in all, in bytes.
    pub memory_bytes: Option<(u64, u64)>,
    /// Values that cannot be true and were left out.
    pub discarded: u64,
    /// Parts of a resource that are absent, with the reason.
    pub failed: BTreeMap<&'static str, String>,
    pub counters: Previous,
    pub snapshot: Record,
    pub processes: Record,
}

impl Measure<'_> {
    /// Puts a section into the snapshot.
    pub fn add(&mut self, name: &'static str, section: &impl Serialize) -> Result<(), String> {
        self.snapshot.add(name, section).map_err(|error| error.to_string())
    }
}

/// What a run is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// What is measured.
    pub scope: Scope,
    /// How many runs found osmon busy since the snapshot before.
    pub skipped_runs: u64,
}

/// What is known of a snapshot besides the host.
#[derive(Clone)]
struct About {
    scope: Scope,
    /// Only what gives counters: the first of two readings.
    counters_only: bool,
    remarks: Vec<String>,
    clock_step_seconds: Option<f64>,
    skipped_runs: u64,
}

impl About {
    fn new(scope: Scope) -> Self {
        Self { scope, counters_only: false, remarks: Vec::new(), clock_step_seconds: None, skipped_runs: 0 }
    }

    /// Whether a resource is measured in this run.
    fn wants(&self, name: &str, settings: &config::Probe) -> bool {
        let who = ["cpu", "memory", "process", "unit"].contains(&name);
        let has_counters = who || ["disk_io", "network", "tcp"].contains(&name);
        (self.scope == Scope::All || who)
            && (!self.counters_only || has_counters)
            && (settings.processes || !["process", "unit"].contains(&name))
    }
}

/// `probe`: what osmon itself cost and could not read.
#[derive(Serialize)]
struct Own<'a> {
    cpu_ms: f64,
    #[serde(skip_serializing_if = "is_zero")]
    skipped_runs: u64,
    /// Values that cannot be true and were left out.
    #[serde(skip_serializing_if = "is_zero")]
    discarded_values: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_step_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remark: &'a Vec<String>,
    failed: &'a BTreeMap<&'static str, String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Why a parser of procfs-core gave nothing. Its own words are meant for its authors.
pub(super) fn not_understood(error: ProcError) -> String {
    match error {
        ProcError::InternalError(_) | ProcError::Incomplete(_) => {
            "the file has a form that is not understood".to_string()
        }
        other => other.to_string(),
    }
}

/// Uptime, the section `uptime`.
#[derive(Serialize)]
struct Uptime {
    seconds: f64,
}

/// Measures the host. Rates come from `previous`; without one that can be used the counters are read twice, 250 ms
/// apart, except after a boot, when there is nothing to compare with yet.
pub fn probe(root: &Root, settings: &config::Probe, now: Now, previous: Option<Previous>, about: &Asked) -> Probed {
    let (boot_id, Asked { scope, skipped_runs }) = (root.boot_id(), *about);
    let mut remarks = Vec::new();
    let known = previous.as_ref().and_then(Known::of_counters);
    let step = previous
        .as_ref()
        .and_then(|before| before.clock_step(&now, &boot_id))
        .filter(|step| step.abs() > 90.0)
        .map(round);
    if let Some(step) = step {
        let direction = if step > 0.0 { "forward" } else { "back" };
        remarks.push(format!(
            "the clock was set {direction} by {} since the last snapshot",
            crate::base::units::duration(step.abs())
        ));
    }
    let rebooted = previous.as_ref().is_some_and(|before| before.boot_id != boot_id);
    let usable = previous.filter(|before| before.age(&now, &boot_id).is_some_and(|age| age <= STALE_SECONDS));
    let (before, now) = match usable {
        Some(before) => {
            let now = wait_for(root, now, SHORTEST_SECONDS - (now.boottime_seconds - before.boottime_seconds));
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
            let counters = About { counters_only: true, ..About::new(scope) };
            let first = once(root, settings, now, None, &boot_id, &counters).counters;
            (Some(first), wait_for(root, now, SHORTEST_SECONDS))
        }
    };
    let about = About { remarks, clock_step_seconds: step, skipped_runs, ..About::new(scope) };
    Probed { before: known, ..once(root, settings, now, before.as_ref(), &boot_id, &about) }
}

fn wait_for(root: &Root, now: Now, seconds: f64) -> Now {
    if seconds <= 0.0 || root.is_recorded() {
        return now;
    }
    std::thread::sleep(Duration::from_secs_f64(seconds.min(SHORTEST_SECONDS)));
    Now { boottime_seconds: crate::base::clock::boottime_seconds(), ..now }
}

fn once(
    root: &Root,
    settings: &config::Probe,
    now: Now,
    before: Option<&Previous>,
    boot_id: &str,
    about: &About,
) -> Probed {
    let interval = before.and_then(|before| before.age(&now, boot_id));
    let header = Header { now, host: root.host_name(), boot_id: boot_id.to_string(), interval_seconds: interval };
    let mut measure = Measure {
        root,
        settings,
        now,
        before: before.zip(interval),
        cores: None,
        busy_ticks: None,
        forks: None,
        memory_bytes: None,
        discarded: 0,
        failed: BTreeMap::new(),
        counters: Previous::new(&now, boot_id),
        snapshot: Record::new(header.clone()),
        processes: Record::new(header),
    };
    let mut failed = BTreeMap::new();
    for resource in RESOURCES.iter().filter(|resource| about.wants(resource.name, settings)) {
        // A bug, or a kernel file of a shape nobody has seen, must cost its own section only.
        let result = catch_unwind(AssertUnwindSafe(|| (resource.measure)(&mut measure)));
        if let Err(reason) = result.unwrap_or_else(|_| Err("could not be understood (please report this)".to_string()))
        {
            failed.insert(resource.name, clean(&reason, 200));
        }
    }
    failed.append(&mut measure.failed);
    let facts = system::facts(&mut measure);
    change::observe(&mut measure, interval);
    for (name, added) in [
        ("uptime", measure.add("uptime", &Uptime { seconds: round(now.boottime_seconds) })),
        ("system", measure.add("system", &facts)),
    ] {
        if let Err(reason) = added {
            failed.insert(name, reason);
        }
    }
    let About { remarks, clock_step_seconds, skipped_runs, .. } = about.clone();
    let own = Own {
        cpu_ms: round(own_cpu_ms()),
        skipped_runs,
        discarded_values: measure.discarded,
        clock_step_seconds,
        remark: &remarks,
        failed: &failed,
    };
    // Numbers and strings: this cannot fail.
    let _ = measure.snapshot.add("probe", &own);
    let Measure { snapshot, processes, counters, .. } = measure;
    Probed { snapshot, processes, counters, remarks, failed, before: None, skipped_runs }
}
