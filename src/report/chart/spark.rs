//! Sparklines of the tiles: the last hour, without axes.

use crate::report::chart::series::Point;
use std::fmt::Write;

/// Width and height of the view box.
pub const SIZE: (u32, u32) = (160, 28);

/// Longest and shortest time that is drawn, in seconds.
const LONGEST: f64 = 3600.0;
const SHORTEST: f64 = 600.0;

/// A sparkline.
pub struct Spark {
    /// SVG path of the line.
    pub path: String,
    /// SVG path of the usual values; empty: not known.
    pub band: String,
    /// SVG path of the newest point.
    pub last: String,
    /// Lowest value of the line.
    pub low: f64,
    /// Highest value of the line.
    pub high: f64,
    /// From the first point to the end, in seconds.
    pub seconds: f64,
}

/// The mean values in the hour before `end` (Unix time in seconds), scaled from the lowest to the highest, those of `usual`
/// included. A younger history fills the width, from ten minutes on. `None` if there are fewer than two points.
pub fn of(points: &[Point], end: f64, usual: Option<(f64, f64)>) -> Option<Spark> {
    let shown: Vec<&Point> = points.iter().filter(|point| point.time >= end - LONGEST && point.time <= end).collect();
    let (first, last) = (shown.first()?, shown.get(1..)?.last()?);
    let seconds = end - first.time;
    // An hour that lacks its first minute is an hour.
    let length = if seconds > LONGEST * 0.9 { LONGEST } else { seconds.max(SHORTEST) };
    let least = |floor: f64| shown.iter().map(|point| point.avg).fold(floor, f64::min);
    let most = |ceiling: f64| shown.iter().map(|point| point.avg).fold(ceiling, f64::max);
    let (low, high) = usual.map_or((f64::MAX, f64::MIN), |(low, high)| (low.min(high), high.max(low)));
    let (bottom, top) = (least(low), most(high));
    // A nearly constant line stays flat instead of magnifying its noise.
    let span = (top - bottom).max(top.abs() * 0.2).max(0.5);
    let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
    let x = |point: &Point| (point.time - end + length) / length * (width - 3.0);
    let y = |value: f64| height - 2.0 - (value - bottom) / span * (height - 4.0);
    let mut path = String::new();
    for point in &shown {
        // Writing to a String cannot fail.
        let _ = write!(path, "{}{:.1} {:.1}", if path.is_empty() { "M" } else { "L" }, x(point), y(point.avg));
    }
    Some(Spark {
        path,
        band: usual.map_or_else(String::new, |_| {
            let (upper, lower) = (y(high) - 1.0, y(low) + 1.0);
            format!("M0 {upper:.1}H{width}V{lower:.1}H0z")
        }),
        last: format!("M{:.1} {:.1}h0", x(last), y(last.avg)),
        low: least(f64::MAX),
        high: most(f64::MIN),
        seconds: length.min(seconds.max(60.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(f64, f64)]) -> Vec<Point> {
        values.iter().map(|(time, avg)| Point { time: *time, min: *avg, avg: *avg, max: *avg }).collect()
    }

    #[test]
    fn a_line_fills_the_time_that_was_recorded() {
        assert!(of(&points(&[(3600.0, 5.0)]), 3600.0, None).is_none(), "a point is no line");
        assert!(of(&points(&[(0.0, 5.0), (7200.0, 5.0)]), 7200.0, None).is_none(), "nothing older than an hour");
        for (begin, from, seconds) in [(0.0, "M0.0", 3600.0), (3000.0, "M0.0", 600.0), (3300.0, "M78.5", 300.0)] {
            let spark = of(&points(&[(begin, 10.0), (3600.0, 30.0)]), 3600.0, None).unwrap();
            assert!(spark.path.starts_with(&format!("{from} 26.0L157.0 2.0")), "{}", spark.path);
            assert_eq!((spark.low, spark.high, spark.seconds), (10.0, 30.0, seconds));
            assert_eq!((spark.last.as_str(), spark.band.as_str()), ("M157.0 2.0h0", ""));
        }
    }

    #[test]
    fn the_usual_values_are_a_band_behind_the_line() {
        let line = points(&[(0.0, 10.0), (3600.0, 20.0)]);
        let spark = of(&line, 3600.0, Some((20.0, 50.0))).unwrap();
        // From 10 to 50 on 24 units: 20 lies at 20 and 50 at 2.
        assert_eq!((spark.band.as_str(), spark.last.as_str()), ("M0 1.0H160V21.0H0z", "M157.0 20.0h0"));
        assert_eq!((spark.low, spark.high), (10.0, 20.0), "the range is that of the line");
    }
}
