//! Rollups and columns made anew from the snapshots of days that are sealed.
//!
//! A month at a time, the oldest first, each file replaced whole: ended at any point it can be done again, and a rebuild
//! that was ended goes on with the month it was at. What was rolled up from snapshots that are gone stays.

use super::block::{write_rolled, write_samples};
use super::day;
use super::hour::{self, SeriesPoints};
use super::hour_ranges::DayRanges;
use super::tier::{Lines, Tier};
use super::{SNAPSHOTS, Store, at};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace_cache};
use crate::model::metric::SeriesKey;
use crate::model::point::{Point, group};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// A finished day rolled up.
#[derive(Debug, Default)]
pub struct RolledDay {
    /// Blocks of hours.
    pub hours: Lines,
    /// Blocks of the day.
    pub days: Lines,
}

impl RolledDay {
    /// Blocks of the day that begins at `begin`, from its hours.
    pub(super) fn new(begin: DateTime<Utc>, by_hour: &SeriesPoints) -> Self {
        let hours = lines_of(by_hour, &|series, points| write_rolled(series, begin, 3600, 24, points));
        let days = lines_of(by_hour, &|series, points| {
            write_rolled(series, begin, 86_400, 1, &group(points.iter().copied(), 86_400_000))
        });
        Self { hours, days }
    }
}

/// Where a rebuild is.
#[derive(Debug, Serialize, Deserialize)]
struct Annotation {
    since: String,
    /// The first month that is not done.
    next: String,
}

impl Store {
    /// Rollups of the day that begins at `begin`, from its records, and its blocks of five minutes.
    fn roll_day(&self, begin: DateTime<Utc>) -> Result<(RolledDay, Lines)> {
        let ranges = DayRanges::find(self, begin);
        let (mut by_hour, mut consumers, mut five_minutes) = (SeriesPoints::new(), Vec::new(), Lines::new());
        for hour in (0..24).map(|hour| begin + TimeDelta::hours(hour)) {
            let records = self.read_hour(hour, &ranges)?;
            join(&mut five_minutes, five_minutes_of(hour, &records.samples));
            hour::join_hour(&mut by_hour, records.samples);
            consumers.push((hour, records.consumers));
        }
        let (mut rolled, (hours, days)) = (RolledDay::new(begin, &by_hour), Self::rolled_consumers(begin, consumers));
        join(&mut rolled.hours, hours);
        join(&mut rolled.days, days);
        Ok((rolled, five_minutes))
    }

    /// Days whose snapshots are sealed and complete, from `since` on (`2026-11-20`), by month.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn sealed_months(&self, since: &str) -> Result<BTreeMap<String, Vec<String>>> {
        let mut months: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for day in self.days(SNAPSHOTS)?.into_iter().filter(|day| day.sealed.is_some() && day.name.as_str() >= since) {
            let month = day.name.get(..7).unwrap_or_default().to_string();
            months.entry(month).or_default().push(day.name);
        }
        Ok(months)
    }

    /// Makes the rollups of these days of one month anew. What is there of them stays where it is made of more samples than
    /// the snapshots still hold, unless it is `mistaken`. The caller holds the lock.
    ///
    /// # Errors
    /// What the file system says; called again, it is done again.
    pub fn rebuild_month(&self, month: &str, days: &[String], mistaken: &BTreeSet<String>) -> Result<()> {
        let (mut hours, mut whole) = (Lines::new(), Lines::new());
        let mut done = Vec::new();
        for name in days {
            let Some(begin) = day::begin(name) else { continue };
            let (rolled, five) = self.roll_day(begin)?;
            self.rewrite_period(Tier::FiveMinutes, name, &|_| mistaken.contains(name), &five)?;
            join(&mut hours, rolled.hours);
            join(&mut whole, rolled.days);
            if mistaken.contains(name) {
                done.push(begin.timestamp_millis());
            }
        }
        let is_dropped = |time: i64| done.contains(&(time.div_euclid(86_400_000) * 86_400_000));
        self.rewrite_period(Tier::Hours, month, &is_dropped, &hours)?;
        self.rewrite_period(Tier::Days, month, &is_dropped, &whole)
    }

    /// The open day and the columns anew; days that are over and were not closed are closed. The caller holds the lock.
    ///
    /// # Errors
    /// As [`Store::upkeep`].
    pub fn rebuild_open(&self, now: DateTime<Utc>, boot_id: &str) -> Result<()> {
        self.forget_progress();
        // Beginning anew it makes the columns of yesterday too.
        self.upkeep(now, boot_id, &|| false).map(|_| ())
    }

    fn rebuild_file(&self) -> PathBuf {
        self.directory().join("rollups").join("rebuild.json")
    }

    /// The month with which a rebuild since that day goes on; empty: it begins.
    pub fn rebuild_next(&self, since: &str) -> String {
        let mark = read_at_most(&self.rebuild_file(), 4096).ok().and_then(|text| serde_json::from_slice(&text).ok());
        mark.filter(|mark: &Annotation| mark.since == since).map(|mark| mark.next).unwrap_or_default()
    }

    /// Remembers how far a rebuild is; `None`: it is done.
    ///
    /// # Errors
    /// What the file system says.
    pub fn mark_rebuild(&self, since: &str, next: Option<&str>) -> Result<()> {
        let path = self.rebuild_file();
        let Some(next) = next else {
            // Where there is none, nothing was marked.
            let _ = fs::remove_file(&path);
            return Ok(());
        };
        let directory = self.directory().join("rollups");
        at("make", &directory, make_directory(&directory))?;
        let mark = serde_json::to_vec(&Annotation { since: since.to_string(), next: next.to_string() })?;
        at("write", &path, replace_cache(&path, &mark, FILE_MODE))
    }
}

/// The columns of an hour.
pub(super) fn columns_of(hour: DateTime<Utc>, samples: &SeriesPoints) -> Lines {
    lines_of(samples, &|series, points| write_samples(series, hour::of(hour), points))
}

/// The five-minute rollups of an hour.
pub(super) fn five_minutes_of(hour: DateTime<Utc>, samples: &SeriesPoints) -> Lines {
    lines_of(samples, &|series, points| write_rolled(series, hour, 300, 12, &group(points.iter().copied(), 300_000)))
}

fn join(lines: &mut Lines, more: Lines) {
    for (name, text) in more {
        lines.entry(name).or_default().push_str(&text);
    }
}

/// One line for each series, by metric name.
fn lines_of(samples: &SeriesPoints, write: &dyn Fn(&SeriesKey, &[Point]) -> String) -> Lines {
    let mut lines = Lines::new();
    for (series, points) in samples {
        match lines.get_mut(&series.name) {
            Some(known) => known.push_str(&write(series, points)),
            None => {
                lines.insert(series.name.clone(), write(series, points));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests;
