//! The open problems of a message as a table: state, begin, and what it is.

use super::about::about;
use super::content::{Content, by_incident, severity};
use super::palette::{AMBER, RED};
use crate::base::clock::{local_short, parse};
use crate::base::sort::SmallSort;
use crate::base::text::{clean, fit};
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::model::locale::Locale;
use chrono::{DateTime, Utc};
use std::cmp::Reverse;

/// Width of a line of the table in the text of a mail, in characters.
const WIDTH: usize = 72;

/// One open problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub severity: Severity,
    pub word: &'static str,
    /// Class of its colour: `bad`, `warn`.
    pub class: &'static str,
    pub color: &'static str,
    /// Since when: `11:25`, with the date if it is another day.
    pub since: String,
    /// `/var 98.7 % full (5 h left)`.
    pub what: String,
}

/// The open problems that a message is about, the worst first, then the oldest. With those of the host that it is not about
/// where it describes the whole host: a late message and the daily status do.
pub fn rows(content: &Content<'_>) -> Vec<Row> {
    let is_status = |event: &&&Event| event.kind == EventKind::Alive;
    let mut open: Vec<Event> = by_incident(content.events)
        .iter()
        .filter_map(|group| group.last())
        .filter(|event| !event.is_over() && event.kind != EventKind::Alive)
        .map(|event| (*event).clone())
        .collect();
    if content.late.is_some() || content.events.iter().any(|event| is_status(&event)) {
        let others = content.present.and_then(|present| present.others(content.events)).unwrap_or_default();
        open.extend(others.iter().map(|other| other.event(content.now)));
    }
    open.arrange_by(|a, b| (Reverse(a.severity), &a.since).cmp(&(Reverse(b.severity), &b.since)));
    open.iter().map(|event| row(event, content.language, content.now)).collect()
}

fn row(event: &Event, locale: Locale, now: DateTime<Utc>) -> Row {
    let (class, color) = if event.severity == Severity::Critical { ("bad", RED) } else { ("warn", AMBER) };
    let word = severity(locale, event.severity);
    let since = parse(&event.since).map(|since| local_short(since, now)).unwrap_or_default();
    Row { severity: event.severity, word, class, color, since, what: clean(&about(event, locale), 200) }
}

/// The rows as lines with columns below each other, at most 72 characters wide.
pub fn lines(rows: &[Row]) -> Vec<String> {
    let width = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let (word, since) = (width(|row| row.word), width(|row| &row.since));
    let line = |row: &Row| format!("{:<word$}  {:<since$}  {}", row.word, row.since, row.what);
    rows.iter().map(|row| fit(&line(row), WIDTH)).collect()
}
