//! Span and resolution of history.

use crate::base::clock::{local_form, zone_name};
use crate::base::local_time::LocalTime;
use crate::base::units::{duration, parse_duration};
use crate::query::stored_days::Part;
use chrono::{DateTime, TimeDelta, Utc};

/// A span and its step.
pub struct Span {
    pub since: DateTime<Utc>,
    /// End, inclusive.
    pub until: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub step: Step,
    /// Time format, as short as possible while times differ.
    form: &'static str,
    /// The host's time zone.
    pub local: LocalTime,
    /// Parts that are shown at the resolution that is kept, in order.
    pub coarse: Vec<Part>,
    /// Parts whose points are days of UTC.
    pub utc_days: Vec<Part>,
}

/// Resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every sample.
    Raw,
    /// Minimum, average and maximum of this number of seconds.
    Seconds(u32),
}

/// Largest number of rows of a table.
const ROWS_MAX: i64 = 48;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

impl Step {
    /// Parses the argument of `--step`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "raw" {
            return Ok(Self::Raw);
        }
        let seconds = parse_duration(text)
            .map_err(|_| format!("{text:?} is not a step; write raw, or a span such as 5m, 1h, 6h or 1d"))?;
        match u32::try_from(seconds.as_secs()) {
            Ok(seconds) if seconds >= 60 => Ok(Self::Seconds(seconds)),
            _ => Err(format!("a step of {text} is finer than what is recorded; write raw")),
        }
    }

    /// A step that results in about 1,500 rows at most.
    pub fn that_fits(span: TimeDelta) -> Self {
        match span.num_minutes() {
            ..=1500 => Self::Raw,
            1501..=4500 => Self::Seconds(300),
            4501..=90_000 => Self::Seconds(HOUR),
            _ => Self::Seconds(DAY),
        }
    }

    /// A step that results in 48 rows at most, for people.
    pub fn of_table(span: TimeDelta) -> Self {
        const STEPS: [u32; 11] = [300, 900, 1800, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY];
        // Rows at both ends may be partial.
        let fits = |step: &u32| span.num_seconds() <= i64::from(*step) * (ROWS_MAX - 1);
        match span.num_minutes() < ROWS_MAX {
            true => Self::Raw,
            false => Self::Seconds(STEPS.into_iter().find(fits).unwrap_or(365 * DAY)),
        }
    }

    /// A step for today at a glance: about two dozen rows.
    pub fn of_glance(span: TimeDelta) -> Self {
        match span.num_hours() {
            ..=1 => Self::Seconds(300),
            2..=50 => Self::Seconds(HOUR),
            _ => Self::Seconds(DAY),
        }
    }

    /// Interval between points; `None` for single samples.
    pub fn seconds(self) -> Option<u32> {
        if let Self::Seconds(step) = self { Some(step) } else { None }
    }

    /// Returns whether the step is a number of whole days.
    pub fn is_days(self) -> bool {
        self.seconds().is_some_and(|step| step % DAY == 0)
    }
}

impl Span {
    /// A span; `local` is the zone during all of it.
    pub fn new(since: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>, step: Step, local: LocalTime) -> Self {
        let same = |form| local_form(since, form) == local_form(until, form);
        let is_constant = !local.changes(since.timestamp_millis(), until.timestamp_millis());
        let form = match (step.is_days(), is_constant) {
            (true, _) => "%Y-%m-%d",
            (false, false) if same("%Y") => "%m-%d %H:%M %:z",
            (false, false) => "%Y-%m-%d %H:%M %:z",
            (false, true) if same("%Y-%m-%d") => "%H:%M",
            (false, true) if same("%Y") => "%m-%d %H:%M",
            (false, true) => "%Y-%m-%d %H:%M",
        };
        Self { since, until, now, step, form, local, coarse: Vec::new(), utc_days: Vec::new() }
    }

    /// Formats a time of this span. What is not a local day is not written as one: it is a UTC day, or begins later.
    pub fn write(&self, time_ms: i64) -> String {
        let time = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
        let is_midnight = self.local.day(time_ms).0 == time_ms;
        let is_day = self.utc_days.iter().any(|part| (part.begin_ms..part.end_ms).contains(&time_ms));
        match (self.step.is_days(), is_midnight) {
            (false, _) if !is_day => local_form(time, self.form),
            (_, true) => local_form(time, "%Y-%m-%d"),
            (_, false) if is_day => time.format("%Y-%m-%d UTC").to_string(),
            (_, false) => local_form(time, "%Y-%m-%d %H:%M"),
        }
    }

    /// Width of the column of these times, in characters.
    pub fn width(&self, times: impl Iterator<Item = i64>) -> usize {
        let usual = local_form(self.since, self.form).chars().count();
        if !self.step.is_days() && self.coarse.is_empty() {
            return usual;
        }
        times.map(|time| self.write(time).chars().count()).max().unwrap_or(usual)
    }

    /// The coarser part of the span that contains a time.
    pub fn coarse_at(&self, time_ms: i64) -> Option<&Part> {
        self.coarse.iter().find(|part| (part.begin_ms..part.end_ms).contains(&time_ms))
    }

    /// The span in words.
    pub fn words(&self) -> String {
        let day = local_form(self.since, "%Y-%m-%d");
        let end = if local_form(self.until, "%Y-%m-%d") == day { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        let step = self
            .step
            .seconds()
            .map_or_else(|| "every sample".to_string(), |step| format!("by {}", duration(f64::from(step))));
        format!(
            "{} to {} {} · {step}",
            local_form(self.since, "%Y-%m-%d %H:%M"),
            local_form(self.until, end),
            zone_name(self.until)
        )
    }
}
