//! The verdict of the page.

use crate::base::clock::parse;
use crate::base::text::{clean, fit};
use crate::model::event::EventKind;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::query::health::{Doubt, seconds_between, unjudged};
use crate::report::page::beginning;
use crate::report::page::data::PageData;
use crate::report::page::pending;
use crate::report::page::public;
use chrono::{DateTime, Utc};

/// The first line of the page.
pub struct Verdict {
    /// OK, Warning, Critical or Unknown.
    pub word: String,
    /// `ok`, `warn`, `bad` or `unknown`.
    pub state: &'static str,
    /// Number of problems and their begin, or the last problem.
    pub rest: String,
}

/// Longest title and text, in characters.
const TITLE_MAX: usize = 100;
const TEXT_MAX: usize = 240;

/// The verdict on the host in the language of the page.
pub fn verdict(input: &PageData) -> Verdict {
    let (health, locale) = (&input.health, input.options.locale);
    let rest = match &health.doubt {
        None if health.open.is_empty() => match &health.untold {
            None => match &health.failed_run {
                None => upcoming(input).unwrap_or_else(|| last_ended(input)),
                // The reason may name files.
                Some(_) if input.options.is_public => locale.text(key::VERDICT_RUN_FAILED_AT_ALL).to_string(),
                Some(run) => fit(&clean(&run.text(locale), TEXT_MAX), TEXT_MAX),
            },
            // The reason may name addresses.
            Some(_) if input.options.is_public => locale.text(key::DELIVERY_NOBODY_AT_ALL).to_string(),
            Some(untold) => fit(&clean(&untold.text(locale), TEXT_MAX), TEXT_MAX),
        },
        None => problems(input),
        Some(doubt) => doubtful(input, doubt),
    };
    Verdict { word: locale.text(health.verdict.key()).to_string(), state: health.verdict.class(), rest }
}

/// The reason for an unknown state.
fn doubtful(input: &PageData, doubt: &Doubt) -> String {
    let (health, locale) = (&input.health, input.options.locale);
    match doubt {
        Doubt::NoData(_) => locale.text(key::VERDICT_NO_SNAPSHOT).to_string(),
        Doubt::NoHeader => locale.text(key::VERDICT_NO_HEADER).to_string(),
        Doubt::Unreadable(reason) => fit(&clean(reason, TEXT_MAX), TEXT_MAX),
        Doubt::Stale(age) => {
            let silent = locale.with(key::VERDICT_STALE, &locale.duration(*age));
            let before = locale.text(health.verdict_when_taken.key());
            health.taken.map_or_else(
                || silent.clone(),
                |taken| format!("{silent}{}{}", locale.text(key::MAIL_SEMICOLON), was(before, taken, locale)),
            )
        }
        Doubt::Unjudged(last) => unjudged(*last, input.now, locale),
        Doubt::Unmeasured(names) => fit(
            &locale.with(key::PAGE_NOT_MEASURED_LIST, &clean(&names.join(locale.text(key::MAIL_SEMICOLON)), TEXT_MAX)),
            TEXT_MAX,
        ),
    }
}

/// The verdict at the time of the snapshot: `was Degraded at 2026-11-20 21:40 +00:00`.
pub fn was(word: &str, taken: DateTime<Utc>, locale: Locale) -> String {
    locale.fill(key::VERDICT_WAS, &[("word", word), ("time", &locale.exact(taken))])
}

/// Number of the open problems, of each severity if there are both, and the begin of the first.
fn problems(input: &PageData) -> String {
    let (locale, open) = (input.options.locale, &input.health.open);
    let all = locale.count(key::COUNT_OPEN_PROBLEMS, open.len());
    let critical = open.iter().filter(|incident| incident.severity == Severity::Critical).count();
    let warnings = open.len() - critical;
    let kinds = match (critical, warnings) {
        (0, _) | (_, 0) => String::new(),
        _ => format!(
            "{}{}, {}",
            locale.text(key::MAIL_COLON),
            locale.count(key::COUNT_CRITICAL, critical),
            locale.count(key::COUNT_WARNINGS, warnings)
        ),
    };
    let since = open.iter().map(|incident| incident.since).min().unwrap_or(input.now);
    let (begun, separator) = if open.len() == 1 { (key::PAGE_SINCE, " ") } else { (key::PAGE_FIRST_SINCE, " · ") };
    let begun = locale.with(begun, &locale.moment(since, input.now));
    format!("{all}{kinds}{separator}{begun} ({})", lasted(since, input.now, locale))
}

/// The span from a moment to another one.
pub fn lasted(since: DateTime<Utc>, now: DateTime<Utc>, locale: Locale) -> String {
    locale.duration(seconds_between(since, now))
}

/// Breaches that are pending, if there are any.
fn upcoming(input: &PageData) -> Option<String> {
    pending::text(input, &|one| title(input, &one.metric, &one.rule, &one.title_in(input.options.locale)))
}

/// "No open problems", and the last one.
fn last_ended(input: &PageData) -> String {
    let locale = input.options.locale;
    let none = locale.text(key::VERDICT_NO_OPEN_PROBLEMS);
    let last = input.events.iter().find(|event| event.kind == EventKind::Recovered && !event.information);
    match last.and_then(|event| Some((event, parse(&event.time)?))) {
        Some((event, time)) => format!(
            "{none}{}{}, {}, {}",
            locale.text(key::MAIL_SEMICOLON),
            locale.with(key::VERDICT_LAST_PROBLEM, &title(input, &event.metric, &event.rule, &event.title_in(locale))),
            locale.with(key::PAGE_AGO, &lasted(time, input.now, locale)),
            locale.with(key::VERDICT_LASTED, &locale.duration(event.duration_seconds)),
        ),
        None => beginning::verdict(input).unwrap_or_else(|| none.to_string()),
    }
}

/// The title of an incident. A public page has a shipped title without its name, or that of the resource.
pub fn title(input: &PageData, metric: &str, rule: &str, title: &str) -> String {
    let shown = match input.options.is_public && public::is_private(metric) {
        true => public::title(rule, metric, input.options.locale),
        false => title.to_string(),
    };
    clean(&shown, TITLE_MAX)
}
