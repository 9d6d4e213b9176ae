//! What is drawn besides the lines of a chart: gaps, dots and peaks.

use crate::base::sort::SmallSort;
use crate::report::chart::backend::SvgParts;
use crate::report::chart::frame::Frame;
use crate::report::chart::layout::{PLOT, x_of};
use crate::report::chart::series::Point;
use crate::report::chart::spec::Line;
use std::fmt::Write;
use std::ops::Range;

/// Largest number of peaks drawn above a line that has no band.
const PEAKS_MAX: usize = 24;

/// Adds gaps below the lines, and peaks above the lines that have no band.
pub fn overlay(out: &mut SvgParts, lines: &[Line], frame: &Frame<'_>, values: &Range<f64>) {
    let mut gaps = String::new();
    for (from, to) in frame.gaps {
        let from = x_of(from.max(frame.time.start), &frame.time);
        let to = x_of(to.min(frame.time.end), &frame.time);
        if to - from >= 2 {
            // Writing to a String cannot fail.
            let _ = write!(gaps, "M{from} {}h{}v{}h-{}z", PLOT.1, to - from, PLOT.3, to - from);
        }
    }
    if !gaps.is_empty() {
        out.plot.insert_str(0, &format!("<path class=z d='{gaps}'/>"));
    }
    let height = values.end - values.start;
    let share = |value: f64| (value.clamp(values.start, values.end) - values.start) / height;
    let y = |value: f64| (f64::from(PLOT.1 + PLOT.3) - share(value) * f64::from(PLOT.3)).round() as i32;
    for (number, line) in lines.iter().enumerate() {
        // A single point is drawn as a dot; a part of a stack is not drawn at its own height.
        if let [only] = line.points.as_ref()
            && (number == 0 || !frame.is_stacked)
        {
            let _ = write!(
                out.plot,
                "<path class='o s{}' d='M{} {}l0 0'/>",
                number.min(5),
                x_of(only.time, &frame.time),
                y(only.avg)
            );
        }
    }
    // The parts of a stack have areas instead.
    if !frame.has_band || frame.is_stacked {
        return;
    }
    for (number, line) in lines.iter().enumerate().skip(1) {
        let above = |point: &&Point| point.max - point.avg > height * 0.02 && frame.time.contains(&point.time);
        let mut peaks: Vec<&Point> = line.points.iter().filter(above).collect();
        peaks.arrange_by(|a, b| (b.max - b.avg).total_cmp(&(a.max - a.avg)));
        peaks.truncate(PEAKS_MAX);
        if peaks.is_empty() {
            continue;
        }
        let _ = write!(out.plot, "<path class='w s{}' d='", number.min(5));
        for peak in peaks {
            let (low, high) = (y(peak.avg), y(peak.max));
            let _ = write!(out.plot, "M{} {low}v{}", x_of(peak.time, &frame.time), high - low);
        }
        out.plot.push_str("'/>");
    }
}
