//! From when to when, and how fine.

use crate::base::clock::{local_form, zone_name, zone_offset_seconds};
use crate::base::parse_past::midnight;
use crate::base::units::{duration, parse_duration};
use crate::model::point::Point;
use crate::store::tier::Tier;
use chrono::{DateTime, TimeDelta, Utc};

/// What is shown.
pub struct Span {
    pub since: DateTime<Utc>,
    /// Included.
    pub until: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub step: Step,
    /// How times are written so that they differ: no more than is needed.
    form: &'static str,
}

/// How fine it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every sample.
    Raw,
    /// Minimum, average, maximum of so many seconds.
    Seconds(u32),
}

const HOUR: u32 = 3600;
const DAY: u32 = 86_400;
/// Hours are kept so long at least; what is older is asked of the days.
const HOURS_KEPT_DAYS: i64 = 395;

impl Step {
    pub const HOUR: Self = Self::Seconds(HOUR);
    pub const DAY: Self = Self::Seconds(DAY);

    /// What `--step` says.
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

    /// At most some 1,500 rows.
    pub fn that_fits(span: TimeDelta) -> Self {
        match span.num_minutes() {
            ..=1500 => Self::Raw,
            1501..=4500 => Self::Seconds(300),
            4501..=90_000 => Self::Seconds(HOUR),
            _ => Self::Seconds(DAY),
        }
    }

    /// At a glance: some two dozen rows.
    pub fn of_glance(span: TimeDelta) -> Self {
        match span.num_hours() {
            ..=1 => Self::Seconds(300),
            2..=50 => Self::Seconds(HOUR),
            _ => Self::Seconds(DAY),
        }
    }

    /// The coarsest tier this can be made of.
    pub fn tier(self, since: DateTime<Utc>, now: DateTime<Utc>) -> Tier {
        match self {
            Self::Seconds(step) if step % DAY == 0 && now - since > TimeDelta::days(HOURS_KEPT_DAYS) => Tier::Days,
            Self::Seconds(step) if step % HOUR == 0 => Tier::Hours,
            Self::Seconds(step) if step % 300 == 0 => Tier::FiveMinutes,
            _ => Tier::Columns,
        }
    }

    /// How far two points are apart; `None`: as far as the samples are.
    pub fn seconds(self) -> Option<u32> {
        if let Self::Seconds(step) = self { Some(step) } else { None }
    }

    /// Whole days.
    pub fn is_days(self) -> bool {
        self.seconds().is_some_and(|step| step % DAY == 0)
    }

    /// Points of this step. From an hour on they begin at midnight in the zone of this host, so that a day is the day of
    /// people, be it 23 or 25 hours long.
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
            // A span of several days is counted from 1970 on, in whole days.
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

/// Begin and end of the day after `day`, when the time is in it. Zone rules are costly: only its end asks them.
fn following((_, begin): (i64, i64), time_ms: i64) -> Option<(i64, i64)> {
    let begin_time = DateTime::from_timestamp_millis(begin).filter(|_| begin != 0)?;
    let end = midnight(begin_time + TimeDelta::hours(26)).timestamp_millis();
    (begin..end).contains(&time_ms).then_some((begin, end))
}

/// Begin and end of the day, in the zone of this host, that a time is in; milliseconds since 1970.
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

    /// A time of this span for people.
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
