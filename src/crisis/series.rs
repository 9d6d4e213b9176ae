//! Past values for rules about rates of change and forecasts. A series holds at most 60 points,
//! dense in the latest minutes and sparser before.

use crate::base::sort::SmallSort;
use serde::{Deserialize, Serialize};

/// Largest number of points of a series.
pub(super) const POINTS_MAX: usize = 60;
/// Least distance of two points, in seconds: a minute of cron, with its jitter.
const CLOSEST_SECONDS: f64 = 50.0;
/// Largest distance of a point from the next, as a share of its age.
const SPARSER: f64 = 12.0;
/// Spans that a forecast is based on.
const SPANS: [Span; 4] = [
    // A fill within the hour is reported in time, a large copy only if it nearly fills the disk.
    Span { seconds: 600.0, least: 480.0, farthest: 4.0 },
    Span { seconds: 1800.0, ..LONG },
    Span { seconds: 7200.0, ..LONG },
    Span { seconds: 21_600.0, ..LONG },
];
/// Spans that a forecast from hourly values is based on: a day and a week.
const LONG_SPANS: [Span; 2] = [Span { seconds: 86_400.0, ..LONG }, Span { seconds: 604_800.0, ..LONG }];
const LONG: Span = Span { seconds: 1800.0, least: 1200.0, farthest: 12.0 };
/// Least ratio of the lower quartile of the slopes to their median: steady growth, not a single big file.
const STEADY: f64 = 0.25;

/// The latest part of a series that a forecast is based on.
#[derive(Debug, Clone, Copy)]
struct Span {
    seconds: f64,
    /// Least history for it, in seconds.
    least: f64,
    /// How far ahead the forecast reaches, as a multiple of the history.
    farthest: f64,
}

/// How a series approaches the target of a forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Approach {
    /// Distance of the last value from the target; negative beyond it.
    pub distance: f64,
    /// What a large distance is: the target itself, or for a target of 0 the farthest known distance.
    pub scale: f64,
    /// Seconds until the target is reached at the present pace; `None`: never, or not known yet.
    pub seconds_left: Option<f64>,
}

/// Points of one metric, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Series {
    /// `CLOCK_BOOTTIME` in whole seconds, and the value to seven digits.
    points: Vec<(i64, f64)>,
}

impl Series {
    /// Adds a value; drops points that are too dense or older than `keep_seconds`, except one.
    pub fn add(&mut self, seconds: f64, value: f64, keep_seconds: f64, most: usize) {
        let second = seconds.round() as i64;
        self.points.retain(|point| point.0 < second);
        self.points.push((second, rounded(value)));
        let old = self.points.iter().filter(|point| (second - point.0) as f64 >= keep_seconds).count();
        self.points.drain(..old.saturating_sub(1));
        let mut before = None::<i64>;
        self.points.retain(|(at, _)| {
            let far = (((second - at) as f64) / SPARSER).max(CLOSEST_SECONDS);
            let is_kept = *at == second || before.is_none_or(|before| (at - before) as f64 >= far);
            if is_kept {
                before = Some(*at);
            }
            is_kept
        });
        while self.points.len() > most.clamp(2, POINTS_MAX) {
            self.points.remove(1);
        }
    }

    /// Adds to a count. Points are running sums from 0.
    pub fn count(&mut self, seconds: f64, value: f64, keep_seconds: f64, most: usize) {
        let before = self.points.last().map_or(0.0, |last| last.1);
        if self.points.is_empty() {
            self.points.push((seconds.round() as i64 - 1, 0.0));
        }
        self.add(seconds, before + value.max(0.0), keep_seconds, most);
        // Counts before the span need no precision.
        let first = self.points.first().map_or(0.0, |first| first.1);
        self.points.iter_mut().for_each(|point| point.1 -= first);
    }

    /// The count within about a span; `None`: unknown.
    pub fn total(&self, span_seconds: f64) -> Option<f64> {
        let (at, sum) = *self.points.last()?;
        let is_before = |point: &&(i64, f64)| (at - point.0) as f64 >= span_seconds;
        let before = self.points.iter().rev().find(is_before).or(self.points.first())?;
        Some(rounded(sum - before.1))
    }

    /// Whether there is enough history for a forecast.
    pub fn is_enough(&self) -> bool {
        let ends = self.points.first().zip(self.points.last());
        ends.is_some_and(|(first, last)| SPANS.iter().any(|span| (last.0 - first.0) as f64 >= span.least))
    }

    /// How it approaches a target from below, else from above; `None` without a value.
    pub fn approach(&self, target: f64, above: bool) -> Option<Approach> {
        let distance = |value: f64| if above { target - value } else { value - target };
        let farthest = || self.points.iter().map(|point| distance(point.1)).fold(0.0, f64::max);
        Some(Approach {
            distance: distance(self.points.last()?.1),
            scale: if target == 0.0 { farthest() } else { target.abs() },
            seconds_left: self.reaches(target),
        })
    }

    /// Seconds since the last value.
    pub fn age_seconds(&self, now: f64) -> f64 {
        self.points.last().map_or(f64::INFINITY, |last| now - last.0 as f64)
    }

    /// Change within a span, extrapolated to all of it; `None`: less than nine tenths of the span is known.
    pub fn change(&self, span_seconds: f64) -> Option<f64> {
        let (at, value) = *self.points.last()?;
        let far = |point: &&(i64, f64)| ((at - point.0) as f64 - span_seconds).abs();
        let (then, before) = *self.points.iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
        let seen = (at - then) as f64;
        (seen >= span_seconds * 0.9).then(|| rounded((value - before) / seen * span_seconds))
    }

    /// A series from points of seconds and value, oldest first.
    pub fn from_points(points: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut series = Self::default();
        points.for_each(|(seconds, value)| series.add(seconds, value, f64::INFINITY, POINTS_MAX));
        series
    }

    /// Seconds until it reaches `limit` at its present pace; `None`: never, or not known yet.
    pub fn reaches(&self, limit: f64) -> Option<f64> {
        self.reaches_over(&SPANS, limit)
    }

    /// Like [`Series::reaches`], for hourly values over days.
    pub fn reaches_in_days(&self, limit: f64) -> Option<f64> {
        self.reaches_over(&LONG_SPANS, limit)
    }

    fn reaches_over(&self, spans: &[Span], limit: f64) -> Option<f64> {
        let (last, value) = *self.points.last()?;
        let seen = (last - self.points.first()?.0) as f64;
        let etas = spans.iter().filter_map(|span| {
            let seconds = span.seconds.min(seen);
            let slope = if seconds >= span.least { self.slope(seconds)? } else { return None };
            let eta = (limit - value) / slope;
            (eta.is_finite() && eta >= 0.0 && eta <= seconds * span.farthest).then_some(eta)
        });
        etas.reduce(f64::min)
    }

    /// Change per second over the latest span: the median slope between points a sixth of it apart, provided that nearly
    /// all slopes and the latest quarter agree in direction.
    fn slope(&self, span: f64) -> Option<f64> {
        let (last, newest) = *self.points.last()?;
        let recent: Vec<(f64, f64)> = self
            .points
            .iter()
            .map(|(at, value)| ((at - last) as f64, *value))
            .filter(|(at, _)| -at <= span * 1.1)
            .collect();
        let mut slopes: Vec<f64> = recent
            .iter()
            .filter_map(|(at, value)| {
                let (then, other) = recent.iter().find(|(then, _)| then - at >= span / 6.0)?;
                Some((other - value) / (then - at))
            })
            .collect();
        if slopes.len() < 5 {
            return None;
        }
        slopes.arrange_by(f64::total_cmp);
        let median = *slopes.get(slopes.len() / 2)?;
        let slow = *slopes.get(if median > 0.0 { slopes.len() / 4 } else { slopes.len() - 1 - slopes.len() / 4 })?;
        let (then, before) = *recent.iter().rev().find(|(at, _)| -at >= span / 4.0)?;
        let latest = (newest - before) / -then;
        (median != 0.0 && slow / median >= STEADY && latest / median >= STEADY).then_some(median)
    }
}

/// Seven significant digits: enough for slopes over hours, at half the size in the file.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(minutes: u32, value: impl Fn(f64) -> f64) -> Series {
        let mut series = Series::default();
        for minute in 0..=minutes {
            series.add(f64::from(minute) * 60.0, value(f64::from(minute)), 21_600.0, POINTS_MAX);
            assert!(series.points.len() <= POINTS_MAX, "{}", series.points.len());
        }
        series
    }

    fn near(eta: Option<f64>, expected: f64) -> bool {
        eta.is_some_and(|eta| (eta / expected - 1.0).abs() < 0.1)
    }

    #[test]
    fn a_steady_pace_is_seen_and_a_big_file_is_not_a_pace() {
        // 20 % in 2 h: from 40 % it is 6 h to 100 %.
        assert!(near(run(120, |minute| 20.0 + minute / 6.0).reaches(100.0), 21_600.0));
        assert!(near(run(600, |minute| 20.0 + minute / 15.0).reaches(100.0), 36_000.0));
        assert_eq!(run(15, |minute| 20.0 + minute).reaches(100.0), None, "too early to know");
        assert!(near(run(12, |minute| 20.0 + 3.0 * minute).reaches(100.0), 880.0), "too soon to wait");
        for at in [10.0, 60.0, 115.0, 175.0, 300.0, 355.0] {
            let file = run(360, |minute| if minute < at { 40.0 } else { 80.0 });
            assert_eq!(file.reaches(100.0), None, "one big file at {at}");
        }
        assert_eq!(
            run(360, |minute| if minute % 60.0 < 30.0 { 40.0 } else { 70.0 }).reaches(100.0),
            None,
            "to and fro"
        );
        assert_eq!(run(360, |minute| (20.0 + minute / 5.0).min(70.0)).reaches(100.0), None, "it stopped");
        assert!(
            run(380, |minute| if minute < 340.0 { 20.0 } else { minute - 320.0 }).reaches(100.0).is_some(),
            "it began"
        );
        assert!(near(run(120, |minute| 100.0 - minute / 2.0).reaches(0.0), 4800.0), "downwards");
        assert_eq!(run(120, |minute| 50.0 - minute / 6.0).reaches(100.0), None, "away from it");
        let bursts = run(360, |minute| 20.0 + (minute / 10.0).floor());
        assert!(near(bursts.reaches(100.0), 24_000.0 + 2000.0) || bursts.reaches(100.0).is_some(), "in bursts");
    }

    #[test]
    fn what_is_counted_is_summed_over_the_span() {
        let mut series = Series::default();
        let totals: Vec<f64> = (0..120)
            .map(|minute| {
                let restarts = f64::from(u8::from(minute < 40 && minute % 10 == 0));
                series.count(f64::from(minute) * 60.0, restarts, 1800.0, POINTS_MAX);
                series.total(1800.0).unwrap()
            })
            .collect();
        assert_eq!((totals[0], totals[9], totals[10], totals[29]), (1.0, 1.0, 2.0, 3.0));
        assert!(totals[30..40].iter().all(|total| (3.0..=4.0).contains(total)), "{totals:?}");
        assert!(totals[66..].iter().all(|total| *total == 0.0), "{totals:?}");
    }

    #[test]
    fn the_change_of_a_span() {
        let series = run(180, |minute| minute * 2.0);
        assert!((series.change(3600.0).unwrap() - 120.0).abs() < 1.0);
        assert_eq!(run(30, |minute| minute).change(3600.0), None);
        assert_eq!(rounded(123_456_789_012.0), 123_456_800_000.0);
        assert!((rounded(0.000_123_456_789) - 0.000_123_456_8).abs() < 1e-12);
    }
}
