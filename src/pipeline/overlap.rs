//! Minutes skipped because another run was still at work are counted; the fifth in a row raises an incident. Several
//! simultaneous runs count as one minute.

use super::{deliver, detect};
use crate::base::clock::{parse, stamp};
use crate::base::file::{make_directory, read_at_most};
use crate::base::lock::acquire;
use crate::context::Context;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::Message;
use anyhow::{Context as _, Result};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Number of skipped minutes in a row that raises an incident.
const LIMIT: usize = 5;
/// Largest file of skipped runs that is read, in bytes: some weeks.
const MEMORY_MAX: u64 = 1024 * 1024;

fn file(context: &Context) -> PathBuf {
    context.store.directory().join("state").join("skipped")
}

/// The minutes skipped since the last run: the time of the first run in each.
fn times(context: &Context) -> Vec<String> {
    let content = read_at_most(&file(context), MEMORY_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let mut minutes = HashSet::new();
    text.lines()
        .filter(|line| parse(line).is_some() && minutes.insert(minute(line).to_string()))
        .map(ToString::to_string)
        .collect()
}

/// A time without its seconds.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

/// Counts this minute as skipped; the fifth in a row is alerted without the lock, which the other run holds.
pub fn count(context: &Context) -> Result<()> {
    let path = file(context);
    let now = stamp(context.now.wall);
    let why = || format!("could not count a skipped run in {}", path.display());
    // The file is its own lock: if it is taken, another of several simultaneous runs counts this minute.
    let counting =
        make_directory(&context.store.directory().join("state")).and_then(|()| acquire(&path, Duration::ZERO));
    let Some(counting) = counting.with_context(why)? else { return Ok(()) };
    if times(context).iter().any(|time| minute(time) == minute(&now)) {
        return Ok(());
    }
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(format!("{now}\n").as_bytes()))
        .with_context(why)?;
    let times = times(context);
    drop(counting);
    if times.len() == LIMIT {
        context.out.warn(&format!(
            "{LIMIT} runs in a row found another osmon still running; look for it with: fuser {}",
            context.store.directory().join("lock").display()
        ));
        detect::enqueue(context, &[event(context, &times, EventKind::Fired)])?;
        deliver::deliver(context, &[], deliver::Pace::AtOnce, deliver::LIMIT_MIN)?;
    }
    Ok(())
}

/// Takes the number of minutes skipped before this one and, if they raised an incident, the events to deliver and
/// record.
pub fn take(context: &Context) -> (u64, Vec<Event>) {
    let times = times(context);
    if times.is_empty() {
        return (0, Vec::new());
    }
    // If the file stays, its minutes are counted again: only the number is wrong.
    let _ = fs::remove_file(file(context));
    let events = if times.len() >= LIMIT {
        vec![event(context, &times, EventKind::Fired), event(context, &times, EventKind::Recovered)]
    } else {
        Vec::new()
    };
    // A minute with a snapshot was not skipped, even if another run was turned away in it.
    let last = detect::last_judged(context).map(|last| stamp(last.wall));
    let with_snapshot = [last.unwrap_or_default(), stamp(context.now.wall)];
    let is_skipped = |time: &&String| with_snapshot.iter().all(|other| minute(other) != minute(time));
    (times.iter().filter(is_skipped).count() as u64, events)
}

fn event(context: &Context, times: &[String], kind: EventKind) -> Event {
    let since = times.first().cloned().unwrap_or_default();
    let began = parse(&since).unwrap_or(context.now.wall);
    let incident = format!("skipped-runs-{}", began.timestamp());
    let title = Message::new(key::CRISIS_OVERLAP);
    let sequence = if kind == EventKind::Fired { 1 } else { 2 };
    Event {
        id: format!("{incident}.{sequence}"),
        incident,
        kind,
        severity: Severity::Critical,
        time: stamp(context.now.wall),
        host: context.root.host_name(),
        rule: "skipped-runs".to_string(),
        title: title.english(),
        metric: "probe.skipped_runs".to_string(),
        value: times.len() as f64,
        limit: LIMIT as f64,
        above: true,
        since,
        duration_seconds: ((context.now.wall - began).num_milliseconds() as f64 / 1e3).max(0.0),
        evidence: None,
        message: None,
        reason: None,
        well: false,
        muted: None,
        information: false,
        localized: Localized { title: Some(title), ..Localized::default() },
    }
}
