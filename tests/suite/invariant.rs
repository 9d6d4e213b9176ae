//! Invariants of a data directory.

use super::harness::{Host, tool};
use chrono::{DateTime, TimeDelta, Utc};
use osmon::model::walk::walk;
use osmon::store::query::Query;
use osmon::store::tier::Tier;
use osmon::store::{EVENTS, PROCESSES, SNAPSHOTS, Store};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A metric that every snapshot has.
pub const EVER: &str = "memory.used_percent";

/// The records of a span, by stream and time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Stream and time → record.
    pub records: BTreeMap<(String, String), String>,
    /// Number of occurrences by id: a crash may write an event twice.
    pub events: BTreeMap<String, usize>,
    /// Damaged lines that were passed over.
    pub damaged: usize,
}

/// Reads everything from `since` to `until` through the library; panics on invalid records.
#[track_caller]
pub fn read(data: &Path, since: DateTime<Utc>, until: DateTime<Utc>) -> History {
    let (store, mut history) = (Store::new(data.to_path_buf()), History::default());
    for stream in [SNAPSHOTS, PROCESSES] {
        let reading = store.read(stream, since, until, &mut |line| {
            let time = serde_json::from_str::<Value>(line).unwrap()["time"].as_str().unwrap().to_string();
            let known = history.records.insert((stream.to_string(), time.clone()), line.to_string());
            assert!(known.is_none(), "{stream} has {time} twice");
        });
        let reading = reading.unwrap();
        assert!(reading.unreadable.is_empty(), "{reading:?}");
        history.damaged += reading.damaged;
    }
    let reading = store.read(EVENTS, since, until, &mut |line| {
        let record: Value = serde_json::from_str(line).unwrap();
        // The others are marks.
        if let Some(id) = record["event"]["id"].as_str() {
            *history.events.entry(id.to_string()).or_default() += 1;
        }
    });
    history.damaged += reading.unwrap().damaged;
    history
}

impl History {
    /// How many snapshots there are.
    pub fn snapshots(&self) -> usize {
        self.records.keys().filter(|(stream, _)| stream == SNAPSHOTS).count()
    }

    /// Returns whether a snapshot of this moment exists.
    pub fn has(&self, time: DateTime<Utc>) -> bool {
        let time = time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        self.records.contains_key(&(SNAPSHOTS.to_string(), time))
    }

    /// Asserts that everything of an earlier reading is unchanged.
    #[track_caller]
    pub fn keeps(&self, earlier: &Self, since: DateTime<Utc>) {
        let since = since.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        for (key, record) in earlier.records.iter().filter(|((_, time), _)| *time >= since) {
            assert_eq!(self.records.get(key), Some(record), "{key:?} was acknowledged");
        }
    }
}

/// Every file below a directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Temporary files of interrupted writes.
pub fn leftovers(data: &Path) -> Vec<PathBuf> {
    files(data).into_iter().filter(|path| path.extension().is_some_and(|end| end == "tmp")).collect()
}

/// Asserts that state files and alerts parse, the page is complete or absent, and nothing was set aside.
#[track_caller]
pub fn whole(data: &Path) {
    for path in files(&data.join("state")).into_iter().chain(files(&data.join("outbox"))) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains(".corrupt-"), "{name}");
        if name.ends_with(".json") || name.ends_with(".json.1") {
            let content = fs::read(&path).unwrap();
            serde_json::from_slice::<Value>(&content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    if let Ok(page) = fs::read_to_string(data.join("report.html")) {
        assert!(page.starts_with("<!") && page.trim_end().ends_with("</html>"), "the page is whole");
    }
}

/// zcat, which knows nothing of osmon, inflates everything that is sealed.
#[track_caller]
pub fn inflates(data: &Path) -> usize {
    let sealed: Vec<String> = files(data)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "gz"))
        .map(|path| path.display().to_string())
        .collect();
    for part in sealed.chunks(500) {
        let names: Vec<&str> = std::iter::once("-t").chain(part.iter().map(String::as_str)).collect();
        let done = tool("gzip", &names);
        assert_eq!((done.code, done.err.as_str()), (0, ""));
    }
    sealed.len()
}

/// Number of samples of a metric in each tier from `since` to `until`.
pub fn counts(data: &Path, metric: &str, since: DateTime<Utc>, until: DateTime<Utc>) -> [u64; 4] {
    let store = Store::new(data.to_path_buf());
    [Tier::Columns, Tier::FiveMinutes, Tier::Hours, Tier::Days].map(|tier| {
        let answer = store.points(tier, &Query { is_wanted: &|name| name == metric, since, until }).unwrap();
        answer.points.values().flatten().map(|point| u64::from(point.count)).sum()
    })
}

/// Asserts that every tier contains every snapshot, once. `since` is the beginning of a day.
#[track_caller]
pub fn rolled_up(data: &Path, history: &History, since: DateTime<Utc>, until: DateTime<Utc>) {
    let records = history.records.iter().filter(|((stream, _), _)| stream == SNAPSHOTS);
    let mut expected = 0;
    for (_, line) in records {
        walk(line, &mut |name, _, _| expected += u64::from(name == EVER)).unwrap();
    }
    assert!(expected > 0, "{EVER} is measured");
    assert_eq!(counts(data, EVER, since, until), [expected; 4], "samples, five minutes, hours, days");
}

/// Days before `today` that are not sealed, and periods that are over and open.
pub fn unsealed(data: &Path, today: DateTime<Utc>) -> Vec<String> {
    let store = Store::new(data.to_path_buf());
    let mut open = Vec::new();
    for stream in [SNAPSHOTS, PROCESSES, EVENTS] {
        let days = store.days(stream).unwrap().into_iter();
        let plain = days.filter(|day| day.plain.is_some() && day.name < today.format("%Y-%m-%d").to_string());
        open.extend(plain.map(|day| format!("{stream}/{}", day.name)));
    }
    for tier in Tier::ROLLED {
        let periods = store.periods(tier).unwrap().0.into_iter().filter(|period| *period < tier.period(today));
        open.extend(periods.map(|period| format!("{}/{period}", tier.directory())));
    }
    open
}

/// The ids of all sent and queued alerts.
pub fn told(data: &Path) -> BTreeSet<String> {
    let alerts =
        files(&data.join("outbox")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "json"));
    alerts
        .map(|path| {
            serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap()["id"].as_str().unwrap().to_string()
        })
        .collect()
}

/// Asserts recovery: a run ends soon and silently, and all finished periods are closed.
#[track_caller]
pub fn recovers(host: &mut Host) {
    host.advance(60, 10);
    assert_eq!(host.osmon(&["run"]).ok().out, "");
    // Work interrupted after progress was saved is completed when the next hour is closed.
    host.advance(3600, 10);
    assert_eq!(host.osmon(&["run"]).ok().out, "");
    whole(&host.data());
    assert_eq!(unsealed(&host.data(), host.now), Vec::<String>::new(), "what is over is sealed");
    let seen = read(&host.data(), host.now - TimeDelta::hours(4), host.now);
    assert!(seen.has(host.now) && seen.has(host.now - TimeDelta::hours(1)), "recording goes on");
}

/// `osmon verify` finds nothing but torn lines, at most one for each kill.
#[track_caller]
pub fn verified(host: &Host, kills: usize) {
    let found = host.osmon(&["verify", "--json"]).json()["finding"].as_array().unwrap().clone();
    let kind = |finding: &Value| finding["kind"].as_str().unwrap().to_string();
    let torn = |finding: &Value| ["damaged_line", "damaged_block"].contains(&kind(finding).as_str());
    assert!(found.iter().all(torn), "{found:#?}");
    let count: u64 = found.iter().filter_map(|finding| finding["count"].as_u64()).sum();
    assert!(count <= kills as u64, "{count} torn after {kills} kills: {found:#?}");
}
