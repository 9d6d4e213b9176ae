//! One incident in a message: its newest event, with the timeline of all events sent together.

use super::chart::{self, Chart};
use super::content::{label, lasted, name, severity};
use super::palette::{AMBER, BLUE, GREEN, RED};
use super::subject::recovery;
use crate::base::clock::{local_minute, local_short, parse, zone_name};
use crate::base::text::clean;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::{Severity, shell_id, short_id};
use crate::model::locale::{Key, Locale, fill, key};
use chrono::{DateTime, Utc};

/// Number of processes named.
const WHO_MAX: usize = 3;
/// Longest line of evidence, in characters.
const FACT_MAX: usize = 500;

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub word: &'static str,
    /// Class of its colour: `bad`, `warn`, `good`, `info`.
    pub class: &'static str,
    pub color: &'static str,
    pub title: String,
    pub sentence: String,
    pub since: String,
    /// `fired 02:10, recovered 02:31`; empty for a single event.
    pub story: String,
    pub chart: Chart,
    /// Facts about the incident beside its value: `1.2 GiB free of 40 GiB`.
    pub details: Vec<String>,
    /// Heading and text.
    pub facts: Vec<(&'static str, String)>,
    /// Advice; may be empty.
    pub todo: String,
    /// The command that acknowledges the incident: `osmon ack disk:/var`; empty when it is over.
    pub ack: String,
    /// True if the incident is over.
    pub is_over: bool,
    /// `02:10 CPU: fired 02:10, recovered 02:31`.
    pub line: String,
}

/// The item of one incident.
pub fn item(events: &[&Event], locale: Locale, now: DateTime<Utc>) -> Option<Item> {
    let event = *events.last()?;
    let evident = events.iter().rev().find(|event| event.evidence.is_some()).copied().unwrap_or(event);
    let (word, class, color) = heading(event, locale);
    let since = parse(&event.since).map(local_minute).unwrap_or_default();
    // `RECOVERED: Service shop.service failed` would say both.
    let ended = (event.kind == EventKind::Recovered).then(|| recovery(event, locale)).flatten();
    let title = clean(&ended.unwrap_or_else(|| event.title_in(locale)), 200);
    let story = story(events, locale, now);
    let chart = if event.is_over() { Chart::default() } else { chart::of(evident, locale) };
    let begin = if event.is_over() { key::MAIL_BEGAN } else { key::MAIL_SINCE };
    Some(Item {
        word,
        class,
        color,
        sentence: clean(&sentence(event, locale), FACT_MAX),
        since: match event.kind {
            EventKind::Alive => String::new(),
            _ => locale.fill(begin, &[("time", &since), ("zone", &zone_name(now))]),
        },
        line: format!("{title}{}{story}", locale.text(key::MAIL_COLON)),
        story: if events.len() > 1 { story } else { String::new() },
        chart,
        facts: if event.is_over() { Vec::new() } else { facts(evident, locale) },
        details: details(evident, event, locale),
        ack: if event.is_over() || event.kind == EventKind::Alive { String::new() } else { ack(event) },
        todo: if event.is_over() || event.kind == EventKind::Alive { String::new() } else { todo(event, locale) },
        is_over: event.is_over(),
        title,
    })
}

/// Advice for the incident. A label is filled in only if it is safe to paste into a shell.
fn todo(event: &Event, locale: Locale) -> String {
    let is_plain = |value: &&str| {
        value.chars().all(|c| c.is_ascii_alphanumeric() || "/._@-".contains(c)) && !value.starts_with('-')
    };
    let value = |name, place| label(event, name).filter(is_plain).unwrap_or(locale.text(place));
    let unit = value("unit", key::PLACE_SERVICE);
    // The unit of a user: `alice/web.service`.
    let (user, unit) = unit.split_once('/').unwrap_or(("", unit));
    let metric = if user.is_empty() { name(event) } else { "systemd_unit.user" };
    let values = [
        ("mount", value("mount", key::PLACE_MOUNT)),
        ("service", value("service", key::PLACE_SERVICE)),
        ("timer", value("timer", key::PLACE_SERVICE)),
        ("unit", unit),
        ("user", user),
    ];
    fill(locale.hint(metric), &values)
}

/// The command that acknowledges an incident.
fn ack(event: &Event) -> String {
    format!("osmon ack {}", shell_id(&short_id(&event.rule, &event.metric), &event.incident))
}

/// Events with their times: `fired 02:10, recovered 02:31`. Of many, the first and the last.
fn story(events: &[&Event], locale: Locale, now: DateTime<Utc>) -> String {
    let at = |event: &&Event| {
        let time = parse(&event.time).map(|time| local_short(time, now)).unwrap_or_default();
        locale.with(transition(event.kind), &time)
    };
    let mut parts: Vec<String> = events.iter().map(at).collect();
    if parts.len() > 6 {
        let end = parts.split_off(parts.len() - 3);
        parts.truncate(3);
        parts.push("…".to_string());
        parts.extend(end);
    }
    parts.join(", ")
}

/// An event with its time.
fn transition(kind: EventKind) -> Key {
    match kind {
        EventKind::Fired => key::MAIL_AT_FIRED,
        EventKind::Escalated => key::MAIL_AT_ESCALATED,
        EventKind::Recovered => key::MAIL_AT_RECOVERED,
        EventKind::Reminded => key::MAIL_AT_REMINDED,
        EventKind::Flapping => key::MAIL_AT_FLAPPING,
        EventKind::Settled => key::MAIL_AT_SETTLED,
        EventKind::Alive => key::MAIL_AT_ALIVE,
    }
}

/// Heading, its class and colour.
fn heading(event: &Event, locale: Locale) -> (&'static str, &'static str, &'static str) {
    match event.kind {
        EventKind::Recovered if event.reason.is_some() => (locale.text(key::MAIL_CLOSED), "info", BLUE),
        EventKind::Recovered => (locale.text(key::MAIL_RECOVERED), "good", GREEN),
        EventKind::Flapping => (locale.text(key::MAIL_FLAPPING), "warn", AMBER),
        EventKind::Settled if event.well => (locale.text(key::MAIL_SETTLED), "good", GREEN),
        EventKind::Alive if event.well => (locale.text(key::MAIL_ALIVE), "good", GREEN),
        EventKind::Alive => (locale.text(key::MAIL_ALIVE), "warn", AMBER),
        _ if event.severity == Severity::Critical => (severity(locale, event.severity), "bad", RED),
        _ => (severity(locale, event.severity), "warn", AMBER),
    }
}

/// The present state as a sentence.
fn sentence(event: &Event, locale: Locale) -> String {
    let value = |value: f64| locale.value(name(event), value);
    let severity = severity(locale, event.severity).to_lowercase();
    let template = if event.above { key::MAIL_LIMIT_ABOVE } else { key::MAIL_LIMIT_BELOW };
    let limit = locale.fill(template, &[("word", &severity), ("limit", &value(event.limit))]);
    let now = value(event.value);
    let lasts = lasted(locale, event);
    let is_flag = is_flag(name(event), event.limit);
    let is_new = event.duration_seconds < 1.0;
    let message = event.message_in(locale);
    let of_state = event.localized.title.as_ref().is_some_and(|title| title.key.starts_with("rule.service_"));
    let is_failing = name(event).starts_with("service.") && !of_state;
    let since = match (is_flag, is_new) {
        (true, true) => key::MAIL_JUST_STARTED,
        (true, false) if is_failing => key::MAIL_FAILING_FOR,
        (true, false) => key::MAIL_ONGOING_FOR,
        (false, true) => key::MAIL_JUST_NOW,
        (false, false) => key::MAIL_LASTS,
    };
    let since = locale.with(since, &lasts);
    let state = match message {
        Some(cause) if is_flag => locale.fill(key::MAIL_FAILING_BECAUSE, &[("since", &since), ("cause", &cause)]),
        Some(message) => format!("{message}{}{since}", locale.text(key::MAIL_SEMICOLON)),
        None if is_flag => since,
        None => locale.fill(key::MAIL_STATE, &[("now", &now), ("limit", &limit), ("since", &since)]),
    };
    let how = if event.well { locale.text(key::MAIL_IS_WELL) } else { &severity };
    let reason = event.reason.as_deref();
    let template = match event.kind {
        EventKind::Recovered if reason == Some("gone") => key::MAIL_GONE,
        EventKind::Recovered if reason == Some("stopped") => key::MAIL_STOPPED,
        EventKind::Recovered if reason == Some("unloaded") => key::MAIL_UNLOADED,
        EventKind::Recovered if reason == Some("the rule was removed") => key::MAIL_UNWATCHED,
        EventKind::Recovered if is_flag => key::MAIL_WELL_FLAG,
        EventKind::Recovered => key::MAIL_WELL,
        EventKind::Escalated if is_flag => key::MAIL_WAS_WARNING,
        EventKind::Escalated => key::MAIL_NOW_WORSE,
        EventKind::Fired => key::MAIL_FIRED,
        EventKind::Reminded => key::MAIL_STILL,
        EventKind::Flapping => key::MAIL_COMES_AND_GOES,
        EventKind::Settled if event.well => key::MAIL_SETTLED_WELL,
        EventKind::Settled if reason.is_some() => key::MAIL_SETTLED_AGAIN,
        EventKind::Settled => key::MAIL_SETTLED_LATE,
        EventKind::Alive if event.well => key::MAIL_STILL_ALIVE,
        EventKind::Alive => key::MAIL_ALIVE_WITH_PROBLEMS,
    };
    let values = [("state", &*state), ("now", &now), ("limit", &limit), ("lasts", &lasts), ("how", how)];
    locale.fill(template, &values)
}

/// Facts beside the value, from the newest event that has any.
fn details(evident: &Event, event: &Event, locale: Locale) -> Vec<String> {
    // A recovery has facts of its own: what osmon did about it.
    let evidence = if event.is_over() { event } else { evident }.evidence.as_ref();
    let facts = evidence.map(|evidence| evidence.facts_in(locale)).unwrap_or_default();
    facts.iter().map(|fact| clean(fact, FACT_MAX)).filter(|fact| !fact.is_empty()).collect()
}

/// Top consumers and recent changes. All text in it comes from the host.
fn facts(event: &Event, locale: Locale) -> Vec<(&'static str, String)> {
    let Some(evidence) = &event.evidence else { return Vec::new() };
    let units = match evidence.resource.filter(|_| !evidence.process.is_empty()) {
        Some(resource) => {
            evidence.unit.iter().map(|unit| unit.describe(resource, locale)).collect::<Vec<_>>().join(", ")
        }
        None => String::new(),
    };
    let facts = [
        (locale.text(key::MAIL_WHO), evidence.consumers(WHO_MAX, locale)),
        (locale.text(key::MAIL_UNITS), units),
        (locale.text(key::MAIL_CHANGED), evidence.changes_in(locale).join("; ")),
    ];
    facts.into_iter().map(|(head, text)| (head, clean(&text, FACT_MAX))).filter(|(_, text)| !text.is_empty()).collect()
}
