//! First and last sample of a period of rolled-up points, and the samples next to a span.

use crate::query::periods::Row;
use crate::store::Store;
use crate::store::query::Query;
use crate::store::tier::Tier;
use chrono::{DateTime, TimeDelta, Utc};

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

/// Days that are searched for the sample next to a span, one after another.
const NEAR_DAYS: [i64; 3] = [1, 40, 4_000_000];

/// The last sample before a time, in milliseconds since 1970; the end of its hour where samples have expired.
pub fn last_before(store: &Store, time: DateTime<Utc>) -> Option<i64> {
    let end_ms = time.timestamp_millis();
    let near = times(store, Tier::Columns, end_ms - HOUR_MS, end_ms).last().copied();
    near.or_else(|| {
        NEAR_DAYS.iter().find_map(|days| {
            let begin = time.checked_sub_signed(TimeDelta::days(*days)).unwrap_or(DateTime::UNIX_EPOCH);
            let hours = times(store, Tier::Hours, begin.timestamp_millis(), end_ms);
            hours.into_iter().rev().find_map(|begin_ms| {
                let row = Row { begin_ms, end_ms: end_ms.min(begin_ms + HOUR_MS) };
                let is_whole = row.end_ms == begin_ms + HOUR_MS;
                samples_of(store, row).map(|both| both.1).or(is_whole.then_some(row.end_ms))
            })
        })
    })
}

/// The first sample after a time and up to `newest`, in milliseconds since 1970; the begin of its hour or UTC day where
/// samples have expired.
pub fn first_after(store: &Store, time: DateTime<Utc>, newest: DateTime<Utc>) -> Option<i64> {
    let (begin_ms, newest_ms) = (time.timestamp_millis() + 1, newest.timestamp_millis() + 1);
    let near = times(store, Tier::Columns, begin_ms, (begin_ms + HOUR_MS).min(newest_ms)).first().copied();
    near.or_else(|| {
        NEAR_DAYS.iter().find_map(|days| {
            let end = time.checked_add_signed(TimeDelta::days(*days)).unwrap_or(newest).min(newest);
            let hours = times(store, Tier::Hours, begin_ms, end.timestamp_millis() + 1);
            hours.into_iter().find_map(|hour_ms| {
                let row = Row { begin_ms: begin_ms.max(hour_ms), end_ms: newest_ms.min(hour_ms + HOUR_MS) };
                samples_of(store, row).map(|both| both.0).or((hour_ms >= begin_ms).then_some(hour_ms))
            })
        })
    })
    .or_else(|| times(store, Tier::Days, begin_ms, newest_ms).into_iter().find(|day_ms| *day_ms >= begin_ms))
}

fn times(store: &Store, tier: Tier, begin_ms: i64, end_ms: i64) -> Vec<i64> {
    let time = |time_ms: i64| -> DateTime<Utc> { DateTime::from_timestamp_millis(time_ms).unwrap_or_default() };
    let query = Query { is_wanted: &|name| name == ALWAYS, since: time(begin_ms), until: time(end_ms - 1) };
    let answer = store.points(tier, &query).unwrap_or_default();
    answer.points.into_values().flatten().map(|point| point.time_ms).collect()
}
