//! Who used the host before the hour that is open: of the last day by hours, of a year by days. Kept, because the records
//! of processes are large; made again from them where it is lost.

use crate::context::Context;
use crate::report::chart::range::Range;
use crate::report::input::hours::Count;
use crate::report::input::usage::Used;
use crate::report::page::consumers::Tally;
use crate::report::page::systemd_units::Units;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many users of a day or a range are kept, for each of CPU, memory and disk.
pub const USERS_MAX: usize = 8;
/// So many units of a chart, for each of CPU and memory.
const UNITS_MAX: usize = 5;

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
    /// Older hours or days are still to be counted.
    pub is_behind: bool,
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
            tally.units.since(now.timestamp() as f64 - f64::from(range.seconds));
            if !past.day.units.is_empty() {
                tally.units.only(&past.day.units);
            }
            tally.units.group(f64::from(range.step_seconds));
            tally
        }
        id => past.ranges.get(id).cloned().unwrap_or_default(),
    }
}

/// For an hour that has begun: counts the one before.
pub fn read(context: &Context, count: &Count) -> Result<Past> {
    let mut used = Used::load(context, count);
    used.close(context, count)?;
    used.turn(context, count)?;
    if !count.is_patient && used.is_behind(count) {
        used.fill(context, count)?;
    }
    let past = of_used(&used, count);
    used.save(context);
    Ok(past)
}

/// Counts some of what is not counted yet, the newest hours and days first; and whether the charts of the week have more
/// units to show now.
pub fn go_on(context: &Context, count: &Count) -> Result<(Past, bool)> {
    let mut used = Used::load(context, count);
    let has_more = used.close(context, count)? || used.fill(context, count)?;
    let past = of_used(&used, count);
    used.save(context);
    Ok((past, has_more))
}

/// The units of the last week by hours, for its charts.
pub fn week(context: &Context, count: &Count) -> Units {
    let mut units = Used::load(context, count).week;
    units.since((count.hour - TimeDelta::days(7)).timestamp() as f64);
    units.shorten(UNITS_MAX);
    units
}

fn of_used(used: &Used, count: &Count) -> Past {
    let mut day = used.since(count.hour - TimeDelta::hours(23));
    day.shorten(USERS_MAX);
    day.units.shorten(UNITS_MAX);
    let ranges = count.long().map(|range| {
        let mut tally = used.range(range, count.hour);
        tally.shorten(USERS_MAX);
        (range.id.to_string(), tally)
    });
    Past { ranges: ranges.collect(), day, is_behind: used.is_behind(count) }
}
