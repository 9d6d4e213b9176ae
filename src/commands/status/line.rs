//! The health in one line.

use crate::base::clock::parse;
use crate::base::text::clean;
use crate::commands::view::health::{pending, states, unusual, value_and_limit};
use crate::context::Context;
use crate::model::incident::{Severity, typed};
use crate::model::locale::{Locale, key};
use crate::query::health::{Health, Recorded, seconds_between};
use crate::query::timeline;

/// Longest title, in characters.
const TITLE_MAX: usize = 120;
/// Longest reason for an unknown health, in characters.
const REASON_MAX: usize = 300;
/// Longest host name, in characters.
const HOST_MAX: usize = 80;

/// `OK web-01: no problems for 3 d 2 h; measured 14 s ago`.
pub fn line(recorded: &Recorded, text: &str) -> String {
    format!("{} {}: {text}", recorded.health.verdict.status_word(), clean(&recorded.host, HOST_MAX))
}

/// The line without verdict and host.
pub fn text(context: &Context, health: &Health, locale: Locale) -> String {
    let semicolon = locale.text(key::MAIL_SEMICOLON);
    let failed = health.failed_run.as_ref().map(|run| run.text(locale));
    let and_failed = failed.as_ref().map(|text| format!("{semicolon}{text}")).unwrap_or_default();
    let text = match &health.doubt {
        Some(doubt) => clean(&doubt.text(health.now, locale), REASON_MAX),
        None if health.open.is_empty() => match (&health.untold, failed) {
            (None, Some(failed)) => return failed + &unusual(health, locale),
            (None, None) => all_well(context, health, locale) + &unusual(health, locale),
            (Some(untold), _) => untold.text(locale) + &unusual(health, locale),
        },
        None => {
            let untold = health.untold.as_ref().map(|_| locale.text(key::DELIVERY_NOBODY_AT_ALL));
            let untold = untold.map(|text| format!("{semicolon}{text}")).unwrap_or_default();
            worst(health, locale) + &untold + &unusual(health, locale)
        }
    };
    text + &and_failed
}

/// `File system /var 98.2 % (limit 98 %) since 38 min [disk:/var]; 1 warning`.
fn worst(health: &Health, locale: Locale) -> String {
    let Some((worst, others)) = health.open.split_first() else { return String::new() };
    let title = clean(&worst.title_in(locale), TITLE_MAX) + &value_and_limit(worst, locale);
    let lasted = locale.duration(seconds_between(worst.since, health.now));
    let name = typed(&worst.short_id, &worst.id);
    let mut parts =
        vec![locale.fill(key::STATUS_SINCE, &[("title", &title), ("duration", &lasted)]) + &format!(" [{name}]")];
    parts.extend(states(health, worst, locale).into_iter().map(ToString::to_string));
    let count = |severity| others.iter().filter(|incident| incident.severity == severity).count();
    let (critical, warnings) = (count(Severity::Critical), count(Severity::Warning));
    parts.extend((critical > 0).then(|| locale.with(key::STATUS_MORE_CRITICAL, &critical.to_string())));
    parts.extend((warnings > 0).then(|| locale.count(key::COUNT_WARNINGS, warnings)));
    parts.join(locale.text(key::MAIL_SEMICOLON))
}

/// `no problems for 3 d 2 h; measured 14 s ago`: since the last incident ended, and the age of the data.
fn all_well(context: &Context, health: &Health, locale: Locale) -> String {
    let last = timeline::last_recovery(context).and_then(|event| parse(&event.time));
    let age = locale.duration(health.taken.map_or(0.0, |taken| seconds_between(taken, health.now)));
    let pending = pending(health, locale);
    let values = [("pending", &*pending), ("age", &*age)];
    match last.map(|last| locale.duration(seconds_between(last, health.now))) {
        None => locale.fill(key::STATUS_WELL, &values),
        Some(lasted) => locale.fill(key::STATUS_WELL_FOR, &[&values[..], &[("duration", &lasted)]].concat()),
    }
}
