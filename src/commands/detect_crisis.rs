//! `osmon detect-crisis`: the rules on the newest snapshot.

use super::here::Here;
use super::{alive, evidence, learn, mutes, replay, verdict};
use crate::alert::outbox::name;
use crate::alert::{LEDGER, Ledger, Outbox};
use crate::base::clock::{Now, parse};
use crate::base::fault::Fault;
use crate::base::units::duration;
use crate::cli::{Call, Command, Exit};
use crate::crisis::{Clock, State, step};
use crate::model::event::{Event, Kind};
use crate::model::metric::Metric;
use crate::model::record::{Header, Record, sections};
use crate::model::walk::walk;
use crate::store::{EVENTS, SNAPSHOTS};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use clap::{Args, FromArgMatches};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How old a snapshot may be and still say something about the present, in seconds.
pub const STALE_SECONDS: i64 = 180;
const PATIENCE: Duration = Duration::from_secs(10);
/// Name of the state file.
const STATE: &str = "crisis";

#[derive(Debug, Args)]
struct Arguments {
    /// Judge the past instead: how often would these rules have called me? Writes nothing
    #[arg(long, conflicts_with = "replay")]
    dry_run: bool,
    /// … from when: 7d, yesterday, 2026-11-01 [default: 7d]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The same over a foreign series: lines of timestamp,value ("-": standard input)
    #[arg(long, value_name = "FILE", requires = "metric")]
    replay: Option<PathBuf>,
    /// … and the metric that it is, so that the rules that watch it are tried
    #[arg(long, value_name = "NAME", requires = "replay")]
    metric: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "detect-crisis",
    aliases: &[],
    about: "Judge the newest snapshot by the rules; tell of what began, got worse or ended",
    examples: "  osmon detect-crisis -v      the verdict, also without a terminal\n  osmon detect-crisis --json\n  osmon detect-crisis --dry-run --since 30d\n  osmon detect-crisis --replay cpu.csv --metric cpu.busy_percent",
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

impl Detected {
    /// The events that people are to be told: what an earlier run could not put into the outbox, then the
    /// new ones, without what is muted.
    pub fn to_tell(&self) -> Vec<Event> {
        let events = self.state.untold.iter().chain(&self.events);
        events.filter(|event| event.muted.is_none()).cloned().collect()
    }

    /// The same for the history.
    fn to_record(&self) -> Vec<Event> {
        let events = self.state.unrecorded.iter().chain(&self.events);
        events.filter(|event| event.kind != Kind::Alive).cloned().collect()
    }
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
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    if arguments.dry_run || arguments.replay.is_some() {
        let Arguments { since, replay: file, metric, .. } = &arguments;
        let asked = replay::Asked { since: since.as_deref(), file: file.as_deref(), metric: metric.as_deref() };
        return replay::run(call, &asked);
    }
    if arguments.since.is_some() {
        return Err(Fault::Usage("--since belongs to --dry-run or --replay".to_string()).into());
    }
    let here = Here::open(call)?;
    let directory = here.store.directory();
    let none = || Fault::BadData(format!("no snapshot in {}; run osmon probe first", directory.display()));
    if !directory.exists() {
        return Err(none().into());
    }
    let lock = here.store.lock(PATIENCE)?;
    let snapshot = here.store.last(SNAPSHOTS, here.now.wall)?.ok_or_else(none)?;
    let head: Head = serde_json::from_str(&snapshot).context("the newest snapshot has no header")?;
    let age = parse(&head.time).map_or(i64::MAX, |time| (here.now.wall - time).num_seconds());
    if age > STALE_SECONDS {
        return Err(Fault::BadData(format!(
            "the newest snapshot is {} old; does cron run osmon probe?",
            duration(age as f64)
        ))
        .into());
    }
    let mut detected = evaluate(&here, &snapshot)?;
    detected.events = evidence::add(&here, detected.events, None);
    alive::add(&here, &mut detected);
    promise(&here, &detected);
    let enqueued = enqueue(&here, &detected.to_tell());
    commit(&here, &detected, enqueued.is_ok())?;
    enqueued?;
    let learned = learn::keep_up(&here);
    here.keep_configuration();
    drop(lock);
    if let Err(error) = learned {
        here.out.complain(&format!("what is usual could not be learned: {error:#}"));
    }
    let exit = verdict::exit(&detected.state);
    if call.out.json {
        call.out.result(&verdict::json(&here, &detected.state, &detected.events));
    }
    let mut lines = verdict::lines(&here.out, &detected.state, here.now.wall);
    lines.extend(learn::lines(&here));
    call.out.say(&lines.join("\n"));
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
        mutes: mutes::read(here),
        told_from: here.config.alert.told_from(),
        failed: head.probe.failed.clone(),
        sections: sections(snapshot),
        bands: learn::bands(here, now.wall),
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

/// Writes down what is going to be told and recorded, before it is: whenever a run ends, the next one knows what it owes.
/// The lock is held.
pub fn promise(here: &Here, detected: &Detected) {
    let (untold, unrecorded) = (detected.to_tell(), detected.to_record());
    if !(untold.is_empty() && unrecorded.is_empty()) {
        // On a disk that is full people are told all the same; `commit` says what is wrong.
        let _ = save(here, &State { untold, unrecorded, ..detected.state.clone() });
    }
}

/// Puts events on their way to people, before the history has them. With nobody to tell nothing is queued.
///
/// # Errors
/// When one cannot be written; the others are there all the same.
pub fn enqueue(here: &Here, events: &[Event]) -> Result<()> {
    let outbox = Outbox::new(here.store.directory());
    let told = if here.config.alert.routes.is_empty() { &[] } else { events };
    told.iter().map(|event| here.store.with_reserve(|| outbox.put(event))).fold(Ok(()), Result::and)
}

/// What found no room in the outbox: the next run puts it in. What came of telling it from memory the ledger knows.
fn without_room(here: &Here, detected: &Detected) -> Vec<Event> {
    let outbox = Outbox::new(here.store.directory());
    let ledger: Ledger = here.peek_state(LEDGER).unwrap_or_default();
    let oldest = here.now.wall - TimeDelta::seconds(here.config.alert.expire_seconds());
    let is_over =
        |event: &Event| parse(&event.time).is_some_and(|time| time < oldest) && ledger.has_somebody(&name(event));
    let mut events = detected.to_tell();
    events.retain(|event| outbox.stage(event).is_none() && !is_over(event));
    events
}

/// Appends the events to the history and keeps the state; with what is to be told, where the outbox did not take it. The
/// lock is held.
pub fn commit(here: &Here, detected: &Detected, is_enqueued: bool) -> Result<()> {
    let events = detected.to_record();
    let recorded = events.iter().try_for_each(|event| append(here, event));
    // The state also when history has no room: a full disk must not make the same crisis begin again each minute.
    let unrecorded = if recorded.is_ok() { Vec::new() } else { events };
    let untold = if is_enqueued { Vec::new() } else { without_room(here, detected) };
    let saved = save(here, &State { untold, unrecorded, ..detected.state.clone() });
    recorded.and(saved)
}

fn save(here: &Here, state: &State) -> Result<()> {
    here.store.with_reserve(|| here.store.save_state(STATE, state))
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
