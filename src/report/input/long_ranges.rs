//! What of the page changes once an hour only: the charts of a week, a month and a year, what is usual, and what the
//! history takes on the disk. Kept between runs, so that a page costs the same in year five as on day two.

use crate::context::Context;
use crate::query::timeline;
use crate::report::chart::range::{RANGES, Range};
use crate::report::chart::range_charts::RangeCharts;
use crate::report::chart::range_charts::draw;
use crate::report::input::hours::Count;
use crate::report::input::series;
use crate::report::input::status_bars;
use crate::report::input::usage_history::{self, Past};
use crate::report::page::options::PageOptions;
use crate::report::page::outlook;
use crate::report::page::outlook::Outlook;
use crate::report::page::status_bars::Bars;
use crate::report::page::timeline::annotate;
use crate::store::retain::used_bytes;
use crate::store::{SNAPSHOTS, hour};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the caches.
const CACHE: &str = "report-ranges";
const TURN_CACHE: &str = "report-turn";
/// Changed whenever what is kept looks different.
const SHAPE: u32 = 6;
/// So many gaps of a range are told of.
const GAPS_MAX: usize = 5;
/// When the page before is no older, a run comes each minute, in seconds.
const TURN_SECONDS: i64 = 150;
/// Who used the host: a part like the ranges, and always the first.
const PAST: &str = "past";

/// What is kept. Its parts are made anew one after the other, one a run, so that no run costs much more than another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What it looks like: it counts while this is the same.
    key: String,
    /// By part: the hour it was made in, and what else it was made from.
    made: BTreeMap<String, (DateTime<Utc>, String)>,
    /// The charts of the long ranges.
    pub drawn: Vec<RangeCharts>,
    /// What is usual.
    pub outlook: Outlook,
    /// Who used the host.
    pub past: Past,
    /// What the data directory takes.
    pub stored_bytes: u64,
    /// The first day there are snapshots of, UTC.
    pub since: Option<String>,
    /// The last 90 days.
    #[serde(skip)]
    pub days: Bars,
}

/// When the last page was made.
#[derive(Debug, Serialize, Deserialize)]
struct Turn {
    time: DateTime<Utc>,
}

/// What is kept, whether it still counts or not, and the first day of the history: in a directory of years the listing
/// is not for nothing.
pub fn load(context: &Context) -> Result<(Option<Kept>, Option<String>)> {
    let kept = context.store.load_cache::<Kept>(CACHE).filter(|kept| kept.key.starts_with(&version()));
    let hour = hour::of(context.now.wall);
    let is_known = |kept: &&Kept| kept.made.get(PAST).is_some_and(|made| made.0 == hour);
    let since = match kept.as_ref().filter(is_known).and_then(|kept| kept.since.clone()) {
        Some(since) => Some(since),
        None => context.store.first_day(SNAPSHOTS)?,
    };
    Ok((kept, since))
}

fn version() -> String {
    format!("{SHAPE} {} ", env!("CARGO_PKG_VERSION"))
}

/// From the cache. A part is made anew when an hour was closed since or late records came, all of them at once when the
/// page is to look different or no run came in the last minutes.
pub fn read(
    context: &Context,
    (known, since): (Option<Kept>, Option<String>),
    ranges: &[Range],
    look: &PageOptions,
    newest_event: &str,
) -> Result<Kept> {
    let hour = hour::of(context.now.wall);
    let progress = context.store.progress();
    let late = progress.as_ref().map(|progress| progress.late.clone()).unwrap_or_default();
    let ids: Vec<&str> = ranges.iter().map(|range| range.id).collect();
    let zone = crate::base::clock::zone_offset_seconds(context.now.wall);
    let key = format!("{}{ids:?} {:?} {zone} {:?} {}", version(), look.words, look.sections, look.is_public);
    let from = format!("{:?}", progress.map(|progress| (progress.hours_until, progress.late)));
    let mut kept = known.filter(|kept| kept.key == key).unwrap_or_default();
    kept.since = since;
    // The week is also what is usual.
    let is_made = |range: &&Range| range.id == "7d" || ranges.iter().any(|shown| shown.id == range.id);
    let long = RANGES.iter().filter(|range| range.step_seconds > 300).filter(is_made).map(|range| range.id);
    let is_due = |part: &&str| kept.made.get(*part).is_none_or(|made| *made != (hour, from.clone()));
    let due: Vec<&str> = [PAST].into_iter().chain(long).filter(is_due).collect();
    let is_recent = |part: &&str| kept.made.get(*part).is_some_and(|made| hour - made.0 <= TimeDelta::hours(1));
    let is_patient = is_followed(context) && due.iter().all(is_recent);
    let count = Count { hour, ranges, late: &late, is_patient };
    for part in &due {
        if *part == PAST {
            kept.past = if look.has("who") || look.has("charts") {
                usage_history::read(context, &count)?
            } else {
                Past::default()
            };
        } else {
            make(context, &mut kept, part, &count, look)?;
        }
        kept.made.insert((*part).to_string(), (hour, from.clone()));
        if is_patient {
            break;
        }
    }
    let is_behind = due.is_empty() && kept.past.is_behind;
    if is_behind {
        let (past, has_more) = usage_history::go_on(context, &count)?;
        kept.past = past;
        // For the next run.
        kept.made.get_mut("7d").filter(|_| has_more).into_iter().for_each(|made| made.1.clear());
    }
    if is_behind || !due.is_empty() {
        kept.key.clone_from(&key);
        // Where it cannot be kept it is made again.
        let _ = context.store.save_cache(CACHE, &kept);
    }
    kept.days = if look.has("days") {
        status_bars::days(context, look, format!("{key} {hour} {from} {newest_event}"))?
    } else {
        Bars::default()
    };
    Ok(kept)
}

/// Whether a page was made in the last minutes: then another will be in the next one.
fn is_followed(context: &Context) -> bool {
    let now = context.now.wall;
    let before = context.store.load_cache::<Turn>(TURN_CACHE);
    let _ = context.store.save_cache(TURN_CACHE, &Turn { time: now });
    before.is_some_and(|before| before.time <= now && now - before.time <= TimeDelta::seconds(TURN_SECONDS))
}

/// Draws a long range anew, up to the open hour.
fn make(context: &Context, kept: &mut Kept, id: &str, count: &Count, look: &PageOptions) -> Result<()> {
    let Some(range) = RANGES.iter().find(|range| range.id == id) else { return Ok(()) };
    let (now, end) = (context.now.wall, count.hour);
    let (mut series, _) = series::series(context, range, end)?;
    if id == "7d" {
        kept.outlook = outlook::of(&series);
        kept.stored_bytes = used_bytes(context.store.directory());
        if !look.is_public {
            usage_history::week(context, count).add_to(&mut series);
        }
    }
    kept.drawn.retain(|drawn| drawn.id != id);
    if count.ranges.iter().any(|shown| shown.id == id) {
        let happened = timeline::read(context, end - TimeDelta::seconds(i64::from(range.seconds)), now)?;
        let mut drawn = draw(range, end.timestamp() as f64, &series, look.words)?;
        annotate(&mut drawn, &happened.events, &happened.marks, now, look.words, GAPS_MAX);
        kept.drawn.push(drawn);
    }
    Ok(())
}
