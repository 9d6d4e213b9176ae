//! What each run does so that history stays small and quick to read: finished hours are turned by metric and rolled up,
//! finished days sealed. A minute in which no hour ended costs one small file.
//!
//! Everything here can be done again: what a crash left half-done is done once more, and the later block counts.

use super::day::{self, Day};
use super::hour::{self, HourRecords, SeriesPoints};
use super::hour_ranges::DayRanges;
use super::read::Reading;
use super::rebuild::{RolledDay, columns_of, five_minutes_of};
use super::tier::Tier;
use super::{SNAPSHOTS, STREAMS, Store, at};
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace_cache, sync_file_system};
use crate::base::sort::SmallSort;
use anyhow::Result;
use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

/// How far the work has come. Lost, it is found anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Every hour before this one is closed, as far as its day is still open.
    pub hours_until: DateTime<Utc>,
    /// Closed hours that got a record later: the clock was set back.
    pub late: Vec<DateTime<Utc>>,
    /// The boot it was written in: what was not synced before a crash is not counted on.
    pub boot_id: String,
    /// Days before this one (`2026-11-20`) may have no rollups of consumers; empty: all of them have. A file without it was
    /// written before there were such rollups: then everything is found anew.
    pub fill_before: String,
    /// Damage that was met in snapshots, with the hour it is in; so that readers of columns know of it.
    #[serde(default)]
    pub damage: Vec<(DateTime<Utc>, String)>,
}

impl Progress {
    /// Whether an hour is closed and got no record since.
    fn is_closed(&self, hour: DateTime<Utc>) -> bool {
        hour < self.hours_until && !self.late.contains(&hour)
    }

    fn note(&mut self, hour: DateTime<Utc>, reading: &Reading) {
        let unreadable = reading.unreadable.iter().map(|(path, reason)| format!("{}: {reason}", path.display()));
        self.damage.extend(reading.first_damage.clone().into_iter().chain(unreadable).map(|place| (hour, place)));
        let excess = self.damage.len().saturating_sub(DAMAGE_MAX);
        self.damage.drain(..excess);
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Hours that were closed.
    pub hours: usize,
    /// Days that were sealed.
    pub days: usize,
}

/// So many places of damage are remembered.
const DAMAGE_MAX: usize = 20;

impl Store {
    fn progress_file(&self) -> PathBuf {
        self.directory().join("rollups").join("progress.json")
    }

    /// How far the work has come; `None`: not known.
    pub fn progress(&self) -> Option<Progress> {
        serde_json::from_slice(&read_at_most(&self.progress_file(), 1024 * 1024).ok()?).ok()
    }

    /// The open day is closed anew.
    pub(super) fn forget_progress(&self) {
        // Where there is none, nothing was closed.
        let _ = fs::remove_file(self.progress_file());
        self.forget_recent();
    }

    /// Closes what has ended before `now`. `is_time_up` is asked between days and hours. The caller holds the lock.
    ///
    /// # Errors
    /// What the file system says; what was done stays done, and the rest is tried again by the next run.
    pub fn upkeep(&self, now: DateTime<Utc>, boot_id: &str, is_time_up: &dyn Fn() -> bool) -> Result<Upkeep> {
        let present = hour::of(now);
        // A clock that was set back by a day or more would else leave everything open until it is there again.
        let is_known = |known: &Progress| known.boot_id == boot_id && day::of(known.hours_until) <= day::of(now);
        let known = self.progress().filter(is_known);
        let mut done = Upkeep::default();
        let mut progress = known.unwrap_or_else(|| self.begin_anew(present, boot_id));
        if present < progress.hours_until {
            // The clock was set back into hours that are closed.
            return self.note_late(now).map(|()| done);
        }
        if present == progress.hours_until && progress.late.is_empty() && self.progress_file().exists() {
            if !progress.fill_before.is_empty() {
                self.fill(&mut progress)?;
            }
            return Ok(done);
        }
        let today = day::of(now);
        let mut failure = None;
        for day in self.days(SNAPSHOTS)?.iter().filter(|day| day.plain.is_some() && day.name < today) {
            if is_time_up() {
                return Ok(done);
            }
            // One old day that cannot be closed keeps none of the others open. Of a recent one the hours that are closed
            // already are counted on, so nothing goes on before it is closed whole.
            let is_recent = day::begin(&day.name).is_some_and(|begin| now - begin < TimeDelta::days(2));
            match self.close_day(day, now, &mut progress) {
                Ok(()) => done.days += 1,
                Err(error) if is_recent => return Err(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for stream in STREAMS.into_iter().filter(|stream| *stream != SNAPSHOTS) {
            for day in self.days(stream)?.iter().filter(|day| day.plain.is_some() && day.name < today) {
                failure = failure.or(self.seal(stream, day).err());
            }
        }
        self.columns_of_yesterday(present, is_time_up)?;
        let begin = progress.hours_until.max(day::begin(&today).unwrap_or(present));
        let hours = (0..24).map(|hour| begin + TimeDelta::hours(hour)).take_while(|hour| *hour < present);
        let late = std::mem::take(&mut progress.late);
        let ranges = day::begin(&today).map(|begin| DayRanges::find(self, begin));
        for hour in late.into_iter().filter(|hour| day::of(*hour) == today && *hour < begin).chain(hours) {
            if hour >= begin && is_time_up() {
                // On a slow host a long day is closed by several runs.
                progress.hours_until = hour;
                self.save_progress(&progress)?;
                return Ok(done);
            }
            let Some(ranges) = &ranges else { break };
            let records = self.read_hour(hour, ranges)?;
            progress.note(hour, &records.reading);
            self.close_hour(hour, &records, true)?;
            if hour + TimeDelta::hours(1) == present {
                for ranges in [&ranges.snapshots, &ranges.processes] {
                    // What could not be packed now is packed with its day.
                    let _ = self.pack_hour(ranges.stream(), hour, ranges);
                }
            }
            done.hours += 1;
        }
        progress.hours_until = present;
        self.save_progress(&progress)?;
        if !progress.fill_before.is_empty() && !is_time_up() {
            self.fill(&mut progress)?;
        }
        self.remove_leftovers(now);
        self.seal_finished(now)?;
        failure.map_or(Ok(done), Err)
    }

    /// Remembers that the hour of `now` may have got a record although it is closed. All that a run does whose clock is in
    /// doubt. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn note_late(&self, now: DateTime<Utc>) -> Result<()> {
        let present = hour::of(now);
        match self.progress() {
            Some(mut progress) if progress.is_closed(present) => {
                progress.late.push(present);
                self.save_progress(&progress)
            }
            _ => Ok(()),
        }
    }

    /// Nothing is known: the hours of today are closed once more, from empty files, and those of yesterday as far as it
    /// is not sealed.
    fn begin_anew(&self, present: DateTime<Utc>, boot_id: &str) -> Progress {
        let today = day::begin(&day::of(present)).unwrap_or(present);
        let yesterday = today - TimeDelta::days(1);
        // First, that nobody counts on what goes now.
        self.forget_progress();
        // What cannot be removed is overruled by the blocks that follow.
        for time in [today, yesterday] {
            let _ = self.remove_period(Tier::Columns, &Tier::Columns.period(time));
        }
        let _ = self.remove_period(Tier::FiveMinutes, &Tier::FiveMinutes.period(today));
        Progress {
            hours_until: yesterday,
            late: Vec::new(),
            boot_id: boot_id.to_string(),
            fill_before: day::of(present),
            damage: Vec::new(),
        }
    }

    /// Where the columns of yesterday went (a boot, a restored history) and its snapshots are sealed, they are made again:
    /// the page would else read that whole day each minute.
    fn columns_of_yesterday(&self, present: DateTime<Utc>, is_time_up: &dyn Fn() -> bool) -> Result<()> {
        let today = day::begin(&day::of(present)).unwrap_or(present);
        let yesterday = today - TimeDelta::days(1);
        let plain = self.file(SNAPSHOTS, &day::of(yesterday));
        let is_sealed = !plain.exists() && plain.with_extension("jsonl.gz").exists();
        if !is_sealed || self.has_period(Tier::Columns, &day::of(yesterday)) {
            return Ok(());
        }
        let (mut hours, ranges) = (Vec::new(), DayRanges::find(self, yesterday));
        for hour in (0..24).map(|hour| yesterday + TimeDelta::hours(hour)) {
            if is_time_up() {
                return Ok(());
            }
            hours.push(columns_of(hour, &self.read_hour(hour, &ranges)?.samples));
        }
        // Whole or not at all: a day that has columns is not looked for elsewhere.
        hours.iter().try_for_each(|lines| self.append_blocks(Tier::Columns, &day::of(yesterday), lines))
    }

    fn fill(&self, progress: &mut Progress) -> Result<()> {
        let filled = self.fill_consumers(progress);
        self.save_progress(progress)?;
        filled
    }

    fn save_progress(&self, progress: &Progress) -> Result<()> {
        let path = self.progress_file();
        let directory = self.directory().join("rollups");
        at("make", &directory, make_directory(&directory))?;
        at("write", &path, replace_cache(&path, &serde_json::to_vec(progress)?, FILE_MODE))
    }

    /// Appends the blocks of an hour.
    fn close_hour(&self, hour: DateTime<Utc>, records: &HourRecords, with_columns: bool) -> Result<()> {
        let samples = &records.samples;
        self.close_consumers_hour(hour, &records.consumers)?;
        if samples.is_empty() {
            return Ok(());
        }
        if with_columns {
            self.append_blocks(Tier::Columns, &Tier::Columns.period(hour), &columns_of(hour, samples))?;
        }
        self.append_blocks(Tier::FiveMinutes, &Tier::FiveMinutes.period(hour), &five_minutes_of(hour, samples))
    }

    /// Rolls a finished day up and seals it: the rollups first, so that a sealed day is a day that is rolled up.
    fn close_day(&self, day: &Day, now: DateTime<Utc>, progress: &mut Progress) -> Result<()> {
        let Some(begin) = day::begin(&day.name) else { return Ok(()) };
        let is_recent = now - begin < TimeDelta::days(2);
        let ranges = DayRanges::find(self, begin);
        let is_closed = |progress: &Progress, hour| is_recent && progress.is_closed(hour);
        let closed = if is_recent && day.sealed.is_none() { self.closed_hours(begin, progress) } else { None };
        let is_known = closed.is_some();
        let mut by_hour = closed.unwrap_or_default();
        for hour in (0..24).map(|hour| begin + TimeDelta::hours(hour)) {
            if is_known && is_closed(progress, hour) {
                continue;
            }
            let records = self.read_hour(hour, &ranges)?;
            progress.note(hour, &records.reading);
            if !is_closed(progress, hour) {
                self.close_hour(hour, &records, is_recent)?;
            }
            hour::join_hour(&mut by_hour, records.samples);
        }
        by_hour.values_mut().for_each(|points| points.arrange_by_key(|point| point.time_ms));
        let rolled = RolledDay::new(begin, &by_hour);
        self.append_blocks(Tier::Hours, &Tier::Hours.period(begin), &rolled.hours)?;
        self.append_blocks(Tier::Days, &Tier::Days.period(begin), &rolled.days)?;
        self.close_consumers_day(begin, &ranges.processes)?;
        self.seal_period(Tier::FiveMinutes, &day.name)?;
        // What was appended must be on the disk before the day counts as rolled up.
        at("sync", self.directory(), sync_file_system(self.directory()))?;
        self.seal(SNAPSHOTS, day)
    }

    /// The closed hours of a day from their blocks of five minutes; `None` where these are missing or damaged.
    fn closed_hours(&self, begin: DateTime<Utc>, progress: &Progress) -> Option<SeriesPoints> {
        let answer = self.closed_points(Tier::FiveMinutes, begin, begin + TimeDelta::milliseconds(86_399_999)).ok()?;
        let is_whole = answer.reading == Reading::default() && !answer.points.is_empty();
        let is_closed = |time_ms: i64| {
            let time = DateTime::from_timestamp_millis(time_ms);
            time.is_some_and(|time| progress.is_closed(hour::of(time)))
        };
        let mut by_hour = SeriesPoints::new();
        for (series, points) in answer.points {
            let closed: Vec<_> = points.into_iter().filter(|point| is_closed(point.time_ms)).collect();
            hour::join_hour(&mut by_hour, SeriesPoints::from([(series, closed)]));
        }
        is_whole.then_some(by_hour)
    }

    /// Seals the months that are over and lets the columns go that nobody asks for any more.
    fn seal_finished(&self, now: DateTime<Utc>) -> Result<()> {
        for tier in Tier::ROLLED {
            for period in self.periods(tier)?.0.into_iter().filter(|period| *period < tier.period(now)) {
                self.seal_period(tier, &period)?;
            }
        }
        let yesterday = day::of(now.checked_sub_days(Days::new(1)).unwrap_or(now));
        for period in self.periods(Tier::Columns)?.1.into_iter().filter(|period| *period < yesterday) {
            self.remove_period(Tier::Columns, &period)?;
        }
        Ok(())
    }
}
