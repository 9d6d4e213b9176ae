//! The usual range for a time of day: highest and lowest mean of each hour of the day, in two generations of a week.

use super::packed::Numbers;

/// Calendar days of a generation.
const GENERATION: i64 = 7;
/// Hours before and after that count as the same time of day.
const NEAR: i64 = 3;
/// Calendar days until the band is used.
const LEAST_DAYS: i64 = 5;

/// Highest and lowest hourly mean by hour of the day.
type Extremes = [[f64; 24]; 2];

const NOTHING: Extremes = [[f64::NEG_INFINITY; 24], [f64::INFINITY; 24]];

/// The band of hours, and the running hour. NaN stands for unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct HourBand {
    /// This generation, and the one before.
    now: Extremes,
    old: Extremes,
    /// Means of today's hours, not yet in the band.
    today: [f64; 24],
    /// Number of the running hour since 1970,
    clock: f64,
    /// sum and number of its groups.
    sum: f64,
    count: f64,
    /// Days since 1970: begin of the generation, and of the series.
    born: f64,
    first: f64,
}

impl Default for HourBand {
    fn default() -> Self {
        let unknown = f64::NAN;
        let (now, old, today) = (NOTHING, NOTHING, [unknown; 24]);
        Self { now, old, today, clock: unknown, sum: 0.0, count: 0.0, born: 0.0, first: 0.0 }
    }
}

/// The running hour, compared with the same time of other days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourSoFar {
    /// Highest and lowest mean at this time of day.
    pub high: f64,
    pub low: f64,
    /// The mean so far.
    pub mean: f64,
    /// Least and greatest mean that it can still have, as long as the rest of it is usual.
    pub at_least: f64,
    pub at_most: f64,
}

impl HourBand {
    /// Adds the mean of a group that ends in the hour of this number.
    pub fn add(&mut self, hour: i64, mean: f64) {
        if self.clock != hour as f64 {
            self.enter(hour);
        }
        self.sum += mean;
        self.count += 1.0;
    }

    fn enter(&mut self, hour: i64) {
        let day = hour.div_euclid(24);
        if self.clock.is_nan() {
            (self.born, self.first) = (day as f64, day as f64);
        } else {
            let before = self.clock as i64;
            if let Some(mean) = self.today.get_mut(before.rem_euclid(24) as usize) {
                *mean = self.sum / self.count;
            }
            if day != before.div_euclid(24) {
                self.close_day();
            }
        }
        // The clock was ahead by days and is right again: the times of day are learned anew.
        if day as f64 + 1.0 < self.born {
            *self = Self { born: day as f64, first: day as f64, ..Self::default() };
        }
        let generations = day.saturating_sub(self.born as i64).div_euclid(GENERATION).max(0);
        if generations > 0 {
            self.old = if generations == 1 { self.now } else { NOTHING };
            self.now = NOTHING;
            self.born += (generations * GENERATION) as f64;
        }
        (self.clock, self.sum, self.count) = (hour as f64, 0.0, 0.0);
    }

    fn close_day(&mut self) {
        let [highs, lows] = &mut self.now;
        for ((high, low), mean) in highs.iter_mut().zip(lows).zip(&mut self.today) {
            if !mean.is_nan() {
                (*high, *low) = (high.max(*mean), low.min(*mean));
                *mean = f64::NAN;
            }
        }
    }

    /// The running hour; `None` while its time of day is not known. `groups`: how many an hour has.
    pub fn so_far(&self, groups: f64) -> Option<HourSoFar> {
        let hour = self.clock as i64;
        if self.clock.is_nan() || hour.div_euclid(24).saturating_sub(self.first as i64) < LEAST_DAYS {
            return None;
        }
        let near = |[highs, lows]: &Extremes| {
            let hours = (-NEAR..=NEAR).map(|by| (hour.rem_euclid(24) + by).rem_euclid(24) as usize);
            hours.fold((f64::NEG_INFINITY, f64::INFINITY), |(high, low), hour| {
                (
                    highs.get(hour).map_or(high, |other| high.max(*other)),
                    lows.get(hour).map_or(low, |other| low.min(*other)),
                )
            })
        };
        let (now, old) = (near(&self.now), near(&self.old));
        let (high, low) = (now.0.max(old.0), now.1.min(old.1));
        if high == f64::NEG_INFINITY {
            return None;
        }
        let all = groups.max(self.count);
        let with_rest = |usual: f64| (self.sum + (all - self.count) * usual) / all;
        Some(HourSoFar { high, low, mean: self.sum / self.count, at_least: with_rest(low), at_most: with_rest(high) })
    }
}

impl Numbers for HourBand {
    fn numbers(&mut self, visit: &mut impl FnMut(&mut f64)) {
        self.now.iter_mut().chain(&mut self.old).flatten().for_each(&mut *visit);
        self.today.iter_mut().for_each(&mut *visit);
        let rest = [&mut self.clock, &mut self.sum, &mut self.count, &mut self.born, &mut self.first];
        rest.into_iter().for_each(&mut *visit);
    }
}
