//! Health of disks as they tell it themselves: SMART and NVMe, read by `smartctl` once an hour and never from a disk that
//! sleeps. A few disks are read in a run, so that a host with many of them is not held up.

mod attributes;
mod disk;
mod report;

use crate::base::text::clean;
use crate::host::deadline::NO_TIME;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use disk::{DISKS_MAX as LISTED_MAX, Disk, Reading, listed};
use report::{Answer, Report, answer};
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
    /// What disks reported before a boot, or before they were no longer found, until they report again.
    #[serde(default)]
    before: Vec<Report>,
}

impl Kept {
    /// What is left after a boot. Disks may have other names then, so that they are recognised by their serial numbers.
    fn after_boot(self) -> Self {
        let mut kept = Self { before: self.before, ..Self::default() };
        for disk in self.disks {
            kept.remember(disk);
        }
        kept
    }

    /// Remembers what a disk reported.
    fn remember(&mut self, disk: Disk) {
        let report = disk.reading.map(|reading| reading.report).filter(|report| !report.serial.is_empty());
        let Some(report) = report else { return };
        self.before.retain(|known| known.serial != report.serial);
        self.before.insert(0, report);
        self.before.truncate(LISTED_MAX);
    }

    /// Takes over the list of disks; returns whether it could be read.
    fn list(&mut self, run: &Measurement<'_>, scan: &str, now: f64) -> bool {
        let Some(mut disks) = listed(scan, &self.disks, now) else { return false };
        let is_usb = |name: &str| {
            let interface = run.root.sys_text(&format!("block/{name}/device/../../../uevent"));
            interface.is_some_and(|text| text.contains("DEVTYPE=usb_interface"))
        };
        for disk in &mut disks {
            match disk.missing_since {
                Some(_) => self.remember(disk.clone()),
                None => disk.is_usb = is_usb(&disk.name),
            }
        }
        self.disks = disks;
        true
    }
}

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let now = run.now.boottime_seconds;
    let is_due = |since: Option<f64>| since.is_none_or(|since| !(0.0..INTERVAL_SECONDS).contains(&(now - since)));
    let mut kept: Kept = run.earlier.and_then(|earlier| earlier.get("disk_health")).unwrap_or_default();
    if run.earlier.is_some_and(|earlier| earlier.boot_id != run.snapshot.header.boot_id) {
        kept = kept.after_boot();
    }
    // If dmsetup or zpool timed out, a disk may hang: do not start smartctl.
    let is_held_up = ["device_mapper", "zpool"].iter().any(|name| run.failed.contains_key(name));
    let mut reason = None;
    if is_due(kept.listed) && !is_held_up {
        match run.root.storage_program("smartctl", &["--scan", "--json"], "smartctl-scan") {
            Ok(None) => kept.disks.clear(),
            Ok(Some(scan)) if kept.list(run, &scan, now) => {}
            Ok(Some(_)) => reason = Some("smartctl: the list of disks is no JSON".to_string()),
            Err(error) => reason = Some(error),
        }
        // Disks left out for lack of time count as not tried.
        if reason.as_deref() != Some(NO_TIME) {
            kept.listed = Some(now);
        }
    }
    let mut due: Vec<usize> = (0..kept.disks.len()).collect();
    due.retain(|at| kept.disks.get(*at).is_some_and(|disk| disk.missing_since.is_none() && is_due(disk.tried)));
    let started = Instant::now();
    for at in due.into_iter().take(if is_held_up { 0 } else { DISKS_MAX }) {
        if let Some(disk) = kept.disks.get_mut(at).filter(|_| started.elapsed() < TIME_MAX) {
            read(run, disk, &mut kept.before, now);
        }
    }
    // One that is found under another name is not missing.
    let found: Vec<String> =
        kept.disks.iter().filter(|disk| disk.missing_since.is_none()).map(|disk| disk.serial().to_string()).collect();
    kept.disks.retain(|disk| {
        disk.missing_since.is_none() || disk.serial().is_empty() || !found.iter().any(|it| it == disk.serial())
    });
    let shown: Vec<_> = kept.disks.iter().filter_map(|disk| disk.health(now)).collect();
    // Without the right to ask disks nothing is known of any of them.
    let refused = kept.disks.iter().find(|disk| disk.is_refused).map(|disk| disk.reason.clone());
    run.counters.keep("disk_health", &kept);
    if !shown.is_empty() {
        run.add("disk_health", &shown)?;
    }
    reason.or(refused).map_or(Ok(()), Err)
}

/// Reads a disk. What was known of it stays when it sleeps. Another disk by the same name begins anew, unless it is among those
/// that reported `before`.
fn read(run: &Measurement<'_>, disk: &mut Disk, before: &mut Vec<Report>, now: f64) {
    let arguments = disk.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let recorded = format!("smartctl-{}", disk.name.replace(['/', ' '], "-"));
    let text = run.root.storage_program("smartctl", &arguments, &recorded);
    if text.as_ref().is_err_and(|reason| reason == NO_TIME) {
        return;
    }
    disk.tried = Some(now);
    let answer = text.map(|text| answer(text.unwrap_or_default().as_bytes()));
    (disk.is_asleep, disk.is_refused) = (false, false);
    disk.reason.clear();
    match answer {
        Ok(Answer::Asleep) => disk.is_asleep = true,
        Ok(Answer::Health(report)) => {
            let own = disk.reading.as_ref().map(|reading| &reading.report);
            let same = own.into_iter().chain(before.iter()).find(|known| known.serial == report.serial);
            let reading = Reading::after(same, *report, now);
            before.retain(|known| known.serial != reading.report.serial);
            disk.reading = Some(reading);
        }
        Ok(Answer::None(reason)) => {
            disk.is_refused = reason.contains("Permission denied") || reason.contains("Operation not permitted");
            disk.reason = clean(&reason, REASON_MAX);
        }
        Err(reason) => disk.reason = clean(&reason, REASON_MAX),
    }
}
