//! The parts of the page that change only when a step of their range is over: the charts of a week, a month and a year,
//! the consumers of all ranges but the shortest, and the status bars. They are kept in a cache, so that a page costs the
//! same in year five as on day two.

use crate::context::Context;
use crate::model::consumers::Consumers;
use crate::query::timeline;
use crate::report::chart::range::{RANGES, Range};
use crate::report::chart::range_charts::{RangeCharts, draw};
use crate::report::input::series;
use crate::report::input::status_bars::{self, KeptBars};
use crate::report::page::options::PageOptions;
use crate::report::page::outlook::{self, Outlook};
use crate::report::page::timeline::annotate;
use crate::store::consumers::Unrolled;
use crate::store::retain::used_bytes;
use crate::store::upkeep::Progress;
use crate::store::{SNAPSHOTS, hour};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the cache.
const CACHE: &str = "report";
/// Version of its contents.
const SHAPE: u32 = 7;
/// Number of gaps that are explained in each range.
const GAPS_MAX: usize = 5;
/// Number of consumers that are kept of a range, for each of CPU, memory and disk transfer.
const CONSUMERS_MAX: usize = 8;
/// The range whose hours tell what is usual.
const WEEK: &str = "7d";

/// The kept parts of the page. One part is remade per run where a run comes every minute, so that no run costs much more
/// than another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LongRanges {
    /// Version and appearance; contents with another key are not used.
    key: String,
    /// By range: the end of its last step when it was made, and the state of the rollups it was made from.
    made: BTreeMap<String, (DateTime<Utc>, String)>,
    /// Charts of the long ranges.
    pub drawn: Vec<RangeCharts>,
    /// Consumers by range, up to the end of its last step.
    pub consumers: BTreeMap<String, Consumers>,
    /// Usual values and forecasts.
    pub outlook: Outlook,
    /// Disk usage of the data directory, in bytes.
    pub stored_bytes: u64,
    /// First UTC day with snapshots.
    pub since: Option<String>,
    /// Status bars of the last 90 days.
    pub bars: KeptBars,
}

/// What a page is made for.
pub struct Request<'a> {
    /// The ranges it shows.
    pub ranges: &'a [Range],
    /// Language, sections and privacy.
    pub look: &'a PageOptions,
    /// Id of the newest event.
    pub newest_event: &'a str,
    /// Whether a page was made in the last minutes: then the next one will follow soon and can go on.
    pub is_followed: bool,
}

/// The end of the last step of a range. Ranges with short steps move on by the hour: the last hour is always recent.
fn end(range: &Range, now: DateTime<Utc>) -> DateTime<Utc> {
    let step = i64::from(range.step_seconds.max(3600));
    DateTime::from_timestamp(now.timestamp().div_euclid(step) * step, 0).unwrap_or(now)
}

fn step(range: &Range) -> TimeDelta {
    TimeDelta::seconds(i64::from(range.step_seconds.max(3600)))
}

impl LongRanges {
    /// The cache as it is, and with the first day of the history: listing years of days is done once an hour.
    ///
    /// # Errors
    /// When the snapshots cannot be listed.
    pub fn load(context: &Context) -> Result<Self> {
        let mut kept = context.store.load_cache::<Self>(CACHE).unwrap_or_default();
        if !kept.key.starts_with(&version()) {
            kept = Self::default();
        }
        let hour = hour::of(context.now.wall);
        if !kept.made.get(WEEK).is_some_and(|made| made.0 == hour) || kept.since.is_none() {
            kept.since = context.store.first_day(SNAPSHOTS)?;
        }
        Ok(kept)
    }

    /// Remakes what is out of date: everything at once when the page looks different or no run came in the last minutes,
    /// else one range.
    ///
    /// # Errors
    /// When the history cannot be read or drawn.
    pub fn update(self, context: &Context, request: &Request) -> Result<Self> {
        let Request { ranges, look, newest_event, is_followed } = *request;
        let now = context.now.wall;
        let ids: Vec<&str> = ranges.iter().map(|range| range.id).collect();
        let zone = crate::base::clock::zone_offset_seconds(now);
        let key = format!("{}{ids:?} {:?} {zone} {:?} {}", version(), look.locale, look.sections, look.is_public);
        let since = self.since.clone();
        let mut kept = if self.key == key { self } else { Self { key, since, ..Self::default() } };
        let progress = context.store.progress();
        let state = |range: &Range| rollup_state(progress.as_ref(), end(range, now));
        let is_shown = |range: &Range| ids.contains(&range.id);
        let wanted = RANGES.iter().filter(|range| range.step_seconds > 0 && (is_shown(range) || range.id == WEEK));
        let is_due =
            |range: &&Range| kept.made.get(range.id).is_none_or(|made| *made != (end(range, now), state(range)));
        let due: Vec<&Range> = wanted.filter(is_due).collect();
        let is_recent = |range: &&Range| {
            kept.made.get(range.id).is_some_and(|made| end(range, now).signed_duration_since(made.0) <= step(range))
        };
        let most = if is_followed && due.iter().all(is_recent) { 1 } else { due.len() };
        for range in due.iter().take(most) {
            kept.make(context, range, look, is_shown(range))?;
            kept.made.insert(range.id.to_string(), (end(range, now), state(range)));
        }
        let mut is_changed = !due.is_empty();
        if look.has("days") {
            let key = format!("{} {} {newest_event}", kept.key, state_of_days(progress.as_ref(), now));
            is_changed |= status_bars::update(&mut kept.bars, context, look, key)?;
        }
        if is_changed {
            // Where it cannot be kept it is made again.
            let _ = context.store.save_cache(CACHE, &kept);
        }
        Ok(kept)
    }

    fn make(&mut self, context: &Context, range: &Range, look: &PageOptions, is_shown: bool) -> Result<()> {
        let (now, end) = (context.now.wall, end(range, context.now.wall));
        if look.has("who") && !look.is_public && is_shown {
            // The open hour follows from its records.
            let open = if range.step_seconds < 3600 { TimeDelta::hours(1) } else { TimeDelta::zero() };
            let since = end - TimeDelta::seconds(i64::from(range.seconds)) + open;
            let mut consumers = context.store.consumers(since, end, Unrolled::Skip)?;
            consumers.truncate(CONSUMERS_MAX);
            self.consumers.insert(range.id.to_string(), consumers);
        }
        if range.step_seconds < 3600 {
            return Ok(());
        }
        let (series, _) = series::series(context, range, end, look.is_public)?;
        if range.id == WEEK {
            self.outlook = outlook::of(&series);
            self.stored_bytes = used_bytes(context.store.directory());
        }
        self.drawn.retain(|drawn| drawn.id != range.id);
        if is_shown {
            let happened = timeline::read(context, end - TimeDelta::seconds(i64::from(range.seconds)), now)?;
            let mut drawn = draw(range, end.timestamp() as f64, &series, look.locale)?;
            annotate(&mut drawn, &happened.events, &happened.marks, now, look.locale, GAPS_MAX);
            self.drawn.push(drawn);
        }
        Ok(())
    }
}

fn version() -> String {
    format!("{SHAPE} {} ", env!("CARGO_PKG_VERSION"))
}

/// What a part made up to `end` depends on: whether its last hour is closed, late records, and whether consumers of older
/// days are still being rolled up.
fn rollup_state(progress: Option<&Progress>, end: DateTime<Utc>) -> String {
    let state = progress.map(|progress| (progress.hours_until >= end, &progress.late, progress.fill_before.is_empty()));
    format!("{state:?}")
}

fn state_of_days(progress: Option<&Progress>, now: DateTime<Utc>) -> String {
    format!("{} {:?}", hour::of(now), progress.map(|progress| (progress.hours_until, &progress.late)))
}
