//! `osmon probe`: one snapshot of this host.

use super::here::Here;
use super::{marks, probe_table};
use crate::cli::{Call, Command, Exit};
use crate::probe::{Asked, Previous, Probed, Scope, probe};
use crate::store::{PROCESSES, SNAPSHOTS};
use anyhow::{Context, Result};
use clap::{Args, FromArgMatches};
use std::time::Duration;

/// How long a probe waits for another osmon to finish writing.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
struct Arguments {
    /// Measure and print only: nothing is written
    #[arg(long)]
    no_store: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "probe",
    aliases: &[],
    about: "Measure this host: one snapshot, shown on a terminal and appended to the history",
    examples: "  osmon probe                 the host at a glance\n  osmon probe --json | jq .cpu\n  osmon probe --no-store      look without writing",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = Here::open_to_measure(call)?;
    let (probed, json, stored) = if arguments.no_store {
        let (probed, json) = measure(&here, 0)?;
        (probed, json, Ok(()))
    } else {
        let lock = here.store.lock(PATIENCE)?;
        let (probed, json) = measure(&here, 0)?;
        let stored = conclude(&here, record(&here, &probed, &json));
        here.store.keep_reserve();
        drop(lock);
        (probed, json, stored)
    };
    if call.out.json {
        call.out.result(&json);
    }
    if call.out.is_shown() {
        call.out.say(&probe_table::render(&call.out, &json, &probed.processes.to_json()?));
    }
    // What was measured is shown also when it could not be stored.
    stored.map(|()| Exit::Done)
}

/// Measures; gives the snapshot and its JSON.
pub fn measure(here: &Here, skipped_runs: u64) -> Result<(Probed, String)> {
    let previous = here.store.load_cache::<Previous>("probe");
    let probed = probe(&here.root, &here.config.probe, here.now, previous, &Asked { scope: Scope::All, skipped_runs });
    let json = probed.snapshot.to_json().context("could not write the snapshot as JSON")?;
    Ok((probed, json))
}

/// What became of a snapshot.
pub struct Recorded {
    /// Whether it is in the history.
    snapshot: Result<()>,
    /// Whether all that belongs to it is there too.
    rest: Result<()>,
}

/// Appends a snapshot, its processes and what happened since the last one to the history, and keeps the counters. The
/// lock is held.
pub fn record(here: &Here, probed: &Probed, json: &str) -> Recorded {
    let found = marks::found(here, probed);
    if let Err(error) = here.store.append(SNAPSHOTS, &here.now, json) {
        return Recorded { snapshot: Err(error), rest: Ok(()) };
    }
    // Each is worth having without the others. The counters come last: a crash before that finds the same marks again.
    let marked = marks::append_all(here, found);
    let listed = if probed.processes.is_empty() {
        Ok(())
    } else {
        probed.processes.to_json().map_err(Into::into).and_then(|json| here.store.append(PROCESSES, &here.now, &json))
    };
    let kept = here.store.save_cache("probe", &probed.counters);
    Recorded { snapshot: Ok(()), rest: marked.and(listed).and(kept) }
}

/// Remembers a snapshot that could not be stored, after everything that is more urgent was written. The lock is held.
pub fn conclude(here: &Here, recorded: Recorded) -> Result<()> {
    if let Err(error) = &recorded.snapshot {
        marks::remember_not_stored(here, error);
    }
    recorded.snapshot.and(recorded.rest)
}
