//! Trust in the wall clock. A single reading deletes nothing and seals nothing: the clock has to agree with the
//! time since boot over several runs, and with the last reading that was believed.

use super::day;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Name of the state file.
pub const STATE: &str = "clock";
/// Deviation from the time since boot that is no step, in seconds: a program that sets a drifting clock now and then.
const TOLERANCE_SECONDS: f64 = 300.0;
/// Fastest slewing of the clock by the kernel (500 ppm).
const SLEW: f64 = 0.0005;
/// Longest time, in seconds, that a host may be off without doubt about its clock.
const OFF_SECONDS: f64 = 86_400.0;
/// After so many runs that agree with each other a clock that stepped is steady: hours and days are closed by it.
const STEADY_RUNS: u32 = 5;
/// After so many seconds of agreement a clock that stepped is believed: history expires by it.
const BELIEVED_SECONDS: f64 = 2.0 * 86_400.0;
/// Maximum number of remembered spans with a false date.
const MISDATED_MAX: usize = 50;

/// A reading of the clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Wall clock.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`, seconds.
    pub boottime_seconds: f64,
    /// Identity of the boot; empty where the kernel has none.
    pub boot_id: String,
}

impl Reading {
    /// Seconds of `CLOCK_BOOTTIME` to `later`; `None` when that is another boot.
    fn elapsed(&self, later: &Self) -> Option<f64> {
        let elapsed = later.boottime_seconds - self.boottime_seconds;
        (self.boot_id == later.boot_id && elapsed >= 0.0).then_some(elapsed)
    }

    /// Seconds of the wall clock to `later`.
    fn wall_seconds(&self, later: &Self) -> f64 {
        (later.wall - self.wall).num_milliseconds() as f64 / 1e3
    }

    /// Returns whether the wall clock advanced like the time since boot; across a boot, whether it is
    /// not earlier, and later by at most a day plus the time since boot.
    fn agrees(&self, later: &Self) -> bool {
        let wall = self.wall_seconds(later);
        match self.elapsed(later) {
            Some(elapsed) => (wall - elapsed).abs() <= TOLERANCE_SECONDS + elapsed * SLEW,
            None => (-TOLERANCE_SECONDS..=later.boottime_seconds + OFF_SECONDS).contains(&wall),
        }
    }
}

/// Snapshots stored under a false date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misdated {
    /// The earliest of their times.
    pub first: DateTime<Utc>,
    /// The latest of their times.
    pub last: DateTime<Utc>,
    /// Their number.
    pub snapshots: usize,
    /// When the clock was right again; the present while it is not.
    pub until: DateTime<Utc>,
}

/// A clock that stepped without an explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// The first reading after the step.
    began: Reading,
    latest: Reading,
    /// Runs in a row that agree with each other.
    runs: u32,
    /// How long they agree, in seconds.
    seconds: f64,
    /// The snapshots stored since.
    stored: Misdated,
}

/// The clock came back to the time that is believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Return {
    /// By how much it was ahead (positive) or behind, in seconds.
    pub offset_seconds: f64,
    /// For how long, in seconds.
    pub lasted_seconds: f64,
    /// The snapshots stored meanwhile.
    pub stored: Misdated,
}

/// The state of the clock, kept in `state/clock.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockTrust {
    /// The last reading that is believed.
    believed: Option<Reading>,
    /// `None`: the clock is believed.
    doubt: Option<Doubt>,
    /// Spans with a false date that were ended by the clock coming back.
    misdated: Vec<Misdated>,
}

impl ClockTrust {
    /// Adds a reading. `newest`: that of the newest record, asked for when nothing is known. The same reading twice
    /// changes nothing.
    #[must_use]
    pub fn observe(mut self, now: &Reading, newest: impl FnOnce() -> Option<Reading>) -> (Self, Option<Return>) {
        let before = self.believed.take().or_else(newest).unwrap_or_else(|| now.clone());
        if before.agrees(now) {
            let back = self.doubt.take().map(|doubt| doubt.end(now));
            self.misdated.extend(back.iter().map(|back| back.stored.clone()));
            let excess = self.misdated.len().saturating_sub(MISDATED_MAX);
            self.misdated.drain(..excess);
            self.believed = Some(now.clone());
            return (self, back);
        }
        let doubt = match self.doubt.take() {
            Some(doubt) => doubt.go_on(now),
            None => Doubt::begin(now),
        };
        let is_believed = doubt.runs >= STEADY_RUNS && doubt.seconds >= BELIEVED_SECONDS;
        self.believed = Some(if is_believed { now.clone() } else { before });
        self.doubt = Some(doubt).filter(|_| !is_believed);
        (self, None)
    }

    /// Returns whether history, alerts, silences and sent messages may expire by the clock.
    pub fn is_believed(&self) -> bool {
        self.doubt.is_none()
    }

    /// Returns whether the clock agreed with the time since boot over several runs: finished hours and days may be closed.
    pub fn is_steady(&self) -> bool {
        self.doubt.as_ref().is_none_or(|doubt| doubt.runs >= STEADY_RUNS)
    }

    /// By how much the clock is ahead (positive) or behind of what the time since boot says while it is in doubt, if that is
    /// more than a day; less may be a correction.
    pub fn offset(&self, now: &Reading) -> Option<TimeDelta> {
        let before = self.believed.as_ref().filter(|_| self.doubt.is_some())?;
        let offset = before.wall_seconds(now) - before.elapsed(now)?;
        (offset.abs() > OFF_SECONDS).then(|| TimeDelta::milliseconds((offset * 1e3) as i64))
    }

    /// Returns whether a run kept a reading in the last `seconds` by the time since boot, whatever the wall clock says.
    pub fn is_recent(&self, now: &Reading, seconds: f64) -> bool {
        let last = self.believed.iter().chain(self.doubt.as_ref().map(|doubt| &doubt.latest));
        last.filter_map(|reading| reading.elapsed(now)).any(|elapsed| elapsed < seconds)
    }

    /// The true day on which a false date was noticed that lies in a period (`2026-11-20`, `2026-11`): it is kept as if it
    /// were of that day.
    pub fn noticed(&self, period: &str) -> Option<NaiveDate> {
        let holds = |span: &&Misdated| {
            let part = |time| day::of(time).get(..period.len()).map(ToString::to_string);
            part(span.first).is_some_and(|first| *first <= *period)
                && part(span.last).is_some_and(|last| *last >= *period)
        };
        self.misdated.iter().filter(holds).map(|span| span.until.date_naive()).max()
    }
}

impl Doubt {
    fn begin(now: &Reading) -> Self {
        let stored = Misdated { first: now.wall, last: now.wall, snapshots: 1, until: now.wall };
        Self { began: now.clone(), latest: now.clone(), runs: 1, seconds: 0.0, stored }
    }

    fn go_on(mut self, now: &Reading) -> Self {
        if self.latest == *now {
            return self;
        }
        if self.latest.agrees(now) {
            self.runs = self.runs.saturating_add(1);
            self.seconds += self.latest.elapsed(now).unwrap_or_else(|| self.latest.wall_seconds(now));
        } else {
            (self.runs, self.seconds) = (1, 0.0);
        }
        self.stored.first = self.stored.first.min(now.wall);
        self.stored.last = self.stored.last.max(now.wall);
        self.stored.snapshots += 1;
        self.latest = now.clone();
        self
    }

    fn end(self, now: &Reading) -> Return {
        let step = self.latest.wall_seconds(now) - self.latest.elapsed(now).unwrap_or(0.0);
        // Without a common boot the wall clock is all there is: it went on from the false date.
        let lasted = self.began.elapsed(now).unwrap_or_else(|| self.began.wall_seconds(&self.latest).max(0.0));
        let stored = Misdated { until: now.wall, ..self.stored };
        Return { offset_seconds: -step, lasted_seconds: lasted, stored }
    }
}

#[cfg(test)]
mod tests;
