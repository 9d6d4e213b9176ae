//! Draws one chart with plotters.

use crate::report::chart::axis::{axis_label, label, value_ticks};
use crate::report::chart::backend::{Svg, SvgParts};
use crate::report::chart::band::straightened;
use crate::report::chart::frame::{Frame, runs};
use crate::report::chart::layout::{FINE, MARGINS, PLOT, SCALE, SIZE};
use crate::report::chart::overlay::overlay;
use crate::report::chart::spec::Line;
use crate::report::chart::stack;
use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::{ChartBuilder, DrawingArea, IntoDrawingArea, PathElement, Polygon, RGBColor};
use plotters::style::{IntoFont, ShapeStyle};
use plotters_backend::DrawingBackend;
use std::ops::Range;

type Area<B> = DrawingArea<B, Shift>;

/// An axis with given ticks.
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

/// Content of an `<svg>` of [`SIZE`] times [`SCALE`], and the values at its bottom and top. An empty chart has axes and no lines.
///
/// # Errors
/// When plotters fails, which is a bug.
pub fn draw(lines: &[Line], frame: &Frame<'_>) -> Result<(SvgParts, Range<f64>)> {
    let mut out = SvgParts::default();
    let values = mesh(&Svg::new(&mut out, SIZE, 1).into_drawing_area(), SCALE, lines, frame)?;
    out.is_exact = frame.is_exact;
    plot(&Svg::new(&mut out, SIZE, FINE).into_drawing_area(), (SCALE, SCALE * FINE), lines, frame, &values)?;
    out.close();
    if frame.is_stacked {
        stack::hide_parts(&mut out.plot);
        out.plot.insert_str(0, &stack::areas(lines, frame, &values));
    }
    overlay(&mut out, lines, frame, &values);
    Ok((out, values))
}

/// Draws on any backend, `scale` times as large.
///
/// # Errors
/// As [`draw`].
pub fn paint<B: DrawingBackend>(backend: B, scale: u32, lines: &[Line], frame: &Frame<'_>) -> Result<()> {
    let area = backend.into_drawing_area();
    let values = mesh(&area, scale, lines, frame)?;
    plot(&area, (scale, scale), lines, frame, &values)?;
    area.present().map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Debug) -> anyhow::Error {
    anyhow!("could not draw a chart: {error:?}")
}

/// Grid and labels; returns the values at the bottom and the top.
fn mesh<B: DrawingBackend>(area: &Area<B>, scale: u32, lines: &[Line], frame: &Frame<'_>) -> Result<Range<f64>> {
    let highest = lines.iter().flat_map(|line| line.points.iter()).map(|point| point.max).fold(0.0, f64::max);
    let highest = if frame.is_stacked { highest.max(stack::top(lines)) } else { highest };
    let lowest = lines.iter().flat_map(|line| line.points.iter()).map(|point| point.min).fold(0.0, f64::min);
    let value_ticks = value_ticks(frame.unit, lowest, highest);
    let values = value_ticks.first().copied().unwrap_or(0.0)..value_ticks.last().copied().unwrap_or(1.0);
    let mut chart = ChartBuilder::on(area)
        .margin_top(MARGINS.1 * scale)
        .margin_right(MARGINS.2 * scale)
        .x_label_area_size(MARGINS.3 * scale)
        .y_label_area_size(MARGINS.0 * scale)
        .build_cartesian_2d(
            Axis { range: frame.time.clone(), ticks: frame.ticks.iter().map(|tick| tick.0).collect() },
            Axis { range: values.clone(), ticks: value_ticks },
        )
        .map_err(|error| failed(&error))?;
    let text_at =
        |time: &f64| frame.ticks.iter().find(|tick| tick.0 == *time).map(|tick| tick.1.clone()).unwrap_or_default();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .axis_style(color(10))
        .bold_line_style(color(10))
        .label_style(("sans-serif", 11 * scale as i32).into_font().color(&color(11)))
        .x_label_formatter(&text_at)
        .y_label_formatter(&|value| match frame.has_units {
            true => label(frame.unit, *value, frame.locale),
            false => axis_label(frame.unit, *value, values.end.max(-values.start), frame.locale),
        })
        .set_all_tick_mark_size(0)
        .draw()
        .map_err(|error| failed(&error))?;
    Ok(values)
}

/// Draws band and lines, scaled by `x` horizontally and by `y` vertically.
fn plot<B: DrawingBackend>(
    area: &Area<B>,
    (x, y): (u32, u32),
    lines: &[Line],
    frame: &Frame<'_>,
    values: &Range<f64>,
) -> Result<()> {
    let bare = |range: Range<f64>| Axis { range, ticks: Vec::new() };
    let mut chart = ChartBuilder::on(area)
        .margin_left(MARGINS.0 * x)
        .margin_top(MARGINS.1 * y)
        .margin_right(MARGINS.2 * x)
        .margin_bottom(MARGINS.3 * y)
        .build_cartesian_2d(bare(frame.time.clone()), bare(values.clone()))
        .map_err(|error| failed(&error))?;
    // A quarter of a CSS pixel.
    let inside = |value: f64| value.clamp(values.start, values.end);
    let slack = (values.end - values.start) / f64::from(PLOT.3) * 0.75;
    if frame.has_band
        && let Some(first) = lines.first()
    {
        for run in runs(&first.points, frame) {
            let upper = straightened(run.iter().map(|point| (point.time, inside(point.max))), slack);
            let lower = straightened(run.iter().map(|point| (point.time, inside(point.min))), slack);
            let band = Polygon::new(upper.into_iter().chain(lower.into_iter().rev()).collect::<Vec<_>>(), style(7, x));
            chart.draw_series(std::iter::once(band)).map_err(|error| failed(&error))?;
        }
    }
    // The first line is drawn on top of the others.
    for (number, line) in lines.iter().enumerate().rev() {
        let class = u8::try_from(number + 1).unwrap_or(1).min(6);
        let pieces = runs(&line.points, frame).map(|run| {
            let points: Vec<_> = run.iter().map(|point| (point.time, inside(point.avg))).collect();
            PathElement::new(points, style(class, x))
        });
        chart.draw_series(pieces).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn color(class: u8) -> RGBColor {
    RGBColor(0, 0, class)
}

fn style(class: u8, scale: u32) -> ShapeStyle {
    ShapeStyle { color: color(class).into(), filled: true, stroke_width: scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::locale::Locale;
    use crate::report::chart::series::Point;
    use crate::report::chart::unit::AxisUnit;

    fn frame(gaps: &[(f64, f64)], has_band: bool) -> Frame<'_> {
        Frame {
            time: 0.0..3600.0,
            gap_seconds: 150.0,
            unit: AxisUnit::Full,
            locale: Locale::En,
            has_band,
            is_stacked: false,
            has_units: false,
            is_exact: false,
            gaps,
            ticks: &[],
        }
    }

    fn line(points: Vec<Point>) -> Line<'static> {
        Line { name: "x".to_string(), points: points.into() }
    }

    #[test]
    fn a_chart_of_nothing_and_of_one_point() {
        assert!(!draw(&[], &frame(&[], false)).unwrap().0.plot.contains("class=s0"));
        let one = line(vec![Point { time: 1800.0, min: 50.0, avg: 50.0, max: 50.0 }]);
        let (drawn, values) = draw(&[one], &frame(&[], false)).unwrap();
        let middle = (PLOT.0 + PLOT.2 / 2, PLOT.1 + PLOT.3 / 2);
        assert!(drawn.plot.contains("<path class='o s0' d='M"), "a dot that is seen");
        assert_eq!(values, 0.0..100.0);
        // The library may round by one of the units, a third of a pixel.
        let is_at = |y: u32| drawn.plot.contains(&format!("M{} {y}l0 0", middle.0));
        assert!((middle.1 - 1..=middle.1 + 1).any(is_at), "{}", drawn.plot);
    }

    #[test]
    fn values_below_zero_are_drawn() {
        let at = |time: f64, avg: f64| Point { time, min: avg - 1.0, avg, max: avg + 1.0 };
        let heights = |points: Vec<Point>| {
            let frame = Frame { unit: AxisUnit::Celsius, ..frame(&[], true) };
            let (drawn, values) = draw(&[line(points)], &frame).unwrap();
            let path = drawn.plot.split("<path ").find(|path| path.starts_with("class=s0")).unwrap().to_string();
            (values, path)
        };
        let (values, path) = heights(vec![at(0.0, -14.0), at(60.0, 4.0), at(120.0, -14.0)]);
        assert_eq!(values, -15.0..5.0);
        let (_, flat) = heights(vec![at(0.0, 0.0), at(60.0, 4.0), at(120.0, 0.0)]);
        assert_ne!(path, flat, "not cut off at zero");
        let (values, _) = heights(vec![at(0.0, 1.0), at(60.0, 4.0)]);
        assert_eq!(values.start, 0.0);
    }

    #[test]
    fn a_gap_is_a_hole_and_a_peak_of_any_line_is_seen() {
        let at = |time: f64, max: f64| Point { time, min: 1.0, avg: 2.0, max };
        let first = line(vec![at(0.0, 3.0), at(60.0, 90.0), at(900.0, 3.0), at(960.0, 3.0)]);
        let second = line(vec![at(0.0, 2.0), at(60.0, 77.0), at(120.0, 2.0)]);
        let (drawn, _) = draw(&[first, second], &frame(&[(60.0, 900.0)], true)).unwrap();
        let paths: Vec<&str> = drawn.plot.split("<path ").skip(1).collect();
        let of = |class: &str| paths.iter().find(|path| path.starts_with(class)).unwrap();
        assert_eq!(of("class=s0").matches('M').count(), 2, "before and after the gap");
        assert!(of("class='b s0'").contains('z') && of("class=z").contains('h'));
        // From 2 to 77 of 100, in the backend's units.
        let height = (f64::from(PLOT.3) * 0.75).round();
        assert!(of("class='w s1'").contains(&format!("v-{height}")), "{paths:?}");
    }
}
