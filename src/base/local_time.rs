//! Hours and days of the host's time zone.

use super::clock::zone_offset_seconds;
use chrono::{DateTime, TimeDelta, Utc};

const HOUR_MS: i64 = 3_600_000;
/// A day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// The zone is asked for its offset in steps of this length: no offset is valid for less.
const STRIDE_MS: i64 = 2 * DAY_MS;

/// The offsets of a time zone during a span. "Local milliseconds" are those since 1970 on a local clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// From when an offset from UTC is valid, and the offset, in milliseconds; the first from ever.
    offsets: Vec<(i64, i64)>,
}

impl LocalTime {
    /// The host's zone from two days before `since` to two days after `until`.
    pub fn here(since: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let offset =
            |time_ms: i64| DateTime::from_timestamp_millis(time_ms).map_or(0, |time| zone_offset_seconds(time).into());
        Self::of(since.timestamp_millis(), until.timestamp_millis(), &offset)
    }

    /// From a function that returns the offset in seconds at a time in milliseconds since 1970.
    fn of(since_ms: i64, until_ms: i64, offset_seconds: &dyn Fn(i64) -> i64) -> Self {
        let offset_at = |time_ms: i64| offset_seconds(time_ms) * 1000;
        let mut at = since_ms.saturating_sub(STRIDE_MS);
        let mut offset = offset_at(at);
        let mut offsets = vec![(i64::MIN, offset)];
        let end = until_ms.saturating_add(STRIDE_MS);
        while at < end {
            let next = at.saturating_add(STRIDE_MS);
            let later = offset_at(next);
            if later != offset {
                // To the second.
                let (mut before, mut after) = (at.div_euclid(1000), next.div_euclid(1000));
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if offset_at(middle * 1000) == offset { before = middle } else { after = middle }
                }
                offset = offset_at(after * 1000);
                offsets.push((after * 1000, offset));
                at = after * 1000;
                continue;
            }
            at = next;
        }
        Self { offsets }
    }

    /// Returns whether the offset changes after `since_ms`, up to `until_ms`.
    pub fn changes(&self, since_ms: i64, until_ms: i64) -> bool {
        self.offsets.iter().skip(1).any(|(from, _)| since_ms < *from && *from <= until_ms)
    }

    /// Returns whether from `since_ms` to `until_ms` every offset is a multiple of `unit_ms`.
    pub fn is_multiple(&self, unit_ms: i64, since_ms: i64, until_ms: i64) -> bool {
        let first = self.at(since_ms);
        let rest = self.offsets.get(first..).unwrap_or_default().iter();
        rest.take_while(|(from, _)| *from <= until_ms).all(|(_, offset)| offset % unit_ms == 0)
    }

    /// The offsets in seconds, and since when, in seconds since 1970 (0 for the first), as JSON; the newest first.
    pub fn json(&self) -> String {
        let offset = |(from, offset): &(i64, i64)| format!("[{},{}]", (from / 1000).max(0), offset / 1000);
        format!("[{}]", self.offsets.iter().rev().map(offset).collect::<Vec<_>>().join(","))
    }

    /// Position of the offset that is valid at a time.
    fn at(&self, time_ms: i64) -> usize {
        self.offsets.partition_point(|(from, _)| *from <= time_ms).saturating_sub(1)
    }

    /// Begin and end of the time around `time_ms` with one offset, and the offset.
    fn around(&self, time_ms: i64) -> (i64, i64, i64) {
        let at = self.at(time_ms);
        let (from, offset) = self.offsets.get(at).copied().unwrap_or((i64::MIN, 0));
        (from, self.offsets.get(at + 1).map_or(i64::MAX, |next| next.0), offset)
    }

    /// The first moment at which the local clock shows `local_ms` or later.
    fn first(&self, local_ms: i64) -> i64 {
        let ends = self.offsets.iter().skip(1).map(|next| next.0).chain([i64::MAX]);
        let mut moments =
            self.offsets.iter().zip(ends).map(|((from, offset), end)| ((local_ms - offset).max(*from), end));
        moments.find(|(moment, end)| moment < end).map_or(local_ms, |(moment, _)| moment)
    }

    /// Begin and end of the period of `step_ms` that contains a time. Periods shorter than a day begin anew at midnight.
    /// Those of up to an hour end where the offset changes, so that an hour that comes twice is two; longer ones follow
    /// the local clock: a day has 23 to 25 hours.
    pub fn period(&self, time_ms: i64, step_ms: i64) -> (i64, i64) {
        let step_ms = step_ms.max(1);
        let (from, to, offset) = self.around(time_ms);
        let local = time_ms + offset;
        let bounds = |local: i64| {
            let day = local.div_euclid(DAY_MS) * DAY_MS;
            let origin = if step_ms < DAY_MS { day } else { 0 };
            let begin = origin + (local - origin).div_euclid(step_ms) * step_ms;
            (begin, if step_ms < DAY_MS { (begin + step_ms).min(day + DAY_MS) } else { begin + step_ms })
        };
        let (mut begin, mut end) = bounds(local);
        if step_ms <= HOUR_MS {
            return ((begin - offset).max(from), (end - offset).min(to));
        }
        // A clock set back over the end of a period does not begin it again.
        while self.first(end) <= time_ms {
            (begin, end) = bounds(end);
        }
        (self.first(begin), self.first(end))
    }

    /// Begin and end of the local day that contains a time.
    pub fn day(&self, time_ms: i64) -> (i64, i64) {
        self.period(time_ms, DAY_MS)
    }

    /// Begin and end of the local days from the one that contains `since` to the one that contains `until`.
    pub fn days(since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let local = Self::here(since - TimeDelta::days(1), until + TimeDelta::days(1));
        let (last, time) =
            (until.timestamp_millis(), |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default());
        let first = local.day(since.timestamp_millis());
        let days = std::iter::successors(Some(first), |day| Some(local.day(day.1)).filter(|day| day.0 <= last));
        days.map(|(begin, end)| (time(begin), time(end))).collect()
    }
}

#[cfg(test)]
mod tests;
