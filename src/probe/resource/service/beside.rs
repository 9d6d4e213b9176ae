//! Units beside the services: failed mounts, sockets, swaps and timers, timers that are overdue, jobs that wait.
//!
//! These rarely change, and a host with many containers has hundreds of mounts: while all is well they are asked for every
//! five minutes, in the same call as the services.

use super::other_unit::{KeptUnits, SystemUnit};
use super::show::Unit;
use super::timer::{self, KeptTimer, Timer};
use crate::probe::measurement::{Absent, Measurement};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Patterns of the units that are asked for beside the services.
const PATTERNS: [&str; 6] = ["*.mount", "*.socket", "*.swap", "*.timer", "*.path", "*.automount"];
/// How often they are asked for while all is well, in seconds; runs of cron do not begin at exactly the same second.
const INTERVAL_SECONDS: f64 = 295.0;

/// What is kept for the next snapshot.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Boot of the times below.
    boot_id: String,
    /// When these units were last asked for, in seconds since boot.
    asked: f64,
    /// Failed ones among them at that time.
    failed: usize,
    units: KeptUnits,
    timers: BTreeMap<String, KeptTimer>,
    shown: Vec<SystemUnit>,
    shown_timers: Vec<Timer>,
}

/// What is asked for beside the services, and what is known from before.
pub struct Beside {
    kept: Kept,
    /// These units are asked for this time.
    is_whole: bool,
}

/// Numbers for the section `systemd`.
pub struct Counts {
    /// Failed units other than services.
    pub failed: usize,
    /// Queued jobs.
    pub jobs: usize,
}

impl Beside {
    /// Decides whether to ask for these units.
    pub fn new(run: &Measurement<'_>) -> Self {
        let mut kept: Kept = run.earlier.and_then(|earlier| earlier.get("systemd")).unwrap_or_default();
        let (now, boot_id) = (run.now.boottime_seconds, &run.snapshot.header.boot_id);
        if kept.boot_id != *boot_id || kept.boot_id.is_empty() {
            // Timers are known by their wall-clock times, also those that a boot did not start.
            kept = Kept { units: kept.units.after_boot(now), timers: kept.timers, asked: f64::MIN, ..Kept::default() };
            kept.boot_id.clone_from(boot_id);
        }
        let is_well = kept.failed == 0 && !kept.units.has_others() && kept.timers.values().all(KeptTimer::is_well);
        let is_recent = (0.0..INTERVAL_SECONDS).contains(&(now - kept.asked));
        let is_whole = run.root.is_recorded() || !is_well || !is_recent;
        Self { kept, is_whole }
    }

    /// Patterns and names of units to ask for.
    pub fn units(&self) -> Vec<String> {
        if !self.is_whole {
            return Vec::new();
        }
        // A timer that was stopped is matched by no pattern.
        let missing = self.kept.timers.iter().filter(|(_, timer)| timer.is_missing()).map(|(name, _)| name.clone());
        PATTERNS.iter().map(ToString::to_string).chain(missing).collect()
    }

    /// Keeps what is known where systemd did not answer.
    pub fn keep(self, run: &mut Measurement<'_>) {
        run.counters.keep("systemd", &self.kept);
    }

    /// Adds the sections `systemd_unit` and `timer`.
    ///
    /// # Errors
    /// When a section cannot be written.
    pub fn measure(mut self, run: &mut Measurement<'_>, units: &[Unit<'_>]) -> Result<Counts, Absent> {
        let now = run.now.boottime_seconds;
        let others = || units.iter().filter(|unit| !unit.is_service());
        if self.is_whole {
            let clock = timer::Clock {
                wall: run.now.wall.timestamp_millis() as f64 / 1e3,
                monotonic: now - run.root.suspended_seconds().unwrap_or_default(),
            };
            let timers: Vec<&Unit<'_>> = units.iter().filter(|unit| unit.id.ends_with(".timer")).collect();
            (self.kept.shown_timers, self.kept.timers) = timer::judge(&timers, &self.kept.timers, clock);
            self.kept.asked = now;
            self.kept.failed = others().filter(|unit| unit.active == "failed").count();
        }
        let interval = run.earlier.map(|earlier| now - earlier.boottime_seconds).unwrap_or_default();
        (self.kept.shown, self.kept.units) = self.kept.units.judge(units, self.is_whole, now, interval);
        let mut shown = self.kept.shown.clone();
        shown.extend(super::user_unit::failed(run));
        let counts = Counts { failed: self.kept.failed, jobs: self.kept.units.jobs() };
        run.add("systemd_unit", &shown)?;
        run.add("timer", &self.kept.shown_timers)?;
        run.counters.keep("systemd", &self.kept);
        Ok(counts)
    }
}
