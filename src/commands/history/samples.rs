//! First and last sample of a period of rolled-up points.

use crate::query::periods::Row;
use crate::store::Store;
use crate::store::query::Query;
use crate::store::tier::Tier;
use chrono::{DateTime, Utc};

const HOUR_MS: i64 = 3_600_000;
/// A metric of every snapshot: its times are the times of snapshots.
pub const ALWAYS: &str = "probe.cpu_ms";

/// Times of the first and the last sample of a period, in milliseconds since 1970; of five minutes or an hour where
/// samples have expired. `None` when nothing is known.
pub fn samples_of(store: &Store, row: Row) -> Option<(i64, i64)> {
    let hours = times(store, Tier::Hours, row.begin_ms, row.end_ms);
    let end = |time: i64| (time + HOUR_MS).min(row.end_ms);
    let within = |hour: i64| times(store, Tier::Columns, hour.max(row.begin_ms), end(hour));
    let first = hours.iter().find_map(|hour| within(*hour).first().copied())?;
    let last = hours.iter().rev().find_map(|hour| within(*hour).last().copied())?;
    Some((first, last))
}

fn times(store: &Store, tier: Tier, begin_ms: i64, end_ms: i64) -> Vec<i64> {
    let time = |time_ms: i64| -> DateTime<Utc> { DateTime::from_timestamp_millis(time_ms).unwrap_or_default() };
    let query = Query { is_wanted: &|name| name == ALWAYS, since: time(begin_ms), until: time(end_ms - 1) };
    let answer = store.points(tier, &query).unwrap_or_default();
    answer.points.into_values().flatten().map(|point| point.time_ms).collect()
}
