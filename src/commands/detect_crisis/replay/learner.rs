//! Learns bands of usual values during a replay, from the data replayed so far.

use crate::config::Rule;
use crate::crisis::baseline::{Hour, Past, least_spread};
use crate::model::metric::{Metric, write_labels};
use crate::model::point::Point;
use crate::query::baseline::{Bands, hold_seconds, hour_number, rules_with_bands};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Learned data of one metric under one rule.
#[derive(Default)]
struct Known {
    past: Past,
    /// The current, incomplete hour.
    open: Option<Point>,
    hold_seconds: f64,
    least: f64,
}

/// Learns during a replay.
#[derive(Default)]
pub struct Learner {
    rules: Vec<Rule>,
    known: BTreeMap<String, Known>,
    hour: i64,
    bands: Bands,
}

impl Learner {
    pub fn new(rules: &[Rule]) -> Self {
        Self { rules: rules_with_bands(rules).into_iter().cloned().collect(), ..Self::default() }
    }

    /// Adds the metrics of a moment; returns the bands in force, learned before its hour.
    pub fn learn(&mut self, time: DateTime<Utc>, metrics: &[Metric]) -> Bands {
        if self.rules.is_empty() {
            return Bands::default();
        }
        let hour = hour_number(time);
        if hour != self.hour {
            self.close(hour);
        }
        for rule in &self.rules {
            for metric in metrics.iter().filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
                let known = self.known.entry(format!("{}{}", rule.name, write_labels(&metric.labels))).or_default();
                known.hold_seconds = hold_seconds(rule);
                known.least = least_spread(&metric.name);
                let point = Point::sample(time.timestamp_millis(), metric.value);
                match &mut known.open {
                    Some(open) => open.merge(&point),
                    None => known.open = Some(point),
                }
            }
        }
        self.bands.clone()
    }

    fn close(&mut self, hour: i64) {
        let mut bands = BTreeMap::new();
        for (key, known) in &mut self.known {
            if let Some(open) = known.open.take() {
                known.past.add(self.hour, Hour::new(open.min, open.avg, open.max, known.hold_seconds));
            }
            known.past.forget_before(hour);
            if let Some(band) = known.past.band(hour, known.least) {
                bands.insert(key.clone(), band);
            }
        }
        self.bands = Arc::new(bands);
        self.hour = hour;
    }
}
