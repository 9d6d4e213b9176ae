//! The content of a message, shared by the text and the HTML template.

use super::content::{Content, Late, by_incident, severity, span, worst_first};
use super::item::{Item, item};
use super::overview::{self, Row};
use super::subject::subject;
use crate::base::clock::local_short;
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::event::{Event, EventKind};
use crate::model::locale::{Locale, key};
use askama::Template;
use std::collections::BTreeMap;

/// Number of incidents shown in full.
const ITEMS_MAX: usize = 20;
/// Number of open incidents shown in full below a table of all of them.
const WORST: usize = 3;
/// Most rows of that table.
const ROWS_MAX: usize = 60;
/// Most open incidents that are named in a message about something else.
const OTHERS_MAX: usize = 8;
/// Number of incidents shown as one line each.
const LINES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "alert.txt")]
pub struct Text<'a> {
    pub page: &'a Page<'a>,
}

#[derive(Template)]
#[template(path = "alert.html")]
pub struct Html<'a> {
    pub page: &'a Page<'a>,
}

/// The values of both templates.
pub struct Page<'a> {
    pub locale: Locale,
    pub host: String,
    pub subject: String,
    /// Why it is late; empty: it is not late.
    pub intro: String,
    /// Text before the table and the items; may be empty.
    pub between: &'static str,
    /// All open problems, the worst first, where not all of them are shown in full.
    pub rows: Vec<Row>,
    /// Text before the lines; may be empty.
    pub before_lines: &'static str,
    /// One line for each incident of a digest that is over, and for each open one that is not shown in full.
    pub lines: Vec<String>,
    pub items: Vec<Item>,
    /// `… and 3 more`; empty: nothing is left out.
    pub more: String,
    /// Other open incidents of this host; may be empty.
    pub others: String,
    /// That further messages are held from here on; may be empty.
    pub last: String,
    pub report: &'a str,
}

impl Page<'_> {
    /// The last line.
    pub fn signature(&self) -> String {
        self.locale.fill(key::MAIL_SIGNATURE, &[("host", &self.host)])
    }

    /// The table in the text.
    pub fn row_lines(&self) -> Vec<String> {
        overview::lines(&self.rows)
    }

    /// The address of the page; `None`: it is a file on the host.
    pub fn link(&self) -> Option<&str> {
        Some(self.report).filter(|report| report.starts_with("https://") || report.starts_with("http://"))
    }
}

pub fn page<'a>(content: &Content<'a>) -> Page<'a> {
    let locale = content.language;
    let groups = by_incident(content.events);
    let make = |group: &Vec<&Event>| item(group, locale, content.now);
    let is_open = |at: &usize| groups.get(*at).and_then(|group| group.last()).is_some_and(|event| is_open(event));
    let (open, rest): (Vec<usize>, Vec<usize>) = worst_first(&groups).into_iter().partition(is_open);
    let mut rows = overview::rows(content);
    if rows.len() <= WORST && rows.len() == open.len() {
        rows.clear();
    }
    let in_full = if rows.is_empty() { ITEMS_MAX } else { WORST };
    let mut page = Page {
        locale,
        host: clean(content.host, 80),
        subject: subject(content),
        intro: String::new(),
        lines: Vec::new(),
        between: "",
        before_lines: "",
        items: open.iter().take(in_full).filter_map(|at| make(groups.get(*at)?)).collect(),
        more: more(locale, rows.len(), ROWS_MAX),
        others: if rows.is_empty() { others(content) } else { String::new() },
        last: last(content),
        report: content.report,
        rows,
    };
    page.rows.truncate(ROWS_MAX);
    let (since, template) = match content.late {
        Some(Late::Down(since)) => (since, key::MAIL_WAS_DOWN),
        Some(Late::Held(since)) => (since, key::MAIL_WAS_HELD),
        Some(Late::Old(since)) => (since, key::MAIL_WAS_LATE),
        None => {
            page.items.extend(rest.iter().take(ITEMS_MAX).filter_map(|at| make(groups.get(*at)?)));
            if open.is_empty() && !page.rows.is_empty() {
                page.between = locale.text(key::MAIL_OPEN_NOW);
            }
            if rest.len() > ITEMS_MAX {
                page.more = more(locale, rest.len(), ITEMS_MAX);
            }
            return page;
        }
    };
    page.intro = locale.fill(template, &span(since, content.now).each());
    let rest = in_order(rest);
    let lines = rest.iter().filter_map(|at| groups.get(*at)).filter_map(make).map(|item| item.line);
    page.lines = merged(lines.take(LINES_MAX), locale);
    if rest.len() > LINES_MAX {
        page.more = more(locale, rest.len(), LINES_MAX);
    }
    let is_none_open = open.is_empty() && page.rows.is_empty();
    page.between = locale.text(if is_none_open { key::MAIL_NOTHING_OPEN } else { key::MAIL_OPEN_NOW });
    if !page.lines.is_empty() && !is_none_open {
        page.before_lines = locale.text(key::MAIL_OVER);
    }
    page
}

/// Returns whether an event tells of a problem that is open.
fn is_open(event: &Event) -> bool {
    !event.is_over() && event.kind != EventKind::Alive
}

/// Groups in order of time.
fn in_order(mut groups: Vec<usize>) -> Vec<usize> {
    groups.arrange();
    groups
}

/// Other open incidents of this host, for a message about an end.
fn others(content: &Content<'_>) -> String {
    let locale = content.language;
    let is_end = content.events.iter().any(|event| event.is_over() && event.kind != EventKind::Alive);
    let Some(others) = content.present.filter(|_| is_end).and_then(|present| present.others(content.events)) else {
        return String::new();
    };
    let is_open = |group: &Vec<&Event>| group.last().is_some_and(|event| !event.is_over());
    if others.is_empty() && by_incident(content.events).iter().any(is_open) {
        return String::new();
    }
    let named = others.iter().take(OTHERS_MAX);
    let named =
        named.map(|other| format!("{} {}", severity(locale, other.severity), clean(&other.title_in(locale), 200)));
    let mut named: Vec<String> = named.collect();
    if let Some(rest) = others.len().checked_sub(OTHERS_MAX).filter(|rest| *rest > 0) {
        named.push(locale.fill(key::MAIL_OTHERS_MORE, &[("count", &rest.to_string())]));
    }
    if named.is_empty() {
        return locale.text(key::MAIL_NOTHING_ELSE_OPEN).to_string();
    }
    locale.with(key::MAIL_STILL_OPEN_HERE, &named.join(locale.text(key::MAIL_SEMICOLON)))
}

/// That the budget is used up by this message.
fn last(content: &Content<'_>) -> String {
    let Some(last) = content.last else { return String::new() };
    let key = if last.is_repeating { key::MAIL_LAST_REPEATING } else { key::MAIL_LAST };
    content.language.fill(key, &[("until", &local_short(last.until, content.now))])
}

/// Merges equal lines into the first of them, with their number.
fn merged(lines: impl Iterator<Item = String>, locale: Locale) -> Vec<String> {
    let mut all: Vec<(String, usize)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let place = *places.entry(line.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => all.push((line, 1)),
        }
    }
    let written = all.into_iter().map(|(line, count)| match count {
        1 => line,
        count => locale.fill(key::MAIL_TIMES, &[("line", &line), ("count", &count.to_string())]),
    });
    written.collect()
}

fn more(locale: Locale, count: usize, shown: usize) -> String {
    match count.saturating_sub(shown) {
        0 => String::new(),
        rest => locale.fill(key::MAIL_MORE_IN_HISTORY, &[("count", &rest.to_string())]),
    }
}
