//! Breaches that become incidents if they last, in words.

use crate::base::text::{clean, fit};
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::query::watch::Upcoming;
use crate::report::page::data::PageData;

/// Number of breaches that are described; the others are counted.
const TOLD: usize = 2;
/// Longest text, in characters.
const TEXT_MAX: usize = 240;
/// What lasts or is left for less than this is not worth a number, in seconds.
const MOMENT: f64 = 5.0;

/// The title of a breach; on a public page it names nobody.
pub type Title<'a> = dyn Fn(&Upcoming) -> String + 'a;

/// `pending: CPU 94.2 %, above 80 % for 1 min; warning in 4 min`; `None` if nothing is pending.
pub fn text(input: &PageData, title: &Title<'_>) -> Option<String> {
    let locale = input.options.locale;
    let upcoming = &input.watch.upcoming;
    let mut told: Vec<String> =
        upcoming.iter().take(TOLD).map(|one| describe(input.options.locale, title, one)).collect();
    if upcoming.len() > TOLD {
        told.push(locale.with(key::PAGE_AND_MORE, &(upcoming.len() - TOLD).to_string()));
    }
    let list = clean(&told.join(" · "), TEXT_MAX);
    if told.is_empty() { None } else { Some(fit(&locale.with(key::PENDING_LIST, &list), TEXT_MAX)) }
}

fn describe(locale: Locale, title: &Title<'_>, one: &Upcoming) -> String {
    let title = title(one);
    let value = |value: f64| locale.value(one.name(), value);
    let begun = match one.beyond {
        None => title,
        Some((now, limit)) => {
            let text = if one.above { key::PENDING_ABOVE } else { key::PENDING_BELOW };
            locale.fill(text, &[("title", &title), ("value", &value(now)), ("limit", &value(limit))])
        }
    };
    let lasted = Some(one.lasted_seconds).filter(|seconds| *seconds > MOMENT);
    let lasted = lasted.map(|seconds| format!(" {}", locale.with(key::PENDING_FOR, &rounded(seconds, locale))));
    let next = one
        .next
        .map(|(severity, left)| format!("{}{}", locale.text(key::MAIL_SEMICOLON), alarm(severity, left, locale)));
    format!("{begun}{}{}", lasted.unwrap_or_default(), next.unwrap_or_default())
}

/// `warning in 4 min`.
fn alarm(severity: Severity, left: f64, locale: Locale) -> String {
    let severity = locale.text(match severity {
        Severity::Warning => key::STATE_WARNING,
        Severity::Critical => key::STATE_CRITICAL,
    });
    if left > MOMENT {
        locale.fill(key::PENDING_IN, &[("severity", severity), ("duration", &rounded(left, locale))])
    } else {
        locale.with(key::PENDING_NEXT, severity)
    }
}

/// A span to the minute or, below a minute and a half, to ten seconds: the runs begin some seconds earlier or later.
fn rounded(seconds: f64, locale: Locale) -> String {
    let step = if seconds < 90.0 { 10.0 } else { 60.0 };
    locale.duration(((seconds / step).round() * step).max(step))
}
