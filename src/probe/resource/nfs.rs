//! Mounts from NFS servers: how long requests take, and whether the server answers. Nothing is asked of the server: the
//! kernel's own counters say it.

mod mountstats;

use crate::base::identity::identity;
use crate::model::record::round;
use crate::probe::growth::{growth, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use mountstats::{Counts, NfsMount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest mount point, in characters: that of a path.
const POINT_MAX: usize = 4096;
/// No client makes more requests than this in a second.
const MOST_PER_SECOND: f64 = 1e8;
/// Shortest interval in which a server must have answered, in seconds.
const SILENCE_SECONDS: f64 = 20.0;
/// A server that was asked and did not answer remains silent without being asked again for this time, in seconds. TCP
/// mounts repeat a request after one to three minutes, and try to connect again after at most five.
const PENDING_SECONDS: f64 = 600.0;

/// An element of the section `nfs`.
#[derive(Debug, Serialize)]
struct Nfs {
    mount: String,
    /// `server:/export`.
    export: String,
    /// `answers`, `does not answer`, `idle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Requests were sent, or a connection was tried, and nothing has come back since, for an interval or more.
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

/// What is kept of a mount.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    counts: Counts,
    /// Seconds since the server was last asked, while it owes an answer.
    #[serde(default)]
    silent_seconds: Option<f64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "nfs", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    // The kernel has this file once a client of NFS is loaded.
    if run.root.proc("net/rpc/nfs").is_err() {
        return Ok(());
    }
    let mounts = mountstats::parse(&run.proc("self/mountstats")?);
    let before = run.previous::<BTreeMap<String, Kept>>("nfs");
    let mut counters = BTreeMap::new();
    let mut section = Vec::new();
    for NfsMount { point, export, counts } in mounts {
        let mount = identity(&point, POINT_MAX);
        let earlier = before.as_ref().and_then(|(before, seconds)| Some((*before.get(&mount)?, *seconds)));
        let silent_seconds = earlier.and_then(|(before, seconds)| silence(counts, before, seconds));
        counters.insert(mount.clone(), Kept { counts, silent_seconds });
        let earlier = earlier.map(|(before, seconds)| (before.counts, seconds));
        section.push(nfs(run, mount, export, counts, earlier, silent_seconds.is_some()));
    }
    run.counters.keep("nfs", &counters);
    run.add("nfs", &section)
}

/// All counters begin again with a new mount at the same place, which is no mistake.
fn is_new(now: Counts, before: Counts) -> bool {
    now.operations < before.operations || now.sent < before.sent
}

/// Seconds since the server was last asked, while it owes an answer; `None`: it owes none.
fn silence(now: Counts, before: Kept, seconds: f64) -> Option<f64> {
    let Kept { counts: before, silent_seconds } = before;
    if is_new(now, before) || now.received > before.received {
        return None;
    }
    let is_asked = now.sent > before.sent || now.connects > before.connects;
    let silent = if is_asked { Some(0.0) } else { silent_seconds.map(|silent| silent + seconds) };
    silent.filter(|silent| *silent <= PENDING_SECONDS)
}

fn nfs(
    run: &mut Measurement<'_>,
    mount: String,
    export: String,
    now: Counts,
    earlier: Option<(Counts, f64)>,
    is_silent: bool,
) -> Nfs {
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
    if is_new(now, before) {
        return absent;
    }
    let grown = |field: fn(Counts) -> u64| growth(field(now), field(before), seconds * MOST_PER_SECOND);
    let counts = grown(|it| it.operations).and_then(|operations| {
        let again = grown(|it| it.transmissions)?.saturating_sub(operations);
        Ok((operations, grown(|it| it.milliseconds)?, again))
    });
    let counts = counts.map_err(|reason| run.discard(format!("nfs {}", absent.mount), reason)).ok();
    Nfs {
        state: Some(match (is_silent, now.received > before.received) {
            (true, _) => "does not answer",
            (false, false) => "idle",
            (false, true) => "answers",
        }),
        not_responding: (seconds >= SILENCE_SECONDS).then_some(is_silent),
        operations_per_second: counts.map(|(operations, _, _)| rate(operations, seconds)),
        latency_ms: counts
            .filter(|(operations, _, _)| *operations > 0)
            .map(|(operations, milliseconds, _)| round(milliseconds as f64 / operations as f64)),
        retransmissions_per_second: counts.map(|(_, _, again)| rate(again, seconds)),
        ..absent
    }
}
