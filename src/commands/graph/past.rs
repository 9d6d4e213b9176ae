//! Who used the host before the hour that is open: of the last day by hours, of a year by days. Kept, because the records
//! of processes are large; made again from them where it is lost.

use super::Here;
use crate::report::range::Range;
use crate::report::who::Tally;
use crate::store::{PROCESSES, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the cache of days.
const CACHE: &str = "report-days-used";
/// So many users of a day, an hour or a range are kept, for each of CPU, memory and disk.
const USERS_MAX: usize = 8;
/// So many days back.
const DAYS_MAX: i64 = 365;
/// Charts of units have so many lines, one point in so many seconds.
const UNITS_MAX: usize = 5;
const UNIT_STEP: f64 = 300.0;

/// The last hour.
#[derive(Debug, Default)]
pub struct Recent {
    /// Before the open hour.
    pub before: Tally,
    /// In it.
    pub inside: Tally,
}

/// What was before the open hour.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Past {
    /// The last day, with its units over time.
    pub day: Tally,
    /// The longer ranges.
    pub ranges: BTreeMap<String, Tally>,
}

/// Who used the host over a range.
pub fn of(range: &Range, recent: &Recent, past: &Past, now: DateTime<Utc>) -> Tally {
    match range.id {
        "1h" => {
            let mut tally = recent.before.clone();
            tally.join(&recent.inside);
            tally
        }
        "24h" => {
            let mut tally = past.day.clone();
            tally.join(&recent.inside);
            let begin = now.timestamp() as f64 - f64::from(range.seconds);
            tally.units.retain(|unit| unit.1 >= begin);
            let known: Vec<String> = past.day.units.iter().map(|unit| unit.0.clone()).collect();
            if !known.is_empty() {
                tally.units.retain(|unit| known.contains(&unit.0));
            }
            tally
        }
        id => past.ranges.get(id).cloned().unwrap_or_default(),
    }
}

/// Reads it anew for an hour that has begun. One day more than before is looked through at most.
pub fn read(here: &Here, hour: DateTime<Utc>, ranges: &[Range]) -> Result<Past> {
    let mut past = Past { day: span(here, hour - TimeDelta::hours(23), hour, true)?, ranges: BTreeMap::new() };
    past.day.shorten(USERS_MAX);
    past.day.thin_units(UNITS_MAX, UNIT_STEP);
    if !ranges.iter().any(|range| range.step_seconds > 300) {
        return Ok(past);
    }
    let mut days: BTreeMap<String, Tally> = here.store.load_cache(CACHE).unwrap_or_default();
    let oldest = day::of(hour - TimeDelta::days(DAYS_MAX));
    days.retain(|day, _| *day >= oldest);
    let recorded = here.store.days(PROCESSES)?;
    let today = day::of(hour);
    let missing = recorded.iter().rev().find(|day| day.name < today && !days.contains_key(&day.name));
    if let Some((name, begin)) = missing.and_then(|day| Some((day.name.clone(), day::begin(&day.name)?))) {
        let mut tally = span(here, begin, begin + TimeDelta::days(1), false)?;
        tally.shorten(USERS_MAX);
        days.insert(name, tally);
        // Where it cannot be kept it is made again.
        let _ = here.store.save_cache(CACHE, &days);
    }
    for range in ranges.iter().filter(|range| range.step_seconds > 300) {
        let since = day::of(hour - TimeDelta::seconds(i64::from(range.seconds)));
        let mut tally = Tally { units: Vec::new(), ..past.day.clone() };
        // What of the last 23 hours is yesterday's is counted there.
        if let Some(begin) = day::begin(&today).filter(|_| days.contains_key(&day::of(hour - TimeDelta::days(1)))) {
            tally = span(here, begin, hour, false)?;
        }
        days.iter().filter(|(day, _)| **day >= since).for_each(|(_, of_day)| tally.join(of_day));
        tally.shorten(USERS_MAX);
        past.ranges.insert(range.id.to_string(), tally);
    }
    Ok(past)
}

fn span(here: &Here, since: DateTime<Utc>, until: DateTime<Utc>, with_units: bool) -> Result<Tally> {
    let mut lines = Vec::new();
    let until = until - TimeDelta::milliseconds(1);
    let mut tally = Tally::default();
    here.store.read(PROCESSES, since, until, &mut |line| {
        lines.push(line.to_string());
        // Bounded in memory, however long the span is.
        if lines.len() >= 240 {
            tally.join(&Tally::of(&lines, with_units));
            lines.clear();
        }
    })?;
    tally.join(&Tally::of(&lines, with_units));
    Ok(tally)
}
