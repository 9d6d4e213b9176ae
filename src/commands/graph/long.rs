//! What of the page changes once an hour only: the charts of a week, a month and a year, what is usual, and what the
//! history takes on the disk. Kept between runs, so that a page costs the same in year five as on day two.

use super::past::{self, Past};
use super::{Here, read};
use crate::base::clock::parse;
use crate::commands::{cases, timeline};
use crate::model::incident::Severity;
use crate::model::metric::{Label, read_labels};
use crate::model::record::{sections, time_of};
use crate::model::walk::walk;
use crate::report::days::{Days, Trouble, rows};
use crate::report::drawn::draw;
use crate::report::range::{RANGES, Range};
use crate::report::{DayRow, Drawn, Look, Outlook, drawn, outlook};
use crate::store::query::Query;
use crate::store::retain::used_bytes;
use crate::store::tier::Tier;
use crate::store::{SNAPSHOTS, day, hour};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Timelike};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the caches.
const CACHE: &str = "report-ranges";
const DAYS_CACHE: &str = "report-days";
/// Changed whenever what is kept looks different.
const SHAPE: u32 = 2;
/// What is recorded of every service that must run.
const SERVICE: &str = "service.active";
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
    let key = format!(
        "{key} {:?} {:?}",
        here.config.probe.services,
        open.iter().map(|incident| (&incident.id, incident.severity)).collect::<Vec<_>>()
    );
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
    let recorded: Days = here.store.days(SNAPSHOTS)?.into_iter().map(|day| day.name).collect();
    let rows = rows(&troubles, &recorded, services(here)?.as_ref(), now, look.words);
    let kept = KeptDays { key, rows };
    let _ = here.store.save_cache(DAYS_CACHE, &kept);
    Ok(kept.rows)
}

/// Of each service that must run the days on which it was looked at: from the rollups, and today from the newest snapshot.
/// `None`: the services of this host are not looked at.
fn services(here: &Here) -> Result<Option<BTreeMap<String, Days>>> {
    let now = here.now.wall;
    let named = &here.config.probe.services;
    let newest = here.store.last(SNAPSHOTS, now)?;
    let mut days: BTreeMap<String, Days> = named.iter().map(|name| (name.clone(), Days::new())).collect();
    if named.is_empty() {
        let is_measured = newest.is_some_and(|newest| sections(&newest).contains("systemd"));
        return Ok(is_measured.then_some(days));
    }
    let mut add = |labels: &[Label], day: String| {
        let label = labels.iter().find(|(key, _)| key == "service");
        let of_it =
            label.and_then(|(_, unit)| named.iter().find(|name| unit == *name || *unit == format!("{name}.service")));
        if let Some(known) = of_it.and_then(|name| days.get_mut(name)) {
            known.insert(day);
        }
    };
    let is_wanted = |name: &str| name == SERVICE;
    for (tier, past) in [(Tier::Days, 91), (Tier::Hours, 2)] {
        let query = Query { is_wanted: &is_wanted, since: now - TimeDelta::days(past), until: now };
        for (metric, points) in here.store.points(tier, &query)?.points {
            for time in points.iter().filter_map(|point| DateTime::from_timestamp_millis(point.time_ms)) {
                add(&read_labels(&metric).1, day::of(time));
            }
        }
    }
    if let Some(newest) = newest {
        let time = time_of(&newest).and_then(parse).unwrap_or(now);
        walk(&newest, &mut |name, labels, _| {
            if name == SERVICE {
                add(labels, day::of(time));
            }
        })?;
    }
    Ok(Some(days))
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds.clamp(0.0, 1e9) * 1e3) as i64)
}
