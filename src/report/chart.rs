//! One chart, drawn by plotters. The only place that knows it.

use super::backend::{SCALE, Svg};
use super::charts::Unit;
use super::series::Point;
use crate::base::clock::zone_offset_seconds;
use crate::base::units::{bytes, short};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::{ChartBuilder, IntoDrawingArea, PathElement, RGBColor};
use plotters::style::{IntoFont, ShapeStyle};
use std::ops::Range;

/// Size of a chart in units of the page.
pub const SIZE: (u32, u32) = (580, 170);
/// Columns into which the values are gathered; of each the lowest and the highest are drawn, so no peak is lost.
const COLUMNS: usize = 240;

/// What a chart shows besides its lines.
pub struct Frame<'a> {
    /// From and to, seconds since 1970.
    pub time: Range<f64>,
    /// From which distance on two points have a gap between them, in seconds.
    pub gap_seconds: f64,
    /// Moments that are marked, seconds since 1970.
    pub marks: &'a [f64],
    /// Unit of the values.
    pub unit: Unit,
}

/// An axis with its own tick marks: full hours and round numbers, not where the arithmetic puts them.
struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        low + (share * f64::from(high - low)).round() as i32
    }
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }
    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// The inside of an `<svg>` of [`SIZE`] times [`SCALE`]. An empty chart has axes and no lines.
///
/// # Errors
/// When plotters refuses; it has no reason to.
pub fn draw(lines: &[(String, &[Point])], frame: &Frame<'_>) -> Result<String> {
    let highest = lines.iter().flat_map(|(_, points)| points.iter()).map(|point| point.1).fold(0.0, f64::max);
    let value_ticks = value_ticks(frame.unit, highest);
    let top = value_ticks.last().copied().unwrap_or(1.0);
    let (hour_ticks, form) = time_ticks(&frame.time);
    let mut out = String::with_capacity(16 * 1024);
    {
        let area = Svg::new(&mut out, SIZE).into_drawing_area();
        let scale = SCALE as i32;
        let mut chart = ChartBuilder::on(&area)
            .margin_top(10 * scale)
            .margin_right(14 * scale)
            .x_label_area_size(18 * scale)
            .y_label_area_size(66 * scale)
            .build_cartesian_2d(
                Axis { range: frame.time.clone(), ticks: hour_ticks },
                Axis { range: 0.0..top, ticks: value_ticks },
            )
            .map_err(|error| anyhow!("{error:?}"))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .axis_style(color(10))
            .bold_line_style(color(10))
            .label_style(("sans-serif", 11 * scale).into_font().color(&color(11)))
            .x_label_formatter(&|time| local(*time, form))
            .y_label_formatter(&|value| label(frame.unit, *value))
            .set_all_tick_mark_size(0)
            .draw()
            .map_err(|error| anyhow!("{error:?}"))?;
        for mark in frame.marks.iter().filter(|mark| frame.time.contains(mark)) {
            let line = PathElement::new(vec![(*mark, 0.0), (*mark, top)], style(12));
            chart.draw_series(std::iter::once(line)).map_err(|error| anyhow!("{error:?}"))?;
        }
        for (number, (_, points)) in lines.iter().enumerate() {
            let runs = runs(
                &thin(points, &frame.time),
                frame.gap_seconds.max((frame.time.end - frame.time.start) / COLUMNS as f64 * 2.0),
            );
            let number = u8::try_from(number + 1).unwrap_or(1);
            let clipped = runs
                .into_iter()
                .map(|run| run.into_iter().map(|(time, value)| (time, value.clamp(0.0, top))).collect::<Vec<_>>());
            chart
                .draw_series(clipped.map(|run| PathElement::new(run, style(number))))
                .map_err(|error| anyhow!("{error:?}"))?;
        }
        area.present().map_err(|error| anyhow!("{error:?}"))?;
    }
    Ok(out)
}

fn color(class: u8) -> RGBColor {
    RGBColor(0, 0, class)
}

fn style(class: u8) -> ShapeStyle {
    ShapeStyle { color: color(class).into(), filled: false, stroke_width: 1 }
}

/// The lowest and the highest value of each column, in the order of time: every peak stays.
fn thin(points: &[Point], time: &Range<f64>) -> Vec<Point> {
    let column = |point: &Point| ((point.0 - time.start) / (time.end - time.start) * COLUMNS as f64) as i64;
    let shown: Vec<Point> =
        points.iter().filter(|point| point.0 >= time.start && point.0 <= time.end).copied().collect();
    let mut kept = Vec::with_capacity(COLUMNS * 2);
    for group in shown.chunk_by(|a, b| column(a) == column(b)) {
        let lowest = group.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let highest = group.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some(lowest), Some(highest)) = (lowest, highest) {
            let (first, second) = if lowest.0 <= highest.0 { (lowest, highest) } else { (highest, lowest) };
            kept.push(first);
            if second != first {
                kept.push(second);
            }
        }
    }
    kept
}

/// Splits where nothing was measured: a host that was off is a hole, not a line.
fn runs(points: &[Point], gap_seconds: f64) -> Vec<Vec<Point>> {
    points.chunk_by(|a, b| b.0 - a.0 <= gap_seconds).map(<[Point]>::to_vec).collect()
}

/// Five ticks or so from 0 to a round number that holds the highest value.
fn value_ticks(unit: Unit, highest: f64) -> Vec<f64> {
    let (base, least) = match unit {
        Unit::Percent => return vec![0.0, 25.0, 50.0, 75.0, 100.0],
        Unit::SmallPercent => (10.0, 4.0),
        Unit::Number => (10.0, 1.0),
        Unit::BytesPerSecond => (2.0, 4096.0),
    };
    let wanted = if highest.is_finite() { highest.max(least) / 4.0 } else { least };
    let power = f64::powf(base, wanted.log(base).floor());
    let factors: &[f64] = if base == 2.0 { &[1.0, 2.0] } else { &[1.0, 2.0, 2.5, 5.0, 10.0] };
    let step = factors.iter().map(|factor| factor * power).find(|step| *step >= wanted * 0.999).unwrap_or(wanted);
    (0..=4).map(|tick| f64::from(tick) * step).collect()
}

/// Full hours of the host's zone, and how they are written.
fn time_ticks(time: &Range<f64>) -> (Vec<f64>, &'static str) {
    let span = time.end - time.start;
    let step = [300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0]
        .into_iter()
        .find(|step| span / step <= 7.0)
        .unwrap_or(21_600.0);
    let mut ticks = Vec::new();
    let mut tick = (time.start / 300.0).ceil() * 300.0;
    while tick <= time.end {
        let local = tick + moment(tick).map_or(0.0, |time| f64::from(zone_offset_seconds(time)));
        if (local / step).fract().abs() < 1e-9 {
            ticks.push(tick);
        }
        tick += 300.0;
    }
    (ticks, "%H:%M")
}

fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds as i64, 0)
}

fn local(seconds: f64, form: &str) -> String {
    moment(seconds).map(|time| crate::base::clock::local_form(time, form)).unwrap_or_default()
}

/// A value on the axis.
pub fn label(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Percent | Unit::SmallPercent | Unit::Number => short(value),
        Unit::BytesPerSecond => bytes(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_value_survives_thinning_and_a_gap_is_a_hole() {
        let points: Vec<Point> = (0..1440)
            .map(|minute| (f64::from(minute) * 60.0, if minute == 777 { 99.5 } else { f64::from(minute % 7) }))
            .collect();
        let thinned = thin(&points, &(0.0..86_400.0));
        assert!(thinned.len() <= 2 * COLUMNS + 2 && thinned.contains(&(777.0 * 60.0, 99.5)));
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(runs(&[(0.0, 1.0), (60.0, 1.0), (600.0, 1.0)], 150.0).len(), 2);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(value_ticks(Unit::Number, 3.1), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(value_ticks(Unit::Number, 0.0).last(), Some(&1.0));
        assert_eq!(value_ticks(Unit::BytesPerSecond, 5000.0).last(), Some(&8192.0));
        assert!(value_ticks(Unit::Number, f64::INFINITY).iter().all(|tick| tick.is_finite()));
    }

    #[test]
    fn a_chart_of_nothing_and_of_one_point() {
        let frame = Frame { time: 0.0..3600.0, gap_seconds: 150.0, marks: &[10.0], unit: Unit::Percent };
        assert!(!draw(&[], &frame).unwrap().contains("class=\"s0\""));
        let one = [(1800.0, 50.0)];
        assert!(draw(&[("x".into(), &one)], &frame).unwrap().contains("h0\" stroke-width"));
    }
}
