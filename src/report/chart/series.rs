//! Points of a history, by metric.

use crate::base::sort::SmallSort;
use crate::model::metric::SeriesKey;
use std::collections::BTreeMap;

/// The value of a metric at a time, or over a span around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Unix time in seconds; for a span its middle.
    pub time: f64,
    /// Minimum.
    pub min: f64,
    /// Average.
    pub avg: f64,
    /// Maximum.
    pub max: f64,
}

/// A metric of every snapshot; its times are those of the snapshots.
pub const ALWAYS: &str = "probe.cpu_ms";

/// Values of some metrics over time.
#[derive(Debug, Default)]
pub struct Series {
    by_metric: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    /// Every series, in the order it was added.
    keys: Vec<SeriesKey>,
    times: Vec<f64>,
    step_seconds: f64,
    /// Number of snapshots it is made of.
    pub snapshots: u64,
}

impl Series {
    /// An empty series whose points stand for `step_seconds` each; 0: single samples.
    pub fn new(step_seconds: u32) -> Self {
        Self { step_seconds: f64::from(step_seconds), ..Self::default() }
    }

    /// Adds the values of a series, in order of time.
    pub fn add(&mut self, key: SeriesKey, points: Vec<Point>) {
        if key.name == ALWAYS {
            self.times = points.iter().map(|point| point.time).collect();
        }
        match self.by_metric.get_mut(&key.name) {
            Some(labels) => labels.insert(identity(&key).to_string(), points),
            None => self.by_metric.entry(key.name.clone()).or_default().insert(identity(&key).to_string(), points),
        };
        self.keys.push(key);
    }

    /// The points of a metric for each value of its label.
    pub fn of(&self, metric: &str) -> impl Iterator<Item = (&str, &[Point])> {
        self.by_metric.get(metric).into_iter().flatten().map(|(label, points)| (label.as_str(), points.as_slice()))
    }

    /// The points of a metric for one value of its label; empty for metrics of the host.
    pub fn one(&self, metric: &str, label: &str) -> &[Point] {
        self.by_metric.get(metric).and_then(|labels| labels.get(label)).map_or(&[], Vec::as_slice)
    }

    /// Every series with its values.
    pub fn all(&self) -> impl Iterator<Item = (&SeriesKey, &[Point])> {
        self.keys.iter().map(|key| (key, self.one(&key.name, identity(key))))
    }

    /// Names of all metrics.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_metric.keys().map(String::as_str)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Returns whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Unix time of the first point, in seconds.
    pub fn first(&self) -> Option<f64> {
        self.times.first().copied()
    }

    /// Unix time of the last point, in seconds.
    pub fn last(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// Points farther apart than this, in seconds, have a gap between them: for samples two and a half times the median
    /// distance, at least 150 s.
    pub fn gap_seconds(&self) -> f64 {
        if self.step_seconds > 0.0 {
            return self.step_seconds * 1.5;
        }
        let mut distances: Vec<f64> =
            self.times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
        distances.arrange_by(f64::total_cmp);
        2.5 * distances.get(distances.len() / 2).copied().unwrap_or(60.0).max(60.0)
    }

    /// Spans without records: begin and end as Unix times in seconds.
    pub fn gaps(&self) -> Vec<(f64, f64)> {
        let (longest, half) = (self.gap_seconds(), self.step_seconds / 2.0);
        let pairs = self.times.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        pairs.filter(|(from, to)| to - from > longest).map(|(from, to)| (from + half, to - half)).collect()
    }
}

/// Name of a series in the charts: the value of its first label.
fn identity(key: &SeriesKey) -> &str {
    key.labels.first().map_or("", |(_, value)| value.as_str())
}
