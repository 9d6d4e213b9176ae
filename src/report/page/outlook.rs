//! Usual values and forecasts that the tiles show.

use crate::query::{baseline, forecast};
use crate::report::chart::series::{Point, Series};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Usual values and forecasts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Lowest and highest usual value at this hour, by metric.
    pub usual: BTreeMap<String, (f64, f64)>,
    /// Forecast time at which each file system is full, in seconds since 1970, by mount point.
    pub full: BTreeMap<String, f64>,
}

/// Metrics whose usual values are shown.
const USUAL: [&str; 5] = [
    "cpu.busy_percent",
    "load.one_per_core",
    "pressure.cpu.some_avg60_percent",
    "pressure.memory.some_avg60_percent",
    "pressure.io.some_avg60_percent",
];
/// Computed from the hours of the last week.
pub fn of(series: &Series) -> Outlook {
    let usual = USUAL.iter().filter_map(|metric| Some(((*metric).to_string(), usual(metric, series.one(metric, ""))?)));
    let full = series.of("disk.used_percent").filter_map(|(mount, points)| Some((mount.to_string(), full(points)?)));
    Outlook { usual: usual.collect(), full: full.collect() }
}

impl Outlook {
    /// Replaces values by those of rules: their bands of six weeks, and their forecasts from the last hours.
    pub fn with_rules(mut self, usual: BTreeMap<String, (f64, f64)>, full: BTreeMap<String, f64>) -> Self {
        self.usual.extend(usual);
        self.full.extend(full);
        self
    }
}

fn usual(metric: &str, points: &[Point]) -> Option<(f64, f64)> {
    let hours = points
        .iter()
        .filter_map(|point| Some((DateTime::from_timestamp(point.time as i64, 0)?, [point.min, point.avg, point.max])));
    baseline::usual_after(metric, hours)
}

/// Forecast time at which the file system is full, in seconds since 1970; `None` when it does not fill up.
fn full(points: &[Point]) -> Option<f64> {
    let left = forecast::full_from_hours(points.iter().map(|point| (point.time, point.avg)))?;
    points.last().map(|last| last.time + left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: u32, value: impl Fn(f64) -> f64) -> Vec<Point> {
        let hours = (0..count).map(|hour| (f64::from(hour) * 3600.0, value(f64::from(hour))));
        hours.map(|(time, value)| Point { time, min: value, avg: value, max: value }).collect()
    }

    #[test]
    fn a_disk_that_fills_is_full_when_its_line_says_so() {
        // One percent an hour from 50 on: full in 50 hours from the first.
        let at = full(&hours(20, |hour| 50.0 + hour)).unwrap();
        assert!((at - 50.0 * 3600.0).abs() < 1.0, "{at}");
        assert_eq!(full(&hours(100, |_| 93.0)), None);
        assert_eq!(full(&hours(100, |hour| 93.0 - hour / 10.0)), None);
        assert_eq!(full(&hours(100, |hour| 50.0 + (hour * 1.7).sin())), None, "up and down is no line");
        assert_eq!(full(&hours(3, |hour| hour)), None);
    }

    #[test]
    fn usual_is_a_band_like_that_of_rules() {
        let hours_of_a_week = hours(168, |hour| if hour % 24.0 == 3.0 { 60.0 } else { 10.0 });
        assert_eq!(usual("cpu.busy_percent", &hours_of_a_week), Some((10.0, 10.0)));
        assert_eq!(usual("cpu.busy_percent", &hours(23, |hour| hour)), None, "less than a day");
    }
}
