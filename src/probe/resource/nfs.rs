//! Mounts from NFS servers: how long requests take, and whether the server answers. Nothing is asked of the server: the
//! kernel's own counters say it.

mod mountstats;

use crate::base::identity::identity;
use crate::model::record::round;
use crate::probe::growth::{growth, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use mountstats::{Counts, NfsMount};
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest mount point, in characters: that of a path.
const POINT_MAX: usize = 4096;
/// No client makes more requests than this in a second.
const MOST_PER_SECOND: f64 = 1e8;
/// Shortest interval in which a server must have answered, in seconds.
const SILENCE_SECONDS: f64 = 20.0;

/// An element of the section `nfs`.
#[derive(Debug, Serialize)]
struct Nfs {
    mount: String,
    /// `server:/export`.
    export: String,
    /// `answers`, `does not answer`, `idle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Requests were sent, or a connection was tried, and nothing came back in the whole interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_responding: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operations_per_second: Option<f64>,
    /// Average time of a request, including queueing; absent without requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    /// Requests that had to be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmissions_per_second: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "nfs", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    // The kernel has this file once a client of NFS is loaded.
    if run.root.proc("net/rpc/nfs").is_err() {
        return Ok(());
    }
    let mounts = mountstats::parse(&run.proc("self/mountstats")?);
    let before = run.previous::<BTreeMap<String, Counts>>("nfs");
    let mut counters = BTreeMap::new();
    let mut section = Vec::new();
    for NfsMount { point, export, counts } in mounts {
        let mount = identity(&point, POINT_MAX);
        let earlier = before.as_ref().and_then(|(before, seconds)| Some((*before.get(&mount)?, *seconds)));
        counters.insert(mount.clone(), counts);
        section.push(nfs(run, mount, export, counts, earlier));
    }
    run.counters.keep("nfs", &counters);
    run.add("nfs", &section)
}

fn nfs(run: &mut Measurement<'_>, mount: String, export: String, now: Counts, earlier: Option<(Counts, f64)>) -> Nfs {
    let absent = Nfs {
        mount,
        export,
        state: None,
        not_responding: None,
        operations_per_second: None,
        latency_ms: None,
        retransmissions_per_second: None,
    };
    let Some((before, seconds)) = earlier else { return absent };
    // All counters begin again with a new mount at the same place, which is no mistake.
    if now.operations < before.operations || now.sent < before.sent {
        return absent;
    }
    let grown = |field: fn(Counts) -> u64| growth(field(now), field(before), seconds * MOST_PER_SECOND);
    let counts = grown(|it| it.operations).and_then(|operations| {
        let again = grown(|it| it.transmissions)?.saturating_sub(operations);
        Ok((operations, grown(|it| it.milliseconds)?, again))
    });
    let counts = counts.map_err(|reason| run.discard(format!("nfs {}", absent.mount), reason)).ok();
    let [sent, received, connects] = [now.sent - before.sent, now.received, now.connects];
    let (received, connects) = (received.saturating_sub(before.received), connects.saturating_sub(before.connects));
    let not_responding = received == 0 && (sent > 0 || connects > 0);
    Nfs {
        state: Some(match (not_responding, received) {
            (true, _) => "does not answer",
            (false, 0) => "idle",
            (false, _) => "answers",
        }),
        not_responding: (seconds >= SILENCE_SECONDS).then_some(not_responding),
        operations_per_second: counts.map(|(operations, _, _)| rate(operations, seconds)),
        latency_ms: counts
            .filter(|(operations, _, _)| *operations > 0)
            .map(|(operations, milliseconds, _)| round(milliseconds as f64 / operations as f64)),
        retransmissions_per_second: counts.map(|(_, _, again)| rate(again, seconds)),
        ..absent
    }
}
