//! `osmon detect-crisis`: the rules on the newest snapshot.

use super::here::Here;
use super::verdict;
use crate::alert::Outbox;
use crate::base::clock::{Now, parse};
use crate::base::fault::Fault;
use crate::base::units::duration;
use crate::cli::{Call, Command, Exit};
use crate::crisis::{Clock, Mutes, State, step};
use crate::model::event::Event;
use crate::model::metric::Metric;
use crate::model::record::{HEADER, Header, Record};
use crate::model::walk::walk;
use crate::store::{EVENTS, SNAPSHOTS};
use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How old a snapshot may be and still say something about the present, in seconds.
pub const STALE_SECONDS: i64 = 180;
const PATIENCE: Duration = Duration::from_secs(10);
/// Name of the state file.
const STATE: &str = "crisis";
/// Name of the file with what people muted.
const MUTES: &str = "silence";

#[derive(Debug, Args)]
struct Arguments {}

/// The command.
pub const COMMAND: Command = Command {
    name: "detect-crisis",
    aliases: &[],
    about: "Judge the newest snapshot by the rules; tell of what began, got worse or ended",
    examples: "  osmon detect-crisis -v      the verdict, also without a terminal\n  osmon detect-crisis --json",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done, Exit::Warning, Exit::Critical, Exit::Unknown],
    failure: Some(Exit::Unknown),
};

/// What the rules said.
#[derive(Debug, Clone)]
pub struct Detected {
    /// What is remembered for the next judgement.
    pub state: State,
    /// What began, got worse or ended.
    pub events: Vec<Event>,
}

/// What is read of a snapshot's header.
#[derive(Debug, Deserialize)]
struct Head {
    time: String,
    host: String,
    boot_id: String,
    boottime_seconds: f64,
    #[serde(default)]
    probe: Own,
}

/// What is read of a snapshot's section `probe`.
#[derive(Debug, Default, Deserialize)]
struct Own {
    #[serde(default)]
    failed: BTreeMap<String, String>,
}

/// What every Linux host has: when one of these could not be measured, nobody knows whether all is well.
const ESSENTIAL: [&str; 5] = ["cpu", "load", "memory", "disk", "process"];

fn run(call: &Call) -> Result<Exit> {
    let here = Here::open(call)?;
    let lock = here.store.lock(PATIENCE)?;
    let newest = here.store.last(SNAPSHOTS, here.now.wall)?;
    let snapshot = newest.ok_or_else(|| Fault::BadData("no snapshot yet; run osmon probe first".to_string()))?;
    let head: Head = serde_json::from_str(&snapshot).context("the newest snapshot has no header")?;
    let age = parse(&head.time).map_or(i64::MAX, |time| (here.now.wall - time).num_seconds());
    if age > STALE_SECONDS {
        return Err(Fault::BadData(format!(
            "the newest snapshot is {} old; does cron run osmon probe?",
            duration(age as f64)
        ))
        .into());
    }
    let detected = evaluate(&here, &snapshot)?;
    enqueue(&here, &detected.events)?;
    commit(&here, &detected)?;
    drop(lock);
    let exit = verdict::exit(&detected.state);
    if call.out.json {
        call.out.result(&verdict::json(&here, &detected.state, &detected.events));
    }
    call.out.say(&verdict::lines(&here.out, &detected.state, here.now.wall).join("\n"));
    Ok(exit)
}

/// Judges one snapshot. Nothing is written. One that was judged already is not counted again.
pub fn evaluate(here: &Here, snapshot: &str) -> Result<Detected> {
    let head: Head = serde_json::from_str(snapshot).context("the snapshot has no header")?;
    let state: State = here.load_state(STATE).unwrap_or_default();
    let now = Now { wall: parse(&head.time).unwrap_or(here.now.wall), boottime_seconds: head.boottime_seconds };
    let judged =
        state.last.is_some_and(|last| state.boot_id == head.boot_id && last.boottime_seconds >= now.boottime_seconds);
    if judged {
        return Ok(Detected { state, events: Vec::new() });
    }
    let mut metrics = Vec::new();
    walk(snapshot, &mut |name, labels, value| {
        metrics.push(Metric { name: name.to_string(), labels: labels.to_vec(), value });
    })
    .context("the snapshot is damaged")?;
    let clock = Clock {
        mutes: here.load_state::<Mutes>(MUTES).unwrap_or_default(),
        failed: head.probe.failed.clone(),
        sections: sections(snapshot),
        ..Clock::new(now, head.boot_id, head.host)
    };
    let (mut state, events) = step(&here.config.rules, &state, &metrics, &clock);
    let failed = ESSENTIAL.iter().filter_map(|name| Some(format!("{name}: {}", head.probe.failed.get(*name)?)));
    state.unmeasured = failed.collect();
    if !state.unmeasured.is_empty() {
        here.out.complain(&format!("could not measure {}", state.unmeasured.join("; ")));
    }
    Ok(Detected { state, events })
}

/// Names of the sections of a snapshot, also of those without an element.
fn sections(snapshot: &str) -> BTreeSet<String> {
    let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(snapshot).unwrap_or_default();
    members.into_keys().filter(|name| !HEADER.contains(&name.as_str())).collect()
}

/// Puts events on their way to people, before anything else remembers them. With nobody to tell nothing is queued, and what is muted
/// is only for the history.
pub fn enqueue(here: &Here, events: &[Event]) -> Result<()> {
    let outbox = Outbox::new(here.store.directory());
    let told = if here.config.alert.to.is_empty() { &[] } else { events };
    let mut told = told.iter().filter(|event| event.muted.is_none());
    told.try_for_each(|event| here.store.with_reserve(|| outbox.put(event)))
}

/// Appends the events to the history and keeps the state. The lock is held.
pub fn commit(here: &Here, detected: &Detected) -> Result<()> {
    // The state first: a full disk must not make the same crisis begin again each minute.
    here.store.with_reserve(|| here.store.save_state(STATE, &detected.state))?;
    for event in &detected.events {
        append(here, event)?;
    }
    Ok(())
}

/// Appends one event to the history. The lock is held.
pub fn append(here: &Here, event: &Event) -> Result<()> {
    let header =
        Header { now: here.now, host: event.host.clone(), boot_id: here.root.boot_id(), interval_seconds: None };
    let mut record = Record::new(header);
    record.add("event", event)?;
    here.store.append(EVENTS, &here.now, &record.to_json()?)
}

/// The state as it was last judged.
pub fn state(here: &Here) -> State {
    here.load_state(STATE).unwrap_or_default()
}

/// When the last snapshot of this boot was judged. A state that is damaged is left for those who judge.
pub fn last_judged(here: &Here) -> Option<Now> {
    let state = here.store.load_cache::<State>(STATE)?;
    let last = state.last.filter(|_| state.boot_id == here.root.boot_id())?;
    Some(Now { wall: last.wall, boottime_seconds: last.boottime_seconds })
}
