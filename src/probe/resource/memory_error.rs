//! Errors of memory modules that the memory controller found: `/sys/devices/system/edac/mc`
//! (`Documentation/driver-api/edac.rst`).

use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often controllers are looked for, in seconds.
const LIST_SECONDS: f64 = 600.0;
/// No controller finds more errors than this in a second.
const MOST_PER_SECOND: f64 = 1e6;
/// Below `/sys`.
const DIRECTORY: &str = "devices/system/edac/mc";

/// An element of the section `memory_error`.
#[derive(Debug, Serialize)]
struct MemoryError {
    controller: String,
    /// `no errors`, or the errors since the driver was loaded.
    state: String,
    /// Errors that were corrected since the previous snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<u64>,
    /// Errors that could not be corrected since the previous snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    uncorrected: Option<u64>,
    /// All corrected errors since the driver was loaded; absent if they cannot be read, as the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_total: Option<u64>,
    /// All others.
    #[serde(skip_serializing_if = "Option::is_none")]
    uncorrected_total: Option<u64>,
}

/// Corrected errors and others; `None`: not readable.
type Counts = [Option<u64>; 2];

/// The registration.
pub const RESOURCE: Resource = Resource { name: "memory_error", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let find = |run: &mut Measurement<'_>| {
        let names = run.root.sys_names(DIRECTORY).unwrap_or_default();
        let is_controller = |name: &str| name.strip_prefix("mc").is_some_and(|rest| rest.parse::<u32>().is_ok());
        Ok(names.into_iter().filter(|name| is_controller(name)).collect::<Vec<String>>())
    };
    let (controllers, _) = run.periodic("memory_error.list", LIST_SECONDS, find)?;
    if controllers.is_empty() {
        return Ok(());
    }
    let before = run.previous::<BTreeMap<String, Counts>>("memory_error");
    let (mut counters, mut errors) = (BTreeMap::new(), Vec::new());
    for controller in controllers {
        let count = |name: &str| run.root.sys_text(&format!("{DIRECTORY}/{controller}/{name}"))?.trim().parse().ok();
        let now: Counts = [count("ce_count"), count("ue_count")];
        if now == [None; 2] {
            continue;
        }
        let [corrected, uncorrected] = since(run, &controller, now, before.as_ref());
        counters.insert(controller.clone(), now);
        let [corrected_total, uncorrected_total] = now;
        let state = state(now);
        errors.push(MemoryError { controller, state, corrected, uncorrected, corrected_total, uncorrected_total });
    }
    run.counters.keep("memory_error", &counters);
    run.add("memory_error", &errors)
}

/// The counted errors, in words.
fn state(counts: Counts) -> String {
    match counts {
        [None | Some(0), None | Some(0)] => "no errors".to_string(),
        [Some(corrected), Some(uncorrected)] => format!("{corrected} corrected, {uncorrected} uncorrected"),
        [Some(corrected), None] => format!("{corrected} corrected"),
        [None, Some(uncorrected)] => format!("{uncorrected} uncorrected"),
    }
}

/// Errors since the previous snapshot, corrected and not.
fn since(
    run: &mut Measurement<'_>,
    controller: &str,
    now: Counts,
    before: Option<&(BTreeMap<String, Counts>, f64)>,
) -> Counts {
    let Some((before, seconds)) = before.and_then(|(all, seconds)| Some((*all.get(controller)?, *seconds))) else {
        return [None; 2];
    };
    let ([corrected, uncorrected], [corrected_before, uncorrected_before]) = (now, before);
    let most = seconds * MOST_PER_SECOND;
    let mut grown = |name: &str, now: Option<u64>, before: Option<u64>| {
        run.growth_of(|| format!("memory_error {controller}.{name}"), now?, before?, most)
    };
    [grown("corrected", corrected, corrected_before), grown("uncorrected", uncorrected, uncorrected_before)]
}
