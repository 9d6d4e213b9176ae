//! The drawn charts of a range, which may be cached until the range advances.

use crate::model::locale::{Key, Locale, key};
use crate::report::chart::anchor::anchor;
use crate::report::chart::axis::{axis_unit, time_ticks};
use crate::report::chart::column::column;
use crate::report::chart::flat;
use crate::report::chart::frame::Frame;
use crate::report::chart::layout::{PLOT, VIEW_BOX};
use crate::report::chart::limits::Limits;
use crate::report::chart::plot;
use crate::report::chart::range::Range;
use crate::report::chart::series::{Point, Series};
use crate::report::chart::spec::{Line, Spec, lines, specs};
use crate::report::chart::unit::AxisUnit;
use anyhow::Result;
use askama::Template;
use serde::{Deserialize, Serialize};

/// Largest number of charts drawn for a range; more never fit on the page.
const CHARTS_MAX: usize = 60;

/// Seconds that a point of a detail chart stands for in a range of means.
const DETAIL_SECONDS: f64 = 900.0;

/// The charts of a range as HTML, with apostrophes instead of quotes, which the cache would have to escape.
#[derive(Template)]
#[template(path = "report/chart.html")]
struct Charts<'a> {
    w: Locale,
    id: &'a str,
    charts: &'a [Chart],
    /// Heading of the newest values: `now` for samples, `last` for averages.
    newest: Key,
    box_size: (u32, u32),
    plot: (u32, u32, u32, u32),
}

/// What the first minutes have in place of charts.
#[derive(Template)]
#[template(source = "<section class='b'><h3>{{ heading }}</h3><p class=q>{{ text }}</p></section>", ext = "html")]
struct Waiting {
    heading: &'static str,
    text: String,
}

/// With fewer samples a chart is dots.
const SAMPLES_MIN: usize = 5;

/// A chart with its table.
struct Chart {
    /// Title in English, which identifies the chart.
    key: String,
    /// Id for links; empty: none.
    anchor: String,
    /// Heading.
    title: String,
    /// Unit, shown after the heading.
    unit: String,
    /// Notation of values in the script of the page.
    form: &'static str,
    /// Grid and labels.
    axis: String,
    /// Band and lines.
    plot: String,
    /// The value at the bottom, if it is not 0.
    low: Option<f64>,
    /// From there to the value at the top.
    height: f64,
    /// Text alternative.
    description: String,
    /// Rows of the table below the chart.
    rows: Vec<Row>,
}

/// A row of the table below a chart: one line.
struct Row {
    /// Number of its colour.
    class: usize,
    /// Name of the line.
    name: String,
    /// Newest value.
    now: String,
    /// Minimum.
    min: String,
    /// Average.
    avg: String,
    /// Maximum.
    max: String,
}

/// The charts of a range.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RangeCharts {
    /// Identifier of the range.
    pub id: String,
    /// Begin, Unix time in seconds.
    pub from: f64,
    /// End, Unix time in seconds.
    pub to: f64,
    /// The charts that have something to show, as HTML.
    pub html: String,
    /// Titles of the charts beyond the largest number.
    #[serde(default)]
    pub undrawn: Vec<String>,
    /// Table of what did not move, as HTML; or what is said in place of charts.
    #[serde(default)]
    pub flat: String,
    /// Labels of the time axis, shared by all charts.
    #[serde(default)]
    pub times: String,
    /// Spans without records, as Unix times in seconds.
    pub gaps: Vec<(f64, f64)>,
    /// Reasons of the gaps; only in ranges that are kept.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Markers of events, shared by all charts; only in ranges that are kept.
    #[serde(default)]
    pub markers: String,
    /// Numbers above the markers of several incidents; only in ranges that are kept.
    #[serde(default)]
    pub flags: String,
}

/// Everything besides the values that decides how a range is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Language.
    pub locale: Locale,
    /// Limits of the rules.
    pub limits: &'a Limits,
    /// Age of the history in seconds.
    pub age_seconds: f64,
}

/// The shortest span of a chart, in seconds.
const SPAN_MIN: f64 = 600.0;

impl Setting<'_> {
    /// Begin of the charts of a range, as Unix time: a history that is shorter than the shortest range fills it.
    fn begin(&self, range: &Range, end: f64) -> f64 {
        let whole = f64::from(range.seconds);
        end - if range.step_seconds == 0 { self.age_seconds.clamp(SPAN_MIN.min(whole), whole) } else { whole }
    }
}

/// Draws the charts of a range that ends at `end` (Unix time in seconds).
///
/// # Errors
/// When plotters fails, which is a bug.
pub fn draw(range: &Range, end: f64, series: &Series, setting: &Setting) -> Result<RangeCharts> {
    let Setting { locale, limits, .. } = *setting;
    let time = setting.begin(range, end)..end;
    let gaps: Vec<(f64, f64)> = series.gaps().into_iter().filter(|gap| gap.1 > time.start).collect();
    let (newest, newest_word) =
        (series.last().unwrap_or_default(), if range.step_seconds > 0 { key::CHART_LAST } else { key::CHART_NOW });
    if range.step_seconds == 0 && setting.age_seconds < f64::from(range.seconds) && series.len() < SAMPLES_MIN {
        let (count, of) = (series.len().to_string(), SAMPLES_MIN.to_string());
        let text = locale.fill(key::CHART_WAITING_COUNT, &[("count", &count), ("of", &of)]);
        let flat = Waiting { heading: locale.text(key::CHART_WAITING), text }.render()?;
        let (id, from, to) = (range.id.to_string(), time.start, time.end);
        return Ok(RangeCharts { id, from, to, flat, gaps, ..RangeCharts::default() });
    }
    let ticks = time_ticks(&time, locale);
    let (mut charts, mut undrawn, mut flat, mut times) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for spec in specs(series) {
        let mut lines = lines(&spec, series, locale);
        let rows = rows(&lines, spec.unit, newest, locale);
        let is_coarse = spec.is_detail && range.step_seconds > 0;
        if is_coarse {
            lines.iter_mut().for_each(coarse);
        }
        let says_something = |line: &Line| line.points.iter().any(|point| point.max >= spec.least);
        if lines.is_empty() || (spec.least > 0.0 && !lines.iter().any(says_something)) {
            continue;
        }
        let still = if flat.len() < flat::ROWS_MAX { flat::row(&spec, &lines, limits, locale) } else { None };
        if let Some(row) = still {
            flat.push(row);
            continue;
        }
        if charts.len() >= CHARTS_MAX {
            undrawn.push(locale.label(&spec.title).to_string());
            continue;
        }
        let frame = Frame {
            time: time.clone(),
            gap_seconds: series.gap_seconds() + if is_coarse { DETAIL_SECONDS } else { 0.0 },
            unit: spec.unit,
            locale,
            has_band: range.step_seconds > 0 && !spec.is_detail,
            is_stacked: spec.is_stacked,
            has_units: false,
            is_exact: !spec.is_detail,
            gaps: &gaps,
            ticks: &ticks,
        };
        let (mut drawing, values) = plot::draw(&lines, &frame)?;
        let mut watched = spec.metrics(locale);
        if spec.is_stacked {
            // The others are drawn on each other, not from the axis.
            watched.truncate(1);
        }
        limits.draw(&mut drawing, &watched, spec.unit, &values, locale);
        times = drawing.times;
        charts.push(headed(range.id, &spec, rows, (drawing.axis, drawing.plot), values, newest_word, locale));
    }
    let html = Charts { w: locale, id: range.id, charts: &charts, newest: newest_word, box_size: VIEW_BOX, plot: PLOT }
        .render()?;
    let (from, to) = (time.start, time.end);
    Ok(RangeCharts {
        id: range.id.to_string(),
        from,
        to,
        html,
        undrawn,
        flat: flat::table(flat, locale)?,
        times,
        gaps,
        ..RangeCharts::default()
    })
}

/// Reduces a line to a point for each quarter of an hour.
fn coarse(line: &mut Line) {
    let one = |points: &[Point]| Point {
        time: points.iter().map(|point| point.time).sum::<f64>() / points.len() as f64,
        min: points.iter().map(|point| point.min).fold(f64::INFINITY, f64::min),
        avg: points.iter().map(|point| point.avg).sum::<f64>() / points.len() as f64,
        max: points.iter().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
    };
    let near = |a: &Point, b: &Point| (a.time / DETAIL_SECONDS).floor() == (b.time / DETAIL_SECONDS).floor();
    line.points = line.points.chunk_by(near).map(one).collect::<Vec<_>>().into();
}

/// A chart with its table. `newest` is the heading of the newest values.
fn headed(
    range: &str,
    spec: &Spec,
    rows: Vec<Row>,
    (axis, plot): (String, String),
    values: std::ops::Range<f64>,
    newest: Key,
    locale: Locale,
) -> Chart {
    let (newest, max) = (locale.text(newest), locale.text(key::CHART_MAX));
    let summaries = rows.iter().map(|row| format!("{} {newest} {}, {max} {}", row.name, row.now, row.max));
    Chart {
        key: spec.title.to_string(),
        anchor: anchor(range, &spec.title),
        title: locale.label(&spec.title).to_string(),
        unit: axis_unit(spec.unit, values.end, locale).unwrap_or_else(|| locale.label(spec.heading).to_string()),
        form: spec.unit.script_form(),
        axis,
        plot,
        low: Some(values.start).filter(|low| *low < 0.0),
        height: values.end - values.start,
        description: summaries.collect::<Vec<_>>().join("; "),
        rows,
    }
}

/// The rows of the lines. A last value older than `newest`, the time of the newest snapshot, is not shown as the present one.
fn rows(lines: &[Line], unit: AxisUnit, newest: f64, locale: Locale) -> Vec<Row> {
    let values = |of: &dyn Fn(&[Point]) -> f64| {
        column(unit, &lines.iter().map(|line| of(&line.points)).collect::<Vec<_>>(), locale).into_iter()
    };
    let now = |points: &[Point]| points.last().filter(|point| point.time >= newest).map_or(f64::NAN, |point| point.avg);
    let min = |points: &[Point]| points.iter().map(|point| point.min).fold(f64::INFINITY, f64::min);
    let avg = |points: &[Point]| points.iter().map(|point| point.avg).sum::<f64>() / points.len() as f64;
    let max = |points: &[Point]| points.iter().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max);
    let columns = values(&now).zip(values(&min)).zip(values(&avg)).zip(values(&max));
    let rows = lines.iter().zip(columns).enumerate();
    rows.map(|(class, (line, (((now, min), avg), max)))| Row {
        class: class.min(5),
        name: line.name.clone(),
        now,
        min,
        avg,
        max,
    })
    .collect()
}
