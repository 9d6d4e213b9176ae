//! Series by periods of the host's time zone: hours and days as people have them, from the tier from which they can be
//! computed, and from a coarser one where that has expired.

use crate::base::local_time::LocalTime;
use crate::base::sort::SmallSort;
use crate::model::point::Point;
use crate::query::stored_days::{Part, StoredDays};
use crate::store::Store;
use crate::store::hour::SeriesPoints;
use crate::store::query::Query;
use crate::store::read::Reading;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;

/// A period that is shown as one point, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Begin.
    pub begin_ms: i64,
    /// End, exclusive.
    pub end_ms: i64,
}

/// A request.
pub struct Request<'a> {
    /// Selects series by metric name.
    pub is_wanted: &'a dyn Fn(&str) -> bool,
    /// Begin.
    pub since: DateTime<Utc>,
    /// End, inclusive.
    pub until: DateTime<Utc>,
    /// The present: nothing later is shown, unless the end is.
    pub now: DateTime<Utc>,
    /// Length of a period in milliseconds; 0: single samples.
    pub step_ms: i64,
    /// The host's time zone during the span.
    pub local: &'a LocalTime,
}

/// The result.
#[derive(Default)]
pub struct Periods {
    /// Points by series: a point has the time at which its row begins.
    pub points: SeriesPoints,
    /// Every row of the span, in order; none where single samples are shown.
    pub rows: Vec<Row>,
    /// The parts of the span, in order.
    pub parts: Vec<Part>,
    /// Damage met.
    pub reading: Reading,
}

fn time(time_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time_ms).unwrap_or_default()
}

/// Reads series by periods.
///
/// # Errors
/// When a directory cannot be listed.
pub fn read(store: &Store, request: &Request) -> Result<Periods> {
    let Request { step_ms, local, .. } = *request;
    let Some((first, end)) = store.bounds()? else { return Ok(Periods::default()) };
    let (since, until) = (request.since.max(first).timestamp_millis(), request.until.min(end).timestamp_millis());
    if since > until {
        return Ok(Periods::default());
    }
    // Rows begin as a whole. The last one ends with its hour at most, and has no samples of the future.
    let (begin, end) = match step_ms {
        0 => (since, until + 1),
        _ => (local.period(since, step_ms).0, local.period(until, step_ms.min(HOUR_MS)).1),
    };
    let end = end.min(request.now.timestamp_millis().max(until) + 1);
    let parts = StoredDays::list(store)?.parts(begin, end, step_ms, local);
    let mut all = Periods::default();
    let mut read = Vec::new();
    for part in &parts {
        let points = points(store, request, part.tier, (part.begin_ms, part.end_ms), &mut all.reading)?;
        read.extend(trimmed(part, points));
    }
    let parts: Vec<Part> = read.iter().map(|(part, _)| *part).collect();
    all.rows = rows(&parts, step_ms, local);
    for (part, mut points) in read {
        if part.tier == Tier::Hours && part.cell_ms < HOUR_MS {
            refine(store, request, &part, &all.rows, &mut points, &mut all.reading)?;
        }
        // Whole hours and days were read.
        let inside = part.begin_ms.div_euclid(part.cell_ms) * part.cell_ms..part.end_ms;
        for (series, points) in points {
            let inside = points.into_iter().filter(|point| inside.contains(&point.time_ms));
            all.points.entry(series).or_default().extend(inside);
        }
    }
    all.parts = parts;
    group(&mut all);
    Ok(all)
}

/// A part with its points, without the time before the first and after the last of them, in which no cell is to be kept
/// whole.
fn trimmed(part: &Part, points: SeriesPoints) -> Vec<(Part, SeriesPoints)> {
    let times = || points.values().flatten().map(|point| point.time_ms);
    let empty = |begin_ms: i64, end_ms: i64| {
        (Part { begin_ms, end_ms, cell_ms: 1, is_coarse: false, ..*part }, SeriesPoints::new())
    };
    let Some((first, last)) = times().min().zip(times().max()) else {
        return vec![empty(part.begin_ms, part.end_ms)];
    };
    let begin_ms = first.max(part.begin_ms.div_euclid(part.cell_ms) * part.cell_ms).min(part.end_ms);
    let end_ms = part.end_ms.min(last.saturating_add(i64::from(part.tier.step_seconds().max(1)) * 1000).max(begin_ms));
    let own = Part { begin_ms, end_ms, ..*part };
    [empty(part.begin_ms, begin_ms), (own, points), empty(end_ms, part.end_ms)]
        .into_iter()
        .filter(|(part, _)| part.begin_ms < part.end_ms)
        .collect()
}

fn points(
    store: &Store,
    request: &Request,
    tier: Tier,
    (begin_ms, end_ms): (i64, i64),
    reading: &mut Reading,
) -> Result<SeriesPoints> {
    let query = Query { is_wanted: request.is_wanted, since: time(begin_ms), until: time(end_ms - 1) };
    let answer = store.points(tier, &query)?;
    reading.join(answer.reading);
    Ok(answer.points)
}

/// Replaces the hours in which a row ends by their five-minute points.
fn refine(
    store: &Store,
    request: &Request,
    part: &Part,
    rows: &[Row],
    points: &mut SeriesPoints,
    reading: &mut Reading,
) -> Result<()> {
    let bounds = rows.iter().flat_map(|row| [row.begin_ms, row.end_ms]);
    let within = bounds.filter(|bound| *bound >= part.begin_ms && *bound <= part.end_ms && bound % HOUR_MS != 0);
    let hours: BTreeSet<i64> = within.map(|bound| bound.div_euclid(HOUR_MS) * HOUR_MS).collect();
    if hours.is_empty() {
        return Ok(());
    }
    points.values_mut().for_each(|points| points.retain(|point| !hours.contains(&point.time_ms)));
    for hour in hours {
        for (series, finer) in self::points(store, request, Tier::FiveMinutes, (hour, hour + HOUR_MS), reading)? {
            points.entry(series).or_default().extend(finer);
        }
    }
    points.values_mut().for_each(|points| points.arrange_by_key(|point| point.time_ms));
    Ok(())
}

/// The rows of the parts.
fn rows(parts: &[Part], step_ms: i64, local: &LocalTime) -> Vec<Row> {
    let up = |time_ms: i64, cell_ms: i64| {
        time_ms.div_euclid(cell_ms) * cell_ms + if time_ms % cell_ms == 0 { 0 } else { cell_ms }
    };
    let (mut rows, mut at) = (Vec::new(), i64::MIN);
    for (number, part) in parts.iter().enumerate() {
        let step_ms = if step_ms == 0 { part.cell_ms } else { step_ms };
        if step_ms <= 1 {
            continue;
        }
        // Stored points begin at multiples of the cell.
        at = at.max(part.begin_ms.div_euclid(part.cell_ms) * part.cell_ms);
        while at < part.end_ms {
            let end = local.period(at, step_ms).1;
            let later = parts.get(number..).unwrap_or_default();
            let last = later.iter().find(|part| end <= part.end_ms).unwrap_or(part);
            // After a part without points, a row whose points cannot be divided there begins with them.
            let is_empty = part.cell_ms == 1 && part.tier != Tier::Columns;
            let end_ms = match is_empty && end % last.cell_ms != 0 {
                true => last.begin_ms,
                false => up(end, last.cell_ms),
            };
            let end_ms = end_ms.max(at + 1);
            rows.push(Row { begin_ms: at, end_ms });
            at = end_ms;
        }
    }
    rows
}

/// Merges the points of each row.
fn group(all: &mut Periods) {
    let rows = &all.rows;
    for points in all.points.values_mut() {
        let mut at = 0;
        let mut merged: Vec<Point> = Vec::with_capacity(points.len().min(rows.len() + 1));
        let mut open = None;
        for point in points.drain(..) {
            while rows.get(at).is_some_and(|row| row.end_ms <= point.time_ms) {
                at += 1;
            }
            match rows.get(at).filter(|row| row.begin_ms <= point.time_ms) {
                // A single sample.
                None => merged.push(point),
                Some(_) if open == Some(at) => {
                    if let Some(last) = merged.last_mut() {
                        last.merge(&point);
                    }
                }
                Some(row) => {
                    merged.push(Point { time_ms: row.begin_ms, ..point });
                    open = Some(at);
                }
            }
        }
        *points = merged;
    }
    all.points.retain(|_, points| !points.is_empty());
}
