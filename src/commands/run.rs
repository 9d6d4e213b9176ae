//! `osmon run`: the whole minute in one process. What cron calls.
//!
//! Every step has its own time limit and its own failure; one that fails stops none of the others. The limits add up
//! to less than 55 s, so that a run is over before the next one begins.

use super::here::Here;
use super::probe_table;
use super::{alive, detect_crisis, evidence, graph, learn, probe, refuge, send_alert, skipped, upkeep, verdict};
use crate::alert::heartbeat;
use crate::base::bounded::{self, Unfinished};
use crate::base::clock::{boottime_seconds, local_minute, zone_name};
use crate::base::lock::Lock;
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit};
use crate::model::event::Event;
use anyhow::{Result, anyhow};
use clap::Args;
use std::io;
use std::time::Duration;

/// How long somebody else who writes (a repair, a rebuild, a probe by hand) is waited for before this run is skipped. Another
/// run is not waited for: it has the turn.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Without a person looking, a run that comes so soon after the last one was started at the same moment, in seconds.
const SAME_MOMENT_SECONDS: f64 = 1.0;
const PROBE_LIMIT: Duration = Duration::from_secs(8);
const DETECT_LIMIT: Duration = Duration::from_secs(2);
const WRITE_LIMIT: Duration = Duration::from_secs(3);
const UPKEEP_LIMIT: Duration = Duration::from_secs(5);
const LEARN_LIMIT: Duration = Duration::from_secs(2);
const SEND_LIMIT: Duration = Duration::from_secs(16);
const REPORT_LIMIT: Duration = Duration::from_secs(5);
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
struct Arguments {}

/// The command.
pub const COMMAND: Command = Command {
    name: "run",
    aliases: &[],
    about: "The whole minute: measure, judge, store, alert, report (what cron calls)",
    examples: "  osmon run                   by hand: shows what it did\n  * * * * * osmon run         in a crontab: silent when all is well",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

/// One run: what to say of it, and whether a step failed.
struct Minute {
    here: Here,
    lines: Vec<String>,
    failure: Option<anyhow::Error>,
}

fn run(call: &Call) -> Result<Exit> {
    let started = boottime_seconds();
    let home = Here::open(call)?;
    let Ok(turn) = turn(&home) else { return busy(&home) };
    let place = match home.store.try_lock(PATIENCE) {
        Ok(Some(lock)) if home.store.is_writable() => match refuge::leave(&home) {
            Ok(()) => Place { here: home, lock: Some(lock), turn, trouble: None, is_taken: false },
            // The newest state and the alerts that wait are there still.
            Err(error) => away(home, turn, error)?,
        },
        Ok(None) => return busy(&home),
        Ok(Some(_)) => away(home, turn, io::Error::from(io::ErrorKind::ReadOnlyFilesystem).into())?,
        Err(error) => away(home, turn, error)?,
    };
    let Place { here, lock, turn, trouble, is_taken } = place;
    if is_taken {
        return busy(&here);
    }
    let is_by_hand = here.out.is_shown() || here.out.json;
    let age = detect_crisis::last_judged(&here).map(|last| here.now.boottime_seconds - last.boottime_seconds);
    if !is_by_hand && age.is_some_and(|age| age.abs() < SAME_MOMENT_SECONDS) {
        // Many were started at once, and one of them is done already.
        return Ok(Exit::Done);
    }
    here.say_warnings();
    let mut minute = Minute { here: here.clone(), lines: Vec::new(), failure: trouble };
    minute.heading();
    let unsaved = minute.measure_and_judge(lock.is_some());
    drop(lock);
    minute.tell(unsaved);
    minute.report();
    minute.beat();
    drop(turn);
    minute.close(started)
}

/// What the run stands on.
struct Place {
    here: Here,
    /// Held while it writes; `None`: nothing can be written anywhere.
    lock: Option<Lock>,
    /// Held until it is over; `None`: no file can be made for that.
    turn: Option<Lock>,
    /// Why it is not at home.
    trouble: Option<anyhow::Error>,
    /// Somebody else is at work there.
    is_taken: bool,
}

/// Another run has the turn.
struct Taken;

/// The turn of this run, where a file can be made for it.
fn turn(here: &Here) -> Result<Option<Lock>, Taken> {
    match here.store.try_turn() {
        Ok(None) => Err(Taken),
        Ok(turn) => Ok(turn),
        Err(_) => Ok(None),
    }
}

/// Nothing can be written at home: the run goes on in memory, or where there is none without writing at all.
fn away(home: Here, at_home: Option<Lock>, error: anyhow::Error) -> Result<Place> {
    let Some(here) = refuge::enter(&home) else {
        say_away(&home, &home, &error, false);
        return Ok(Place { here: home, lock: None, turn: at_home, trouble: Some(error), is_taken: false });
    };
    let (turn, lock) = match turn(&here) {
        Ok(turn) => (turn, here.store.try_lock(PATIENCE)?),
        Err(Taken) => (None, None),
    };
    if lock.is_some() {
        say_away(&home, &here, &error, true);
    }
    let is_taken = lock.is_none();
    Ok(Place { here, lock, turn: turn.or(at_home), trouble: Some(error), is_taken })
}

fn say_away(home: &Here, here: &Here, error: &anyhow::Error, is_kept: bool) {
    let place = home.store.directory().display();
    let instead = if is_kept {
        format!("history is kept in {} until it can", here.store.directory().display())
    } else {
        "nothing is kept".to_string()
    };
    here.out.complain(&format!("the data directory {place} cannot be written ({error:#}); {instead}"));
}

/// Another run is at work: silence, and a count.
fn busy(here: &Here) -> Result<Exit> {
    here.out.say("another osmon run is still at work: this one is skipped");
    skipped::count(here)?;
    Ok(Exit::Done)
}

impl Minute {
    /// Does one step with its time limit; a failure is said and remembered, and the next step goes on.
    fn step<T: Send + 'static>(
        &mut self,
        name: &str,
        limit: Duration,
        work: impl FnOnce(&Here) -> Result<T> + Send + 'static,
    ) -> Option<T> {
        let here = self.here.clone();
        let result = match bounded::run(limit, move || work(&here)) {
            Ok(result) => result,
            Err(Unfinished::TimedOut) => Err(anyhow!("did not finish within {} s; left alone", limit.as_secs())),
            Err(Unfinished::Panicked) => Err(anyhow!("failed inside osmon (please report this)")),
        };
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.here.out.complain(&format!("{name}: {error:#}"));
                self.line(name, &format!("{}: {error}", self.here.out.paint(Style::Bad, "failed")));
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    fn line(&mut self, name: &str, text: &str) {
        self.lines.push(format!("  {name:<10}{text}"));
    }

    fn heading(&mut self) {
        let out = &self.here.out;
        let now = self.here.now.wall;
        let heading = format!(
            "{} · {} · {} {}",
            out.paint(Style::Bold, "osmon"),
            self.here.root.host_name(),
            local_minute(now),
            zone_name(now)
        );
        self.lines.push(heading);
    }

    /// Probe, judge from memory, put alerts into the outbox, and only then store. Gives the events that found no room.
    fn measure_and_judge(&mut self, may_write: bool) -> Vec<Event> {
        let (skipped, told_late) = if may_write { skipped::take(&self.here) } else { (0, Vec::new()) };
        let Some((probed, json)) = self.step("measure", PROBE_LIMIT, move |here| probe::measure(here, skipped)) else {
            return Vec::new();
        };
        self.line("measured", &probe_table::one_line(&json));
        let (judged, processes) = (json.clone(), probed.processes.to_json().ok());
        let Some(mut detected) = self.step("judge", DETECT_LIMIT, move |here| {
            let mut detected = detect_crisis::evaluate(here, &judged)?;
            detected.events = evidence::add(here, detected.events, processes);
            alive::add(here, &mut detected);
            Ok(detected)
        }) else {
            return Vec::new();
        };
        detected.events.splice(0..0, told_late);
        let events = detected.to_tell();
        let verdict = verdict::lines(&self.here.out, &detected.state, self.here.now.wall);
        if !may_write {
            self.lines.extend(verdict);
            return events;
        }
        let (promised, queued) = (detected.clone(), events.clone());
        let enqueue = move |here: &Here| {
            detect_crisis::promise(here, &promised);
            detect_crisis::enqueue(here, &queued)
        };
        let enqueued = self.step("alert", WRITE_LIMIT, enqueue).is_some();
        self.step("store", WRITE_LIMIT, move |here| {
            // One that fails does not stop the other; the reserve is for the state, so history comes first without it.
            let recorded = probe::record(here, &probed, &json);
            let committed = detect_crisis::commit(here, &detected, enqueued);
            let recorded = probe::conclude(here, recorded);
            here.keep_configuration();
            here.store.keep_reserve();
            recorded.and(committed)
        });
        self.step("upkeep", UPKEEP_LIMIT, upkeep::keep_up);
        self.step("learn", LEARN_LIMIT, learn::keep_up);
        self.lines.extend(verdict.into_iter().map(|line| {
            if line.starts_with("  ") { format!("          {line}") } else { format!("  {:<10}{line}", "verdict") }
        }));
        for line in learn::lines(&self.here) {
            self.line("", &line);
        }
        if enqueued { Vec::new() } else { events }
    }

    fn tell(&mut self, unsaved: Vec<Event>) {
        if let Some(outcome) = self.step("send", SEND_LIMIT, move |here| send_alert::deliver(here, &unsaved)) {
            self.line("alerts", &outcome.sentence());
            if outcome.is_failing() {
                // It was said when it was tried; this run is no good one all the same.
                self.failure.get_or_insert(io::Error::other(outcome.sentence()).into());
            }
        }
        for trouble in self.here.troubles() {
            let style = if trouble.is_loss { Style::Bad } else { Style::Warn };
            self.line("alerts", &self.here.out.paint(style, &trouble.text));
        }
    }

    fn report(&mut self) {
        if let Some(path) = self.step("report", REPORT_LIMIT, |here| graph::write(here, None)) {
            self.line("report", &path.display().to_string());
        }
    }

    /// Tells whoever waits for it that this run was good, or why it was not.
    fn beat(&mut self) {
        let url = self.here.config.alert.heartbeat_url.clone();
        let failure = self.failure.as_ref().map(|failure| format!("{failure:#}"));
        if !url.is_empty() {
            let beat = move |here: &Here| {
                let ca_file = &here.config.alert.smtp.ca_file;
                heartbeat::beat(&url, failure.as_deref(), ca_file, HEARTBEAT_LIMIT).map_err(Into::into)
            };
            self.step("heartbeat", HEARTBEAT_LIMIT * 2, beat);
        }
    }

    fn close(mut self, started: f64) -> Result<Exit> {
        let directory = self.here.store.directory().display().to_string();
        self.line("history", &directory);
        let took = format!("  {:<10}{:.2} s", "took", boottime_seconds() - started);
        self.lines.push(self.here.out.paint(Style::Dim, &took));
        if self.here.out.json {
            let state = detect_crisis::state(&self.here);
            self.here.out.result(&verdict::json(&self.here, &state, &[]));
        }
        self.here.out.say(&self.lines.join("\n"));
        Ok(self.failure.as_ref().map_or(self.here.exit(), Exit::of))
    }
}
