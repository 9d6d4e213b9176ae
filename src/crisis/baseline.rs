//! What is usual for this hour of the week, learned from the past by robust statistics.
//!
//! The same hour of past weeks counts, with the hour before and after it; while fewer than two weeks are known, the same
//! hour of past days; while fewer than three days are known, all of them. One odd week moves no median. When nearly all
//! of the last day was outside on the same side, the level has changed, and the band goes with it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many hours must be known before anything is said.
pub const LEAST_HOURS: usize = 24;
/// So many weeks are looked back on,
const WEEKS: i64 = 6;
/// or so many days.
const DAYS: i64 = 14;
/// Fewer weeks than this have no shape,
const LEAST_WEEKS: i64 = 2;
/// nor fewer days.
const LEAST_DAYS: i64 = 3;
/// Hours of a week and of a day.
const WEEK: i64 = 168;
const DAY: i64 = 24;
/// So much of the past is needed, in hours.
pub const PAST_HOURS: i64 = WEEK * WEEKS + DAY + 2;
/// Of the last day so many hours must be known, and three quarters of them outside, for a change of level.
const LEAST_OF_DAY: usize = 20;
/// Makes of a median absolute deviation what a standard deviation would be.
const MAD: f64 = 1.4826;
/// A spread is no less than this part of what is usual.
const RELATIVE: f64 = 0.02;
/// While less is known than the shape of a week, a spread is so many times as wide.
const UNSURE: f64 = 2.0;

/// What is usual in one hour. All of it in the unit of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The median of the means.
    pub centre: f64,
    /// How far the means scatter about it: never less than what is too little to speak of.
    pub spread: f64,
    /// The least level that is usual.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// It is made of hours like this one: of other days or weeks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_hour: bool,
    /// So far an edge was moved after a level that changed and stayed: up is positive; 0: not at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_zero(by: &f64) -> bool {
    *by == 0.0
}

impl Band {
    /// How many spreads a value is above it (else below it); negative inside.
    pub fn outside(&self, above: bool, value: f64) -> f64 {
        if above { (value - self.high) / self.spread } else { (self.low - value) / self.spread }
    }

    /// Whether its upper edge (else the lower one) was moved after a level that changed.
    pub fn is_moved(&self, above: bool) -> bool {
        if above { self.moved > 0.0 } else { self.moved < 0.0 }
    }

    /// The value that is so many spreads outside.
    pub fn limit(&self, above: bool, spreads: f64) -> f64 {
        if above { self.high + spreads * self.spread } else { self.low - spreads * self.spread }
    }
}

/// What a metric was in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hour {
    /// The least level that it can have held for as long as the rule waits,
    low: f64,
    mean: f64,
    /// and the greatest.
    high: f64,
}

impl Hour {
    /// From least, mean and greatest value. A minute at 100 % is no level of 100 %: what lasted for `hold_seconds` moved
    /// the mean, so the mean says how high a level can have been.
    pub fn new(min: f64, mean: f64, max: f64, hold_seconds: f64) -> Self {
        let share = (hold_seconds / 3600.0).clamp(1.0 / 60.0, 1.0);
        Self { low: (max - (max - mean) / share).max(min), mean, high: (min + (mean - min) / share).min(max) }
    }
}

/// The hours that are known, by their number in the zone of the host: seconds since 1970 and the offset of the zone at
/// that time, by 3600. So the same hour of the week is 168 earlier, also over a change to summer time.
#[derive(Debug, Clone, Default)]
pub struct Past {
    hours: BTreeMap<i64, Hour>,
}

impl Past {
    /// Adds an hour; one that comes twice, as when summer time ends, is both.
    pub fn add(&mut self, number: i64, hour: Hour) {
        let known = self.hours.entry(number).or_insert(hour);
        known.low = known.low.min(hour.low);
        known.high = known.high.max(hour.high);
        known.mean = hour.mean;
    }

    /// Forgets what is too old for the hour `at`.
    pub fn forget_before(&mut self, at: i64) {
        self.hours = self.hours.split_off(&(at - PAST_HOURS));
    }

    /// How many hours are known.
    pub fn known(&self) -> usize {
        self.hours.len()
    }

    /// What is usual in the hour `at`, from what was before it. `least`: a spread below this is nothing to speak of.
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

    /// How many weeks or days back hours are known, of this hour and of the one a day before: all hours of the last day
    /// are then held against equally much of the past.
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
            // The one week that is known may be the only one like this.
            if let Some(week) = made(&of_weeks, 0.5, least) {
                usual.low = usual.low.min(week.low);
                usual.high = usual.high.max(week.high);
            }
            return Some(Band { is_of_hour: true, ..usual });
        }
        let all: Vec<Vec<Hour>> = self.hours.range(at - PAST_HOURS..at).map(|(_, hour)| vec![*hour]).collect();
        made(&all, 0.98, least * UNSURE)
    }

    /// The hours like this one so many steps back, each with its neighbours.
    fn alike(&self, at: i64, step: i64, most: i64) -> Vec<Vec<Hour>> {
        let like = |back: i64| -> Vec<Hour> {
            let number = at - back * step;
            (number - 1..=number + 1).filter_map(|number| self.hours.get(&number).copied()).collect()
        };
        (1..=most).map(like).filter(|hours| !hours.is_empty()).collect()
    }
}

/// A band of groups of hours: `part` of them have no level above its upper edge, nor below its lower one.
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

/// The value that `part` of them are not above; of two in the middle the greater one.
fn quantile(mut values: Vec<f64>, part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    values.get(((values.len() as f64 * part).floor() as usize).min(last)).copied()
}

/// A spread of a metric that is too little to speak of, in its unit.
pub fn least_spread(metric: &str) -> f64 {
    let rate = metric.ends_with("_per_second");
    let name = metric.trim_end_matches("_per_second");
    match name {
        _ if name.ends_with("_percent") => 2.5,
        _ if name.ends_with("bytes") && rate => 262_144.0,
        _ if name.ends_with("bytes") => 33_554_432.0,
        _ if name.ends_with("_per_core") => 0.1,
        _ if name.ends_with("_ms") => 5.0,
        _ if name.ends_with("_celsius") => 2.0,
        _ if rate => 5.0,
        _ => 2.0,
    }
}

#[cfg(test)]
mod tests;
