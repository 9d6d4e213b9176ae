//! The snapshots of an hour transposed into series.

use super::read::Reading;
use super::{SNAPSHOTS, Store};
use crate::base::clock::parse;
use crate::model::metric::{Label, SeriesKey};
use crate::model::point::{Point, group};
use crate::model::record::time_of;
use crate::model::walk::walk;
use anyhow::Result;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap};

/// Points by series, each in order of time.
pub type SeriesPoints = BTreeMap<SeriesKey, Vec<Point>>;

/// Begin of the hour that contains a time.
pub fn of(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}

impl Store {
    /// Every series of the snapshots of the hour that begins at `hour`, and of its top units. A snapshot that was
    /// stored twice counts once.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_hour(&self, hour: DateTime<Utc>) -> Result<(SeriesPoints, Reading)> {
        let mut samples = Samples::default();
        let last = hour + TimeDelta::milliseconds(3_599_999);
        let reading = self.read(SNAPSHOTS, hour, last, &mut |line| samples.add(line, &mut |_| true))?;
        let mut samples = samples.finish();
        samples.extend(self.unit_samples(hour)?);
        Ok((samples, reading))
    }
}

/// Rolls each series of an hour up to one point and adds it to the points of other hours.
pub(super) fn join_hour(by_hour: &mut SeriesPoints, samples: SeriesPoints) {
    for (series, points) in samples {
        by_hour.entry(series).or_default().extend(group(points, 3_600_000));
    }
}

/// Collects the metrics of snapshots into series.
#[derive(Debug, Default)]
pub struct Samples {
    series: Vec<(SeriesKey, Vec<Point>)>,
    positions: HashMap<SeriesKey, usize>,
    /// Index at which the next metric is expected: consecutive snapshots hold the same metrics in the same order, so
    /// most need neither a search nor an allocation.
    next: usize,
}

impl Samples {
    /// Adds the wanted metrics of one snapshot. Of a damaged line, the values before the damage are added.
    pub fn add(&mut self, line: &str, is_wanted: &mut dyn FnMut(&str) -> bool) {
        let Some(time_ms) = time_of(line).and_then(parse).map(|time| time.timestamp_millis()) else { return };
        self.next = 0;
        let _ = walk(line, &mut |name, labels, value| {
            if is_wanted(name) {
                self.points(name, labels).push(Point::sample(time_ms, value));
            }
        });
    }

    /// The points of a series.
    fn points(&mut self, name: &str, labels: &[Label]) -> &mut Vec<Point> {
        let Self { series, positions, next } = self;
        let is_expected = series.get(*next).is_some_and(|(key, _)| key.name == name && key.labels == labels);
        let at = if is_expected {
            *next
        } else {
            *positions.entry(SeriesKey::new(name, labels.to_vec())).or_insert_with_key(|key| {
                series.push((key.clone(), Vec::new()));
                series.len() - 1
            })
        };
        *next = at + 1;
        #[expect(clippy::indexing_slicing, reason = "every position was pushed above")]
        &mut series[at].1
    }

    /// The collected series. Of several samples of a series with the same time, the first is kept.
    pub fn finish(self) -> SeriesPoints {
        let ordered = self.series.into_iter().map(|(key, mut points)| {
            points.sort_by_key(|point| point.time_ms);
            points.dedup_by_key(|point| point.time_ms);
            (key, points)
        });
        ordered.collect()
    }
}
