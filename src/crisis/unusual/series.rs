//! The learned state of one series.

use super::buckets::Buckets;
use super::group::{Group, LEARN};
use super::hour_band::HourBand;
use super::packed::Numbers;
use super::sighting::{Finding, Sighting};

/// Most groups of the trailing hour.
const HOUR: usize = 12;
/// Groups of a day.
const DAY: f64 = 288.0;
/// Full days that are remembered, and the running one; the same of weeks of seven such days.
const DAYS: usize = 14 + 1;
const WEEKS: usize = 8 + 1;
/// Factor by which the running median of the spacing moves.
const SPACING_STEP: f64 = 1.02;

/// A value closed a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Closed {
    /// Too little is known yet to compare it.
    Learning,
    /// The range that it is compared with.
    Sighted(Sighting),
}

impl Closed {
    /// The breach, if it is one; see [`Sighting::finding`].
    pub fn finding(&self, floor: f64, above: bool, below: bool) -> Option<Finding> {
        match self {
            Self::Learning => None,
            Self::Sighted(sighting) => sighting.finding(floor, above, below),
        }
    }
}

/// The memory of one series. NaN stands for a number that is not known yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The running group.
    pub group: Group,
    /// Running median of the time between two groups, in seconds.
    spacing: f64,
    /// Means of the groups of the trailing hour, newest first.
    hour: [f64; HOUR],
    days: Buckets<DAYS>,
    weeks: Buckets<WEEKS>,
    /// Groups in the running day, days in the running week.
    in_day: f64,
    in_week: f64,
    band: HourBand,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            group: Group::default(),
            spacing: 0.0,
            hour: [f64::NAN; HOUR],
            days: Buckets::default(),
            weeks: Buckets::default(),
            in_day: 0.0,
            in_week: 0.0,
            band: HourBand::default(),
        }
    }
}

impl Series {
    /// Adds a value. `seconds`: local time. `None`: its group goes on.
    pub fn add(&mut self, seconds: f64, value: f64) -> Option<Closed> {
        let is_known = self.group.seen() >= LEARN;
        let (mean, gap) = self.group.add(seconds, value)?;
        let per_hour = self.groups_per_hour(gap);
        self.hour.rotate_right(1);
        if let Some(newest) = self.hour.first_mut() {
            *newest = mean;
        }
        let part = self.hour.iter().take(per_hour as usize).filter(|mean| !mean.is_nan());
        let (sum, count) = part.fold((0.0, 0.0), |(sum, count), mean| (sum + mean, count + 1.0));
        let hour = sum / count;
        self.band.add((seconds / 3600.0).floor() as i64, mean);
        let closed = if is_known { self.sighting(mean, hour, per_hour) } else { None };
        self.days.add(hour);
        self.weeks.add(mean);
        self.in_day += 1.0;
        if self.in_day >= DAY {
            self.in_day = 0.0;
            self.days.turn();
            self.in_week += 1.0;
            if self.in_week >= 7.0 {
                self.in_week = 0.0;
                self.weeks.turn();
            }
        }
        Some(closed.map_or(Closed::Learning, Closed::Sighted))
    }

    /// Number of groups in an hour, at most [`HOUR`].
    fn groups_per_hour(&mut self, gap: f64) -> f64 {
        if gap > 0.0 {
            if self.spacing == 0.0 {
                self.spacing = gap;
            } else if gap > self.spacing {
                self.spacing *= SPACING_STEP;
            } else if gap < self.spacing {
                self.spacing /= SPACING_STEP;
            }
        }
        if self.spacing > 0.0 { (3600.0 / self.spacing + 0.5).floor().clamp(1.0, HOUR as f64) } else { 1.0 }
    }

    fn sighting(&self, group: f64, hour: f64, per_hour: f64) -> Option<Sighting> {
        let (rise, fall) = self.days.steps();
        Some(Sighting {
            group,
            hour,
            days: self.days.edges(2)?,
            weeks: self.weeks.edges(1)?,
            day_count: self.days.count().saturating_sub(1),
            days_of_weeks: ((self.weeks.count().saturating_sub(1)) * 7 + self.in_week as usize).max(1),
            rise,
            fall,
            of_day: self.band.so_far(per_hour),
            group_seconds: self.spacing,
        })
    }
}

impl Numbers for Series {
    fn numbers(&mut self, visit: &mut impl FnMut(&mut f64)) {
        self.group.numbers(visit);
        self.hour.iter_mut().for_each(&mut *visit);
        self.days.numbers(visit);
        self.weeks.numbers(visit);
        self.band.numbers(visit);
        [&mut self.spacing, &mut self.in_day, &mut self.in_week].into_iter().for_each(visit);
    }
}
