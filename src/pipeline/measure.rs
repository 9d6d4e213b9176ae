//! Measures this host and appends the snapshot to the history.

use crate::context::Context;
use crate::pipeline::annotations;
use crate::pipeline::clock;
use crate::pipeline::heal::section;
use crate::pipeline::identity::{self, Identity};
use crate::probe::{PreviousCounters, ProbeRequest, ProbeResult, Scope, probe};
use crate::store::{PROCESSES, SNAPSHOTS};
use anyhow::{Context as _, Result};

/// Measures; returns what was measured, the snapshot as JSON, and the host that records.
pub fn measure(context: &Context, skipped_runs: u64) -> Result<(ProbeResult, String, Identity)> {
    let previous = context.store.load_cache::<PreviousCounters>("probe");
    let identity = identity::identify(context);
    let previous = previous.filter(|_| !identity.is_other);
    let mut probed = probe(
        &context.root,
        &context.config.probe,
        context.now,
        previous,
        &ProbeRequest { scope: Scope::All, skipped_runs },
    );
    section::add(context, &mut probed);
    let json = probed.snapshot.to_json().context("could not write the snapshot as JSON")?;
    Ok((probed, json, identity))
}

/// Result of storing a snapshot.
pub struct Recorded {
    /// Result of appending the snapshot.
    snapshot: Result<()>,
    /// Result of appending processes and annotations and of saving the counters.
    rest: Result<()>,
}

/// Appends a snapshot, its processes and annotations to the history, and saves the counters. The lock is held.
/// `identity`: the host that records, if it was determined under this lock.
pub fn record(context: &Context, probed: &ProbeResult, json: &str, identity: Option<Identity>) -> Recorded {
    let identity = identity.unwrap_or_else(|| identity::identify(context));
    // If it cannot be kept, the next run judges the clock by an earlier reading.
    let back = clock::keep(context).ok().flatten();
    let mut found = if identity.is_other { Vec::new() } else { annotations::found(context, probed) };
    if let Some(back) = &back {
        clock::describe(&mut found, back);
    }
    if let Err(error) = context.store.append(SNAPSHOTS, &context.now, json) {
        return Recorded { snapshot: Err(error), rest: Ok(()) };
    }
    // Each is useful without the others. The counters come last: after a crash before that, the same annotations are
    // found again.
    let marked = annotations::append_all(context, found).and_then(|()| identity.keep(context));
    let listed = if probed.processes.is_empty() {
        Ok(())
    } else {
        probed
            .processes
            .to_json()
            .map_err(Into::into)
            .and_then(|json| context.store.append(PROCESSES, &context.now, &json))
    };
    let kept = context.store.save_cache("probe", &probed.counters);
    Recorded { snapshot: Ok(()), rest: marked.and(listed).and(kept) }
}

/// Records a snapshot that could not be stored, after everything more urgent was written. The lock is held.
pub fn conclude(context: &Context, recorded: Recorded) -> Result<()> {
    if let Err(error) = &recorded.snapshot {
        annotations::remember_not_stored(context, error);
    }
    recorded.snapshot.and(recorded.rest)
}
