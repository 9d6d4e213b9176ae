//! Span and resolution of history.

use crate::base::clock::{local_form, zone_name, zone_offset_seconds};
use crate::base::parse_past::midnight;
use crate::base::units::{duration, parse_duration};
use crate::model::point::Point;
use crate::store::tier::Tier;
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
}

/// Resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every sample.
    Raw,
    /// Minimum, average and maximum of this number of seconds.
    Seconds(u32),
}

const HOUR: u32 = 3600;
const DAY: u32 = 86_400;
/// Minimum retention of hourly rollups; older history is read from daily rollups.
const HOURS_KEPT_DAYS: i64 = 395;

impl Step {
    pub const HOUR: Self = Self::Seconds(HOUR);
    pub const DAY: Self = Self::Seconds(DAY);

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

    /// A step for today at a glance: about two dozen rows.
    pub fn of_glance(span: TimeDelta) -> Self {
        match span.num_hours() {
            ..=1 => Self::Seconds(300),
            2..=50 => Self::Seconds(HOUR),
            _ => Self::Seconds(DAY),
        }
    }

    /// The coarsest tier from which this step can be computed.
    pub fn tier(self, since: DateTime<Utc>, now: DateTime<Utc>) -> Tier {
        match self {
            Self::Seconds(step) if step % DAY == 0 && now - since > TimeDelta::days(HOURS_KEPT_DAYS) => Tier::Days,
            Self::Seconds(step) if step % HOUR == 0 => Tier::Hours,
            Self::Seconds(step) if step % 300 == 0 => Tier::FiveMinutes,
            _ => Tier::Columns,
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

    /// Groups points by this step. Steps from an hour on are aligned to midnight in the zone of this host, so that a
    /// day is a local day of 23 to 25 hours.
    pub fn group(self, points: Vec<Point>) -> Vec<Point> {
        let Some(step) = self.seconds() else { return points };
        let step_ms = i64::from(step) * 1000;
        let mut day = (0, 0);
        let mut groups: Vec<Point> = Vec::new();
        for point in points {
            let origin = if step < HOUR {
                0
            } else {
                if point.time_ms < day.0 || point.time_ms >= day.1 {
                    day = following(day, point.time_ms).unwrap_or_else(|| day_of(point.time_ms));
                }
                day.0
            };
            // Steps of several days are aligned to whole days since 1970.
            let time_ms = if step == DAY {
                day.0
            } else if step > DAY {
                let first = (day.0 + 43_200_000).div_euclid(step_ms) * step_ms;
                day_of(first + 43_200_000).0
            } else {
                origin + (point.time_ms - origin).div_euclid(step_ms) * step_ms
            };
            match groups.last_mut().filter(|last| last.time_ms == time_ms) {
                Some(last) => last.merge(&point),
                None => groups.push(Point { time_ms, ..point }),
            }
        }
        groups
    }
}

/// Begin and end of the day after `day`, if it contains the time. Only its end needs a zone lookup, which is costly.
fn following((_, begin): (i64, i64), time_ms: i64) -> Option<(i64, i64)> {
    let begin_time = DateTime::from_timestamp_millis(begin).filter(|_| begin != 0)?;
    let end = midnight(begin_time + TimeDelta::hours(26)).timestamp_millis();
    (begin..end).contains(&time_ms).then_some((begin, end))
}

/// Begin and end of the local day that contains a time; milliseconds since 1970.
fn day_of(time_ms: i64) -> (i64, i64) {
    let time = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    let begin = midnight(time);
    let end = midnight(begin + TimeDelta::hours(26));
    (begin.timestamp_millis(), end.timestamp_millis().max(time_ms + 1))
}

impl Span {
    pub fn new(since: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>, step: Step) -> Self {
        let same = |form| local_form(since, form) == local_form(until, form);
        let form = if step.is_days() {
            "%Y-%m-%d"
        } else if zone_offset_seconds(since) != zone_offset_seconds(until) {
            "%m-%d %H:%M %:z"
        } else if same("%Y-%m-%d") {
            "%H:%M"
        } else if same("%Y") {
            "%m-%d %H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        Self { since, until, now, step, form }
    }

    /// Formats a time of this span.
    pub fn write(&self, time_ms: i64) -> String {
        local_form(DateTime::from_timestamp_millis(time_ms).unwrap_or_default(), self.form)
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
