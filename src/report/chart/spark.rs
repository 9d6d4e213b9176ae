//! Sparklines of the tiles: the last hour, without axes.

use crate::report::chart::series::Point;
use std::fmt::Write;

/// Width and height of the view box.
pub const SIZE: (u32, u32) = (160, 28);

/// SVG path of the mean values in the hour before `end` (Unix time in seconds), scaled from the lowest to the highest.
/// Empty if there are fewer than two.
pub fn path(points: &[Point], end: f64) -> String {
    let start = end - 3600.0;
    let shown: Vec<&Point> = points.iter().filter(|point| point.time >= start && point.time <= end).collect();
    if shown.len() < 2 {
        return String::new();
    }
    let highest = shown.iter().map(|point| point.avg).fold(f64::MIN, f64::max);
    let lowest = shown.iter().map(|point| point.avg).fold(f64::MAX, f64::min);
    // A nearly constant line stays flat instead of magnifying its noise.
    let span = (highest - lowest).max(highest.abs() * 0.2).max(0.5);
    let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
    let mut out = String::new();
    for point in shown {
        let x = (point.time - start) / 3600.0 * width;
        let y = height - 2.0 - (point.avg - lowest) / span * (height - 4.0);
        // Writing to a String cannot fail.
        let _ = write!(out, "{}{x:.1} {y:.1}", if out.is_empty() { "M" } else { "L" });
    }
    out
}
