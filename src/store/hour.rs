//! An hour of snapshots turned by metric: the work that every reader of a metric is spared.

use super::block::Point;
use super::read::Reading;
use super::{SNAPSHOTS, Store};
use crate::base::clock::parse;
use crate::model::metric::write_labels;
use crate::model::record::time_of;
use crate::model::walk::walk;
use anyhow::Result;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap};

/// Samples of every metric, by its name (without labels), then with labels; each in the order of time.
pub type ByName = BTreeMap<String, BTreeMap<String, Vec<Point>>>;

/// The beginning of the hour of a time.
pub fn of(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}

impl Store {
    /// Every metric of the snapshots of the hour that begins at `hour`. A snapshot that stands there twice counts once.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_hour(&self, hour: DateTime<Utc>) -> Result<(ByName, Reading)> {
        let mut samples = Samples::default();
        let last = hour + TimeDelta::milliseconds(3_599_999);
        let reading = self.read(SNAPSHOTS, hour, last, &mut |line| samples.add(line, &mut |_| true))?;
        Ok((samples.finish(), reading))
    }
}

/// Collects the metrics of snapshots.
#[derive(Debug, Default)]
pub struct Samples {
    /// With labels → name without, samples. A map without order is all the hot path can afford.
    found: HashMap<String, (String, Vec<Point>)>,
}

impl Samples {
    /// Takes the metrics of one snapshot whose name is wanted. A line that is damaged adds what stands before the damage.
    pub fn add(&mut self, line: &str, is_wanted: &mut dyn FnMut(&str) -> bool) {
        let Some(time_ms) = time_of(line).and_then(parse).map(|time| time.timestamp_millis()) else { return };
        let found = &mut self.found;
        let _ = walk(line, &mut |name, labels, value| {
            if !is_wanted(name) {
                return;
            }
            let labelled;
            let metric = if labels.is_empty() {
                name
            } else {
                labelled = format!("{name}{}", write_labels(labels));
                &labelled
            };
            match found.get_mut(metric) {
                Some((_, points)) => points.push(Point::sample(time_ms, value)),
                None => {
                    found.insert(metric.to_string(), (name.to_string(), vec![Point::sample(time_ms, value)]));
                }
            }
        });
    }

    /// What was collected; of several samples of a metric at the same time the first.
    pub fn finish(self) -> ByName {
        let mut by_name = ByName::new();
        for (metric, (name, mut points)) in self.found {
            points.sort_by_key(|point| point.time_ms);
            points.dedup_by_key(|point| point.time_ms);
            by_name.entry(name).or_default().insert(metric, points);
        }
        by_name
    }
}
