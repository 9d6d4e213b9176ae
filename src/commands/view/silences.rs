//! Options shared by the commands that mute alerts: reason and end.

use crate::base::clock::local_minute;
use crate::base::error_kind::ErrorKind;
use crate::base::text::clean;
use crate::base::{parse_future, units};
use chrono::{DateTime, TimeDelta, Utc};

/// Longest reason, in characters.
const REASON_MAX: usize = 300;

/// The reason as one cleaned line.
///
/// # Errors
/// When it is empty.
pub fn reason(because: &str) -> Result<String, ErrorKind> {
    let line = because.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err(ErrorKind::Usage("the reason is empty; for example --because \"new disk ordered\"".to_string()));
    }
    Ok(clean(&line, REASON_MAX))
}

/// The end given by `--until` or `--for`, at most `longest` days after `now`.
///
/// # Errors
/// When the text is not a time, none is given and there is no default, or the end is too far ahead.
pub fn end(
    until: Option<&str>,
    span: Option<&str>,
    default: Option<TimeDelta>,
    longest: i64,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, ErrorKind> {
    let end = match (until.or(span), default) {
        (Some(text), _) => parse_future::parse(text, now).map_err(ErrorKind::Usage)?,
        (None, Some(default)) => now + default,
        (None, None) => {
            return Err(ErrorKind::Usage("an end is required: --for 4h or --until \"tomorrow 08:00\"".to_string()));
        }
    };
    if end - now > TimeDelta::days(longest) {
        let length = units::duration((end - now).num_seconds() as f64);
        return Err(ErrorKind::Usage(format!("{length} is too long; the maximum is {longest} d")));
    }
    Ok(end)
}

/// `until 2026-11-21 08:00 (10 h 20 min)`.
pub fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("until {} ({})", local_minute(end), units::duration((end - now).num_seconds() as f64))
}
