//! The history that is drawn, by metric name.

use crate::model::metric::read_labels;
use std::collections::{BTreeMap, HashSet};

/// One value: seconds since 1970, and the value.
pub type Point = (f64, f64);

/// In every snapshot, whatever else could be measured: its times are the times of snapshots.
const ALWAYS: &str = "probe.cpu_ms";

/// Values of some metrics over time.
#[derive(Debug, Default)]
pub struct Series {
    by_metric: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    times: Vec<f64>,
}

impl Series {
    /// The names of the metrics that the charts and tiles show.
    pub fn of_page() -> HashSet<&'static str> {
        super::charts::metrics().chain([ALWAYS]).collect()
    }

    /// Takes the values of a metric (with labels), in the order of time.
    pub fn add(&mut self, metric: &str, points: Vec<Point>) {
        let (name, labels) = read_labels(metric);
        if name == ALWAYS {
            self.times = points.iter().map(|point| point.0).collect();
        }
        let label = labels.into_iter().next().map_or_else(String::new, |(_, value)| value);
        self.by_metric.entry(name.to_string()).or_default().insert(label, points);
    }

    /// Every label of a metric with its values.
    pub fn of(&self, metric: &str) -> impl Iterator<Item = (&str, &[Point])> {
        self.by_metric.get(metric).into_iter().flatten().map(|(label, points)| (label.as_str(), points.as_slice()))
    }

    /// The values of a metric of the host itself.
    pub fn host(&self, metric: &str) -> &[Point] {
        self.by_metric.get(metric).and_then(|labels| labels.get("")).map_or(&[], Vec::as_slice)
    }

    /// Number of snapshots.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Time of the first snapshot, seconds since 1970.
    pub fn first(&self) -> Option<f64> {
        self.times.first().copied()
    }

    /// Time of the last snapshot, seconds since 1970.
    pub fn last(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// From which distance on two snapshots have a gap between them, in seconds: two and a half times the usual
    /// distance, at least as much minutes.
    pub fn gap_seconds(&self) -> f64 {
        let mut distances: Vec<f64> =
            self.times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
        distances.sort_by(f64::total_cmp);
        2.5 * distances.get(distances.len() / 2).copied().unwrap_or(60.0).max(60.0)
    }
}
