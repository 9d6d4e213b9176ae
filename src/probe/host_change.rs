//! Annotations for changes of the clock and the machine between two snapshots.

use super::counters::PreviousCounters;
use super::host_facts::HostFacts;
use super::last_shutdown::{Shutdown, last_shutdown};
use super::package;
use crate::base::clock::{Now, parse, stamp};
use crate::host::Root;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::record::Header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Name in the kept counters.
const NAME: &str = "change";
/// Usual interval between snapshots, in seconds; a longer one is taken from the previous snapshot.
const USUAL_SECONDS: f64 = 60.0;
/// Intervals longer than this many usual ones are gaps.
const GAP: f64 = 2.5;
/// Deviation of the clock, in seconds, up to which it was disciplined, not set. To this comes the kernel's slewing.
const STEP_SECONDS: f64 = 2.0;
/// Fastest slewing of the clock by the kernel (500 ppm).
const SLEW: f64 = 0.0005;
/// Shortest suspend in seconds; less is the difference between two readings.
const SUSPENDED_SECONDS: f64 = 1.0;

/// State saved with a snapshot for the next one, besides the counters.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Observed {
    host: String,
    interval_seconds: Option<f64>,
    suspended_seconds: Option<f64>,
    /// Last change of the package database, milliseconds since 1970.
    packages_ms: Option<i64>,
}

/// State of the host at one snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostState {
    /// Wall clock.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`, seconds.
    pub boottime_seconds: f64,
    /// Identity of the boot; empty where the kernel has none.
    pub boot_id: String,
    /// Host name.
    pub host: String,
    kernel: String,
    interval_seconds: Option<f64>,
    suspended_seconds: Option<f64>,
    packages: Option<DateTime<Utc>>,
}

/// The part read of a stored snapshot.
#[derive(Deserialize)]
struct StoredSnapshot {
    time: String,
    host: String,
    boot_id: String,
    boottime_seconds: f64,
    interval_seconds: Option<f64>,
    #[serde(default)]
    system: HostFacts,
}

/// Saves the state of the host for the next snapshot.
pub fn keep(root: &Root, header: &Header, counters: &mut PreviousCounters) {
    let observed = Observed {
        host: header.host.clone(),
        interval_seconds: header.interval_seconds,
        suspended_seconds: root.suspended_seconds(),
        packages_ms: package::last_changed(root).map(|time| time.timestamp_millis()),
    };
    counters.keep(NAME, &observed);
}

impl HostState {
    /// A host that is known by its boot and name.
    pub fn new(now: &Now, boot_id: String, host: String) -> Self {
        Self { wall: now.wall, boottime_seconds: now.boottime_seconds, boot_id, host, ..Self::default() }
    }

    /// Reads the state saved with the counters of a snapshot; `None` for those of an older version.
    pub fn from_counters(counters: &PreviousCounters) -> Option<Self> {
        let observed = counters.get::<Observed>(NAME).unwrap_or_default();
        Some(Self {
            wall: DateTime::from_timestamp_millis((counters.wall_seconds * 1e3).round() as i64)?,
            boottime_seconds: counters.boottime_seconds,
            boot_id: counters.boot_id.clone(),
            host: observed.host,
            kernel: counters.get::<HostFacts>("system").unwrap_or_default().kernel,
            interval_seconds: observed.interval_seconds,
            suspended_seconds: observed.suspended_seconds,
            packages: observed.packages_ms.and_then(DateTime::from_timestamp_millis),
        })
    }

    /// Reads the state from a stored snapshot, when its counters are lost; `None` when the line is damaged.
    pub fn from_snapshot(json: &str) -> Option<Self> {
        let stored: StoredSnapshot = serde_json::from_str(json).ok()?;
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

    /// An annotation of a change from this state to `now`. Its id is derived from its cause, so that it is the same when
    /// derived again.
    pub fn mark(&self, now: &Self, kind: AnnotationKind, text: Message) -> Annotation {
        let boot = |id: &str| id.get(..8).unwrap_or(id).to_string();
        let word = serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(ToString::to_string));
        let (word, since_boot) = (word.unwrap_or_default(), self.boottime_seconds * 1e3);
        Annotation {
            id: format!("{word}-{}-{since_boot:.0}-{}", boot(&self.boot_id), boot(&now.boot_id)),
            kind,
            time: stamp(now.wall),
            since: None,
            duration_seconds: None,
            text: text.english(),
            localized: Some(text),
            author: None,
        }
    }

    /// Seconds of `CLOCK_BOOTTIME` to `later`; `None` when that is another boot.
    fn elapsed(&self, later: &Self) -> Option<f64> {
        let elapsed = later.boottime_seconds - self.boottime_seconds;
        (self.boot_id == later.boot_id && elapsed >= 0.0).then_some(elapsed)
    }

    /// Returns whether the host was booted between this state and `later`.
    fn is_before_boot_of(&self, later: &Self) -> bool {
        self.boot_id != later.boot_id || (self.boot_id.is_empty() && later.boottime_seconds < self.boottime_seconds)
    }
}

/// Explanations of a gap between snapshots.
#[derive(Debug, Clone, Copy, Default)]
pub struct GapContext {
    /// Number of runs that found another osmon running.
    pub skipped_runs: u64,
    /// Time until which osmon ran but could not store its snapshots: `CLOCK_BOOTTIME`, seconds.
    pub until_boottime_seconds: Option<f64>,
}

/// Changes from one snapshot of a host to the next.
pub fn annotations(root: &Root, before: &HostState, now: &HostState, gap: GapContext) -> Vec<Annotation> {
    let between = Between { root, before, now };
    let found = if before.is_before_boot_of(now) {
        [Some(between.boot()), between.kernel(), between.packages(), None]
    } else {
        [between.suspended(), between.clock_step(), between.packages(), between.missed(gap)]
    };
    found.into_iter().flatten().collect()
}

struct Between<'a> {
    root: &'a Root,
    before: &'a HostState,
    now: &'a HostState,
}

impl Between<'_> {
    /// An annotation of one moment.
    fn at_moment(&self, kind: AnnotationKind, text: Message) -> Annotation {
        self.before.mark(self.now, kind, text)
    }

    /// An annotation of the time since the previous snapshot.
    fn span(&self, kind: AnnotationKind, seconds: Option<f64>, text: Message) -> Annotation {
        let duration_seconds = seconds.map(crate::model::record::round);
        Annotation { since: Some(stamp(self.before.wall)), duration_seconds, ..self.at_moment(kind, text) }
    }

    fn boot(&self) -> Annotation {
        let (kind, what) = match last_shutdown(self.root, self.before.wall) {
            Shutdown::Unclean => (AnnotationKind::PowerLoss, key::CHANGE_POWER_LOSS),
            Shutdown::Clean | Shutdown::Unknown => (AnnotationKind::Reboot, key::CHANGE_REBOOTED),
        };
        let up = self.now.boottime_seconds;
        let gap = (self.now.wall - self.before.wall).num_milliseconds() as f64 / 1e3;
        // Across a boot there is only the wall clock, and on some hosts it stops while they are off.
        let gap = (gap > 0.0).then_some(gap);
        let what = Message::new(what);
        let text = match gap {
            Some(gap) if up <= GAP * USUAL_SECONDS => {
                Message::new(key::CHANGE_BOOT_OFF).with("what", what).with_duration("off", gap)
            }
            Some(gap) if gap > up => Message::new(key::CHANGE_BOOT_OFF_UP)
                .with("what", what)
                .with_duration("off", gap - up)
                .with_duration("up", up),
            _ => what,
        };
        self.span(kind, gap, text)
    }

    fn kernel(&self) -> Option<Annotation> {
        let (old, new) = (&self.before.kernel, &self.now.kernel);
        let is_change = old != new && !old.is_empty() && !new.is_empty();
        is_change.then(|| {
            self.at_moment(
                AnnotationKind::KernelChange,
                Message::new(key::CHANGE_KERNEL).with("old", &**old).with("new", &**new),
            )
        })
    }

    fn packages(&self) -> Option<Annotation> {
        let (old, new) = self.before.packages.zip(self.now.packages)?;
        (old != new).then(|| {
            self.at_moment(
                AnnotationKind::PackageChange,
                package::describe_changes(self.root, old.min(self.now.wall), self.now.wall),
            )
        })
    }

    fn suspended(&self) -> Option<Annotation> {
        self.before.elapsed(self.now)?;
        let slept = self.now.suspended_seconds? - self.before.suspended_seconds?;
        (slept > SUSPENDED_SECONDS).then(|| {
            self.span(
                AnnotationKind::Suspended,
                Some(slept),
                Message::new(key::CHANGE_SUSPENDED).with_duration("span", slept),
            )
        })
    }

    fn clock_step(&self) -> Option<Annotation> {
        let elapsed = self.before.elapsed(self.now)?;
        let step = (self.now.wall - self.before.wall).num_milliseconds() as f64 / 1e3 - elapsed;
        let key = if step > 0.0 { key::CHANGE_CLOCK_FORWARD } else { key::CHANGE_CLOCK_BACK };
        (step.abs() > STEP_SECONDS + elapsed * SLEW)
            .then(|| self.at_moment(AnnotationKind::ClockStep, Message::new(key).with_duration("span", step.abs())))
    }

    /// A gap during which the host was awake.
    fn missed(&self, gap: GapContext) -> Option<Annotation> {
        let elapsed = self.before.elapsed(self.now)?;
        let seen =
            gap.until_boottime_seconds.map_or(0.0, |until| until - self.before.boottime_seconds).clamp(0.0, elapsed);
        let slept = match (self.before.suspended_seconds, self.now.suspended_seconds) {
            (Some(before), Some(now)) => (now - before).max(0.0),
            // Unknown when the host was suspended: perhaps in this interval.
            (_, now) => now.unwrap_or(0.0),
        };
        let awake = elapsed - seen - slept;
        let usual = self.before.interval_seconds.unwrap_or(USUAL_SECONDS).max(USUAL_SECONDS);
        let reason = match gap.skipped_runs {
            0 => Message::new(key::CHANGE_NOT_RUN),
            count => Message::named("change.overlap").with("count", count as usize),
        };
        let text = Message::new(key::CHANGE_MISSED).with_duration("span", awake).with("reason", reason);
        (awake > GAP * usual).then(|| self.span(AnnotationKind::MissedRuns, Some(awake), text))
    }
}

#[cfg(test)]
mod tests;
