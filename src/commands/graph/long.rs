//! What of the page changes once an hour only: the charts of a week, a month and a year, what is usual, and what the
//! history takes on the disk. Kept between runs, so that a page costs the same in year five as on day two.

use super::past::{self, Past};
use super::{Here, read};
use crate::commands::{cases, timeline};
use crate::model::incident::Severity;
use crate::report::days::{Trouble, rows};
use crate::report::drawn::draw;
use crate::report::range::{RANGES, Range};
use crate::report::{DayRow, Drawn, Look, Outlook, drawn, outlook};
use crate::store::retain::used_bytes;
use crate::store::{SNAPSHOTS, hour};
use anyhow::Result;
use chrono::{TimeDelta, Timelike};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Names of the caches.
const CACHE: &str = "report-ranges";
const DAYS_CACHE: &str = "report-days";
/// Changed whenever what is kept looks different.
const SHAPE: u32 = 3;
/// So many gaps of a range are told of.
const GAPS_MAX: usize = 5;

/// What is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What it was made from: it counts while this is the same.
    key: String,
    /// The charts of the long ranges.
    pub drawn: Vec<Drawn>,
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
    pub days: Vec<DayRow>,
}

/// The last 90 days, kept until something begins or ends.
#[derive(Debug, Default, Serialize, Deserialize)]
struct KeptDays {
    key: String,
    rows: Vec<DayRow>,
}

/// What is kept, whether it still counts or not, and the first day of the history: in a directory of years the listing
/// is not for nothing.
pub fn load(here: &Here) -> Result<(Option<Kept>, Option<String>)> {
    let begin = format!("{SHAPE} {} {} ", env!("CARGO_PKG_VERSION"), hour::of(here.now.wall));
    let kept = here.store.load_cache::<Kept>(CACHE).filter(|kept| kept.key.starts_with(&begin));
    let since = match &kept {
        Some(kept) if kept.since.is_some() => kept.since.clone(),
        _ => here.store.first_day(SNAPSHOTS)?,
    };
    Ok((kept, since))
}

/// From the cache, or made anew when an hour was closed since, late records came, or the page is to look different.
pub fn read(
    here: &Here,
    (known, since): (Option<Kept>, Option<String>),
    ranges: &[Range],
    look: &Look,
    newest_event: &str,
) -> Result<Kept> {
    let hour = hour::of(here.now.wall);
    let progress = here.store.progress().map(|progress| (progress.hours_until, progress.late.len()));
    let ids: Vec<&str> = ranges.iter().map(|range| range.id).collect();
    let key = format!(
        "{SHAPE} {} {hour} {progress:?} {ids:?} {:?} {} {:?}",
        env!("CARGO_PKG_VERSION"),
        look.words,
        crate::base::clock::zone_offset_seconds(here.now.wall),
        look.sections,
    );
    let mut kept = match known.filter(|kept| kept.key == key) {
        Some(kept) => kept,
        None => {
            let made = Kept { since, ..make(here, ranges, look, key.clone())? };
            // Where it cannot be kept it is made again.
            let _ = here.store.save_cache(CACHE, &made);
            made
        }
    };
    kept.days = if look.has("days") { days(here, look, format!("{key} {newest_event}"))? } else { Vec::new() };
    Ok(kept)
}

fn make(here: &Here, ranges: &[Range], look: &Look, key: String) -> Result<Kept> {
    let now = here.now.wall;
    let end = now.with_minute(0).and_then(|time| time.with_second(0)).and_then(|time| time.with_nanosecond(0));
    let end = end.unwrap_or(now);
    let mut kept = Kept { key, stored_bytes: used_bytes(here.store.directory()), ..Kept::default() };
    let happened = timeline::read(here, now - TimeDelta::days(366), now)?;
    for range in RANGES.iter().filter(|range| range.step_seconds > 300) {
        let is_shown = ranges.iter().any(|shown| shown.id == range.id);
        if !is_shown && range.id != "7d" {
            continue;
        }
        let (series, _) = read::series(here, range, end)?;
        if range.id == "7d" {
            kept.outlook = outlook::of(&series);
        }
        if is_shown {
            let mut drawn = draw(range, end.timestamp() as f64, &series, look.words)?;
            drawn::explain(&mut drawn, &happened.events, &happened.marks, now, look.words, GAPS_MAX);
            kept.drawn.push(drawn);
        }
    }
    if look.has("who") || look.has("charts") {
        kept.past = past::read(here, hour::of(now), ranges)?;
    }
    Ok(kept)
}

fn days(here: &Here, look: &Look, key: String) -> Result<Vec<DayRow>> {
    let open = cases::state(here).open();
    let key = format!("{key} {:?}", open.iter().map(|incident| (&incident.id, incident.severity)).collect::<Vec<_>>());
    if let Some(kept) = here.store.load_cache::<KeptDays>(DAYS_CACHE).filter(|kept| kept.key == key) {
        return Ok(kept.rows);
    }
    let now = here.now.wall;
    let cases = cases::read(here, now - TimeDelta::days(91), now)?;
    let troubles: Vec<Trouble> = cases
        .into_iter()
        .map(|case| Trouble {
            until: case.ended.or_else(|| case.open.is_none().then(|| case.since + seconds(case.lasted))).unwrap_or(now),
            metric: case.metric,
            title: case.title,
            severity: case.severity.max(Severity::Warning),
            since: case.since,
        })
        .collect();
    let recorded: BTreeSet<String> = here.store.days(SNAPSHOTS)?.into_iter().map(|day| day.name).collect();
    let rows = rows(&troubles, &recorded, &here.config.probe.services, now, look.words);
    let kept = KeptDays { key, rows };
    let _ = here.store.save_cache(DAYS_CACHE, &kept);
    Ok(kept.rows)
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds.clamp(0.0, 1e9) * 1e3) as i64)
}
