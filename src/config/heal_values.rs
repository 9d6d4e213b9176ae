//! Values of the keys of `[heal.NAME]`: each is the default when it is absent, or when it is wrong, which is reported.

use super::key_errors::KeyErrors;
use super::route_keys::RouteKeys;
use crate::base::units::{bytes, duration, parse_bytes, parse_duration};
use std::time::Duration;

/// A minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// A key with few allowed words; `None` when it is absent or wrong.
pub fn word<T: Copy>(keys: RouteKeys<'_>, key: &'static str, known: &[(&str, T)], errors: &mut KeyErrors) -> Option<T> {
    let given = keys.text(key);
    let found = known.iter().find(|(word, _)| *word == given).map(|(_, value)| *value);
    if found.is_none() && !given.is_empty() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        errors.add(key, format!("{given:?} is not one of {}", words.join(", ")));
    }
    found
}

/// A text; `default` when it is absent or empty.
pub fn text_or(keys: RouteKeys<'_>, key: &str, default: &str) -> String {
    Some(keys.text(key)).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_string())
}

/// A duration within bounds; the default when it is absent or wrong.
pub fn span(
    keys: RouteKeys<'_>,
    key: &'static str,
    default: Duration,
    (least, most): (Duration, Duration),
    errors: &mut KeyErrors,
) -> Duration {
    let text = keys.text(key);
    let parsed = if text.is_empty() { Ok(default) } else { parse_duration(&text) };
    parsed.and_then(|span| within(span, least, most)).map_err(|message| errors.add(key, message)).unwrap_or(default)
}

fn within(span: Duration, least: Duration, most: Duration) -> Result<Duration, String> {
    if span < least {
        return Err(format!("must be at least {}", duration(least.as_secs_f64())));
    }
    if span > most {
        return Err(format!("must be at most {}", duration(most.as_secs_f64())));
    }
    Ok(span)
}

/// The waiting times between two attempts.
pub fn waits(keys: RouteKeys<'_>, errors: &mut KeyErrors) -> Vec<Duration> {
    let default = [1, 5, 15].map(|minutes| minutes * MINUTE).to_vec();
    if !keys.0.contains_key("waits") {
        return default;
    }
    let texts = keys.list("waits");
    if texts.is_empty() {
        errors.add("waits", "needs at least one waiting time, such as \"1m\"");
    }
    let read =
        |text: &String| parse_duration(text).and_then(|wait| within(wait, Duration::from_secs(1), 1440 * MINUTE));
    let waits: Result<Vec<Duration>, String> = texts.iter().map(read).collect();
    waits.map_err(|message| errors.add("waits", message)).unwrap_or(default)
}

/// A list that must not be empty.
pub fn required(
    keys: RouteKeys<'_>,
    own: &'static [&'static str; 1],
    what: &str,
    errors: &mut KeyErrors,
) -> Option<Vec<String>> {
    let [key] = own;
    let list = keys.list(key);
    if list.is_empty() {
        errors.related(key, own, format!("is required: {what}"));
    }
    Some(list).filter(|list| !list.is_empty())
}

/// A size in bytes, at least `least`.
pub fn size(keys: RouteKeys<'_>, key: &'static str, default: u64, least: u64, errors: &mut KeyErrors) -> u64 {
    let text = keys.text(key);
    let parsed = if text.is_empty() { Ok(default) } else { parse_bytes(&text) };
    match parsed {
        Ok(size) if size >= least => size,
        Ok(_) => {
            errors.add(key, format!("must be at least {}", bytes(least as f64)));
            default
        }
        Err(message) => {
            errors.add(key, message);
            default
        }
    }
}
