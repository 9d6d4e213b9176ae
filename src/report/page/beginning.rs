//! The first hours of a host: since when there is anything to see, and what comes when.

use crate::base::clock::local_form;
use crate::model::locale::{Locale, key};
use crate::report::page::data::PageData;
use chrono::TimeDelta;
use serde_json::Value;

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const WEEK: f64 = 7.0 * DAY;
/// From this age on, in seconds, the trend of a file system is known.
const TREND: f64 = 1200.0;

/// Texts of the first week; each is empty where there is nothing to say.
pub struct Beginning {
    /// In the first hour: the sections that come later, and when.
    pub later: Vec<(String, &'static str)>,
    /// Instead of events: none since when.
    pub nothing_changed: String,
    /// Below the bars of the days.
    pub days: String,
}

/// The texts for a page.
pub fn of(input: &PageData) -> Beginning {
    let locale = input.options.locale;
    let is_known = !input.snapshot.is_null();
    Beginning {
        later: if is_known && input.age_seconds < HOUR { later(input) } else { Vec::new() },
        nothing_changed: match input.age_seconds {
            age if !is_known || age >= WEEK => locale.text(key::PAGE_NOTHING_CHANGED).to_string(),
            age if age < 60.0 => locale.text(key::BEGINNING_NOTHING_YET).to_string(),
            age => locale.with(key::BEGINNING_NOTHING_CHANGED, &minutes(age, locale)),
        },
        days: if is_known { days(input) } else { String::new() },
    }
}

/// In the first hour, instead of "no open problems": since when there were none.
pub fn verdict(input: &PageData) -> Option<String> {
    let locale = input.options.locale;
    match input.age_seconds {
        age if age < 60.0 => {
            let none = locale.text(key::VERDICT_NO_OPEN_PROBLEMS);
            Some(format!("{none}{}{}", locale.text(key::MAIL_SEMICOLON), locale.text(key::BEGINNING_JUST_NOW)))
        }
        age if age < HOUR => Some(locale.with(key::BEGINNING_SO_FAR, &minutes(age, locale))),
        _ => None,
    }
}

fn minutes(seconds: f64, locale: Locale) -> String {
    locale.duration(if seconds < HOUR { (seconds / 60.0).round() * 60.0 } else { seconds })
}

/// The parts of the page that are not there yet.
fn later(input: &PageData) -> Vec<(String, &'static str)> {
    let (locale, age) = (input.options.locale, input.age_seconds);
    let has = |section: &str| input.options.has(section);
    let has_rates = input.snapshot.get("interval_seconds").and_then(Value::as_f64).is_some_and(|seconds| seconds > 0.0);
    let has_disks = input.snapshot.get("disk").and_then(Value::as_array).is_some_and(|disks| !disks.is_empty());
    let parts = [
        (!has_rates, key::BEGINNING_RATES, key::BEGINNING_RATES_WHEN),
        (has("charts") && input.has_day_later, key::BEGINNING_DAY, key::BEGINNING_DAY_WHEN),
        (has("tiles") && has_disks && age < TREND, key::BEGINNING_FORECAST, key::BEGINNING_FORECAST_WHEN),
        (has("tiles") && input.outlook.usual.is_empty(), key::BEGINNING_USUAL, key::BEGINNING_USUAL_WHEN),
        (has("days"), key::BEGINNING_ROWS, key::BEGINNING_ROWS_WHEN),
    ];
    let missing = parts.into_iter().filter(|(is_missing, ..)| *is_missing);
    missing.map(|(_, what, when)| (locale.text(what).to_string(), locale.text(when))).collect()
}

/// Since when the days are known, and what is missing until when.
fn days(input: &PageData) -> String {
    let locale = input.options.locale;
    let since = input.now - TimeDelta::seconds(input.age_seconds as i64);
    match input.age_seconds {
        age if age < DAY => locale.with(key::BEGINNING_SINCE_SHARE, &locale.moment(since, input.now)),
        // Of a day that is sealed only the day is known.
        age if age < WEEK => {
            let (day, month) = (local_form(since, "%d"), locale.month(&local_form(since, "%m")));
            locale.with(key::BEGINNING_SINCE_ROWS, &format!("{} {month}", day.trim_start_matches('0')))
        }
        _ => String::new(),
    }
}
