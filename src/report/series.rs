//! The history that is drawn: collected from snapshot lines, by metric name.

use crate::base::clock::parse;
use crate::model::metric::Label;
use crate::model::record;
use crate::model::walk::walk;
use std::collections::{BTreeMap, HashSet};

/// One value: seconds since 1970, and the value.
pub type Point = (f64, f64);

/// Values of some metrics over time.
#[derive(Debug, Default)]
pub struct Series {
    wanted: HashSet<&'static str>,
    by_metric: BTreeMap<String, BTreeMap<String, Vec<Point>>>,
    times: Vec<f64>,
}

impl Series {
    /// Collects the metrics that the charts and tiles show.
    pub fn for_page() -> Self {
        Self { wanted: super::charts::metrics().collect(), ..Self::default() }
    }

    /// Takes one snapshot line. A line that cannot be read adds nothing.
    pub fn add(&mut self, line: &str) {
        let Some(time) = record::time_of(line).and_then(parse) else { return };
        let seconds = time.timestamp_millis() as f64 / 1e3;
        // A clock that was set back must not draw a line backwards.
        if self.times.last().is_some_and(|last| *last >= seconds) {
            return;
        }
        self.times.push(seconds);
        let (wanted, by_metric) = (&self.wanted, &mut self.by_metric);
        let mut keep = |name: &str, labels: &[Label], value: f64| {
            if wanted.contains(name) {
                let label = labels.first().map_or("", |(_, value)| value.as_str());
                let metric = match by_metric.get_mut(name) {
                    Some(metric) => metric,
                    None => by_metric.entry(name.to_string()).or_default(),
                };
                match metric.get_mut(label) {
                    Some(points) => points.push((seconds, value)),
                    None => {
                        metric.insert(label.to_string(), vec![(seconds, value)]);
                    }
                }
            }
        };
        // What was read before the damage counts.
        let _ = walk(line, &mut keep);
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
