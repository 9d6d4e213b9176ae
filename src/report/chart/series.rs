//! The history that is drawn, by metric name.

use crate::model::metric::SeriesKey;
use std::collections::BTreeMap;

/// What a metric was at a time, or over a span around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Seconds since 1970; of a span its middle.
    pub time: f64,
    /// Least value.
    pub min: f64,
    /// Mean value.
    pub avg: f64,
    /// Greatest value.
    pub max: f64,
}

/// In every snapshot, whatever else could be measured: its times are the times of snapshots.
pub const ALWAYS: &str = "probe.cpu_ms";

/// Values of some metrics over time.
#[derive(Debug, Default)]
pub struct Series {
    by_metric: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    /// Every series, in the order it was added.
    keys: Vec<SeriesKey>,
    times: Vec<f64>,
    step_seconds: f64,
    /// How many snapshots it is made of.
    pub snapshots: u64,
}

impl Series {
    /// Of points that stand for so many seconds each; 0: single samples.
    pub fn new(step_seconds: u32) -> Self {
        Self { step_seconds: f64::from(step_seconds), ..Self::default() }
    }

    /// Takes the values of a series, in order of time.
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

    /// Every label of a metric with its values.
    pub fn of(&self, metric: &str) -> impl Iterator<Item = (&str, &[Point])> {
        self.by_metric.get(metric).into_iter().flatten().map(|(label, points)| (label.as_str(), points.as_slice()))
    }

    /// The values of a metric of one thing; of the host itself that of no name.
    pub fn one(&self, metric: &str, label: &str) -> &[Point] {
        self.by_metric.get(metric).and_then(|labels| labels.get(label)).map_or(&[], Vec::as_slice)
    }

    /// Every series with its values.
    pub fn all(&self) -> impl Iterator<Item = (&SeriesKey, &[Point])> {
        self.keys.iter().map(|key| (key, self.one(&key.name, identity(key))))
    }

    /// Every metric there is something of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_metric.keys().map(String::as_str)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Time of the first point, seconds since 1970.
    pub fn first(&self) -> Option<f64> {
        self.times.first().copied()
    }

    /// Time of the last point, seconds since 1970.
    pub fn last(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// From which distance on two points have a gap between them, in seconds: of samples two and a half times the usual
    /// distance, at least as much minutes.
    pub fn gap_seconds(&self) -> f64 {
        if self.step_seconds > 0.0 {
            return self.step_seconds * 1.5;
        }
        let mut distances: Vec<f64> =
            self.times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
        distances.sort_by(f64::total_cmp);
        2.5 * distances.get(distances.len() / 2).copied().unwrap_or(60.0).max(60.0)
    }

    /// Spans between points in which nothing was recorded, in seconds since 1970.
    pub fn gaps(&self) -> Vec<(f64, f64)> {
        let (longest, half) = (self.gap_seconds(), self.step_seconds / 2.0);
        let pairs = self.times.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        pairs.filter(|(from, to)| to - from > longest).map(|(from, to)| (from + half, to - half)).collect()
    }
}

/// What the charts call a series: the value of its first label.
fn identity(key: &SeriesKey) -> &str {
    key.labels.first().map_or("", |(_, value)| value.as_str())
}
