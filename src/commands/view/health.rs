//! The health of the host as terminals and JSON show it.

use crate::base::clock::{local_short, stamp};
use crate::base::text::{clean, plural};
use crate::base::units::duration;
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::shown_width;
use crate::model::event::{Event, is_flag};
use crate::model::incident::{Incident, Severity, typed};
use crate::model::locale::{Locale, key};
use crate::query::health::{Health, seconds_between};
use serde_json::{Value, json};

/// Maximum number of pending alerts that are named.
const PENDING_NAMED: usize = 3;
/// Longest title, in characters.
const TITLE_MAX: usize = 120;

/// The verdict, and a line for each open incident, each behind `head` or as many spaces.
pub fn lines(out: &Output, health: &Health, head: &str) -> Vec<String> {
    let verdict = out.paint(health.verdict.style(), health.verdict.status_word());
    let summary = match (&health.doubt, health.open.len()) {
        (Some(doubt), _) => doubt.text(health.now, Locale::En),
        (None, 0) => format!("no open problems{}", pending(health, Locale::En)),
        (None, count) => plural(count, "open problem"),
    };
    let failed = health.failed_run.as_ref().map(|run| format!("; {}", run.text(Locale::En))).unwrap_or_default();
    let heading = out.fold(head, &format!("{verdict}: {summary}{failed}"));
    let indent = if head.is_empty() { "  ".to_string() } else { " ".repeat(shown_width(head)) };
    let all = health.open.iter().chain(&health.unusual);
    let incidents = all.map(|incident| line(out, health, incident, &indent));
    std::iter::once(heading).chain(incidents).collect()
}

fn line(out: &Output, health: &Health, incident: &Incident, indent: &str) -> String {
    let (style, word) = match incident.severity {
        _ if incident.information => (Style::Dim, "unusual"),
        Severity::Critical => (Style::Bad, incident.severity.word()),
        Severity::Warning => (Style::Warn, incident.severity.word()),
    };
    let lasted = duration(seconds_between(incident.since, health.now));
    let state = states(health, incident, Locale::En).into_iter().map(|state| format!("; {state}")).collect::<String>();
    let (word, since) = (out.paint(style, word), local_short(incident.since, health.now));
    let name = out.paint(Style::Dim, &format!(" [{}]", typed(&incident.short_id, &incident.id)));
    let value = value_and_limit(incident, Locale::En);
    out.fold(&format!("{indent}{word}  "), &format!("{}{value} since {since}, {lasted}{state}{name}", incident.title))
}

/// ` 98.2 % (limit 98 %)`; nothing where the value is a yes or no.
pub fn value_and_limit(incident: &Incident, locale: Locale) -> String {
    if is_flag(&incident.metric, incident.limit) {
        return String::new();
    }
    let value = |value: f64| locale.value(&incident.metric, value);
    let values = [("value", &*value(incident.value)), ("limit", &*value(incident.limit))];
    format!(" {}", locale.fill(key::STATUS_VALUE_AND_LIMIT, &values))
}

/// `recovering`, `acknowledged`, `silenced`.
pub fn states(health: &Health, incident: &Incident, locale: Locale) -> Vec<&'static str> {
    let suppressed = health.suppressed.get(&incident.id).map(|suppressed| suppressed.kind.key());
    let states = incident.recovering.then_some(key::STATE_RECOVERING).into_iter().chain(suppressed);
    states.map(|state| locale.text(state)).collect()
}

/// `; unusual: CPU unusually busy`; nothing when nothing is.
pub fn unusual(health: &Health, locale: Locale) -> String {
    if health.unusual.is_empty() {
        return String::new();
    }
    let titles: Vec<String> = health
        .unusual
        .iter()
        .take(PENDING_NAMED)
        .map(|incident| clean(&incident.title_in(locale), TITLE_MAX))
        .collect();
    let more = if health.unusual.len() > PENDING_NAMED { ", …" } else { "" };
    format!("{}{}", locale.text(key::MAIL_SEMICOLON), locale.with(key::STATUS_UNUSUAL, &(titles.join(", ") + more)))
}

/// `; 2 over limit, pending: CPU, load`; nothing when nothing is pending.
pub fn pending(health: &Health, locale: Locale) -> String {
    if health.pending.is_empty() {
        return String::new();
    }
    let named: Vec<String> =
        health.pending.iter().take(PENDING_NAMED).map(|pending| pending.title_in(locale)).collect();
    let more = if health.pending.len() > PENDING_NAMED { ", …" } else { "" };
    let list = named.join(", ") + more;
    locale.fill(key::STATUS_PENDING, &[("count", &health.pending.len().to_string()), ("list", &list)])
}

/// The verdict with open incidents and `events` as one JSON object.
pub fn to_json(health: &Health, events: &[Event]) -> Value {
    json!({
        "schema": 1, "time": stamp(health.now), "verdict": health.verdict.json_word(),
        "exit": health.verdict.exit() as u8, "incident": incidents(health, &health.open), "unusual": incidents(health, &health.unusual),
        "pending": health.pending.len(), "event": events,
    })
}

/// Some of its incidents, in their order.
pub fn incidents(health: &Health, some: &[Incident]) -> Vec<Value> {
    let incident = |incident: &Incident| {
        json!({
            "id": incident.id, "short_id": incident.short_id, "severity": incident.severity, "title": incident.title, "metric": incident.metric,
            "value": incident.value, "limit": incident.limit, "since": stamp(incident.since), "recovering": incident.recovering,
            "suppressed": health.suppressed.get(&incident.id).map(|suppressed| suppressed.kind.word()),
        })
    };
    some.iter().map(incident).collect()
}
