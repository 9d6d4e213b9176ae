//! Times and time spans as systemd prints them.

use crate::base::clock::zone_offset_seconds;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// Reads `Thu 2026-10-10 16:05:04 UTC` and `@1791641104`. systemctl is run with UTC; a recording may have the zone of its
/// host, whose abbreviation alone is ambiguous. `None` for an empty text, `n/a` and what is no time.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Some(seconds) = text.strip_prefix('@') {
        return DateTime::from_timestamp(seconds.split('.').next()?.parse().ok()?, 0);
    }
    let mut words = text.split(' ').skip_while(|word| !word.starts_with(|first: char| first.is_ascii_digit()));
    let (day, time, zone) = (words.next()?, words.next()?, words.next());
    let local = NaiveDateTime::parse_from_str(&format!("{day} {time}"), "%Y-%m-%d %H:%M:%S%.f").ok()?.and_utc();
    if matches!(zone, Some("UTC" | "GMT")) {
        return Some(local);
    }
    let shifted = |by: DateTime<Utc>| local.checked_sub_signed(TimeDelta::seconds(zone_offset_seconds(by).into()));
    // The offset is that of the moment itself, which differs from that of its digits close to a change of the clocks.
    shifted(shifted(local)?)
}

/// Reads a time span, in seconds: `1min 30s`; `None` for `infinity`, an empty text and what is no time span.
pub fn span(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    for word in text.split(' ') {
        let at = word.find(|letter: char| letter.is_ascii_alphabetic())?;
        let (number, unit) = word.split_at_checked(at)?;
        let scale = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            "month" | "months" => 2_629_800.0,
            "y" | "year" | "years" => 31_557_600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok().filter(|number| number.is_finite())? * scale;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_in_every_form() {
        let at = |text| time(text).map(|time| time.format("%m-%d %H:%M").to_string());
        assert_eq!(at("Thu 2026-10-10 16:05:04 UTC").as_deref(), Some("10-10 16:05"));
        assert_eq!(at("@1791641104").as_deref(), Some("10-10 14:05"));
        for unknown in ["", "n/a", "x", "Thu 2026-13-10 16:05:04 UTC", "@", "2026-10-10"] {
            assert_eq!(at(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn time_spans_in_every_form() {
        let cases = [
            ("0", Some(0.0)),
            ("10s", Some(10.0)),
            ("1min 30s", Some(90.0)),
            ("18h 22min 53.332789s", Some(66_173.332_789)),
            ("1h 500ms", Some(3600.5)),
            ("1month 2d 1us", Some(2_802_600.000_001)),
            ("infinity", None),
            ("", None),
            ("s", None),
            ("5", None),
            ("n/a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC{0,40}|[0-9@:. -]{0,40}|([0-9]{1,400}(s|min|d) ?){0,3}") {
            let _ = (time(&text), span(&text));
        }
    }
}
