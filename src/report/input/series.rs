//! The history of a range as series for the charts.

use crate::context::Context;
use crate::model::catalogue::is_custom;
use crate::model::metric::SeriesKey;
use crate::report::chart::chart_catalog::page_metrics;
use crate::report::chart::range::Range;
use crate::report::chart::series::{ALWAYS, Point, Series};
use crate::report::page::public::is_named;
use crate::store::block::{self, group};
use crate::store::query::Query;
use crate::store::read::Reading;
use crate::store::recent::Recent;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// Longest step of ranges with charts of units: in longer ranges most units no longer exist.
const UNITS_STEP_MAX: u32 = 3600;
const UNITS: &str = "unit.";

/// The tier from which a range is read.
fn tier(range: &Range) -> Tier {
    match range.step_seconds {
        0 => Tier::Columns,
        1..3600 => Tier::FiveMinutes,
        3600..86_400 => Tier::Hours,
        _ => Tier::Days,
    }
}

/// All series of the page for a range that ends at `end`; on a public page without those of units, services and jobs.
///
/// # Errors
/// When the history cannot be read.
pub fn series(context: &Context, range: &Range, end: DateTime<Utc>, is_public: bool) -> Result<(Series, Reading)> {
    let names: HashSet<&str> = page_metrics(range.is_detailed()).chain([ALWAYS]).collect();
    let has_units = !is_public && range.step_seconds <= UNITS_STEP_MAX;
    let is_wanted = |name: &str| {
        let is_left_out = !has_units && name.starts_with(UNITS) || is_public && is_named(name);
        (names.contains(name) || is_custom(name)) && !is_left_out
    };
    metrics(context, range, end, &is_wanted)
}

/// Selected metrics of a range.
///
/// # Errors
/// When the history cannot be read.
pub fn metrics(
    context: &Context,
    range: &Range,
    end: DateTime<Utc>,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(Series, Reading)> {
    let since = end - TimeDelta::seconds(i64::from(range.seconds));
    let answer = context.store.points(tier(range), &Query { is_wanted, since, until: end })?;
    let step = i64::from(range.step_seconds);
    let mut series = Series::new(range.step_seconds);
    let is_grouped = step > i64::from(tier(range).step_seconds());
    for (key, points) in answer.points {
        let points = if is_grouped { group(points, step * 1000) } else { points };
        add(&mut series, key, &points, step);
    }
    Ok((series, answer.reading))
}

/// The last day of all metrics of the page.
///
/// # Errors
/// When the history cannot be read.
pub fn recent(context: &Context) -> Result<Recent> {
    let names: HashSet<&str> = page_metrics(true).chain([ALWAYS]).collect();
    context.store.recent(context.now.wall, "page", &|name| names.contains(name) || is_custom(name))
}

/// A short range, from the recent points; without units on a public page.
pub fn recent_series(recent: &Recent, range: &Range, is_public: bool) -> Series {
    let mut series = Series::new(range.step_seconds);
    let mut take = |(key, points): (&SeriesKey, Vec<block::Point>)| {
        if !(points.is_empty() || is_public && (key.name.starts_with(UNITS) || is_named(&key.name))) {
            add(&mut series, key.clone(), &points, i64::from(range.step_seconds));
        }
    };
    if range.step_seconds == 0 {
        recent.hour().for_each(&mut take);
    } else {
        recent.day().for_each(&mut take);
    }
    series
}

/// Adds points, each placed in the middle of its step. Units that never used the CPU are skipped.
fn add(series: &mut Series, key: SeriesKey, points: &[block::Point], step: i64) {
    if key.name == ALWAYS {
        series.snapshots = points.iter().map(|point| u64::from(point.count)).sum();
    }
    if key.name == "unit.cpu_percent" && points.iter().all(|point| point.max <= 0.0) {
        return;
    }
    let drawn = |point: &block::Point| Point {
        time: (point.time_ms + step * 500) as f64 / 1e3,
        min: point.min,
        avg: point.avg,
        max: point.max,
    };
    series.add(key, points.iter().map(drawn).collect());
}
