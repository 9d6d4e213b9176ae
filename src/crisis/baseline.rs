//! Baselines: the usual range of a metric for an hour of the week, learned by robust statistics.
//!
//! A baseline uses the same hour of past weeks and its two neighbours; with fewer than two weeks of history the same
//! hour of past days; with fewer than three days all hours. Medians ignore a single odd week. When nearly all hours
//! of the last day were outside on the same side, the level has changed, and the range moves with it.

use crate::base::sort::SmallSort;
use crate::model::spread;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hours of history required before a baseline exists.
pub const LEAST_HOURS: usize = 24;
/// Number of weeks looked back,
const WEEKS: i64 = 6;
/// or of days.
const DAYS: i64 = 14;
/// Weeks required for a weekly pattern,
const LEAST_WEEKS: i64 = 2;
/// and days for a daily one.
const LEAST_DAYS: i64 = 3;
/// Hours of a week and of a day.
const WEEK: i64 = 168;
const DAY: i64 = 24;
/// History required in total, in hours.
pub const PAST_HOURS: i64 = WEEK * WEEKS + DAY + 2;
/// Hours of the last day that must be known, three quarters of them outside, for a change of level.
const LEAST_OF_DAY: usize = 20;
/// Factor from a median absolute deviation to a standard deviation.
const MAD: f64 = 1.4826;
/// Least spread as a share of the usual value.
const RELATIVE: f64 = 0.02;
/// Factor that widens the spread while there is no weekly pattern.
const UNSURE: f64 = 2.0;

/// The usual range in one hour, in the unit of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The median of the means.
    pub centre: f64,
    /// Spread of the means around it, at least the negligible spread.
    pub spread: f64,
    /// Lowest usual level.
    pub low: f64,
    /// Highest usual level.
    pub high: f64,
    /// Whether it is based on the same hour of other days or weeks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_hour: bool,
    /// Distance an edge was moved after a lasting change of level; positive: up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // signature required by serde
fn is_zero(by: &f64) -> bool {
    *by == 0.0
}

impl Band {
    /// Distance of a value above (else below) the range, in spreads; negative inside.
    pub fn outside(&self, above: bool, value: f64) -> f64 {
        if above { (value - self.high) / self.spread } else { (self.low - value) / self.spread }
    }
}

/// Levels of a metric in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hour {
    /// Lowest level it can have held for the hold time of the rule,
    low: f64,
    mean: f64,
    /// and the highest.
    high: f64,
}

impl Hour {
    /// From minimum, mean and maximum. A minute at 100 % is not a level of 100 %: a level held for `hold_seconds` moves
    /// the mean, so the mean bounds the level.
    pub fn new(min: f64, mean: f64, max: f64, hold_seconds: f64) -> Self {
        let share = (hold_seconds / 3600.0).clamp(1.0 / 60.0, 1.0);
        Self { low: (max - (max - mean) / share).max(min), mean, high: (min + (mean - min) / share).min(max) }
    }
}

/// Recorded hours by their number in the zone of the host: seconds since 1970 plus the offset of the zone at that
/// time, divided by 3600. The same hour of the week is 168 earlier, even across a change to summer time.
#[derive(Debug, Clone, Default)]
pub struct Past {
    hours: BTreeMap<i64, Hour>,
}

impl Past {
    /// Adds an hour; an hour that occurs twice, when summer time ends, is merged.
    pub fn add(&mut self, number: i64, hour: Hour) {
        let known = self.hours.entry(number).or_insert(hour);
        known.low = known.low.min(hour.low);
        known.high = known.high.max(hour.high);
        known.mean = hour.mean;
    }

    /// Drops hours too old for the hour `at`.
    pub fn forget_before(&mut self, at: i64) {
        self.hours = self.hours.split_off(&(at - PAST_HOURS));
    }

    /// Number of recorded hours.
    pub fn known(&self) -> usize {
        self.hours.len()
    }

    /// The baseline of the hour `at`, from the hours before it. `least`: negligible spread.
    pub fn band(&self, at: i64, least: f64) -> Option<Band> {
        if self.hours.range(at - PAST_HOURS..at).take(LEAST_HOURS).count() < LEAST_HOURS {
            return None;
        }
        let (weeks, days) = (self.reach(at, WEEK, WEEKS), self.reach(at, DAY, DAYS));
        let usual = |number| self.usual(number, weeks, days, least);
        let mut band = usual(at)?;
        let day = self.hours.range(at - DAY..at);
        let day: Vec<(Hour, Band)> = day.filter_map(|(number, hour)| Some((*hour, usual(*number)?))).collect();
        if day.len() < LEAST_OF_DAY {
            return Some(band);
        }
        let of_day = |part, edge: &dyn Fn(&(Hour, Band)) -> f64| quantile(day.iter().map(edge).collect(), part);
        if of_day(0.25, &|(hour, band)| hour.mean - band.high)? > 0.0 {
            band.moved = of_day(0.9, &|(hour, band)| hour.high - band.high)?.max(0.0);
            band.high += band.moved;
        } else if of_day(0.75, &|(hour, band)| hour.mean - band.low)? < 0.0 {
            band.moved = of_day(0.1, &|(hour, band)| hour.low - band.low)?.min(0.0);
            band.low += band.moved;
        }
        Some(band)
    }

    /// Number of weeks or days with hours, for this hour and for the one a day before, so that all hours of the last day
    /// are compared with equally much history.
    fn reach(&self, at: i64, step: i64, most: i64) -> i64 {
        let is_known = |at: i64| !self.alike(at, step, 1).is_empty();
        (0..most)
            .rev()
            .find(|back| is_known(at - back * step) && is_known(at - DAY - back * step))
            .map_or(0, |back| back + 1)
    }

    fn usual(&self, at: i64, weeks: i64, days: i64, least: f64) -> Option<Band> {
        let of_weeks = self.alike(at, WEEK, weeks);
        if weeks >= LEAST_WEEKS {
            return Some(Band { is_of_hour: true, ..made(&of_weeks, 0.5, least)? });
        }
        if days >= LEAST_DAYS {
            let mut usual = made(&self.alike(at, DAY, days), 0.9, least * UNSURE)?;
            // A single known week may be exceptional.
            if let Some(week) = made(&of_weeks, 0.5, least) {
                usual.low = usual.low.min(week.low);
                usual.high = usual.high.max(week.high);
            }
            return Some(Band { is_of_hour: true, ..usual });
        }
        let all: Vec<Vec<Hour>> = self.hours.range(at - PAST_HOURS..at).map(|(_, hour)| vec![*hour]).collect();
        made(&all, 0.98, least * UNSURE)
    }

    /// The corresponding hours a number of steps back, each with its neighbours.
    fn alike(&self, at: i64, step: i64, most: i64) -> Vec<Vec<Hour>> {
        let like = |back: i64| -> Vec<Hour> {
            let number = at - back * step;
            (number - 1..=number + 1).filter_map(|number| self.hours.get(&number).copied()).collect()
        };
        (1..=most).map(like).filter(|hours| !hours.is_empty()).collect()
    }
}

/// The range of groups of hours: a share `part` of them has no level above its upper edge, nor below its lower one.
fn made(groups: &[Vec<Hour>], part: f64, least: f64) -> Option<Band> {
    let means: Vec<f64> = groups.iter().flatten().map(|hour| hour.mean).collect();
    let centre = quantile(means.clone(), 0.5)?;
    let scatter = quantile(means.iter().map(|mean| (mean - centre).abs()).collect(), 0.5)?;
    let edge = |value: &dyn Fn(&Hour) -> f64, pick: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        groups.iter().filter_map(|hours| hours.iter().map(value).reduce(pick)).collect()
    };
    let high = quantile(edge(&|hour| hour.high, &f64::max), part)?;
    let low = -quantile(edge(&|hour| -hour.low, &f64::max), part)?;
    let spread = (scatter * MAD).max(least).max(centre.abs() * RELATIVE);
    Some(Band { centre, spread, low, high, is_of_hour: false, moved: 0.0 })
}

/// The quantile `part`; of two middle values the greater one.
fn quantile(mut values: Vec<f64>, part: f64) -> Option<f64> {
    values.arrange_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    values.get(((values.len() as f64 * part).floor() as usize).min(last)).copied()
}

/// Negligible spread of a metric, in its unit.
pub fn least_spread(metric: &str) -> f64 {
    spread::least_spread(metric).unwrap_or(2.0)
}

#[cfg(test)]
mod tests;
