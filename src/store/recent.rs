//! The samples of the last hour and the five-minute points of the last day, for readers that run every minute.
//!
//! They are kept in a cache, `state/recent.points`, that each reader extends by the records since. The cache is rebuilt
//! when it is missing, damaged, older than an hour or from the future, and removed whenever closed hours are closed
//! again.

use super::block::Point;
use super::day;
use super::hour::{Samples, SeriesPoints};
use super::query::Query;
use super::read::Reading;
use super::recent_cache::{Head, RecentMetric, RecentMetrics, STEP_MS, as_kept, decode, encode};
use super::tier::Tier;
use super::{PROCESSES, SNAPSHOTS, Store};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace_cache};
use crate::model::metric::SeriesKey;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs;
use std::path::PathBuf;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Largest cache that is read, in bytes.
const CACHE_MAX: u64 = 64 * 1024 * 1024;

/// The last day up to a moment.
#[derive(Debug, Default)]
pub struct Recent {
    head: Head,
    metrics: RecentMetrics,
    /// Damage met while reading, now and since the cache was built.
    pub reading: Reading,
    /// Age of the cache that was extended, in seconds; `None` when no usable cache existed.
    pub cache_age_seconds: Option<f64>,
}

impl Recent {
    /// Samples of the last hour, by metric.
    pub fn hour(&self) -> impl Iterator<Item = (&SeriesKey, Vec<Point>)> {
        let since = self.head.until_ms - HOUR_MS;
        let inside = move |metric: &RecentMetric| {
            let samples = metric.samples.iter().filter(|(time_ms, _)| *time_ms >= since);
            samples.map(|(time_ms, value)| Point::sample(*time_ms, *value)).collect::<Vec<_>>()
        };
        self.metrics.iter().map(move |(series, metric)| (series, inside(metric)))
    }

    /// Five-minute points of the last day, by metric; the last one is incomplete.
    pub fn day(&self) -> impl Iterator<Item = (&SeriesKey, Vec<Point>)> {
        self.metrics.iter().map(|(series, metric)| {
            let mut points = metric.steps.clone();
            points.extend(metric.grouped(self.head.steps_until_ms, i64::MAX));
            (series, points)
        })
    }

    fn add(&mut self, samples: SeriesPoints) {
        for (series, points) in samples {
            let metric = self.metrics.entry(series).or_default();
            metric.samples.extend(points.iter().map(|point| (point.time_ms, point.avg)));
        }
    }

    /// Closes completed five-minute steps and drops expired points.
    fn advance(&mut self, now_ms: i64) {
        let closed = now_ms.div_euclid(STEP_MS) * STEP_MS;
        let oldest = (now_ms - DAY_MS).div_euclid(STEP_MS) * STEP_MS;
        for metric in self.metrics.values_mut() {
            let steps = metric.grouped(self.head.steps_until_ms, closed);
            metric.steps.extend(steps);
            metric.steps.retain(|step| step.time_ms >= oldest);
            metric.samples.retain(|(time_ms, _)| *time_ms >= (now_ms - HOUR_MS).min(closed));
        }
        self.metrics.retain(|_, metric| !(metric.samples.is_empty() && metric.steps.is_empty()));
        self.head.damage.retain(|(noticed_ms, _, _)| *noticed_ms >= now_ms - DAY_MS);
        (self.head.until_ms, self.head.steps_until_ms) = (now_ms, closed);
    }

    /// Adds the damage just met to the cache, and returns all damage in the cache.
    fn note(&mut self, met: Reading, now_ms: i64) {
        self.reading = met;
        for (_, damaged, place) in self.head.damage.iter().rev() {
            self.reading.damaged += damaged;
            self.reading.first_damage = Some(place.clone());
        }
        // `reading` holds all damage by now.
        let known: usize = self.head.damage.iter().map(|(_, damaged, _)| damaged).sum();
        let new = self.reading.damaged - known;
        if let (true, Some(place)) = (new > 0, &self.reading.first_damage) {
            self.head.damage.push((now_ms, new, place.clone()));
        }
    }
}

impl Store {
    fn recent_file(&self) -> PathBuf {
        self.directory().join("state").join("recent.points")
    }

    /// The last day of the selected metrics up to `now`. `key` identifies the selection: a cache with another key is
    /// not used.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn recent(&self, now: DateTime<Utc>, key: &str, is_wanted: &dyn Fn(&str) -> bool) -> Result<Recent> {
        let (now_ms, key) = (now.timestamp_millis(), format!("{} {key}", env!("CARGO_PKG_VERSION")));
        let is_usable = |known: &Recent| {
            known.head.key == key && known.head.until_ms <= now_ms && now_ms - known.head.until_ms <= HOUR_MS
        };
        let known = read_at_most(&self.recent_file(), CACHE_MAX).ok().and_then(|bytes| decode(&bytes));
        let known = known.map(|(head, metrics)| Recent { head, metrics, ..Recent::default() });
        let (mut recent, reading) = match known.filter(is_usable) {
            Some(known) => self.extend_recent(known, now, is_wanted)?,
            None => self.build_recent(now, key, is_wanted)?,
        };
        let steps_before = recent.head.steps_until_ms;
        recent.advance(now_ms);
        recent.note(reading, now_ms);
        let is_new = recent.cache_age_seconds.is_none() || recent.head.steps_until_ms > steps_before;
        if is_new && recent.reading.unreadable.is_empty() {
            // If the cache cannot be written, the next reader rebuilds it.
            let _ = make_directory(&self.directory().join("state"))
                .and_then(|()| replace_cache(&self.recent_file(), &encode(&recent.head, &recent.metrics), FILE_MODE));
        }
        Ok(recent)
    }

    /// Removes the cache.
    pub(super) fn forget_recent(&self) {
        // The file need not exist.
        let _ = fs::remove_file(self.recent_file());
    }

    fn build_recent(
        &self,
        now: DateTime<Utc>,
        key: String,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(Recent, Reading)> {
        let closed = now.timestamp_millis().div_euclid(STEP_MS) * STEP_MS;
        let head = Head { key, steps_until_ms: closed, ..Head::default() };
        let mut recent = Recent { head, ..Recent::default() };
        let hour = self.points(Tier::Columns, &Query { is_wanted, since: now - TimeDelta::hours(1), until: now })?;
        let day = self.points(Tier::FiveMinutes, &Query { is_wanted, since: now - TimeDelta::days(1), until: now })?;
        for (series, points) in hour.points {
            let samples = points.iter().map(|point| (point.time_ms, point.avg)).collect();
            recent.metrics.insert(series, RecentMetric { samples, steps: Vec::new() });
        }
        for (series, mut steps) in day.points {
            steps.retain(|step| step.time_ms < closed);
            recent.metrics.entry(series).or_default().steps = steps.into_iter().map(as_kept).collect();
        }
        // The open hour was read twice: its damage counts once.
        let mut reading = hour.reading;
        reading.damaged = reading.damaged.max(day.reading.damaged);
        reading.first_damage = reading.first_damage.or(day.reading.first_damage);
        reading.unreadable.extend(day.reading.unreadable);
        reading.unreadable.dedup();
        Ok((recent, reading))
    }

    fn extend_recent(
        &self,
        mut recent: Recent,
        now: DateTime<Utc>,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(Recent, Reading)> {
        let until_ms = recent.head.until_ms;
        recent.cache_age_seconds = Some((now.timestamp_millis() - until_ms) as f64 / 1e3);
        let since = DateTime::from_timestamp_millis(until_ms + 1).unwrap_or(now);
        let (mut reading, mut samples) = (Reading::default(), Samples::default());
        if since <= now {
            let visit = &mut |line: &str| samples.add(line, &mut |name| is_wanted(name));
            reading = self.read_newest(SNAPSHOTS, since, now, visit)?;
            let mut units = Samples::default();
            let is_unit = &mut |name: &str| name.starts_with("unit.") && is_wanted(name);
            self.read_newest(PROCESSES, since, now, &mut |line| units.add(line, is_unit))?;
            recent.add(units.finish());
        }
        recent.add(samples.finish());
        Ok((recent, reading))
    }

    /// Records of the last minutes: from the end of the open day if that contains all of them.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_newest(
        &self,
        stream: &str,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        visit: &mut dyn FnMut(&str),
    ) -> Result<Reading> {
        if day::of(since) == day::of(until) {
            self.read_tail(stream, since, until, visit)
        } else {
            self.read(stream, since, until, visit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Now, parse, stamp};

    fn append(store: &Store, minute: i64) {
        let wall = parse("2026-11-20T21:40:30.000Z").unwrap() + TimeDelta::minutes(minute);
        let now = Now { wall, boottime_seconds: 0.0 };
        let json = format!(
            r#"{{"schema":1,"time":"{}","cpu":{{"busy_percent":{}}},"disk":[{{"mount":"/","used_percent":61.5}}]}}"#,
            stamp(wall),
            minute * minute % 17
        );
        store.append(SNAPSHOTS, &now, &json).unwrap();
        let json = format!(r#"{{"schema":1,"time":"{}","unit":[{{"unit":"a","cpu_percent":{minute}}}]}}"#, stamp(wall));
        store.append(PROCESSES, &now, &json).unwrap();
    }

    fn all(recent: &Recent) -> Vec<(String, Vec<Point>, Vec<Point>)> {
        let hours = recent.hour().map(|(series, points)| (series.to_string(), points));
        hours.zip(recent.day()).map(|((name, hour), (_, day))| (name, hour, day)).collect()
    }

    #[test]
    fn extended_by_minutes_it_is_what_it_would_be_built_anew() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_path_buf());
        let mut extended = 0;
        for minute in 0..200 {
            append(&store, minute);
            let now = parse("2026-11-20T21:40:31.000Z").unwrap() + TimeDelta::minutes(minute);
            store.upkeep(now, "boot", &|| false).unwrap();
            let recent = store.recent(now, "all", &|_| true).unwrap();
            extended += usize::from(recent.cache_age_seconds.is_some_and(|age| age <= 360.0));
            let kept = fs::read(store.recent_file()).unwrap();
            store.forget_recent();
            assert_eq!(all(&recent), all(&store.recent(now, "all", &|_| true).unwrap()), "minute {minute}");
            assert_eq!(all(&recent)[0].1.len().min(60), (minute as usize + 1).min(60));
            // Also over several minutes: the cache is not written on each read.
            fs::write(store.recent_file(), kept).unwrap();
        }
        assert_eq!(extended, 199);
        let mut damaged = fs::read(store.recent_file()).unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        assert!(decode(&damaged).is_none() && decode(&[]).is_none());
        let now = parse("2026-11-20T21:40:31.000Z").unwrap();
        assert_eq!(store.recent(now, "all", &|_| true).unwrap().cache_age_seconds, None, "it is from the future");
    }
}
