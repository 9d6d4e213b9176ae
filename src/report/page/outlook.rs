//! What is usual for a host, and where it goes: from the hours of the last week.

use crate::report::chart::series::{Point, Series};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is usual, and where it goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// By metric: between these are eight of ten hours of the last week.
    pub usual: BTreeMap<String, (f64, f64)>,
    /// By mount point: when it will be full if it goes on like this, seconds since 1970.
    pub full: BTreeMap<String, f64>,
}

/// The metrics of which it is known what is usual.
const USUAL: [&str; 5] = [
    "cpu.busy_percent",
    "load.one_per_core",
    "pressure.cpu.some_avg60_percent",
    "pressure.memory.some_avg60_percent",
    "pressure.io.some_avg60_percent",
];
/// From fewer hours nothing is usual yet.
const HOURS_LEAST: usize = 24;
/// A line through fewer hours says nothing.
const LINE_LEAST: usize = 6;

/// Of a week by hours.
pub fn of(series: &Series) -> Outlook {
    let usual = USUAL.iter().filter_map(|metric| Some(((*metric).to_string(), usual(series.one(metric, ""))?)));
    let full = series.of("disk.used_percent").filter_map(|(mount, points)| Some((mount.to_string(), full(points)?)));
    Outlook { usual: usual.collect(), full: full.collect() }
}

fn usual(points: &[Point]) -> Option<(f64, f64)> {
    if points.len() < HOURS_LEAST {
        return None;
    }
    let mut values: Vec<f64> = points.iter().map(|point| point.avg).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() - 1) as f64 * share).round() as usize).copied();
    Some((at(0.1)?, at(0.9)?))
}

/// When the line through the last day, or else the last week, reaches 100 %. `None`: it does not rise, or is no line.
fn full(points: &[Point]) -> Option<f64> {
    let last = points.last()?;
    let day = points.get(points.partition_point(|point| point.time < last.time - 86_400.0)..)?;
    let (slope, _) = line(day).filter(|(_, fit)| *fit > 0.8).or_else(|| line(points).filter(|(_, fit)| *fit > 0.6))?;
    // Less than a tenth of a percent in a day is noise.
    (slope * 86_400.0 > 0.1 && last.avg < 100.0).then(|| last.time + (100.0 - last.avg) / slope)
}

/// Slope per second of the line through points, and how well it fits, from 0 to 1 (least squares).
fn line(points: &[Point]) -> Option<(f64, f64)> {
    if points.len() < LINE_LEAST {
        return None;
    }
    let count = points.len() as f64;
    let mean = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (time, value) = (mean(|point| point.time), mean(|point| point.avg));
    let sum = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).sum::<f64>();
    let across = sum(&|point| (point.time - time).powi(2));
    let both = sum(&|point| (point.time - time) * (point.avg - value));
    let up = sum(&|point| (point.avg - value).powi(2));
    (across > 0.0 && up > 0.0).then(|| (both / across, both * both / (across * up)))
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
    fn usual_is_where_most_hours_are() {
        assert_eq!(usual(&hours(101, |hour| hour)), Some((10.0, 90.0)));
        assert_eq!(usual(&hours(23, |hour| hour)), None);
    }
}
