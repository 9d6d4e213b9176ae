//! Cached parts of the page that change only when a step of their range is over: the charts of a week, a month and a
//! year, the consumers of all ranges but the shortest, and the status bars. With them the cost of a page does not grow
//! with the length of the history.

use crate::context::Context;
use crate::model::consumers::Consumers;
use crate::query::{clock, timeline};
use crate::report::chart::range::{RANGES, Range};
use crate::report::chart::range_charts::{RangeCharts, Setting, draw};
use crate::report::input::series;
use crate::report::input::status_bars::{self, KeptBars};
use crate::report::page::options::PageOptions;
use crate::report::page::outlook::{self, Outlook};
use crate::report::page::timeline::annotate;
use crate::store::consumers::Unrolled;
use crate::store::hour;
use crate::store::retain::used_bytes;
use crate::store::upkeep::Progress;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the cache.
const CACHE: &str = "report";
/// Version of its contents.
const SHAPE: u32 = 8;
/// Number of gaps that are explained in each range.
const GAPS_MAX: usize = 5;
/// Number of consumers kept per range, for each of CPU, memory and disk transfer.
const CONSUMERS_MAX: usize = 8;
/// The range from which usual values are computed.
const WEEK: &str = "7d";

/// The cached parts of the page. If osmon runs every minute, each run rebuilds one part, so that all runs cost about
/// the same.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LongRanges {
    /// Version and appearance; contents with another key are not used.
    key: String,
    /// By range: end of its last step and state of its rollups when it was made.
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

/// Parameters of a page.
pub struct Request<'a> {
    /// The ranges it shows.
    pub ranges: &'a [Range],
    /// Language, sections and privacy.
    pub look: &'a PageOptions,
    /// How charts are drawn.
    pub setting: Setting<'a>,
    /// Id of the newest event.
    pub newest_event: &'a str,
    /// A page was rendered in the last minutes, so that the next one is expected soon and can continue.
    pub is_followed: bool,
}

/// End of the last completed step of a range. Ranges with short steps advance by the hour: the last hour is always read
/// anew.
fn end(range: &Range, now: DateTime<Utc>) -> DateTime<Utc> {
    let step = i64::from(range.step_seconds.max(3600));
    DateTime::from_timestamp(now.timestamp().div_euclid(step) * step, 0).unwrap_or(now)
}

fn step(range: &Range) -> TimeDelta {
    TimeDelta::seconds(i64::from(range.step_seconds.max(3600)))
}

impl LongRanges {
    /// Reads the cache and updates the first day of the history, which is searched once an hour.
    ///
    /// # Errors
    /// When the snapshots cannot be listed.
    pub fn load(context: &Context) -> Result<Self> {
        let mut kept = context.store.load_cache::<Self>(CACHE).unwrap_or_default();
        if !kept.key.starts_with(&version()) {
            kept = Self::default();
        }
        let hour = hour::of(context.now.wall);
        if kept.made.get(WEEK).is_none_or(|made| made.0 != hour) || kept.since.is_none() {
            kept.since = clock::first_day(context)?;
        }
        Ok(kept)
    }

    /// Rebuilds outdated parts: all of them when the options of the page changed or no run came in the last minutes,
    /// otherwise one range.
    ///
    /// # Errors
    /// When the history cannot be read or drawn.
    pub fn update(self, context: &Context, request: &Request) -> Result<Self> {
        let Request { ranges, look, setting, newest_event, is_followed } = *request;
        let now = context.now.wall;
        let ids: Vec<&str> = ranges.iter().map(|range| range.id).collect();
        let zone = crate::base::clock::zone_offset_seconds(now);
        let limits = crc32fast::hash(format!("{:?}", setting.limits).as_bytes());
        let look_key = format!("{:?} {zone} {:?} {} {limits:08x}", look.locale, look.sections, look.is_public);
        let key = format!("{}{ids:?} {look_key}", version());
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
            kept.make(context, range, request, is_shown(range))?;
            kept.made.insert(range.id.to_string(), (end(range, now), state(range)));
        }
        let mut is_changed = !due.is_empty();
        if look.has("days") {
            let key = format!("{} {} {newest_event}", kept.key, state_of_days(progress.as_ref(), now));
            is_changed |= status_bars::update(&mut kept.bars, context, look, key)?;
        }
        if is_changed {
            // If the cache cannot be written, the next run rebuilds it.
            let _ = context.store.save_cache(CACHE, &kept);
        }
        Ok(kept)
    }

    fn make(&mut self, context: &Context, range: &Range, request: &Request, is_shown: bool) -> Result<()> {
        let Request { look, setting, .. } = *request;
        let (now, end) = (context.now.wall, end(range, context.now.wall));
        if look.has("who") && !look.is_public && is_shown {
            // The open hour is added from its records.
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
            let mut drawn = draw(range, end.timestamp() as f64, &series, &setting)?;
            annotate(&mut drawn, &happened.events, &happened.marks, now, look.locale, GAPS_MAX);
            self.drawn.push(drawn);
        }
        Ok(())
    }
}

fn version() -> String {
    format!("{SHAPE} {} ", env!("CARGO_PKG_VERSION"))
}

/// State on which a part that ends at `end` depends: whether its last hour is closed, late records, and whether
/// consumers of older days are still being rolled up.
fn rollup_state(progress: Option<&Progress>, end: DateTime<Utc>) -> String {
    let state = progress.map(|progress| (progress.hours_until >= end, &progress.late, progress.fill_before.is_empty()));
    format!("{state:?}")
}

fn state_of_days(progress: Option<&Progress>, now: DateTime<Utc>) -> String {
    format!("{} {:?}", hour::of(now), progress.map(|progress| (progress.hours_until, &progress.late)))
}
