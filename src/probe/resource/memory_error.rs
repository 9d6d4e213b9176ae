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
    /// All corrected errors since the driver was loaded.
    corrected_total: u64,
    /// All others.
    uncorrected_total: u64,
}

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
    let before = run.previous::<BTreeMap<String, [u64; 2]>>("memory_error");
    let (mut counters, mut errors) = (BTreeMap::new(), Vec::new());
    for controller in controllers {
        let count = |name: &str| run.root.sys_text(&format!("{DIRECTORY}/{controller}/{name}"))?.trim().parse().ok();
        let Some(now) = count("ce_count").zip(count("ue_count")) else { continue };
        let now: [u64; 2] = now.into();
        let [corrected, uncorrected] = since(run, &controller, now, before.as_ref());
        counters.insert(controller.clone(), now);
        let [corrected_total, uncorrected_total] = now;
        let state = match now {
            [0, 0] => "no errors".to_string(),
            _ => format!("{corrected_total} corrected, {uncorrected_total} uncorrected"),
        };
        errors.push(MemoryError { controller, state, corrected, uncorrected, corrected_total, uncorrected_total });
    }
    run.counters.keep("memory_error", &counters);
    run.add("memory_error", &errors)
}

/// Errors since the previous snapshot, corrected and not.
fn since(
    run: &mut Measurement<'_>,
    controller: &str,
    now: [u64; 2],
    before: Option<&(BTreeMap<String, [u64; 2]>, f64)>,
) -> [Option<u64>; 2] {
    let Some((before, seconds)) = before.and_then(|(all, seconds)| Some((*all.get(controller)?, *seconds))) else {
        return [None; 2];
    };
    let ([corrected, uncorrected], [corrected_before, uncorrected_before]) = (now, before);
    let most = seconds * MOST_PER_SECOND;
    [
        run.growth_of(|| format!("memory_error {controller}.corrected"), corrected, corrected_before, most),
        run.growth_of(|| format!("memory_error {controller}.uncorrected"), uncorrected, uncorrected_before, most),
    ]
}
