//! The history of a range, as the charts want it.

use crate::context::Context;
use crate::model::catalogue::is_custom;
use crate::model::metric::SeriesKey;
use crate::report::chart::chart_catalog::page_metrics;
use crate::report::chart::range::Range;
use crate::report::chart::series::{ALWAYS, Point, Series};
use crate::store::block::{self, group};
use crate::store::query::Query;
use crate::store::read::Reading;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// The tier whose points, or groups of whose points, a range shows.
fn tier(range: &Range) -> Tier {
    match range.step_seconds {
        0 => Tier::Columns,
        1..3600 => Tier::FiveMinutes,
        3600..86_400 => Tier::Hours,
        _ => Tier::Days,
    }
}

/// Everything the page draws of a range that ends at `end`.
pub fn series(context: &Context, range: &Range, end: DateTime<Utc>) -> Result<(Series, Reading)> {
    let names: HashSet<&str> = page_metrics(range.is_detailed()).chain([ALWAYS]).collect();
    let is_wanted = |name: &str| names.contains(name) || is_custom(name);
    metrics(context, range, end, &is_wanted)
}

/// Some metrics of a range.
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
    let counted = answer.points.get(&SeriesKey::parse(ALWAYS)).into_iter().flatten();
    series.snapshots = counted.map(|point| u64::from(point.count)).sum();
    for (key, points) in answer.points {
        let points: Vec<Point> = if is_grouped {
            group(points, step * 1000).into_iter().map(|point| drawn(&point, step)).collect()
        } else {
            points.iter().map(|point| drawn(point, step)).collect()
        };
        series.add(key, points);
    }
    Ok((series, answer.reading))
}

/// A point stands in the middle of its span.
fn drawn(point: &block::Point, step: i64) -> Point {
    let time = (point.time_ms + step * 500) as f64 / 1e3;
    Point { time, min: point.min, avg: point.avg, max: point.max }
}
