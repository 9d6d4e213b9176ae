//! One incident in a message: its newest event, with the timeline of all events sent together.

use super::content::{label, name, severity};
use crate::base::clock::{local_minute, local_short, parse, zone_name};
use crate::base::text::clean;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::Severity;
use crate::model::locale::{Key, Locale, fill, key};
use chrono::{DateTime, Utc};

/// Number of processes named.
const WHO_MAX: usize = 3;
/// Longest line of evidence, in characters.
const FACT_MAX: usize = 500;
/// Height of the chart, in pixels.
const CHART_PIXELS: f64 = 40.0;

/// Colours on a light background; the template has others for dark.
pub const GREEN: &str = "#15803d";
const RED: &str = "#b91c1c";
const AMBER: &str = "#b45309";

/// A bar of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Height in pixels, at least 2.
    pub height: u32,
    /// True if the value is beyond the limit.
    pub is_beyond: bool,
}

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
    pub bars: Vec<Bar>,
    /// The chart as a line of text: `▁▂▇`.
    pub spark: String,
    /// `12 % → 97 %`; empty: unknown.
    pub trend: String,
    /// Heading and text.
    pub facts: Vec<(&'static str, String)>,
    /// Advice; may be empty.
    pub todo: String,
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
    let title = clean(&event.title_in(locale), 200);
    let story = story(events, locale, now);
    let (bars, spark, trend) = chart(evident, locale);
    Some(Item {
        word,
        class,
        color,
        sentence: clean(&sentence(event, locale), FACT_MAX),
        since: locale.fill(key::MAIL_SINCE, &[("time", &since), ("zone", &zone_name(now))]),
        line: format!("{title}{}{story}", locale.text(key::MAIL_COLON)),
        story: if events.len() > 1 { story } else { String::new() },
        bars,
        spark,
        trend,
        facts: if event.is_over() { Vec::new() } else { facts(evident, locale) },
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
    let values = [("mount", value("mount", key::PLACE_MOUNT)), ("service", value("service", key::PLACE_SERVICE))];
    fill(locale.hint(name(event)), &values)
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
    let lasts = locale.duration(event.duration_seconds);
    let is_flag = is_flag(name(event), event.limit);
    let is_new = event.duration_seconds < 1.0;
    let message = event.message_in(locale);
    let since = match (message.is_none() && is_flag, is_new) {
        (true, true) => key::MAIL_JUST_STARTED,
        (true, false) if name(event).starts_with("service.") => key::MAIL_FAILING_FOR,
        (true, false) => key::MAIL_ONGOING_FOR,
        (false, true) => key::MAIL_JUST_NOW,
        (false, false) => key::MAIL_LASTS,
    };
    let since = locale.with(since, &lasts);
    let state = match message {
        Some(message) => format!("{message}{}{since}", locale.text(key::MAIL_SEMICOLON)),
        None if is_flag => since,
        None => locale.fill(key::MAIL_STATE, &[("now", &now), ("limit", &limit), ("since", &since)]),
    };
    let how = if event.well { locale.text(key::MAIL_IS_WELL) } else { &severity };
    let reason = event.reason.as_deref();
    let template = match event.kind {
        EventKind::Recovered if reason == Some("gone") => key::MAIL_GONE,
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

/// Recent values as bars and as a line of text.
fn chart(event: &Event, locale: Locale) -> (Vec<Bar>, String, String) {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values: Vec<f64> =
        event.evidence.iter().flat_map(|evidence| &evidence.value).map(|sample| sample.value).collect();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Default::default() };
    if values.len() < 2 || is_flag(name(event), event.limit) || values.iter().any(|value| !value.is_finite()) {
        return Default::default();
    }
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    // A large change starts at zero; a small one is magnified, and the numbers beside it give the scale.
    let base = if high - low > high / 2.0 { low.min(0.0) } else { low - (high - low) / 2.0 };
    let share = |value: f64| if high > base { ((value - base) / (high - base)).clamp(0.0, 1.0) } else { 0.5 };
    let bars = values.iter().map(|value| Bar {
        height: (share(*value) * CHART_PIXELS).round().max(2.0) as u32,
        is_beyond: if event.above { *value >= event.limit } else { *value <= event.limit },
    });
    let line: String = values.iter().filter_map(|value| STEPS.get((share(*value) * 7.0).round() as usize)).collect();
    let value = |value: f64| locale.value(name(event), value);
    (bars.collect(), line, format!("{} → {}", value(*first), value(*last)))
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
