//! Rollups of consumers of a history that was written before there were such rollups: one day a run.

use super::day;
use super::hour::{self, SeriesPoints};
use super::hour_ranges::HourRanges;
use super::read::Reading;
use super::rebuild::{RolledDay, five_minutes_of};
use super::tier::{CONSUMERS, Tier};
use super::upkeep::Progress;
use super::{PROCESSES, Store};
use crate::model::record::time_of;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Rolls up the newest day of a history that was written before there were these rollups; one day a run.
    pub(super) fn fill_consumers(&self, progress: &mut Progress) -> Result<()> {
        let mut months: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut filled = None;
        for day in self.days(PROCESSES)?.into_iter().rev().filter(|day| day.name < progress.fill_before) {
            let Some(begin) = day::begin(&day.name) else { continue };
            let month = Tier::Days.period(begin);
            if !months.contains_key(&month) {
                months.insert(month.clone(), self.consumer_days(&month)?);
            }
            if months.get(&month).is_some_and(|days| days.contains(&day.name)) {
                continue;
            }
            if let Some((filled, result)) = filled {
                // There is more to do for the next run.
                progress.fill_before = filled;
                return result;
            }
            filled = Some((day.name, self.fill_day(begin, &progress.fill_before)));
        }
        progress.fill_before.clear();
        filled.map_or(Ok(()), |(_, result)| result)
    }

    /// The days of a month that are rolled up.
    fn consumer_days(&self, month: &str) -> Result<BTreeSet<String>> {
        let mut days = BTreeSet::new();
        let visit = &mut |_: &str, line: &str| {
            days.extend(time_of(line).and_then(|time| time.get(..10)).map(str::to_string));
        };
        self.read_blocks(Tier::Days, month, &|name| name == CONSUMERS, &mut Reading::default(), visit)?;
        Ok(days)
    }

    /// Rolls up a day; of the last one before today the five minutes of its units too, for those are shown.
    fn fill_day(&self, begin: DateTime<Utc>, today: &str) -> Result<()> {
        let is_yesterday = today == day::of(begin + TimeDelta::days(1));
        let ranges = HourRanges::find(self, PROCESSES, begin);
        self.fill_units(begin, &ranges, is_yesterday && self.has_period(Tier::FiveMinutes, &day::of(begin)))?;
        self.close_consumers_day(begin, &ranges)
    }

    /// Adds the units of a day to its rollups.
    fn fill_units(&self, begin: DateTime<Utc>, ranges: &HourRanges, has_five_minutes: bool) -> Result<()> {
        let (day, month) = (day::of(begin), Tier::Hours.period(begin));
        let mut by_hour = SeriesPoints::new();
        for hour in (0..24).map(|hour| begin + TimeDelta::hours(hour)) {
            let (_, units) = self.consumers_of_hour(hour, ranges)?;
            if has_five_minutes {
                self.append_blocks(Tier::FiveMinutes, &day, &five_minutes_of(hour, &units))?;
            }
            hour::join_hour(&mut by_hour, units);
        }
        let rolled = RolledDay::new(begin, &by_hour);
        if has_five_minutes {
            self.seal_period(Tier::FiveMinutes, &day)?;
        }
        if self.has_period(Tier::Hours, &month) {
            self.append_blocks(Tier::Hours, &month, &rolled.hours)?;
        }
        self.append_blocks(Tier::Days, &month, &rolled.days)
    }
}
