//! Retention: drops history by age, by size and by free space, the smallest loss first.
//!
//! A period goes by age only when it is older than its limit by a clock that is believed, and when as many newer days (for a
//! limit of more than two months: months) have records: no reading of the clock alone deletes anything.
//!
//! The open day, daily rollups, events and state are never dropped to save space.

use super::clock_trust::ClockTrust;
use super::day::{self, Day};
use super::tier::Tier;
use super::{ACTIONS, EVENTS, PROCESSES, SNAPSHOTS, STREAMS, Store, at};
use crate::base::file::free_bytes;
use anyhow::Result;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Retention limits. Zero means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Snapshots, in days.
    pub snapshot_days: u32,
    /// Processes, in days.
    pub process_days: u32,
    /// Events and annotations, in days.
    pub event_days: u32,
    /// Rollups of five minutes, in days.
    pub five_minute_days: u32,
    /// Rollups of an hour, in days.
    pub hour_days: u32,
    /// The whole data directory, in bytes.
    pub max_bytes: u64,
    /// Free space of the file system below which sealed history is dropped, in bytes.
    pub min_free_bytes: u64,
}

/// Reason for which history was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Older than its retention.
    Age,
    /// The data directory exceeded its limit.
    Size,
    /// The file system was nearly full.
    Space,
}

/// Dropped history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Stream or tier: `snapshots`, `rollups/5m`.
    pub what: &'static str,
    /// Day or month.
    pub period: String,
    /// Reason.
    pub why: Why,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.what, self.period)
    }
}

/// Longest limit, in days, that is counted by days with records; a longer one is counted by months.
const BY_DAY_MAX: u32 = 62;
/// Number of newest sealed days that are kept as long as anything else can be dropped.
const LAST_DAYS: usize = 7;

impl Store {
    /// Drops history beyond the limits; by age only while the clock is believed. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system; earlier removals are final.
    pub fn retain(&self, now: DateTime<Utc>, limits: &Limits, clock: &ClockTrust) -> Result<Vec<Dropped>> {
        let mut dropped = if clock.is_believed() { self.retain_by_age(now, limits, clock)? } else { Vec::new() };
        dropped.extend(self.retain_by_size(limits)?);
        Ok(dropped)
    }

    fn retain_by_age(&self, now: DateTime<Utc>, limits: &Limits, clock: &ClockTrust) -> Result<Vec<Dropped>> {
        let mut dropped = Vec::new();
        let recorded = self.recorded(now, clock)?;
        let is_expired = |period: &str, days: u32| {
            let first = now.checked_sub_signed(TimeDelta::days(i64::from(days))).map(|time| time.date_naive());
            last_day(period).max(clock.noticed(period)) < first && recorded.has_enough_after(period, days)
        };
        let streams = [
            (SNAPSHOTS, limits.snapshot_days),
            (PROCESSES, limits.process_days),
            (EVENTS, limits.event_days),
            (ACTIONS, limits.event_days),
        ];
        for (stream, days) in streams.into_iter().filter(|(_, days)| *days > 0) {
            for day in self.sealed_days(stream)?.iter().filter(|day| is_expired(&day.name, days)) {
                dropped.push(self.drop_day(stream, day, Why::Age)?);
            }
        }
        let tiers = [(Tier::FiveMinutes, limits.five_minute_days), (Tier::Hours, limits.hour_days)];
        for (tier, days) in tiers.into_iter().filter(|(_, days)| *days > 0) {
            for period in self.periods(tier)?.1.into_iter().filter(|period| is_expired(period, days)) {
                self.remove_period(tier, &period)?;
                dropped.push(Dropped { what: tier.directory(), period, why: Why::Age });
            }
        }
        Ok(dropped)
    }

    /// The days and months up to `now` that have records, without those that only a false date gave.
    fn recorded(&self, now: DateTime<Utc>, clock: &ClockTrust) -> Result<Recorded> {
        let mut recorded = Recorded::default();
        for stream in STREAMS {
            recorded.days.extend(self.days(stream)?.into_iter().map(|day| day.name));
        }
        recorded.days.extend(self.periods(Tier::FiveMinutes)?.1);
        recorded.days.retain(|name| *name <= day::of(now) && clock.noticed(name).is_none());
        recorded.months.extend(recorded.days.iter().filter_map(|name| Some(name.get(..7)?.to_string())));
        for tier in [Tier::Hours, Tier::Days] {
            recorded.months.extend(self.periods(tier)?.1.into_iter().filter(|month| *month <= tier.period(now)));
        }
        Ok(recorded)
    }

    fn retain_by_size(&self, limits: &Limits) -> Result<Vec<Dropped>> {
        let mut dropped = Vec::new();
        let mut used = if limits.max_bytes > 0 { used_bytes(self.directory()) } else { 0 };
        let mut order: Option<VecDeque<(&'static str, Day)>> = None;
        loop {
            let is_too_large = limits.max_bytes > 0 && used > limits.max_bytes;
            if !is_too_large && !self.is_short_of_space(limits) {
                return Ok(dropped);
            }
            if order.is_none() {
                order = Some(self.smallest_loss_first()?);
            }
            let Some((stream, day)) = order.as_mut().and_then(VecDeque::pop_front) else { return Ok(dropped) };
            used = used.saturating_sub(day.sealed.as_deref().map_or(0, used_bytes));
            dropped.push(self.drop_day(stream, &day, if is_too_large { Why::Size } else { Why::Space })?);
        }
    }

    /// Returns whether the file system has less free space than `min_free_bytes`.
    pub fn is_short_of_space(&self, limits: &Limits) -> bool {
        limits.min_free_bytes > 0 && free_bytes(self.directory()).is_ok_and(|free| free < limits.min_free_bytes)
    }

    /// Processes are dropped before snapshots, because snapshots are also kept as rollups; the oldest first, and the
    /// last week of both after everything else.
    fn smallest_loss_first(&self) -> Result<VecDeque<(&'static str, Day)>> {
        let (mut early, mut late) = (VecDeque::new(), VecDeque::new());
        for stream in [PROCESSES, SNAPSHOTS] {
            let mut days = self.sealed_days(stream)?;
            let last = days.split_off(days.len().saturating_sub(LAST_DAYS));
            early.extend(days.into_iter().map(|day| (stream, day)));
            late.extend(last.into_iter().map(|day| (stream, day)));
        }
        early.extend(late);
        Ok(early)
    }

    fn sealed_days(&self, stream: &str) -> Result<Vec<Day>> {
        Ok(self.days(stream)?.into_iter().filter(|day| day.sealed.is_some() && day.plain.is_none()).collect())
    }

    fn drop_day(&self, stream: &'static str, day: &Day, why: Why) -> Result<Dropped> {
        if let Some(path) = &day.sealed {
            at("remove", path, fs::remove_file(path))?;
        }
        Ok(Dropped { what: stream, period: day.name.clone(), why })
    }
}

/// Days and months that have records.
#[derive(Default)]
struct Recorded {
    days: BTreeSet<String>,
    months: BTreeSet<String>,
}

impl Recorded {
    /// Returns whether the periods after `period` show that `days` days have passed.
    fn has_enough_after(&self, period: &str, days: u32) -> bool {
        let by_day = days <= BY_DAY_MAX && period.len() == 10;
        let (recorded, limit) = if by_day { (&self.days, days) } else { (&self.months, days / 31 + 1) };
        let period = if by_day { period } else { period.get(..7).unwrap_or(period) };
        recorded.iter().filter(|name| name.as_str() > period).count() > limit as usize
    }
}

/// The last day of a day or month.
fn last_day(period: &str) -> Option<NaiveDate> {
    let first = day::date(&format!("{period}-01"));
    first.and_then(|first| first.checked_add_months(chrono::Months::new(1))?.pred_opt()).or_else(|| day::date(period))
}

/// Disk usage of a file or directory, in bytes. Entries that cannot be accessed count as zero.
pub fn used_bytes(path: &Path) -> u64 {
    let Ok(meta) = path.symlink_metadata() else { return 0 };
    let below = if meta.is_dir() { fs::read_dir(path).ok() } else { None };
    let entries = below.into_iter().flatten().flatten().map(|entry| used_bytes(&entry.path()));
    meta.blocks() * 512 + entries.sum::<u64>()
}
