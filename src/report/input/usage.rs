//! What the records of processes add up to, by hours and by days: each hour is read once, when it is over.

use crate::context::Context;
use crate::report::chart::range::Range;
use crate::report::input::hours::{Count, name, tallies};
use crate::report::input::usage_history::USERS_MAX;
use crate::report::page::consumers::Tally;
use crate::report::page::systemd_units::Units;
use crate::store::{PROCESSES, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the caches.
const CACHE: &str = "report-used";
const DAYS_CACHE: &str = "report-days-used";
/// So many days back.
const DAYS_MAX: i64 = 365;
/// So many hours back, and so many days of units.
const HOURS_MAX: i64 = 24;
const WEEK_DAYS: i64 = 8;
/// Of a week: one sample in so many seconds.
const WEEK_STEP: f64 = 3600.0;

/// What is kept of hours, and of all days together.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Used {
    /// Hours that got a record when they were over, when this was made.
    late: Vec<DateTime<Utc>>,
    /// By hour, `2026-11-20T21`: everybody who used something in it.
    hours: BTreeMap<String, Tally>,
    /// Units of the last days by hours.
    pub week: Units,
    /// The day, UTC, of which `whole` was made.
    today: String,
    /// By range: the whole days of it before today, as far as they were counted.
    whole: BTreeMap<String, Tally>,
    /// Every day before today is counted.
    is_whole: bool,
    /// The last day that is not counted, and how much of it was read.
    filling: Option<Filling>,
}

/// A day that is being counted.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Filling {
    day: String,
    hours: usize,
    tally: Tally,
}

type Days = BTreeMap<String, Tally>;

impl Used {
    /// What is kept; nothing where it is lost or was counted too early.
    pub fn load(context: &Context, count: &Count) -> Self {
        let mut used: Self = context.store.load_cache(CACHE).unwrap_or_default();
        if used.late != count.late {
            used.week.before((count.hour - TimeDelta::hours(HOURS_MAX)).timestamp() as f64);
            used = Self { late: count.late.to_vec(), week: used.week, ..Self::default() };
        }
        used
    }

    /// Where it cannot be kept it is made again.
    pub fn save(&self, context: &Context) {
        let _ = context.store.save_cache(CACHE, self);
    }

    /// Counts hours that are over and were not counted, the newest first; whether there was one.
    pub fn close(&mut self, context: &Context, count: &Count) -> Result<bool> {
        let (oldest, begin) = (name(count.hour - TimeDelta::hours(HOURS_MAX)), count.hour - TimeDelta::days(WEEK_DAYS));
        self.hours.retain(|hour, _| *hour >= oldest && *hour < name(count.hour));
        self.week.since(begin.timestamp() as f64);
        let missing = self.missing(count).take(count.hours());
        let missing: Vec<DateTime<Utc>> = missing.collect();
        let (Some(last), Some(first)) = (missing.first(), missing.last()) else { return Ok(false) };
        let mut tallies = tallies(context, *first, *last + TimeDelta::hours(1), count)?;
        for hour in &missing {
            let tally = tallies.remove(&name(*hour)).unwrap_or_default();
            self.add_week(&tally.units);
            self.hours.insert(name(*hour), tally);
        }
        Ok(true)
    }

    fn missing(&self, count: &Count) -> impl Iterator<Item = DateTime<Utc>> {
        let hours = (1..=HOURS_MAX).map(|back| count.hour - TimeDelta::hours(back));
        hours.filter(|hour| !self.hours.contains_key(&name(*hour)))
    }

    fn add_week(&mut self, units: &Units) {
        let mut units = units.clone();
        units.group(WEEK_STEP);
        self.week.add_new(&units);
    }

    /// When a day is over it is counted from its hours, and the sums of days are made anew.
    pub fn turn(&mut self, context: &Context, count: &Count) -> Result<()> {
        let today = day::of(count.hour);
        if self.today == today && count.long().all(|range| self.whole.contains_key(range.id)) {
            return Ok(());
        }
        let mut days: Days = context.store.load_cache(DAYS_CACHE).unwrap_or_default();
        let oldest = day::of(count.hour - TimeDelta::days(DAYS_MAX));
        days.retain(|day, _| *day >= oldest && *day < today);
        let yesterday = day::of(count.hour - TimeDelta::days(1));
        let hours: Vec<&Tally> =
            self.hours.iter().filter(|(hour, _)| hour.starts_with(&yesterday)).map(|(_, tally)| tally).collect();
        if hours.len() == 24 && !days.contains_key(&yesterday) {
            let mut tally = Tally::sum(hours);
            tally.shorten(USERS_MAX);
            days.insert(yesterday, tally);
            let _ = context.store.save_cache(DAYS_CACHE, &days);
        }
        let whole = count.long().map(|range| {
            let since = first_day(range, count.hour);
            (range.id.to_string(), Tally::sum(days.iter().filter(|(day, _)| **day >= since).map(|(_, tally)| tally)))
        });
        (self.whole, self.today) = (whole.collect(), today);
        self.is_whole = next(context, count, &days)?.is_none();
        Ok(())
    }

    /// Whether hours or days with records are not counted yet.
    pub fn is_behind(&self, count: &Count) -> bool {
        self.missing(count).next().is_some() || (!self.is_whole && count.long().next().is_some())
    }

    /// Reads some hours of the newest day that is not counted; whether that ends a day of the last week.
    pub fn fill(&mut self, context: &Context, count: &Count) -> Result<bool> {
        let mut filling = match self.filling.take() {
            Some(filling) => filling,
            None => match next(context, count, &context.store.load_cache(DAYS_CACHE).unwrap_or_default())? {
                Some(day) => Filling { day, ..Filling::default() },
                None => {
                    self.is_whole = true;
                    return Ok(false);
                }
            },
        };
        let Some(begin) = day::begin(&filling.day) else { return Ok(false) };
        let is_of_week = count.hour - begin < TimeDelta::days(WEEK_DAYS);
        let from = begin + TimeDelta::hours(filling.hours as i64);
        let until = (from + TimeDelta::hours(count.hours() as i64)).min(begin + TimeDelta::days(1));
        let tallies = tallies(context, from, until, count)?;
        for tally in tallies.values().filter(|_| is_of_week) {
            self.add_week(&tally.units);
        }
        filling.tally = Tally::sum(tallies.values().chain([&filling.tally]));
        filling.hours += count.hours();
        if filling.hours < 24 {
            self.filling = Some(filling);
            return Ok(false);
        }
        filling.tally.shorten(USERS_MAX);
        for range in count.long().filter(|range| filling.day >= first_day(range, count.hour)) {
            let whole = self.whole.entry(range.id.to_string()).or_default();
            whole.join(&filling.tally);
        }
        let mut days: Days = context.store.load_cache(DAYS_CACHE).unwrap_or_default();
        days.insert(filling.day, filling.tally);
        let _ = context.store.save_cache(DAYS_CACHE, &days);
        self.is_whole = next(context, count, &days)?.is_none();
        Ok(is_of_week)
    }

    /// Everything from an hour on, with the units.
    pub fn since(&self, since: DateTime<Utc>) -> Tally {
        let since = name(since);
        let hours = || self.hours.iter().filter(|(hour, _)| **hour >= since).map(|(_, tally)| tally);
        let mut sum = Tally::sum(hours());
        hours().for_each(|tally| sum.units.join(&tally.units));
        sum
    }

    /// A range beyond a day: its whole days, and what was of today.
    pub fn range(&self, range: &Range, hour: DateTime<Utc>) -> Tally {
        let today = day::of(hour);
        let hours = self.hours.iter().filter(|(hour, _)| **hour >= today).map(|(_, tally)| tally);
        Tally::sum(hours.chain(self.whole.get(range.id)))
    }
}

/// The first day of a range.
fn first_day(range: &Range, hour: DateTime<Utc>) -> String {
    day::of(hour - TimeDelta::seconds(i64::from(range.seconds)))
}

/// The newest day with records that is not counted.
fn next(context: &Context, count: &Count, days: &Days) -> Result<Option<String>> {
    let (oldest, today) = (day::of(count.hour - TimeDelta::days(DAYS_MAX)), day::of(count.hour));
    let recorded = context.store.days(PROCESSES)?.into_iter().rev().map(|day| day.name);
    Ok(recorded.filter(|day| *day < today && *day >= oldest).find(|day| !days.contains_key(day)))
}
