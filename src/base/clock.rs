//! Reads the clocks; nothing else does. A run reads them once and passes the reading down, so that all its files agree about
//! the day.

use chrono::{DateTime, Local, SecondsFormat, Utc};
use nix::time::{ClockId, clock_gettime};

/// A reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Wall clock in UTC. It may step: never divide by its differences.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`: seconds since boot including suspend; never steps (`clock_gettime(2)`).
    pub boottime_seconds: f64,
}

impl Now {
    /// Reads the clocks of this host.
    pub fn read() -> Self {
        Self { wall: Utc::now(), boottime_seconds: boottime_seconds() }
    }
}

/// `CLOCK_BOOTTIME` of this host in seconds.
pub fn boottime_seconds() -> f64 {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

/// Seconds that this host was suspended since boot: `CLOCK_BOOTTIME` minus `CLOCK_MONOTONIC`, which excludes suspend.
pub fn suspended_seconds() -> f64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0.0, |time| boottime_seconds() - (time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9))
        .max(0.0)
}

/// CPU time this process has used so far, in milliseconds (`CLOCK_PROCESS_CPUTIME_ID`).
pub fn own_cpu_ms() -> f64 {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map_or(0.0, |time| time.tv_sec() as f64 * 1e3 + time.tv_nsec() as f64 / 1e6)
}

/// Formats a time as RFC 3339 in UTC with milliseconds: always 24 bytes, so that text order is time order.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Parses an RFC 3339 time.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// Formats a time in the host's time zone: `2026-11-20 21:40`.
pub fn local_minute(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Formats the local time of day: `21:40`, with the date if it is not that of `now`.
pub fn local_short(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (time, now) = (time.with_timezone(&Local), now.with_timezone(&Local));
    let form = if time.date_naive() == now.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    time.format(form).to_string()
}

/// Formats a time in the host's time zone with a strftime(3) format.
pub fn local_form(time: DateTime<Utc>, form: &str) -> String {
    time.with_timezone(&Local).format(form).to_string()
}

/// Offset of the host's time zone from UTC at `time`, in seconds (east is positive).
pub fn zone_offset_seconds(time: DateTime<Utc>) -> i32 {
    use chrono::Offset;
    time.with_timezone(&Local).offset().fix().local_minus_utc()
}

/// Offset of the host's time zone at `time`: `+01:00`.
pub fn zone_name(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_one_width_and_come_back() {
        for text in ["2026-11-20T21:40:00.012Z", "1970-01-01T00:00:00.000Z"] {
            assert_eq!(stamp(parse(text).unwrap()), text);
        }
        assert_eq!(parse("yesterday"), None);
    }
}
