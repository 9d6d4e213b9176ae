//! Runs that found another one still at work: counted, and from the fifth in a row on an incident.

use super::here::Here;
use super::{detect_crisis, send_alert};
use crate::base::clock::{parse, stamp};
use crate::base::file::{FILE_MODE, make_directory, read_at_most};
use crate::model::event::{Event, Kind};
use crate::model::incident::Severity;
use anyhow::{Context, Result};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// So many in a row are told.
const LIMIT: usize = 5;
/// Longest memory of skipped runs that is read, in bytes: some weeks.
const MEMORY_MAX: u64 = 1024 * 1024;

fn file(here: &Here) -> PathBuf {
    here.store.directory().join("state").join("skipped")
}

/// The times of the runs that were skipped since the last one that was not.
fn times(here: &Here) -> Vec<String> {
    let content = read_at_most(&file(here), MEMORY_MAX).unwrap_or_default();
    String::from_utf8_lossy(&content).lines().filter(|line| parse(line).is_some()).map(ToString::to_string).collect()
}

/// Counts this run as skipped; with the fifth in a row people are told, without the lock that somebody else holds.
pub fn count(here: &Here) -> Result<()> {
    let path = file(here);
    let line = format!("{}\n", stamp(here.now.wall));
    make_directory(&here.store.directory().join("state"))
        .and_then(|()| OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(&path))
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .with_context(|| format!("could not count a skipped run in {}", path.display()))?;
    let times = times(here);
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

/// How many runs were skipped before this one; when it had become an incident, the events to tell and record.
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
    (times.len() as u64, events)
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
    }
}
