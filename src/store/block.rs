//! One metric over a span of time as one line: what columns and rollups are made of.

use super::{line, scan};
use crate::base::clock::{parse, stamp};
use crate::model::metric::SeriesKey;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// What a metric was in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Begin of the span, milliseconds since 1970; of a single sample its time.
    pub time_ms: i64,
    /// Least value.
    pub min: f64,
    /// Arithmetic mean of the samples.
    pub avg: f64,
    /// Greatest value.
    pub max: f64,
    /// Number of samples.
    pub count: u32,
}

impl Point {
    /// A single sample.
    pub fn sample(time_ms: i64, value: f64) -> Self {
        Self { time_ms, min: value, avg: value, max: value, count: 1 }
    }

    /// The average as a rollup keeps it.
    pub(super) fn kept_avg(&self) -> f64 {
        if self.min == self.max { self.min } else { short(self.avg) }
    }

    /// Takes another point into this one.
    pub fn merge(&mut self, other: &Self) {
        let (own, others) = (f64::from(self.count), f64::from(other.count));
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        if own + others > 0.0 {
            self.avg = (self.avg * own + other.avg * others) / (own + others);
        }
    }
}

/// Points by span of `step_ms`, from points in the order of time.
pub fn group(points: impl IntoIterator<Item = Point>, step_ms: i64) -> Vec<Point> {
    let mut groups: Vec<Point> = Vec::new();
    for point in points {
        let time_ms = point.time_ms.div_euclid(step_ms) * step_ms;
        match groups.last_mut().filter(|last| last.time_ms == time_ms) {
            Some(last) => last.merge(&point),
            None => groups.push(Point { time_ms, ..point }),
        }
    }
    groups
}

/// A line of samples.
#[derive(Debug, Serialize, Deserialize)]
struct Samples<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    /// From `time` to each sample, milliseconds.
    offset_ms: Vec<u32>,
    value: Vec<Number>,
}

/// A line of rolled-up points, one for each step from `time` on.
#[derive(Debug, Serialize, Deserialize)]
struct Rolled<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    step_seconds: u32,
    /// `null` where there is no sample.
    min: Vec<Option<Number>>,
    avg: Vec<Option<Number>>,
    max: Vec<Option<Number>>,
    count: Vec<u32>,
}

/// A number that is written without `.0` where it is whole.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Number(f64);

/// Up to here every whole number is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < WHOLE_MAX {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// The line of the samples of a metric that lie within 49 days from `begin` on.
pub fn write_samples(series: &SeriesKey, begin: DateTime<Utc>, points: &[Point]) -> String {
    let begin_ms = begin.timestamp_millis();
    let block = Samples {
        metric: series.to_string().into(),
        time: stamp(begin).into(),
        offset_ms: points.iter().map(|point| u32::try_from(point.time_ms - begin_ms).unwrap_or(0)).collect(),
        value: points.iter().map(|point| Number(point.avg)).collect(),
    };
    sealed(&block)
}

/// The line of the points of a metric, `steps` of them from `begin` on.
pub fn write_rolled(
    series: &SeriesKey,
    begin: DateTime<Utc>,
    step_seconds: u32,
    steps: usize,
    points: &[Point],
) -> String {
    let step_ms = i64::from(step_seconds) * 1000;
    let slots: Vec<Option<&Point>> = (0..steps as i64)
        .map(|step| {
            let time_ms = begin.timestamp_millis() + step * step_ms;
            points.binary_search_by_key(&time_ms, |point| point.time_ms).ok().and_then(|at| points.get(at))
        })
        .collect();
    let column = |of: fn(&Point) -> f64| slots.iter().map(|slot| slot.map(|point| Number(of(point)))).collect();
    let block = Rolled {
        metric: series.to_string().into(),
        time: stamp(begin).into(),
        step_seconds,
        min: column(|point| point.min),
        avg: column(Point::kept_avg),
        max: column(|point| point.max),
        count: slots.iter().map(|slot| slot.map_or(0, |point| point.count)).collect(),
    };
    sealed(&block)
}

/// An average says no more than its samples do: three digits behind the point, six where it is small.
fn short(value: f64) -> f64 {
    let scale = if value.abs() < 1.0 { 1e6 } else { 1e3 };
    let short = (value * scale).round() / scale;
    if short.is_finite() { short } else { value }
}

/// A block of plain numbers and text is always JSON.
fn sealed(block: &impl Serialize) -> String {
    serde_json::to_string(block).map(|json| line::seal(&json)).unwrap_or_default()
}

/// Metric and begin of a block.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

/// Which metric a line is of, and its begin in milliseconds since 1970; `None`: it is no block.
pub fn head(text: &str) -> Option<(Cow<'_, str>, i64)> {
    let head: Head = serde_json::from_str(text).ok()?;
    Some((head.metric, parse(&head.time)?.timestamp_millis()))
}

/// How many samples a block is made of.
pub fn samples(text: &str) -> u64 {
    read(text).map_or(0, |(_, points)| points.iter().map(|point| u64::from(point.count)).sum())
}

/// The metric of a block and its points; `None`: it is no block.
pub fn read(text: &str) -> Option<(Cow<'_, str>, Vec<Point>)> {
    scan::read(text).or_else(|| read_any(text))
}

/// The same of one that somebody else wrote.
pub(super) fn read_any(text: &str) -> Option<(Cow<'_, str>, Vec<Point>)> {
    if text.contains("\"offset_ms\":") {
        let block: Samples = serde_json::from_str(text).ok()?;
        let begin = parse(&block.time)?.timestamp_millis();
        let points = block.offset_ms.iter().zip(&block.value);
        return Some((
            block.metric,
            points.map(|(offset, value)| Point::sample(begin + i64::from(*offset), value.0)).collect(),
        ));
    }
    let block: Rolled = serde_json::from_str(text).ok()?;
    let begin = parse(&block.time)?.timestamp_millis();
    let step_ms = i64::from(block.step_seconds) * 1000;
    let columns = block.min.iter().zip(&block.avg).zip(&block.max).zip(&block.count);
    let points = columns.enumerate().filter_map(|(step, (((min, avg), max), count))| {
        let time_ms = begin + step_ms * step as i64;
        Some(Point { time_ms, min: (*min)?.0, avg: (*avg)?.0, max: (*max)?.0, count: *count })
    });
    let points = points.filter(|point| point.count > 0).collect();
    Some((block.metric, points))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begin() -> DateTime<Utc> {
        parse("2026-11-20T21:00:00Z").unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec((0_i64..3_600_000, -1_000_000_000_000_i64..1_000_000_000_000), 1..80)) {
            let mut points: Vec<Point> =
                values.iter().map(|(offset, value)| Point::sample(begin().timestamp_millis() + offset, *value as f64 / 1e3)).collect();
            points.sort_by_key(|point| point.time_ms);
            let name = "disk.used_percent{mount=\"/\\\"\u{e9}\"}";
            let key = SeriesKey::parse(name);
            let text = write_samples(&key, begin(), &points);
            let line = line::check(text.trim_end().as_bytes()).unwrap();
            prop_assert_eq!(read(line), Some((name.into(), points.clone())));

            let groups = group(points.clone(), 300_000);
            prop_assert_eq!(groups.iter().map(|group| group.count as usize).sum::<usize>(), points.len());
            let text = write_rolled(&key, begin(), 300, 12, &groups);
            let (metric, found) = read(text.trim_end()).unwrap();
            prop_assert_eq!(metric, name);
            prop_assert_eq!(found.len(), groups.len());
            for (found, group) in found.iter().zip(&groups) {
                prop_assert_eq!((found.time_ms, found.min, found.max, found.count), (group.time_ms, group.min, group.max, group.count));
                prop_assert!((found.avg - group.avg).abs() <= 0.001 && found.min <= found.avg && found.avg <= found.max);
            }
            prop_assert_eq!(head(text.trim_end()).unwrap().1, begin().timestamp_millis());
        }
    }
}
