//! Queries the history of metrics from the appropriate tier: closed periods from blocks, the rest from snapshots.

use super::block;
use super::day;
use super::hour::{self, Samples, SeriesPoints};
use super::read::Reading;
use super::tier::{CONSUMERS, Tier};
use super::upkeep::Progress;
use super::{SNAPSHOTS, Store};
use crate::base::sort::SmallSort;
use crate::model::metric::SeriesKey;
use crate::model::point::{Point, group};
use anyhow::Result;
use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use std::collections::{BTreeMap, HashSet};

/// From the first to the last millisecond of a day.
const DAY: TimeDelta = TimeDelta::milliseconds(86_399_999);

/// Up to this number of days a query is not compared with what is stored.
const SHORT_DAYS: i64 = 40;

/// A request for series.
pub struct Query<'a> {
    /// Selects series by metric name.
    pub is_wanted: &'a dyn Fn(&str) -> bool,
    /// First moment, inclusive.
    pub since: DateTime<Utc>,
    /// Last moment, inclusive.
    pub until: DateTime<Utc>,
}

/// The result of a query.
#[derive(Debug, Default)]
pub struct Answer {
    /// Points by series, in order of time.
    pub points: SeriesPoints,
    /// Damage and unreadable files met while reading.
    pub reading: Reading,
}

/// A result being collected.
#[derive(Default)]
struct Collector {
    /// Points of blocks by the text form of their series, which is parsed once at the end.
    blocks: BTreeMap<String, Vec<Point>>,
    /// Points of snapshots.
    points: SeriesPoints,
    reading: Reading,
}

impl Collector {
    /// Adds the points of a block that lie within the query.
    fn add(&mut self, text: &str, query: &Query) {
        let Some((metric, points)) = block::read(text) else { return };
        let (since, until) = (query.since.timestamp_millis(), query.until.timestamp_millis());
        let points = points.into_iter().filter(|point| point.time_ms >= since && point.time_ms <= until);
        match self.blocks.get_mut(&*metric) {
            Some(known) => known.extend(points),
            None => {
                self.blocks.insert(metric.into_owned(), points.collect());
            }
        }
    }

    fn join(&mut self, points: SeriesPoints, reading: Reading) {
        for (series, points) in points {
            self.points.entry(series).or_default().extend(points);
        }
        self.reading.join(reading);
    }

    /// All points in order of time, one per moment: snapshots take precedence over blocks, later blocks over earlier
    /// ones.
    fn finish(mut self) -> Answer {
        let mut all = SeriesPoints::new();
        for (text, points) in self.blocks {
            // Versions that escape different characters may write one series in two forms.
            all.entry(SeriesKey::parse(&text)).or_default().extend(points);
        }
        for (series, points) in std::mem::take(&mut self.points) {
            all.entry(series).or_default().extend(points);
        }
        for points in all.values_mut().filter(|points| !points.is_sorted_by(|a, b| a.time_ms < b.time_ms)) {
            points.reverse();
            points.arrange_by_key(|point| point.time_ms);
            points.dedup_by_key(|point| point.time_ms);
        }
        all.retain(|_, points| !points.is_empty());
        Answer { points: all, reading: self.reading }
    }
}

impl Store {
    /// The points of the selected metrics. In coarser tiers a point has the time at which its UTC hour or day begins.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn points(&self, tier: Tier, query: &Query) -> Result<Answer> {
        let query = &self.within_bounds(query)?;
        if tier == Tier::Columns {
            return self.samples(query);
        }
        let step = i64::from(tier.step_seconds()) * 1000;
        let begin = query.since.timestamp_millis().div_euclid(step) * step;
        let query = &Query { since: DateTime::from_timestamp_millis(begin).unwrap_or(query.since), ..*query };
        let mut answer = Collector::default();
        let open = self.open_days(SNAPSHOTS)?;
        for period in periods(tier, query) {
            self.blocks(tier, &period, query, &mut answer)?;
        }
        let progress = self.progress();
        for day in open.into_iter().chain(self.without_rollups(tier, query)) {
            let Some((begin, end)) = day::begin(&day).map(|begin| (begin, begin + DAY)) else { continue };
            // Closed hours of the open day have five-minute blocks; the coarser tiers do not contain that day yet.
            let is_open = self.file(SNAPSHOTS, &day).exists();
            let closed = progress.as_ref().filter(|_| tier == Tier::FiveMinutes && is_open);
            let closed = closed.map_or(begin, |known| known.hours_until);
            let of_day = |hour: &&DateTime<Utc>| tier == Tier::FiveMinutes && **hour < closed && day::of(**hour) == day;
            let late =
                progress.iter().flat_map(|known| &known.late).filter(of_day).map(|hour| (*hour, hour_end(*hour)));
            for (since, until) in late.chain([(begin.max(closed), end)]) {
                let (since, until) = (query.since.max(since), query.until.min(until));
                if since > until {
                    continue;
                }
                let part = Query { since, until, is_wanted: query.is_wanted };
                let finer = match tier {
                    Tier::Columns | Tier::FiveMinutes => self.samples(&part)?,
                    Tier::Hours | Tier::Days => self.points(Tier::FiveMinutes, &part)?,
                };
                let grouped = finer.points.into_iter().map(|(series, points)| (series, group(points, step)));
                answer.join(grouped.collect(), finer.reading);
            }
        }
        Ok(answer.finish())
    }

    /// A long query without the time before the first and after the last record: centuries cost nothing.
    fn within_bounds<'q>(&self, query: &Query<'q>) -> Result<Query<'q>> {
        let (mut since, mut until) = (query.since, query.until);
        if (until - since).num_days() > SHORT_DAYS {
            let (first, end) = self.bounds()?.unwrap_or((until, until));
            since = since.max(first).min(until);
            until = until.min(end).max(since);
        }
        Ok(Query { since, until, is_wanted: query.is_wanted })
    }

    /// The points of every metric that are rolled up already.
    ///
    /// # Errors
    /// As [`Store::points`].
    pub(super) fn closed_points(&self, tier: Tier, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Answer> {
        let query = &Query { is_wanted: &|_| true, since, until };
        let mut answer = Collector::default();
        for period in periods(tier, query) {
            self.blocks(tier, &period, query, &mut answer)?;
        }
        Ok(answer.finish())
    }

    fn blocks(&self, tier: Tier, period: &str, query: &Query, answer: &mut Collector) -> Result<()> {
        let mut reading = Reading::default();
        let is_metric = |name: &str| name != CONSUMERS && (query.is_wanted)(name);
        self.read_blocks(tier, period, &is_metric, &mut reading, &mut |_, line| answer.add(line, query))?;
        answer.reading.join(reading);
        Ok(())
    }

    /// Sealed days whose rollups are missing or expired, but whose snapshots exist.
    fn without_rollups(&self, tier: Tier, query: &Query) -> Vec<String> {
        let missing: HashSet<String> =
            periods(tier, query).into_iter().filter(|period| !self.has_period(tier, period)).collect();
        let is_sealed = |day: &String| {
            let file = self.file(SNAPSHOTS, day);
            !file.exists() && file.with_extension("jsonl.gz").exists()
        };
        let length = missing.iter().next().map_or(0, String::len);
        let is_missing = |day: &String| day.get(..length).is_some_and(|period| missing.contains(period));
        if missing.is_empty() {
            Vec::new()
        } else {
            days(query).into_iter().filter(is_missing).filter(is_sealed).collect()
        }
    }

    /// Raw samples: from columns where they exist, otherwise from snapshots.
    fn samples(&self, query: &Query) -> Result<Answer> {
        let mut answer = Collector::default();
        let (progress, open) = (self.progress(), self.open_days(SNAPSHOTS)?);
        for day in days(query) {
            let Some(begin) = day::begin(&day) else { continue };
            let end = begin + DAY;
            let part = Query { since: query.since.max(begin), until: query.until.min(end), ..*query };
            match (&progress, self.has_period(Tier::Columns, &day), open.contains(&day)) {
                (Some(progress), true, true) => self.columns(&day, &part, progress, &mut answer)?,
                (_, true, false) => self.blocks(Tier::Columns, &day, &part, &mut answer)?,
                _ => self.snapshots(&part, false, &mut answer)?,
            }
        }
        Ok(answer.finish())
    }

    /// A day that has columns: closed hours from columns, the others from snapshots.
    fn columns(&self, day: &str, query: &Query, progress: &Progress, answer: &mut Collector) -> Result<()> {
        if query.since < progress.hours_until {
            self.blocks(Tier::Columns, day, query, answer)?;
            let met = progress.damage.iter().filter(|(hour, _)| *hour >= hour::of(query.since) && *hour <= query.until);
            for (_, place) in met {
                answer.reading.damage(|| place.clone());
            }
        }
        for hour in progress.late.iter().filter(|hour| day::of(**hour) == day) {
            let part = Query { since: query.since.max(*hour), until: query.until.min(hour_end(*hour)), ..*query };
            if part.since <= part.until {
                self.snapshots(&part, false, answer)?;
            }
        }
        let rest = Query { since: query.since.max(progress.hours_until), ..*query };
        if rest.since <= rest.until {
            self.snapshots(&rest, true, answer)?;
        }
        Ok(())
    }

    fn snapshots(&self, query: &Query, from_the_end: bool, answer: &mut Collector) -> Result<()> {
        let mut samples = Samples::default();
        let visit = &mut |line: &str| samples.add(line, &mut |name| (query.is_wanted)(name));
        let reading = if from_the_end {
            self.read_tail(SNAPSHOTS, query.since, query.until, visit)?
        } else {
            self.read(SNAPSHOTS, query.since, query.until, visit)?
        };
        answer.join(samples.finish(), reading);
        answer.join(self.all_unit_samples(query, from_the_end)?, Reading::default());
        Ok(())
    }
}

/// The last moment of an hour.
fn hour_end(hour: DateTime<Utc>) -> DateTime<Utc> {
    hour + TimeDelta::milliseconds(3_599_999)
}

/// The UTC days of a span.
fn days(query: &Query) -> Vec<String> {
    let (first, last) = (query.since.date_naive(), query.until.date_naive());
    let days = std::iter::successors(Some(first), |day| day.checked_add_days(Days::new(1)));
    days.take_while(|day| *day <= last).map(|day| day.format("%Y-%m-%d").to_string()).collect()
}

/// The periods of a tier that a span overlaps.
fn periods(tier: Tier, query: &Query) -> Vec<String> {
    if tier == Tier::FiveMinutes {
        return days(query);
    }
    let last = tier.period(query.until);
    let month = |month: u32| query.since.date_naive().checked_add_months(Months::new(month));
    let names = (0..).map_while(month).map(|day| day.format("%Y-%m").to_string());
    names.take_while(|name| *name <= last).collect()
}
