//! Rollups of the `processes` stream: what programs and units used, by hour and by UTC day.
//!
//! An hour or a day is one block of the metric [`CONSUMERS`] in the tier of that step, so that sealing, retention,
//! verification and repair treat it like any other block. Units also get rollups of their CPU and memory, like every
//! metric of the snapshots.

use super::block::Point;
use super::day;
use super::hour::{Samples, SeriesPoints};
use super::hour_ranges::HourRanges;
use super::line;
use super::query::Query;
use super::read::Reading;
use super::tier::{CONSUMERS, Lines, Tier};
use super::{PROCESSES, Store};
use crate::base::clock::{parse, stamp};
use crate::base::sort::SmallSort;
use crate::model::consumers::Consumers;
use crate::model::record::time_of;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Metrics of units that are rolled up like metrics of snapshots.
const UNIT_METRICS: [&str; 2] = ["unit.cpu_percent", "unit.memory_bytes"];
/// How many consumers a block keeps, for each of CPU, memory and disk transfer.
const CONSUMERS_MAX: usize = 12;
/// Between the last moment of a span and the first one after it.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// What to do about hours that are not rolled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrolled {
    /// Read their records.
    Read,
    /// Leave them out: cheap, however long the span is.
    Skip,
}

/// A block. Its first members are those of any rollup: the interval of the records, in seconds, and their number.
#[derive(Serialize, Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    step_seconds: u32,
    min: [f64; 1],
    avg: [f64; 1],
    max: [f64; 1],
    count: [u32; 1],
    used: Consumers,
}

/// The line of a block that begins at `begin`.
fn write(begin: DateTime<Utc>, tier: Tier, consumers: &Consumers) -> String {
    let mut used = consumers.clone();
    used.truncate(CONSUMERS_MAX);
    let interval = [used.seconds / f64::from(used.records.max(1))];
    let block = Block {
        metric: CONSUMERS.into(),
        time: stamp(begin).into(),
        step_seconds: tier.step_seconds(),
        min: interval,
        avg: interval,
        max: interval,
        count: [used.records],
        used,
    };
    // Numbers and text are always JSON.
    serde_json::to_string(&block).map(|json| line::seal(&json)).unwrap_or_default()
}

fn lines(text: String) -> Lines {
    Lines::from([(CONSUMERS.to_string(), text)])
}

/// Begin and consumers by block.
type Blocks = BTreeMap<DateTime<Utc>, Consumers>;

impl Store {
    /// What was used from `since` to before `until`: from the rollups of whole days and hours, at the margins from
    /// records.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn consumers(&self, since: DateTime<Utc>, until: DateTime<Utc>, unrolled: Unrolled) -> Result<Consumers> {
        let days = self.consumer_blocks(Tier::Days, since, until, &|_| true)?;
        let is_open = |hour: DateTime<Utc>| !day::begin(&day::of(hour)).is_some_and(|day| days.contains_key(&day));
        let hours = self.consumer_blocks(Tier::Hours, since, until, &is_open)?;
        let mut ends: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        ends.extend(days.keys().map(|begin| (*begin, *begin + TimeDelta::days(1))));
        ends.extend(hours.keys().map(|begin| (*begin, *begin + TimeDelta::hours(1))));
        ends.extend([(until, until)]);
        ends.arrange();
        let mut total = Consumers::default();
        days.into_values().chain(hours.into_values()).for_each(|consumers| total.add(consumers));
        let mut covered = since;
        for (begin, end) in ends.into_iter().filter(|_| unrolled == Unrolled::Read) {
            if begin > covered {
                total.add(self.recorded_consumers(covered, begin)?);
            }
            covered = covered.max(end);
        }
        Ok(total)
    }

    /// The same from records alone.
    ///
    /// # Errors
    /// When the directory of the stream cannot be listed.
    pub fn recorded_consumers(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Consumers> {
        let mut total = Consumers::default();
        self.read(PROCESSES, since, until - MOMENT, &mut |line| {
            Consumers::from_record(line).into_iter().for_each(|consumers| total.add(consumers));
        })?;
        Ok(total)
    }

    /// The wanted blocks of a tier that lie within a span.
    fn consumer_blocks(
        &self,
        tier: Tier,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        is_wanted: &dyn Fn(DateTime<Utc>) -> bool,
    ) -> Result<Blocks> {
        let step = TimeDelta::seconds(i64::from(tier.step_seconds()));
        let mut blocks = Blocks::new();
        if until - since < step {
            return Ok(blocks);
        }
        let (first, last) = (tier.period(since), tier.period(until));
        for period in self.periods(tier)?.1.into_iter().filter(|period| *period >= first && *period <= last) {
            let visit = &mut |_: &str, line: &str| {
                let begin = time_of(line).and_then(parse);
                let is_inside = |begin: &DateTime<Utc>| *begin >= since && *begin + step <= until && is_wanted(*begin);
                if let Some(begin) = begin.filter(is_inside)
                    && let Ok(block) = serde_json::from_str::<Block>(line)
                {
                    blocks.insert(begin, block.used);
                }
            };
            self.read_blocks(tier, &period, &|name| name == CONSUMERS, &mut Reading::default(), visit)?;
        }
        Ok(blocks)
    }

    /// Appends the block of an hour that is over.
    pub(super) fn close_consumers_hour(&self, hour: DateTime<Utc>, consumers: &Consumers) -> Result<()> {
        if consumers.is_empty() {
            return Ok(());
        }
        self.append_blocks(Tier::Hours, &Tier::Hours.period(hour), &lines(write(hour, Tier::Hours, consumers)))
    }

    /// Appends the block of a day that is over, from its hours; hours without a block are made from records. A day without
    /// records gets an empty block, so that it counts as rolled up.
    pub(super) fn close_consumers_day(&self, begin: DateTime<Utc>, ranges: &HourRanges) -> Result<()> {
        let end = begin + TimeDelta::days(1);
        let mut known = self.consumer_blocks(Tier::Hours, begin, end, &|_| true)?;
        let (mut whole, mut missing) = (Consumers::default(), String::new());
        for hour in (0..24).map(|hour| begin + TimeDelta::hours(hour)) {
            let consumers = match known.remove(&hour) {
                Some(consumers) => consumers,
                None => {
                    let (consumers, _) = self.consumers_of_hour(hour, ranges)?;
                    if !consumers.is_empty() {
                        missing.push_str(&write(hour, Tier::Hours, &consumers));
                    }
                    consumers
                }
            };
            whole.add(consumers);
        }
        let month = Tier::Hours.period(begin);
        // Where hours are not kept any more, a single block would pass for all of them.
        if !missing.is_empty() && self.has_period(Tier::Hours, &month) {
            self.append_blocks(Tier::Hours, &month, &lines(missing))?;
        }
        self.append_blocks(Tier::Days, &month, &lines(write(begin, Tier::Days, &whole)))
    }

    /// Consumers of an hour, and CPU and memory of its greatest units as metrics.
    pub(super) fn consumers_of_hour(
        &self,
        hour: DateTime<Utc>,
        ranges: &HourRanges,
    ) -> Result<(Consumers, SeriesPoints)> {
        let (mut total, mut samples) = (Consumers::default(), Samples::default());
        ranges.read(self, hour, &mut |line| {
            Consumers::from_record(line).into_iter().for_each(|consumers| total.add(consumers));
            samples.add(line, &mut |name| UNIT_METRICS.contains(&name));
        })?;
        Ok((total, greatest_units(samples.finish())))
    }

    /// CPU and memory of every recorded unit, as metrics; from the end of the open day as [`Store::read_tail`] reads it.
    pub(super) fn all_unit_samples(&self, query: &Query, from_the_end: bool) -> Result<SeriesPoints> {
        let mut samples = Samples::default();
        let wanted: Vec<&str> = UNIT_METRICS.into_iter().filter(|name| (query.is_wanted)(name)).collect();
        let visit = &mut |line: &str| samples.add(line, &mut |name| wanted.contains(&name));
        if !wanted.is_empty() && from_the_end {
            self.read_tail(PROCESSES, query.since, query.until, visit)?;
        } else if !wanted.is_empty() {
            self.read(PROCESSES, query.since, query.until, visit)?;
        }
        Ok(samples.finish())
    }
}

/// The units with the highest sums of each metric.
fn greatest_units(mut samples: SeriesPoints) -> SeriesPoints {
    let sum = |points: &Vec<Point>| points.iter().map(|point| point.avg).sum::<f64>();
    for name in UNIT_METRICS {
        let units = samples.iter().filter(|(series, _)| series.name == name);
        let mut sums: Vec<f64> = units.map(|(_, points)| sum(points)).collect();
        sums.arrange_by(|a, b| b.total_cmp(a));
        let least = sums.get(CONSUMERS_MAX).copied().unwrap_or(f64::NEG_INFINITY);
        samples.retain(|series, points| series.name != name || sum(points) > least);
    }
    samples
}

impl Store {
    /// Rollups of the day that begins at `begin`, from its hours.
    pub(super) fn rolled_consumers(begin: DateTime<Utc>, by_hour: Vec<(DateTime<Utc>, Consumers)>) -> (Lines, Lines) {
        let (mut whole, mut hours) = (Consumers::default(), String::new());
        for (hour, consumers) in by_hour.into_iter().filter(|(_, consumers)| !consumers.is_empty()) {
            hours.push_str(&write(hour, Tier::Hours, &consumers));
            whole.add(consumers);
        }
        if whole.is_empty() {
            return (Lines::new(), Lines::new());
        }
        (lines(hours), lines(write(begin, Tier::Days, &whole)))
    }
}

#[cfg(test)]
mod tests;
