//! A closed group, compared with what is usual.

use super::buckets::Edges;
use super::hour_band::HourSoFar;

/// Margins as a part of the span between the second highest and the second lowest day: of an hour beyond the days,
const OF_DAYS: f64 = 0.04;
/// of a group beyond the weeks,
const OF_WEEKS: f64 = 0.15;
/// of an hour beyond the same time of day;
const OF_HOURS: f64 = 0.33;
/// and never less than this part of the level.
const OF_LEVEL: f64 = 0.04;
/// Part of the level that is an error of arithmetic.
const OF_ROUNDING: f64 = 1e-9;

/// The watch that was breached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// The trailing hour, beyond all but one of this many days; `None`: beyond all that is known.
    Days(Option<usize>),
    /// One group, beyond everything in up to eight weeks.
    Weeks {
        /// Days that are known of them.
        days: usize,
    },
    /// The running hour, beyond this time of day.
    Hour,
}

/// A breach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// The watch that was breached.
    pub watch: Watch,
    /// More than usual, otherwise less.
    pub above: bool,
    /// The mean that breached.
    pub value: f64,
    /// Lowest usual value.
    pub low: f64,
    /// Highest usual value.
    pub high: f64,
    /// The limit it passed.
    pub limit: f64,
    /// Length of a group, in seconds.
    pub group_seconds: f64,
}

/// A closed group and what is usual; knows nothing of the rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Mean of the group.
    pub group: f64,
    /// Mean of the trailing hour.
    pub hour: f64,
    /// Range of the past days.
    pub days: Edges,
    /// Range of the past weeks.
    pub weeks: Edges,
    /// Number of full days that are known.
    pub day_count: usize,
    /// Number of days of the weeks.
    pub days_of_weeks: usize,
    /// Drift upwards, from day to day.
    pub rise: f64,
    /// Drift downwards, from day to day.
    pub fall: f64,
    /// The running hour of the clock.
    pub of_day: Option<HourSoFar>,
    /// Length of a group, in seconds.
    pub group_seconds: f64,
}

impl Sighting {
    /// The first breach found. `floor`: a difference too small to speak of, in the unit of the series. `above`, `below`:
    /// the sides that are watched.
    pub fn finding(&self, floor: f64, above: bool, below: bool) -> Option<Finding> {
        let (high, low) = (self.days.high, self.days.low);
        let least = floor.max(OF_LEVEL * high.abs().max(low.abs()));
        let rounding = OF_ROUNDING * (high.abs() + low.abs());
        let margin = |part: f64, span: f64| (part * span).max(least) + rounding;
        // The mean shown; the least and the greatest that it is, or can still become; and what is usual.
        let find = |watch, value: f64, [at_least, at_most]: [f64; 2], (low, high): (f64, f64), margin: f64| {
            let (top, bottom) = (high + margin + self.rise, low - margin - self.fall);
            let found =
                |above, limit| Finding { watch, above, value, low, high, limit, group_seconds: self.group_seconds };
            if above && at_least > top {
                Some(found(true, top))
            } else if below && at_most < bottom {
                Some(found(false, bottom))
            } else {
                None
            }
        };
        let days = Watch::Days((self.day_count >= 3).then_some(self.day_count));
        let weeks = (self.weeks.low, self.weeks.high);
        find(days, self.hour, [self.hour; 2], (low, high), margin(OF_DAYS, self.days.span))
            .or_else(|| {
                let margin = margin(OF_WEEKS, self.weeks.span);
                find(Watch::Weeks { days: self.days_of_weeks }, self.group, [self.group; 2], weeks, margin)
            })
            .or_else(|| {
                let of_day = self.of_day?;
                let bounds = [of_day.at_least, of_day.at_most];
                let margin = margin(OF_HOURS, self.days.span);
                find(Watch::Hour, of_day.mean, bounds, (of_day.low, of_day.high), margin)
            })
    }
}
