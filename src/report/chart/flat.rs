//! Charts of what did not move, as a table of their values in place of flat lines.

use crate::model::locale::{Locale, key};
use crate::report::chart::column::column;
use crate::report::chart::limits::Limits;
use crate::report::chart::spec::{Line, Spec};
use anyhow::Result;
use askama::Template;

/// Fewest points of a line that can be called flat.
const POINTS_MIN: usize = 5;
/// Change of a flat line, as a share of its highest value: it would not be seen.
const MOTION_MAX: f64 = 0.001;
/// Largest number of rows; of more charts the names are given.
pub const ROWS_MAX: usize = 40;
/// Charts that are always drawn: the first place where one looks.
const ALWAYS: [&str; 2] = ["CPU", "Memory"];

/// The table of a range.
#[derive(Template)]
#[template(path = "report/flat.html")]
pub struct Flat {
    w: Locale,
    rows: Vec<FlatRow>,
}

/// A chart that did not move.
pub struct FlatRow {
    /// Title in English, which identifies the chart.
    key: String,
    /// Title.
    title: String,
    /// Unit that is not part of the values.
    unit: String,
    /// Lines with their values.
    values: String,
}

/// The row of a chart; `None` when a line moves, has too few points, or breaks a limit.
pub fn row(spec: &Spec, lines: &[Line], limits: &Limits, locale: Locale) -> Option<FlatRow> {
    let is_flat = |line: &Line| {
        let least = line.points.iter().map(|point| point.min).fold(f64::INFINITY, f64::min);
        let most = line.points.iter().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max);
        line.points.len() >= POINTS_MIN && most - least <= most.abs().max(least.abs()) * MOTION_MAX
    };
    let is_always = ALWAYS.contains(&spec.title.as_ref());
    let highest = lines.iter().filter_map(|line| line.points.last()).map(|point| point.avg).fold(0.0, f64::max);
    let metrics = spec.metrics(locale);
    let is_breached = limits.least(metrics.iter().map(|(metric, _)| *metric)).is_some_and(|least| highest >= least);
    if is_always || is_breached || lines.is_empty() || !lines.iter().all(is_flat) {
        return None;
    }
    let last: Vec<f64> = lines.iter().map(|line| line.points.last().map_or(f64::NAN, |point| point.avg)).collect();
    let title = locale.label(&spec.title).to_string();
    let values = lines.iter().zip(column(spec.unit, &last, locale)).map(|(line, value)| match line.name == title {
        true => value,
        false => format!("{} {value}", line.name),
    });
    Some(FlatRow {
        key: spec.title.to_string(),
        unit: locale.label(spec.heading).to_string(),
        values: values.collect::<Vec<_>>().join(" · "),
        title,
    })
}

/// The table as HTML; empty without rows.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn table(rows: Vec<FlatRow>, locale: Locale) -> Result<String> {
    if rows.is_empty() { Ok(String::new()) } else { Ok(Flat { w: locale, rows }.render()?) }
}
