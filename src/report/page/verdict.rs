//! The verdict of the page, and the open incidents.

use crate::base::clock::parse;
use crate::base::text::{clean, fit};
use crate::base::units::metric_value;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::{Incident, Severity, shell_id};
use crate::model::locale::{Locale, key};
use crate::query::health::{Doubt, seconds_between, unjudged};
use crate::report::page::data::PageData;
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

/// An open incident as the page shows it.
pub struct Attention {
    /// `warn`, `bad`, or `plain` for information.
    pub state: &'static str,
    /// Severity in words.
    pub word: String,
    /// Title.
    pub title: String,
    /// Value; empty for a metric that is either true or false.
    pub value: String,
    /// Limit; empty like the value.
    pub limit: String,
    /// Begin, duration, and whether it is recovering, acknowledged or silenced.
    pub since: String,
    /// Largest consumers when it fired; may be empty.
    pub who: String,
    /// Message of the rule; may be empty.
    pub message: String,
    /// Identifier.
    pub id: String,
    /// The name for `osmon explain`.
    pub explain: String,
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
                None => last_ended(input),
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

/// Number and begin of the problems of the highest severity, and number of the others.
fn problems(input: &PageData) -> String {
    let locale = input.options.locale;
    let Some(worst) = input.health.open.iter().map(|incident| incident.severity).max() else { return String::new() };
    let bad: Vec<&Incident> = input.health.open.iter().filter(|incident| incident.severity == worst).collect();
    let count = locale.count(key::COUNT_OPEN_PROBLEMS, bad.len());
    let since = bad.iter().map(|incident| incident.since).min().unwrap_or(input.now);
    let others = match input.health.open.len() - bad.len() {
        0 => String::new(),
        others => format!(" · {}", locale.count(key::COUNT_WARNINGS, others)),
    };
    let begun = locale.with(key::PAGE_SINCE, &locale.moment(since, input.now));
    format!("{count} {begun} ({}){others}", lasted(since, input.now, locale))
}

/// The acknowledgement or silence of an incident; a page for others names no person and no reason.
fn suppressed(incident: &Incident, input: &PageData) -> String {
    let locale = input.options.locale;
    let Some(suppressed) = input.health.suppressed.get(&incident.id) else { return String::new() };
    let until = locale.with(key::PAGE_UNTIL, &locale.moment(suppressed.until, input.now));
    let why = match input.options.is_public {
        true => String::new(),
        false => format!(" ({}: {})", suppressed.by, suppressed.because),
    };
    format!(" · {} {until}{why}", locale.text(suppressed.kind.key()))
}

fn lasted(since: DateTime<Utc>, now: DateTime<Utc>, locale: Locale) -> String {
    locale.duration(seconds_between(since, now))
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
        None => none.to_string(),
    }
}

/// The title of an incident. A public page names no process and no user.
pub fn title(input: &PageData, metric: &str, rule: &str, title: &str) -> String {
    let is_private = ["process.", "session.", "unit."].iter().any(|head| metric.starts_with(head));
    let shown = if input.options.is_public && is_private { rule } else { title };
    clean(shown, TITLE_MAX)
}

/// An open incident as the page shows it.
pub fn attention(incident: &Incident, input: &PageData) -> Attention {
    let locale = input.options.locale;
    let metric = incident.metric.split('{').next().unwrap_or_default();
    let flag = is_flag(metric, incident.limit);
    let is_of_incident = |event: &&Event| event.incident == incident.id;
    let events = input.events.iter().filter(is_of_incident);
    let evidence = events.clone().find_map(|event| event.evidence.as_ref()).filter(|_| !input.options.is_public);
    let message = events.clone().find_map(|event| event.message_in(locale)).unwrap_or_default();
    let rule = events.clone().next().map_or("", |event| event.rule.as_str());
    let recovering =
        if incident.recovering { format!(" · {}", locale.text(key::STATE_RECOVERING)) } else { String::new() };
    let value = |value: f64| locale.figures(&metric_value(metric, value));
    let (state, word) = match incident.severity {
        _ if incident.information => ("plain", key::STATE_UNUSUAL),
        Severity::Critical => ("bad", key::STATE_CRITICAL),
        Severity::Warning => ("warn", key::STATE_WARNING),
    };
    // Labels may name a process or a user.
    let explain = match input.options.is_public {
        true => incident.id.clone(),
        false => shell_id(&incident.short_id, &incident.id),
    };
    Attention {
        state,
        word: locale.text(word).to_string(),
        title: title(input, &incident.metric, rule, &incident.title_in(locale)),
        value: if flag { String::new() } else { value(incident.value) },
        limit: if flag { String::new() } else { locale.with(key::PAGE_LIMIT, &value(incident.limit)) },
        since: format!(
            "{} · {}{recovering}{}",
            locale.with(key::PAGE_SINCE, &locale.moment(incident.since, input.now)),
            lasted(incident.since, input.now, locale),
            clean(&suppressed(incident, input), TEXT_MAX),
        ),
        who: clean(&evidence.map(|evidence| evidence.consumers(3, locale)).unwrap_or_default(), TEXT_MAX),
        message: clean(&message, TEXT_MAX),
        id: clean(&incident.id, TITLE_MAX),
        explain: clean(&explain, TITLE_MAX),
    }
}
