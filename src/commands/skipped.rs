//! Minutes whose run found another one still at work: counted, and from the fifth in a row on an incident. Many runs
//! at once are one minute.

use super::here::Here;
use super::{detect_crisis, send_alert};
use crate::base::clock::{parse, stamp};
use crate::base::file::{make_directory, read_at_most};
use crate::base::lock::acquire;
use crate::model::event::{Event, Kind};
use crate::model::incident::Severity;
use anyhow::{Context, Result};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// So many in a row are told.
const LIMIT: usize = 5;
/// Longest memory of skipped runs that is read, in bytes: some weeks.
const MEMORY_MAX: u64 = 1024 * 1024;

fn file(here: &Here) -> PathBuf {
    here.store.directory().join("state").join("skipped")
}

/// The minutes whose run was skipped since the last one that was not: the time of the first in each.
fn times(here: &Here) -> Vec<String> {
    let content = read_at_most(&file(here), MEMORY_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let mut minutes = HashSet::new();
    text.lines()
        .filter(|line| parse(line).is_some() && minutes.insert(minute(line).to_string()))
        .map(ToString::to_string)
        .collect()
}

/// Of a time all but the seconds.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}

/// Counts this minute as skipped; with the fifth in a row people are told, without the lock that somebody else holds.
pub fn count(here: &Here) -> Result<()> {
    let path = file(here);
    let now = stamp(here.now.wall);
    let why = || format!("could not count a skipped run in {}", path.display());
    // The file is its own lock: who finds it taken is one of many at once, and another counts this minute.
    let counting = make_directory(&here.store.directory().join("state")).and_then(|()| acquire(&path, Duration::ZERO));
    let Some(counting) = counting.with_context(why)? else { return Ok(()) };
    if times(here).iter().any(|time| minute(time) == minute(&now)) {
        return Ok(());
    }
    OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(format!("{now}\n").as_bytes()))
        .with_context(why)?;
    let times = times(here);
    drop(counting);
    if times.len() == LIMIT {
        here.out.complain(&format!(
            "{LIMIT} runs in a row found another osmon still at work; look for it with: fuser {}",
            here.store.directory().join("lock").display()
        ));
        detect_crisis::enqueue(here, &[event(here, &times, Kind::Fired)])?;
        send_alert::deliver(here, &[])?;
    }
    Ok(())
}

/// How many minutes were skipped before this one; when it had become an incident, the events to tell and record.
pub fn take(here: &Here) -> (u64, Vec<Event>) {
    let times = times(here);
    if times.is_empty() {
        return (0, Vec::new());
    }
    // A memory that stays is counted again: no more than a wrong number.
    let _ = fs::remove_file(file(here));
    let events = if times.len() >= LIMIT {
        vec![event(here, &times, Kind::Fired), event(here, &times, Kind::Recovered)]
    } else {
        Vec::new()
    };
    // A minute that has its snapshot was not skipped, whoever else was turned away in it.
    let last = detect_crisis::last_judged(here).map(|last| stamp(last.wall));
    let with_snapshot = [last.unwrap_or_default(), stamp(here.now.wall)];
    let is_skipped = |time: &&String| with_snapshot.iter().all(|other| minute(other) != minute(time));
    (times.iter().filter(is_skipped).count() as u64, events)
}

fn event(here: &Here, times: &[String], kind: Kind) -> Event {
    let since = times.first().cloned().unwrap_or_default();
    let began = parse(&since).unwrap_or(here.now.wall);
    let incident = format!("skipped-runs-{}", began.timestamp());
    let sequence = if kind == Kind::Fired { 1 } else { 2 };
    Event {
        id: format!("{incident}.{sequence}"),
        incident,
        kind,
        severity: Severity::Critical,
        time: stamp(here.now.wall),
        host: here.root.host_name(),
        rule: "skipped-runs".to_string(),
        title: "osmon run found another one still at work, runs in a row:".to_string(),
        metric: "probe.skipped_runs".to_string(),
        value: times.len() as f64,
        limit: LIMIT as f64,
        above: true,
        since,
        duration_seconds: ((here.now.wall - began).num_milliseconds() as f64 / 1e3).max(0.0),
        evidence: None,
        message: None,
        reason: None,
        well: false,
        muted: None,
    }
}
