//! Content of a message: events by incident, language, and reason of a delay.

use super::present::Present;
use crate::base::clock::local_short;
use crate::base::sort::SmallSort;
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Reason of a delay. A delayed message is a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// No target accepted it since this time.
    Down(DateTime<Utc>),
    /// Held back by the rate limit since this time.
    Held(DateTime<Utc>),
    /// Delayed since this time for another reason.
    Old(DateTime<Utc>),
}

/// A message uses up the budget of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMessage {
    /// When the next one may be sent.
    pub until: DateTime<Utc>,
    /// Only things that repeat are held from here on.
    pub is_repeating: bool,
}

/// Content of a message.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Events to report.
    pub events: &'a [&'a Event],
    /// Reason of the delay, if it is late.
    pub late: Option<Late>,
    /// It uses up the budget.
    pub last: Option<LastMessage>,
    /// The state of the host.
    pub present: Option<&'a Present>,
    /// Host name.
    pub host: &'a str,
    /// Path or URL of the page; empty when there is none.
    pub report: &'a str,
    /// Language of the recipient.
    pub language: Locale,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A severity as a heading.
pub fn severity(locale: Locale, severity: Severity) -> &'static str {
    locale.text(if severity == Severity::Critical { key::MAIL_CRITICAL } else { key::MAIL_WARNING })
}

/// The duration of an incident, to the nearest minute once it is one: an outage of 1 min 49 s is no `1 min`.
pub fn lasted(locale: Locale, event: &Event) -> String {
    let seconds = event.duration_seconds;
    locale.duration(if seconds < 60.0 { seconds } else { (seconds / 60.0).round() * 60.0 })
}

/// Name of the metric without labels.
pub fn name(event: &Event) -> &str {
    event.metric.split('{').next().unwrap_or_default()
}

/// Value of a label of the metric.
pub fn label<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    let (_, rest) = event.metric.split_once(&format!("{key}=\""))?;
    rest.split('"').next().filter(|value| !value.is_empty())
}

/// Events grouped by incident, in order of their first event; each group in order of time.
pub fn by_incident<'a>(events: &[&'a Event]) -> Vec<Vec<&'a Event>> {
    let mut order: Vec<&Event> = events.to_vec();
    order.arrange_by(|a, b| a.time.cmp(&b.time).then_with(|| number(a).cmp(&number(b))));
    let mut groups: Vec<Vec<&Event>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for event in order {
        let place = *places.entry(event.incident.as_str()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(event),
            None => groups.push(vec![event]),
        }
    }
    groups
}

/// The running number at the end of an event's id.
fn number(event: &Event) -> u64 {
    event.id.rsplit('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Indices of the groups, most urgent first; then reminders, recoveries, and the daily status.
pub fn worst_first(groups: &[Vec<&Event>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.arrange_by_key(|at| {
        let last = groups.get(*at).and_then(|group| group.last());
        let is_news = |event: &Event| !event.is_over() && event.kind != EventKind::Alive;
        last.map(|event| (!is_news(event), event.kind == EventKind::Reminded, std::cmp::Reverse(event.severity)))
    });
    order
}

/// Begin and end of a period as text.
pub struct Span(String, String);

impl Span {
    pub fn each(&self) -> [(&str, &str); 2] {
        [("from", &self.0), ("to", &self.1)]
    }
}

pub fn span(since: DateTime<Utc>, now: DateTime<Utc>) -> Span {
    Span(local_short(since, now), local_short(now, now))
}

/// The key under which the first mail of an event's incident is remembered.
pub fn thread_key(route: &str, event: &Event) -> String {
    format!("{route} {}", event.incident)
}
