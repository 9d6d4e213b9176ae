//! Parses points in time that lie in the future: `4h`, `18:00` (the next one), `tomorrow`, `tomorrow 08:00`, `2026-11-24`,
//! RFC 3339.

use super::parse_past;
use super::units::parse_duration;
use chrono::{DateTime, Days, TimeDelta, Utc};

/// Parses a time after `now`, in the host's time zone.
///
/// # Errors
/// A sentence that shows the expected forms.
pub fn parse(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    parse_past::short_year(text)?;
    let wrong = || {
        format!(
            "{text:?} is not a time in the future; write for example 4h, 18:00, tomorrow, \"tomorrow 08:00\" or \"2026-11-24 08:00\""
        )
    };
    let span = text.strip_prefix('+').or_else(|| text.strip_prefix("in ")).unwrap_or(text);
    if let Ok(span) = parse_duration(span) {
        let span = TimeDelta::from_std(span).map_err(|_| wrong())?;
        return now.checked_add_signed(span).filter(|time| *time > now).ok_or_else(wrong);
    }
    // The last 18:00 before this time tomorrow is the next one from now.
    let tomorrow = now.checked_add_days(Days::new(1)).ok_or_else(wrong)?;
    let time = match text.strip_prefix("tomorrow") {
        Some(rest) => parse_past::parse(&format!("today{rest}"), tomorrow),
        None if text.contains(':') && !text.contains([' ', 'T', '-']) => parse_past::parse(text, tomorrow),
        None if text.ends_with("ago") || text.starts_with('-') => Err(wrong()),
        None => parse_past::parse(text, now),
    };
    time.ok().filter(|time| *time > now).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_future_are_parsed() {
        // The zone of the test machine is unknown: local expressions are compared with each other.
        let now = crate::base::clock::parse("2026-11-20T21:40:00Z").unwrap();
        let get = |text: &str| parse(text, now).unwrap_or_else(|error| panic!("{error}"));
        for text in ["4h", "+4h", "in 4 h", "in 4 hours", "240m"] {
            assert_eq!(get(text), now + TimeDelta::hours(4), "{text}");
        }
        for text in ["00:00", "12:30", "23:59"] {
            assert!(get(text) > now && get(text) <= now + TimeDelta::days(1), "{text}");
        }
        assert_eq!(get("tomorrow 08:00"), get("tomorrow") + TimeDelta::hours(8));
        assert!(get("tomorrow") > now && get("tomorrow") <= now + TimeDelta::days(1));
        assert_eq!(get("2026-11-24T08:00:00Z").timestamp() % 86_400, 8 * 3600);
        for wrong in
            ["", "soon", "0s", "2h ago", "-2h", "yesterday", "2026-11-19", "25:00", "2020-01-01T00:00:00Z", "26-11-24"]
        {
            assert!(parse(wrong, now).is_err(), "{wrong}");
        }
    }
}
