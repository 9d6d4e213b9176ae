//! `osmon probe`: one snapshot of this host.

use super::here::Here;
use super::probe_table;
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
    let here = Here::open(call)?;
    let (probed, json, stored) = if arguments.no_store {
        let (probed, json) = measure(&here, 0)?;
        (probed, json, Ok(()))
    } else {
        let lock = here.store.lock(PATIENCE)?;
        let (probed, json) = measure(&here, 0)?;
        let stored = record(&here, &probed, &json);
        here.keep_configuration();
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

/// Appends a snapshot and its processes to the history, and keeps the counters. The lock is held.
pub fn record(here: &Here, probed: &Probed, json: &str) -> Result<()> {
    here.store.append(SNAPSHOTS, &here.now, json)?;
    if !probed.processes.is_empty() {
        here.store.append(PROCESSES, &here.now, &probed.processes.to_json()?)?;
    }
    here.store.save_cache("probe", &probed.counters)
}
