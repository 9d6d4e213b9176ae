//! The snapshots of an hour transposed into series.

use super::Store;
use super::hour_ranges::DayRanges;
use super::read::Reading;
use crate::base::clock::parse;
use crate::base::sort::SmallSort;
use crate::model::consumers::Consumers;
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

/// The records of an hour.
#[derive(Debug)]
pub struct HourRecords {
    /// Every series of the snapshots and of the greatest units.
    pub samples: SeriesPoints,
    /// What processes and units used.
    pub consumers: Consumers,
    /// Damage met in the snapshots.
    pub reading: Reading,
}

impl Store {
    /// The records of the hour that begins at `hour`. A snapshot that was stored twice counts once.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_hour(&self, hour: DateTime<Utc>, ranges: &DayRanges) -> Result<HourRecords> {
        let mut samples = Samples::default();
        let reading = ranges.snapshots.read(self, hour, &mut |line| samples.add(line, &mut |_| true))?;
        let mut samples = samples.finish();
        let (consumers, units) = self.consumers_of_hour(hour, &ranges.processes)?;
        samples.extend(units);
        Ok(HourRecords { samples, consumers, reading })
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
            points.arrange_by_key(|point| point.time_ms);
            points.dedup_by_key(|point| point.time_ms);
            (key, points)
        });
        ordered.collect()
    }
}
