//! Processes watched by name: `[process.NAME]` of the configuration.

use super::search::Search;
use super::stat::{self, ProcessStat};
use crate::base::clock::stamp;
use crate::base::units::duration;
use crate::config::WatchedProcess;
use crate::host::page_bytes;
use crate::host::process_files::ProcessFiles;
use crate::model::record::round;
use crate::probe::cgroup_owner::OwnerNames;
use crate::probe::measurement::{Absent, CORES_MAX, Measurement};
use crate::probe::rates::percent;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The section.
const SECTION: &str = "named_process";
/// Ticks per second in `/proc`.
const TICKS_PER_SECOND: f64 = 100.0;
/// Open files are counted of at most this many processes of one name.
const OPEN_FILES_MAX: usize = 100;

/// An element of the section `named_process`. Sums are over all its processes.
#[derive(Debug, Default, Serialize)]
struct NamedProcess {
    process: String,
    /// What is wrong, in words, or `running`.
    state: String,
    /// Unit or container of the oldest process; of none, where the last one was.
    #[serde(skip_serializing_if = "String::is_empty")]
    unit: String,
    /// Time of the last snapshot with such a process; empty while there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_seen: String,
    count: u64,
    /// Processes that are missing from `at_least`.
    missing: u64,
    /// Processes beyond `at_most`.
    surplus: u64,
    threads: u64,
    /// Resident memory; pages that several processes share count for each.
    memory_bytes: u64,
    /// Percent of one core, over the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_files: Option<u64>,
    /// Open files of the process that is nearest to its own limit (`RLIMIT_NOFILE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    open_files_used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_seconds: Option<f64>,
}

/// What is kept of a name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Pid, start and ticks of each process.
    ticks: Vec<[u64; 3]>,
    unit: String,
    last_seen: String,
}

type KeptByName = BTreeMap<String, Kept>;

/// Measures them where other processes are not measured.
///
/// # Errors
/// `/proc` cannot be opened.
pub fn measure_alone(run: &mut Measurement<'_>) -> Result<(), Absent> {
    if run.settings.watched_processes.is_empty() {
        return Ok(());
    }
    let mut files = run.root.process_files().map_err(|error| error.to_string())?;
    let pids = files.pids();
    let read = |pid| files.read(pid, "stat").ok().and_then(|content| stat::parse(pid, content));
    let stats: Vec<ProcessStat> = pids.into_iter().filter_map(read).collect();
    measure(run, &mut files, stats.iter());
    Ok(())
}

/// Adds the section, unless nothing is watched.
pub fn measure<'p>(
    run: &mut Measurement<'_>,
    files: &mut ProcessFiles,
    stats: impl Iterator<Item = &'p ProcessStat> + Clone,
) {
    let watched = &run.settings.watched_processes;
    if watched.is_empty() {
        return;
    }
    // hidepid= hides the processes of others, also the first one.
    let are_hidden = !stats.clone().any(|stat| stat.pid == 1);
    let mut search = Search { passwd: run.root.etc("passwd").unwrap_or_default(), files };
    let before = run.previous::<KeptByName>(SECTION);
    let earlier: KeptByName = run.earlier.and_then(|earlier| earlier.get(SECTION)).unwrap_or_default();
    let (mut shown, mut kept) = (Vec::new(), KeptByName::new());
    for watch in watched {
        if are_hidden && !search.is_own(watch, run.root.own_uid()) {
            let reason = "processes of other users are hidden (hidepid): run osmon as root, or name its own user";
            run.failed.insert(SECTION, reason.to_string());
            continue;
        }
        let found: Vec<&ProcessStat> =
            stats.clone().filter(|stat| is_alive(stat) && search.is_meant(watch, stat)).collect();
        let before = before.as_ref().map(|(before, seconds)| (before.get(&watch.name), *seconds));
        let (named, keep) = describe(run, search.files, watch, &found, before, earlier.get(&watch.name));
        shown.push(named);
        kept.insert(watch.name.clone(), keep);
    }
    run.counters.keep(SECTION, &kept);
    if let Err(reason) = run.add(SECTION, &shown) {
        run.failed.insert(SECTION, reason);
    }
}

/// A process that has ended and that its parent has not yet noticed does nothing any more. One whose first thread has ended
/// before the others looks the same, but has more than one thread.
fn is_alive(stat: &ProcessStat) -> bool {
    !matches!(stat.state, b'Z' | b'X' | b'x') || stat.threads > 1
}

fn describe(
    run: &mut Measurement<'_>,
    files: &mut ProcessFiles,
    watch: &WatchedProcess,
    found: &[&ProcessStat],
    before: Option<(Option<&Kept>, f64)>,
    earlier: Option<&Kept>,
) -> (NamedProcess, Kept) {
    let count = found.len() as u64;
    let age = |stat: &&&ProcessStat| (run.now.boottime_seconds - stat.start_ticks as f64 / TICKS_PER_SECOND).max(0.0);
    let oldest = found.iter().min_by_key(|stat| (stat.start_ticks, stat.pid));
    let newest = found.iter().max_by_key(|stat| stat.start_ticks);
    let unit = oldest.and_then(|stat| {
        let cgroup = files.read(stat.pid, "cgroup").ok()?;
        OwnerNames::new(run.root).owner_of_process(cgroup)
    });
    let unit = match oldest {
        Some(_) => unit.unwrap_or_default(),
        None => earlier.map(|earlier| earlier.unit.clone()).unwrap_or_default(),
    };
    let last_seen = match oldest {
        Some(_) => stamp(run.now.wall),
        None => earlier.map(|earlier| earlier.last_seen.clone()).unwrap_or_default(),
    };
    let (open_files, open_files_used_percent) = open_files(run, found);
    let mut named = NamedProcess {
        process: watch.name.clone(),
        missing: watch.at_least.saturating_sub(count),
        surplus: watch.at_most.map_or(0, |most| count.saturating_sub(most)),
        count,
        threads: found.iter().fold(0, |sum, stat| sum.saturating_add(stat.threads)),
        memory_bytes: found
            .iter()
            .fold(0_u64, |sum, stat| sum.saturating_add(stat.resident_pages))
            .saturating_mul(page_bytes()),
        open_files,
        open_files_used_percent,
        oldest_seconds: oldest.as_ref().map(age).map(round),
        newest_seconds: newest.as_ref().map(age).map(round),
        unit: unit.clone(),
        last_seen: if oldest.is_some() { String::new() } else { last_seen.clone() },
        ..NamedProcess::default()
    };
    named.state = match (named.missing, named.surplus) {
        (0, 0) => if count == 0 { "not running, which is allowed" } else { "running" }.to_string(),
        (0, _) => format!("{count} running, at most {} allowed", watch.at_most.unwrap_or_default()),
        _ => {
            let ago = DateTime::parse_from_rfc3339(&last_seen).ok().filter(|_| count == 0);
            let ago = ago.map(|time| duration((run.now.wall - time.to_utc()).num_seconds() as f64));
            let seen = ago.map(|ago| format!("; last seen {ago} ago")).unwrap_or_default();
            let unit = if seen.is_empty() || unit.is_empty() { String::new() } else { format!(" in {unit}") };
            format!("{count} running, at least {} required{seen}{unit}", watch.at_least)
        }
    };
    named.cpu_percent = before.and_then(|(before, seconds)| cpu_percent(run, watch, found, before, seconds));
    let ticks = found.iter().map(|stat| [u64::from(stat.pid), stat.start_ticks, stat.ticks]).collect();
    (named, Kept { ticks, unit, last_seen })
}

/// CPU use of the processes over the interval. A process that joined without being new, such as a shell that became the
/// program, counts from the next snapshot on. `None`: the counter of one was discarded, so that the sum is not known.
fn cpu_percent(
    run: &mut Measurement<'_>,
    watch: &WatchedProcess,
    found: &[&ProcessStat],
    before: Option<&Kept>,
    seconds: f64,
) -> Option<f64> {
    let known: HashMap<(u64, u64), u64> =
        before.iter().flat_map(|kept| &kept.ticks).map(|[pid, start, ticks]| ((*pid, *start), *ticks)).collect();
    let new_from = run.previous.map(|(previous, _)| previous.boottime_seconds * TICKS_PER_SECOND - 1.0);
    let most = seconds * run.cores.unwrap_or(CORES_MAX).max(1) as f64 * TICKS_PER_SECOND * 1.1;
    let mut sum = Some(0_u64);
    for stat in found {
        let is_new = new_from.is_some_and(|from| stat.start_ticks as f64 >= from);
        let before = known.get(&(u64::from(stat.pid), stat.start_ticks)).copied();
        let Some(before) = before.or(is_new.then_some(0)) else { continue };
        let name = || format!("{SECTION} {} pid {}.ticks", watch.name, stat.pid);
        let grown = run.growth_of(name, stat.ticks, before, most);
        sum = sum.zip(grown).map(|(sum, grown)| sum.saturating_add(grown));
    }
    sum.map(|sum| round(sum as f64 / TICKS_PER_SECOND / seconds * 100.0))
}

/// Open files of all processes, and the largest share of a limit. `None`: they may not be read, or are too many processes.
fn open_files(run: &Measurement<'_>, found: &[&ProcessStat]) -> (Option<u64>, Option<f64>) {
    if found.is_empty() || found.len() > OPEN_FILES_MAX {
        return (None, None);
    }
    let (mut sum, mut largest) = (Some(0_u64), None::<f64>);
    for stat in found {
        let count = run.root.open_file_count(stat.pid);
        sum = sum.zip(count).map(|(sum, count)| sum.saturating_add(count));
        let limit = run.root.open_file_limit(stat.pid).filter(|limit| *limit > 0);
        let share = count.zip(limit).map(|(count, limit)| percent(count as f64, limit as f64));
        largest = share.map_or(largest, |share| Some(largest.unwrap_or(0.0).max(share)));
    }
    (sum, largest)
}
