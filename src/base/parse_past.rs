//! Parses points in time that lie in the past: `03:00`, `yesterday`, `yesterday 14:30`, `2h ago`, `2026-11-20`, RFC 3339.

use crate::base::units::parse_duration;
use chrono::{
    DateTime, Datelike, Days, Local, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Utc, Weekday,
};
use std::time::Duration;

/// Parses a time relative to `now`, in the host's time zone. A time of day alone is its last occurrence; a day alone is
/// its midnight; a duration alone is that long ago.
///
/// # Errors
/// A sentence that shows the expected forms.
pub fn parse(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let wrong = || {
        format!(
            "{text:?} is not a time; write for example 03:00, yesterday, \"yesterday 14:30\", \"2h ago\", 2026-11-20 or \"2026-11-20 03:00\""
        )
    };
    short_year(text)?;
    if let Some(time) = crate::base::clock::parse(text) {
        return Ok(time);
    }
    if text == "now" {
        return Ok(now);
    }
    if let Some(seconds) = text.strip_prefix('@') {
        let time = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        return time.ok_or_else(wrong);
    }
    let span = text.strip_suffix("ago").map_or_else(|| text.strip_prefix('-'), |span| Some(span.trim()));
    if let Some(span) = span {
        let span = duration(span).ok_or_else(wrong)?;
        return now.checked_sub_signed(TimeDelta::from_std(span).map_err(|_| wrong())?).ok_or_else(wrong);
    }
    if let Some(span) = duration(text) {
        return now.checked_sub_signed(TimeDelta::from_std(span).map_err(|_| wrong())?).ok_or_else(wrong);
    }
    let lower = text.to_lowercase().replace("noon", "12:00").replace("midnight", "00:00");
    let text = lower.as_str();
    let today = now.with_timezone(&Local).date_naive();
    let (day, clock) = text
        .split_once(' ')
        .or_else(|| text.split_once('t').filter(|(day, _)| day.len() == 10))
        .map_or((text, None), |(day, clock)| (day, Some(clock.trim())));
    if let (Some(time), None) = (time_of_day(day), clock) {
        let at = local(today.and_time(time)).ok_or_else(wrong)?;
        let earlier = || today.checked_sub_days(Days::new(1)).and_then(|day| local(day.and_time(time)));
        return if at > now { earlier().ok_or_else(wrong) } else { Ok(at) };
    }
    let date = match day {
        "today" => Some(today),
        "yesterday" => today.checked_sub_days(Days::new(1)),
        day if weekday(day).is_some() => weekday(day).and_then(|day| last_weekday(day, today)),
        _ => NaiveDate::parse_from_str(day, "%Y-%m-%d").ok(),
    };
    let time = clock.map_or(Some(NaiveTime::MIN), time_of_day);
    date.zip(time).and_then(|(date, time)| local(date.and_time(time))).ok_or_else(wrong)
}

/// Refuses a date whose year has fewer than four digits: 26-11-20 would be the year 26.
pub(super) fn short_year(text: &str) -> Result<(), String> {
    let year = text.trim().split('-').next().unwrap_or_default();
    let is_date = text.bytes().filter(|byte| *byte == b'-').count() >= 2;
    if is_date && (1..4).contains(&year.len()) && year.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{text:?}: the year needs four digits; write for example 2026-11-20"));
    }
    Ok(())
}

/// Parses a span with an exclusive end: a day (`yesterday`, `2026-11-20`) or a month (`2026-11`) as a whole, `A..B` from the
/// start of A to the end of B; any other time is an empty span.
///
/// # Errors
/// As [`parse`], or the span ends before it begins.
pub fn span(text: &str, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    if text.trim().is_empty() {
        return Err("the time is empty; write for example yesterday, 2026-11-20 or 2026-11-01..2026-11-08".to_string());
    }
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let begin = if first.trim().is_empty() { DateTime::UNIX_EPOCH } else { whole(first, now)?.0 };
    let end = if last.trim().is_empty() { now } else { whole(last, now)?.1 };
    let is_moment = first == last && begin == end;
    if begin >= end && !is_moment { Err(format!("{text:?} ends before it begins")) } else { Ok((begin, end)) }
}

/// Parses a day or a month as a whole, any other time as an empty span.
fn whole(text: &str, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    short_year(text)?;
    let today = now.with_timezone(&Local).date_naive();
    let lower = text.trim().to_lowercase();
    let text = lower.as_str();
    let month = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok().filter(|_| text.len() == 7);
    let (first, next) = match (text, month) {
        ("today", _) => (Some(today), today.checked_add_days(Days::new(1))),
        ("yesterday", _) => (today.checked_sub_days(Days::new(1)), Some(today)),
        (text, _) if weekday(text).is_some() => {
            let day = weekday(text).and_then(|day| last_weekday(day, today));
            (day, day.and_then(|day| day.checked_add_days(Days::new(1))))
        }
        (_, Some(month)) => (Some(month), month.checked_add_months(Months::new(1))),
        _ => {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            (day, day.and_then(|day| day.checked_add_days(Days::new(1))))
        }
    };
    let midnight = |day: NaiveDate| local(day.and_time(NaiveTime::MIN));
    match first.and_then(midnight).zip(next.and_then(midnight)) {
        Some(span) => Ok(span),
        None => parse(text, now).map(|time| (time, time)),
    }
}

/// Parses an English weekday, or its first three letters or more.
fn weekday(text: &str) -> Option<Weekday> {
    text.parse().ok().filter(|_| text.len() >= 3)
}

/// The last such weekday, today included.
fn last_weekday(day: Weekday, today: NaiveDate) -> Option<NaiveDate> {
    today.checked_sub_days(Days::new(u64::from(today.weekday().days_since(day))))
}

/// The local midnight that starts the day of `time`.
pub fn midnight(time: DateTime<Utc>) -> DateTime<Utc> {
    local(time.with_timezone(&Local).date_naive().and_time(NaiveTime::MIN)).unwrap_or(time)
}

/// Parses a duration in any case; a capital `M` is a month.
fn duration(text: &str) -> Option<Duration> {
    let is_month = text.ends_with('M') && !text.contains('m');
    let text = if is_month { text.replace('M', "months") } else { text.to_lowercase() };
    parse_duration(&text).ok()
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let of_day = || ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
    let of_half = || {
        let late = |half| text.strip_suffix(half).map(|hour| (hour, if half == "pm" { 12 } else { 0 }));
        let (hour, more) = late("am").or_else(|| late("pm"))?;
        let hour: u32 = hour.trim().parse().ok().filter(|hour| (1..=12).contains(hour))?;
        NaiveTime::from_hms_opt(hour % 12 + more, 0, 0)
    };
    of_day().or_else(of_half)
}

/// Converts a local time. Of an hour that occurs twice in autumn the first is taken; a time that is skipped in spring is
/// moved an hour later.
fn local(time: NaiveDateTime) -> Option<DateTime<Utc>> {
    match Local.from_local_datetime(&time) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.to_utc()),
        LocalResult::None => {
            Local.from_local_datetime(&(time + TimeDelta::hours(1))).earliest().map(|time| time.to_utc())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_past_are_parsed() {
        // The zone of the test machine is unknown: local expressions are compared with each other.
        let now = crate::base::clock::parse("2026-11-20T21:40:00Z").unwrap();
        let get = |text: &str| parse(text, now).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(get("2h ago"), now - TimeDelta::hours(2));
        assert_eq!(get("1h30m ago"), now - TimeDelta::minutes(90));
        assert_eq!(get("5 minutes ago"), now - TimeDelta::minutes(5));
        assert_eq!(get("1 week ago"), now - TimeDelta::days(7));
        assert_eq!(get("90m"), now - TimeDelta::minutes(90));
        assert_eq!(get("-90s"), now - TimeDelta::seconds(90));
        assert_eq!(get("2026-11-20T03:00:00Z").timestamp() % 86_400, 3 * 3600);
        assert_eq!(get("yesterday"), get("today") - TimeDelta::days(1));
        assert_eq!(get("yesterday 03:00"), get("yesterday") + TimeDelta::hours(3));
        assert_eq!(get("2026-11-20 03:00"), get("2026-11-20") + TimeDelta::hours(3));
        assert!(get("03:00") <= now && get("03:00") > now - TimeDelta::days(1));
        assert!(get("23:59") <= now, "a time of day is never in the future");
        assert_eq!(get("1y"), now - TimeDelta::hours(365 * 24 + 6));
        assert_eq!((get("1M"), get("1m")), (now - TimeDelta::seconds(2_630_016), now - TimeDelta::minutes(1)));
        assert_eq!((get("2 Weeks"), get("1h 30m ago")), (now - TimeDelta::days(14), now - TimeDelta::minutes(90)));
        assert_eq!(get("@1795210800").timestamp(), 1_795_210_800);
        assert_eq!((get("yesterday noon"), get("yesterday 3pm")), (get("yesterday 12:00"), get("yesterday 15:00")));
        assert_eq!((get("Yesterday"), get("2026-11-20T03:00")), (get("yesterday"), get("2026-11-20 03:00")));
        assert!(get("monday") <= now && get("monday") > now - TimeDelta::days(7) && get("mon") == get("monday"));
        assert!(super::span("", now).is_err() && parse("13pm", now).is_err());
        let span = |text: &str| super::span(text, now).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(span("yesterday"), (get("yesterday"), get("today")));
        assert_eq!(span("2026-11-01..2026-11-08"), (get("2026-11-01"), get("2026-11-09")));
        assert_eq!(span("2026-10"), (get("2026-10-01"), get("2026-11-01")));
        assert_eq!(span("2h ago..1h ago"), (get("2h ago"), get("1h ago")));
        assert_eq!(span("2h ago.."), (get("2h ago"), now));
        assert_eq!(span("03:00").0, span("03:00").1);
        assert!(super::span("today..yesterday", now).is_err() && super::span("..soon", now).is_err());
        for wrong in ["", "soon", "25:00", "2026-13-01", "ago", "5x ago", "99999999d ago"] {
            assert!(parse(wrong, now).is_err(), "{wrong}");
        }
        let dates = ["26-11-20", "20-11-26", "6-11-20", "026-11-20", " 26-11-20 ", "26-11-20 03:00", "26-11-20T03:00"];
        let spans = ["26-11-01..26-11-08", "2026-11-01..26-11-08", "26-11-01..", "26-11-20"];
        let refused = dates.map(|text| parse(text, now)).into_iter().map(|result| result.map(|time| (time, time)));
        for result in refused.chain(spans.map(|text| super::span(text, now))) {
            assert!(result.as_ref().is_err_and(|error| error.contains("four digits")), "{result:?}");
        }
    }
}
