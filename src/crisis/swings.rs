//! Levels that a value reached and came back from in the last days: logs that are rotated, nightly dumps, builds. A rise
//! within them is no forecast.

use super::series::{Approach, rounded};
use crate::base::sort::SmallSort;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Days for which they are kept.
const DAYS: usize = 14;
/// A value came back when it is farther from its target by this share of the scale,
const BACK: f64 = 0.02;
/// or by this share of the distance where it was closest, if that is less.
const BACK_OF_DISTANCE: f64 = 0.2;
/// Closer to the target than this share of the scale, a level is usual only if it is reached on several days,
const CLOSE: f64 = 0.1;
/// on this many; and never within `BACK` of the target.
const CLOSE_DAYS: usize = 3;
/// A rise goes beyond the usual level when it has used this share of the distance that is left there.
const BEYOND: f64 = 0.2;
/// A trend is steeper than all before when it is so by this factor,
const STEEPER: f64 = 1.25;
/// and is then no usual rise when the target is less than this far away, in seconds.
const SOON_SECONDS: f64 = 3600.0;

/// Recent rises and falls of a value, as distances from the target of its forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Swings {
    /// The closest distance of the present rise, or the farthest of the present fall.
    #[serde(default)]
    edge: Option<f64>,
    /// It falls away from the target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_falling: bool,
    /// Steepest trend of the present rise, per second.
    #[serde(default)]
    steepest: f64,
    /// Days on which it came back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    days: Vec<Day>,
}

/// A day on which a value came back from a rise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Day {
    /// Days since 1970, UTC.
    day: i64,
    /// The closest distance it came back from.
    closest: f64,
    /// Steepest trend of a rise, per second.
    steepest: f64,
}

impl Swings {
    /// Adds the present distance, and the trend if there is one.
    pub fn add(&mut self, now: DateTime<Utc>, approach: &Approach) {
        let Approach { distance, scale, seconds_left } = *approach;
        let (today, distance) = (day_number(now), rounded(distance));
        self.days.retain(|day| day.is_recent(today));
        if let Some(left) = seconds_left.filter(|left| *left > 0.0) {
            self.steepest = rounded(self.steepest.max(distance / left));
        }
        let edge = self.edge.unwrap_or(distance);
        if self.is_falling {
            self.edge = Some(edge.max(distance));
            if distance <= edge - step(edge, scale) {
                (self.is_falling, self.edge, self.steepest) = (false, Some(distance), 0.0);
            }
            return;
        }
        self.edge = Some(edge.min(distance));
        if distance >= edge + step(edge, scale) {
            self.came_back(today, edge);
            (self.is_falling, self.edge, self.steepest) = (true, Some(distance), 0.0);
        }
    }

    fn came_back(&mut self, today: i64, closest: f64) {
        match self.days.last_mut().filter(|day| day.day == today) {
            Some(day) => {
                day.closest = day.closest.min(closest);
                day.steepest = day.steepest.max(self.steepest);
            }
            None => {
                self.days.push(Day { day: today, closest, steepest: self.steepest });
                self.days.drain(..self.days.len().saturating_sub(DAYS));
            }
        }
    }

    /// Returns whether a trend is a rise that came back before.
    pub fn is_usual(&self, approach: &Approach) -> bool {
        let Approach { distance, scale, seconds_left } = *approach;
        let Some(level) = self.level(scale) else { return false };
        let steepest = self.days.iter().map(|day| day.steepest).fold(0.0, f64::max);
        let is_steeper = |left: f64| left < SOON_SECONDS && distance / left > steepest * STEEPER;
        distance >= level * (1.0 - BEYOND) && !seconds_left.is_some_and(is_steeper)
    }

    /// The closest distance that is usual: it came back from there, and close to the target on several days.
    fn level(&self, scale: f64) -> Option<f64> {
        let mut levels: Vec<f64> = self.days.iter().map(|day| day.closest).collect();
        levels.arrange_by(f64::total_cmp);
        let close = levels.get(CLOSE_DAYS - 1).map(|third| third.max(scale * BACK));
        let once = levels.into_iter().find(|level| *level >= scale * CLOSE);
        close.into_iter().chain(once).reduce(f64::min)
    }

    /// Returns whether all of it is too old to be of use.
    pub fn is_old(&self, now: DateTime<Utc>) -> bool {
        let today = day_number(now);
        !self.days.iter().any(|day| day.is_recent(today))
    }
}

impl Day {
    fn is_recent(&self, today: i64) -> bool {
        (0..=DAYS as i64).contains(&(today - self.day))
    }
}

fn day_number(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(86_400)
}

/// How far a value must move to turn round.
fn step(edge: f64, scale: f64) -> f64 {
    (scale * BACK).min(edge.max(scale * BACK * BACK) * BACK_OF_DISTANCE)
}
