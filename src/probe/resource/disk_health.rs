//! Health of disks as they tell it themselves: SMART and NVMe, read by `smartctl` once an hour and never from a disk that
//! sleeps. A few disks are read in a run, so that a host with many of them is not held up.

mod attributes;
mod disk;
mod report;

use crate::base::text::clean;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use disk::{Disk, Reading, listed};
use report::{Answer, answer};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The registration.
pub const RESOURCE: Resource = Resource { name: "disk_health", scope: Scope::All, has_counters: false, measure };

/// How often disks are looked for, and each is read, in seconds. Runs of cron do not begin at exactly the same second.
const INTERVAL_SECONDS: f64 = 3600.0 - 5.0;
/// Most disks read in a run, and the time after which no further one is begun.
const DISKS_MAX: usize = 4;
const TIME_MAX: Duration = Duration::from_millis(1000);
/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// What is kept between two runs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// When disks were looked for, in seconds since boot.
    listed: Option<f64>,
    disks: Vec<Disk>,
}

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let now = run.now.boottime_seconds;
    let is_due = |since: Option<f64>| since.is_none_or(|since| !(0.0..INTERVAL_SECONDS).contains(&(now - since)));
    let earlier = run.earlier.filter(|earlier| earlier.boot_id == run.snapshot.header.boot_id);
    let mut kept: Kept = earlier.and_then(|earlier| earlier.get("disk_health")).unwrap_or_default();
    // What another program waits for, smartctl may wait for as well; a run has a time limit.
    let is_held_up = ["device_mapper", "zpool"].iter().any(|name| run.failed.contains_key(name));
    let mut reason = None;
    if is_due(kept.listed) && !is_held_up {
        match run.root.storage_program("smartctl", &["--scan", "--json"], "smartctl-scan") {
            Ok(scan) => kept.disks = listed(&scan.unwrap_or_default(), kept.disks),
            Err(error) => reason = Some(error),
        }
        kept.listed = Some(now);
    }
    let mut due: Vec<usize> = (0..kept.disks.len()).collect();
    due.retain(|at| kept.disks.get(*at).is_some_and(|disk| is_due(disk.tried)));
    let started = Instant::now();
    for at in due.into_iter().take(if is_held_up { 0 } else { DISKS_MAX }) {
        if let Some(disk) = kept.disks.get_mut(at).filter(|_| started.elapsed() < TIME_MAX) {
            disk.tried = Some(now);
            read(run, disk, now);
        }
    }
    let shown: Vec<_> = kept.disks.iter().filter_map(|disk| disk.health(now)).collect();
    // Without the right to ask disks nothing is known of any of them.
    let refused = kept.disks.iter().find(|disk| disk.is_refused).map(|disk| disk.reason.clone());
    run.counters.keep("disk_health", &kept);
    if !shown.is_empty() {
        run.add("disk_health", &shown)?;
    }
    reason.or(refused).map_or(Ok(()), Err)
}

/// Reads a disk. What was known of it stays when it sleeps.
fn read(run: &Measurement<'_>, disk: &mut Disk, now: f64) {
    let arguments = disk.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let recorded = format!("smartctl-{}", disk.name.replace(['/', ' '], "-"));
    let text = run.root.storage_program("smartctl", &arguments, &recorded);
    let answer = text.map(|text| answer(text.unwrap_or_default().as_bytes()));
    (disk.is_asleep, disk.is_refused) = (false, false);
    disk.reason.clear();
    match answer {
        Ok(Answer::Asleep) => disk.is_asleep = true,
        Ok(Answer::Health(report)) => disk.reading = Some(Reading::after(disk.reading.as_ref(), *report, now)),
        Ok(Answer::None(reason)) => {
            disk.is_refused = reason.contains("Permission denied") || reason.contains("Operation not permitted");
            disk.reason = clean(&reason, REASON_MAX);
        }
        Err(reason) => disk.reason = clean(&reason, REASON_MAX),
    }
}
