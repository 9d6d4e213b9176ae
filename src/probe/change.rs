//! What happened to the clock and the machine between two snapshots: as marks.

use super::ending::{Ending, ending};
use super::measure::Measure;
use super::previous::Previous;
use super::{Root, package, system};
use crate::base::clock::{parse, stamp};
use crate::base::text::plural;
use crate::base::units::duration;
use crate::model::annotation::{Annotation, AnnotationKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Name of the counters.
const NAME: &str = "change";
/// How often osmon is run, in seconds, where it is not run less often.
const USUAL_SECONDS: f64 = 60.0;
/// From so many usual distances on a gap is one.
const GAP: f64 = 2.5;
/// A clock that is off by less was not set but disciplined: a constant part, in seconds, and a part of the time that
/// passed, as much as the kernel slews (500 ppm).
const STEP_SECONDS: f64 = 2.0;
const SLEW: f64 = 0.0005;
/// Less is the difference of two readings, not sleep.
const SUSPENDED_SECONDS: f64 = 1.0;

/// What is kept of a snapshot for the next one, besides the counters.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Observed {
    host: String,
    interval_seconds: Option<f64>,
    suspended_seconds: Option<f64>,
    /// When the package database was written, milliseconds since 1970.
    packages_ms: Option<i64>,
}

/// What is known of the host at one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Wall clock.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`, seconds.
    pub boottime_seconds: f64,
    /// Identity of the boot; empty where the kernel tells none.
    pub boot_id: String,
    host: String,
    kernel: String,
    interval_seconds: Option<f64>,
    suspended_seconds: Option<f64>,
    packages: Option<DateTime<Utc>>,
}

/// What is read of a stored snapshot.
#[derive(Deserialize)]
struct Stored {
    time: String,
    host: String,
    boot_id: String,
    boottime_seconds: f64,
    interval_seconds: Option<f64>,
    #[serde(default)]
    system: system::Facts,
}

/// Keeps what the next snapshot is compared with.
pub(super) fn observe(measure: &mut Measure<'_>, interval_seconds: Option<f64>) {
    let observed = Observed {
        host: measure.root.host_name(),
        interval_seconds,
        suspended_seconds: measure.root.suspended_seconds(),
        packages_ms: package::changed(measure.root).map(|time| time.timestamp_millis()),
    };
    measure.counters.keep(NAME, &observed);
}

impl Known {
    /// From the counters of a snapshot. Those of an older osmon know less.
    pub fn of_counters(counters: &Previous) -> Option<Self> {
        let observed = counters.get::<Observed>(NAME).unwrap_or_default();
        Some(Self {
            wall: DateTime::from_timestamp_millis((counters.wall_seconds * 1e3).round() as i64)?,
            boottime_seconds: counters.boottime_seconds,
            boot_id: counters.boot_id.clone(),
            host: observed.host,
            kernel: counters.get::<system::Facts>("system").unwrap_or_default().kernel,
            interval_seconds: observed.interval_seconds,
            suspended_seconds: observed.suspended_seconds,
            packages: observed.packages_ms.and_then(DateTime::from_timestamp_millis),
        })
    }

    /// From a stored snapshot, for the day its counters are lost.
    pub fn of_snapshot(json: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(json).ok()?;
        Some(Self {
            wall: parse(&stored.time)?,
            boottime_seconds: stored.boottime_seconds,
            boot_id: stored.boot_id,
            host: stored.host,
            kernel: stored.system.kernel,
            interval_seconds: stored.interval_seconds,
            suspended_seconds: None,
            packages: None,
        })
    }

    /// Seconds of the clock that does not step from here to `later`; `None`: that is another boot.
    fn way(&self, later: &Self) -> Option<f64> {
        let way = later.boottime_seconds - self.boottime_seconds;
        (self.boot_id == later.boot_id && way >= 0.0).then_some(way)
    }

    /// Whether `later` is after a boot.
    fn is_before_boot_of(&self, later: &Self) -> bool {
        self.boot_id != later.boot_id || (self.boot_id.is_empty() && later.boottime_seconds < self.boottime_seconds)
    }
}

/// What explains a gap.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gap {
    /// So many runs found another one at work.
    pub skipped_runs: u64,
    /// osmon was at work until then, though it could not say so in the usual place: `CLOCK_BOOTTIME` in seconds.
    pub until_boottime_seconds: Option<f64>,
}

/// What happened from one snapshot to the next. Nothing when one of them is another host's.
pub fn marks(root: &Root, before: &Known, now: &Known, gap: Gap) -> Vec<Annotation> {
    let between = Between { root, before, now };
    let is_boot = before.is_before_boot_of(now);
    if is_boot && !before.host.is_empty() && before.host != now.host {
        return Vec::new();
    }
    let found = if is_boot {
        [Some(between.boot()), between.kernel(), between.packages(), None]
    } else {
        [between.suspended(), between.clock_step(), between.packages(), between.missed(gap)]
    };
    found.into_iter().flatten().collect()
}

struct Between<'a> {
    root: &'a Root,
    before: &'a Known,
    now: &'a Known,
}

impl Between<'_> {
    /// A mark whose id says what it was derived from: derived again, it is the same.
    fn mark(&self, kind: AnnotationKind, text: String) -> Annotation {
        let boot = |id: &str| id.get(..8).unwrap_or(id).to_string();
        let word = serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(ToString::to_string));
        let id = format!(
            "{}-{}-{:.0}-{}",
            word.unwrap_or_default(),
            boot(&self.before.boot_id),
            self.before.boottime_seconds * 1e3,
            boot(&self.now.boot_id)
        );
        Annotation { id, kind, time: stamp(self.now.wall), since: None, duration_seconds: None, text, author: None }
    }

    /// The same for what lasted since the snapshot before.
    fn span(&self, kind: AnnotationKind, seconds: Option<f64>, text: String) -> Annotation {
        let duration_seconds = seconds.map(crate::model::record::round);
        Annotation { since: Some(stamp(self.before.wall)), duration_seconds, ..self.mark(kind, text) }
    }

    fn boot(&self) -> Annotation {
        let (kind, words) = match ending(self.root, self.before.wall) {
            Ending::CutOff => (AnnotationKind::PowerLoss, "Power loss or reset: the host was not shut down in order"),
            Ending::Orderly | Ending::Unknown => (AnnotationKind::Reboot, "Rebooted"),
        };
        let up = self.now.boottime_seconds;
        let gap = (self.now.wall - self.before.wall).num_milliseconds() as f64 / 1e3;
        // Across a boot there is only the wall clock, and some hosts have none that runs while they are off.
        let gap = (gap > 0.0).then_some(gap);
        let off = match gap {
            Some(gap) if up <= GAP * USUAL_SECONDS => format!("; the host was off or starting for {}", duration(gap)),
            Some(gap) if gap > up => format!(
                "; the host was off or starting for {}, then up for {} without a snapshot",
                duration(gap - up),
                duration(up)
            ),
            _ => String::new(),
        };
        self.span(kind, gap, format!("{words}{off}"))
    }

    fn kernel(&self) -> Option<Annotation> {
        let (old, new) = (&self.before.kernel, &self.now.kernel);
        let is_change = old != new && !old.is_empty() && !new.is_empty();
        is_change.then(|| self.mark(AnnotationKind::KernelChange, format!("Kernel {old} → {new}")))
    }

    fn packages(&self) -> Option<Annotation> {
        let (old, new) = self.before.packages.zip(self.now.packages)?;
        (old != new).then(|| {
            self.mark(
                AnnotationKind::PackageChange,
                package::sentence(self.root, old.min(self.now.wall), self.now.wall),
            )
        })
    }

    fn suspended(&self) -> Option<Annotation> {
        self.before.way(self.now)?;
        let slept = self.now.suspended_seconds? - self.before.suspended_seconds?;
        (slept > SUSPENDED_SECONDS)
            .then(|| self.span(AnnotationKind::Suspended, Some(slept), format!("Suspended for {}", duration(slept))))
    }

    fn clock_step(&self) -> Option<Annotation> {
        let way = self.before.way(self.now)?;
        let step = (self.now.wall - self.before.wall).num_milliseconds() as f64 / 1e3 - way;
        let direction = if step > 0.0 { "forward" } else { "back" };
        (step.abs() > STEP_SECONDS + way * SLEW)
            .then(|| self.mark(AnnotationKind::ClockStep, format!("Clock set {direction} by {}", duration(step.abs()))))
    }

    /// A time in which the host was awake and there is no snapshot.
    fn missed(&self, gap: Gap) -> Option<Annotation> {
        let way = self.before.way(self.now)?;
        let seen = gap.until_boottime_seconds.map_or(0.0, |until| until - self.before.boottime_seconds).clamp(0.0, way);
        let slept = match (self.before.suspended_seconds, self.now.suspended_seconds) {
            (Some(before), Some(now)) => (now - before).max(0.0),
            // Not known when it slept: perhaps now.
            (_, now) => now.unwrap_or(0.0),
        };
        let awake = way - seen - slept;
        let usual = self.before.interval_seconds.unwrap_or(USUAL_SECONDS).max(USUAL_SECONDS);
        let reason = match gap.skipped_runs {
            0 => "osmon did not run, or could write nowhere; is cron running?".to_string(),
            count => format!("{} found another osmon still at work", plural(count as usize, "run")),
        };
        (awake > GAP * usual).then(|| {
            self.span(AnnotationKind::MissedRuns, Some(awake), format!("No snapshot for {}: {reason}", duration(awake)))
        })
    }
}

#[cfg(test)]
mod tests;
