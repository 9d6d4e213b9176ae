//! Areas on each other: the parts of the first line of a chart, from the bottom.

use crate::report::chart::backend::pair;
use crate::report::chart::band::straightened;
use crate::report::chart::frame::{Frame, runs};
use crate::report::chart::layout::{FINE, PLOT, x_of};
use crate::report::chart::series::Point;
use crate::report::chart::spec::Line;
use std::fmt::Write;
use std::ops::Range;

/// Farthest distance of points that belong together, in seconds.
const NEAR: f64 = 0.5;

/// For each part its upper edge: at each point of the first line the sum of the parts up to it.
fn edges(lines: &[Line]) -> Vec<Vec<Point>> {
    let Some((whole, parts)) = lines.split_first() else { return Vec::new() };
    let mut edge: Vec<Point> =
        whole.points.iter().map(|point| Point { min: 0.0, avg: 0.0, max: 0.0, ..*point }).collect();
    let mut edges = Vec::with_capacity(parts.len());
    for part in parts {
        let mut points = part.points.iter().peekable();
        for place in &mut edge {
            while points.next_if(|point| point.time < place.time - NEAR).is_some() {}
            place.avg += points.next_if(|point| point.time <= place.time + NEAR).map_or(0.0, |point| point.avg);
        }
        edges.push(edge.clone());
    }
    edges
}

/// The highest sum of the parts.
pub fn top(lines: &[Line]) -> f64 {
    edges(lines).last().into_iter().flatten().map(|point| point.avg).fold(0.0, f64::max)
}

/// The areas as SVG, the highest first: each covers the lower part of the one before.
pub fn areas(lines: &[Line], frame: &Frame<'_>, values: &Range<f64>) -> String {
    let height = values.end - values.start;
    let base = (PLOT.1 + PLOT.3) as i32;
    let y = |value: f64| {
        let share = (value.clamp(values.start, values.end) - values.start) / height;
        base - (share * f64::from(PLOT.3)).round() as i32
    };
    let slack = height / f64::from(PLOT.3) * 0.75;
    let mut out = String::new();
    for (at, edge) in edges(lines).iter().enumerate().rev() {
        let mut path = String::new();
        for run in runs(edge, frame) {
            let corners = straightened(run.iter().map(|point| (point.time, point.avg)), slack);
            let Some(first) = corners.first() else { continue };
            let mut place = (x_of(first.0, &frame.time), base);
            // Writing to a String cannot fail.
            let _ = write!(path, "M{} {base}l", place.0);
            let start = path.len();
            let feet = corners.last().map(|last| (x_of(last.0, &frame.time), base));
            for (x, y) in corners.iter().map(|(time, value)| (x_of(*time, &frame.time), y(*value))).chain(feet) {
                pair(&mut path, x - place.0, (y - place.1) * FINE as i32, start);
                place = (x, y);
            }
            path.push('z');
        }
        if !path.is_empty() {
            let _ = write!(out, "<path class='a s{}' d='{path}'/>", (at + 1).min(5));
        }
    }
    out
}

/// Hides the lines of the parts in a finished plot: they stay for those who read values from the drawing.
pub fn hide_parts(plot: &mut String) {
    const PART: &str = "<path class=s";
    const WHOLE: &str = "<path class=s0";
    if let (Some(first), Some(whole)) = (plot.find(PART), plot.find(WHOLE))
        && first < whole
    {
        plot.insert_str(whole, "</g>");
        plot.insert_str(first, "<g display=none>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::locale::Locale;
    use crate::report::chart::unit::AxisUnit;

    fn line(values: &[(f64, f64)]) -> Line<'static> {
        let points: Vec<Point> =
            values.iter().map(|(time, value)| Point { time: *time, min: *value, avg: *value, max: *value }).collect();
        Line { name: String::new(), points: points.into() }
    }

    #[test]
    fn parts_stand_on_each_other_and_a_missing_one_is_nothing() {
        let whole = line(&[(0.0, 30.0), (60.0, 50.0), (120.0, 70.0)]);
        let lines = [whole, line(&[(0.0, 20.0), (60.0, 30.0), (120.0, 40.0)]), line(&[(60.2, 20.0), (120.0, 45.0)])];
        let found: Vec<Vec<f64>> =
            edges(&lines).iter().map(|edge| edge.iter().map(|point| point.avg).collect()).collect();
        assert_eq!(found, [[20.0, 30.0, 40.0], [20.0, 50.0, 85.0]]);
        assert_eq!(top(&lines), 85.0);
        assert_eq!((top(&[]), top(&lines[..1])), (0.0, 0.0));
    }

    #[test]
    fn areas_are_closed_leave_gaps_blank_and_the_higher_is_drawn_first() {
        let frame = Frame {
            time: 0.0..600.0,
            gap_seconds: 90.0,
            unit: AxisUnit::Percent,
            locale: Locale::En,
            has_band: false,
            is_stacked: true,
            has_units: false,
            is_exact: false,
            gaps: &[],
            ticks: &[],
        };
        let at = |value: f64| line(&[(0.0, value), (60.0, value), (540.0, value), (600.0, value)]);
        let drawn = areas(&[at(50.0), at(25.0), at(25.0)], &frame, &(0.0..100.0));
        let paths: Vec<&str> = drawn.split("<path ").skip(1).collect();
        assert!(paths[0].starts_with("class='a s2'") && paths[1].starts_with("class='a s1'"), "{drawn}");
        let half = PLOT.3 / 2;
        assert!(paths[0].contains(&format!("M{} {}l0-{half} ", PLOT.0, PLOT.1 + PLOT.3)), "{drawn}");
        assert_eq!((paths[0].matches('M').count(), paths[0].matches('z').count()), (2, 2), "before and after the gap");
        let mut plot = "<path class='b s0' d=''/><path class=s1 d=''/><path class=s0 d=''/>".to_string();
        hide_parts(&mut plot);
        assert_eq!(plot, "<path class='b s0' d=''/><g display=none><path class=s1 d=''/></g><path class=s0 d=''/>");
        let mut alone = "<path class=s0 d=''/>".to_string();
        hide_parts(&mut alone);
        assert_eq!(alone, "<path class=s0 d=''/>");
    }
}
