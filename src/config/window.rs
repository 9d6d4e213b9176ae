//! `between` and `days`: hours of notification.

use super::key_errors::KeyErrors;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours of the day and days of the week, in the host's time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// First minute of the day.
    pub from: u32,
    /// End, as a minute of the day (exclusive); before `from`: past midnight.
    pub to: u32,
    /// Days from Monday; a window past midnight belongs to the day it begins on.
    pub days: [bool; 7],
    /// As written in the configuration.
    pub text: String,
}

impl Window {
    /// Parses `08:00-20:00` and `mon-fri,sun`; each may be empty. `None`: always.
    ///
    /// # Errors
    /// The key to change, and a sentence that says what was expected.
    pub fn read(between: &str, days: &str) -> Result<Option<Self>, (&'static str, String)> {
        if between.trim().is_empty() && days.trim().is_empty() {
            return Ok(None);
        }
        let (from, to) = hours(between).ok_or_else(|| {
            ("between", format!("{between:?} is not a span of a day; write for example \"08:00-20:00\""))
        })?;
        let days_read = weekdays(days)
            .ok_or_else(|| ("days", format!("{days:?} are no days; write for example \"mon-fri\" or \"sat,sun\"")))?;
        let text = [between.trim(), days.trim()].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>();
        Ok(Some(Self { from, to, days: days_read, text: text.join(" ") }))
    }

    /// As [`Self::read`]; the errors of both keys are collected.
    pub fn collect(between: &str, days: &str, errors: &mut KeyErrors) -> Option<Self> {
        let parts = [Self::read(between, ""), Self::read("", days)];
        parts.into_iter().for_each(|part| {
            errors.take(part);
        });
        Self::read(between, days).ok().flatten()
    }

    /// Returns whether a time is inside, in a zone the given number of seconds east of UTC.
    pub fn holds(&self, time: DateTime<Utc>, zone_offset_seconds: i32) -> bool {
        let local = time.checked_add_signed(TimeDelta::seconds(zone_offset_seconds.into())).unwrap_or(time);
        let (minute, today) = (local.hour() * 60 + local.minute(), local.weekday().num_days_from_monday() as usize);
        let is_day = |day: usize| self.days.get(day).copied().unwrap_or(false);
        if self.from < self.to {
            return is_day(today) && (self.from..self.to).contains(&minute);
        }
        (is_day(today) && minute >= self.from) || (is_day((today + 6) % 7) && minute < self.to)
    }
}

fn hours(text: &str) -> Option<(u32, u32)> {
    if text.trim().is_empty() {
        return Some((0, 1440));
    }
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        ((hour < 24 && minute < 60) || (hour == 24 && minute == 0)).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    Some((minute(from)?, minute(to)?)).filter(|(from, to)| from != to && *from < 1440)
}

fn weekdays(text: &str) -> Option<[bool; 7]> {
    if text.trim().is_empty() {
        return Some([true; 7]);
    }
    let day = |text: &str| DAYS.iter().position(|day| *day == text.trim().to_ascii_lowercase());
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = first;
        *days.get_mut(at)? = true;
        while at != last {
            at = (at + 1) % 7;
            *days.get_mut(at)? = true;
        }
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;

    #[test]
    fn windows_hold_and_do_not() {
        // 2026-11-20 is a Friday.
        let cases = [
            ("08:00-20:00", "", "2026-11-20T08:00:00Z", true),
            ("08:00-20:00", "", "2026-11-20T20:00:00Z", false),
            ("08:00-20:00", "sat,sun", "2026-11-20T12:00:00Z", false),
            ("", "fri-mon", "2026-11-22T12:00:00Z", true),
            ("", "fri-mon", "2026-11-24T12:00:00Z", false),
            ("22:00-06:00", "fri", "2026-11-21T05:59:00Z", true),
            ("22:00-06:00", "fri", "2026-11-21T22:00:00Z", false),
            ("00:00-24:00", "mon-sun", "2026-11-21T22:00:00Z", true),
        ];
        for (between, days, time, expected) in cases {
            let window = Window::read(between, days).unwrap().unwrap();
            assert_eq!(window.holds(parse(time).unwrap(), 0), expected, "{between} {days} {time}");
        }
        let window = Window::read("08:00-09:00", "").unwrap().unwrap();
        assert!(window.holds(parse("2026-11-20T06:30:00Z").unwrap(), 7200), "in the zone of the host");
        assert_eq!(Window::read("", " ").unwrap(), None);
        for (between, days) in [("8", ""), ("25:00-26:00", ""), ("08:00-08:00", ""), ("", "someday"), ("", "mon-")] {
            assert!(Window::read(between, days).is_err(), "{between} {days}");
        }
    }
}
