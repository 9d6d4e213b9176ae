//! What a message shows: the same for text and HTML.

use super::item::{Item, by_incident, item};
use super::message::subject;
use super::words::{self, Words, fill};
use crate::base::clock::local_short;
use crate::base::text::clean;
use crate::model::event::{Event, EventKind};
use askama::Template;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// So many incidents are shown with all that is known of them.
const ITEMS_MAX: usize = 20;
/// So many incidents are told in one line each.
const LINES_MAX: usize = 200;

/// Why a message comes late: then it is a digest, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Nobody accepted it since then.
    Down(DateTime<Utc>),
    /// So many messages went out that it had to wait.
    Held(DateTime<Utc>),
    /// It waited for another reason.
    Old(DateTime<Utc>),
}

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// What happened.
    pub events: &'a [&'a Event],
    /// It comes late.
    pub late: Option<Late>,
    /// Host name.
    pub host: &'a str,
    /// Where the page is; empty: nowhere.
    pub report: &'a str,
    /// `en` or `fr`.
    pub language: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

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

/// What both templates show.
pub struct Page<'a> {
    pub words: &'static Words,
    pub host: String,
    pub subject: String,
    /// Why it is late; empty: it is not.
    pub intro: String,
    /// A line for each incident, of a digest.
    pub lines: Vec<String>,
    /// Said before the items; empty: nothing.
    pub between: &'static str,
    pub items: Vec<Item>,
    /// `… and 3 more`; empty: these are all.
    pub more: String,
    pub report: &'a str,
}

impl Page<'_> {
    /// The last line.
    pub fn signature(&self) -> String {
        fill(self.words.signature, &[("host", &self.host)])
    }
}

/// What is over comes last, and a sign of life; reminders before it.
pub fn worst_first(groups: &[Vec<&Event>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|at| {
        let last = groups.get(*at).and_then(|group| group.last());
        let is_news = |event: &Event| !event.is_over() && event.kind != EventKind::Alive;
        last.map(|event| (!is_news(event), event.kind == EventKind::Reminded, std::cmp::Reverse(event.severity)))
    });
    order
}

/// From when to when, as people read it.
pub struct Span(String, String);

impl Span {
    pub fn each(&self) -> [(&str, &str); 2] {
        [("from", &self.0), ("to", &self.1)]
    }
}

pub fn span(since: DateTime<Utc>, now: DateTime<Utc>) -> Span {
    Span(local_short(since, now), local_short(now, now))
}

pub fn page<'a>(content: &Content<'a>) -> Page<'a> {
    let words = words::of(content.language);
    let groups = by_incident(content.events);
    let make = |group: &Vec<&Event>| item(group, words, content.now);
    let mut page = Page {
        words,
        host: clean(content.host, 80),
        subject: subject(content),
        intro: String::new(),
        lines: Vec::new(),
        between: "",
        items: Vec::new(),
        more: String::new(),
        report: content.report,
    };
    let (since, template) = match content.late {
        Some(Late::Down(since)) => (since, words.was_down),
        Some(Late::Held(since)) => (since, words.was_held),
        Some(Late::Old(since)) => (since, words.was_late),
        None => {
            let shown = worst_first(&groups).into_iter().filter_map(|at| groups.get(at));
            page.items = shown.take(ITEMS_MAX).filter_map(make).collect();
            page.more = more(words, groups.len(), ITEMS_MAX);
            return page;
        }
    };
    page.intro = fill(template, &span(since, content.now).each());
    page.lines = merged(groups.iter().take(LINES_MAX).filter_map(make).map(|item| item.line), words);
    page.more = more(words, groups.len(), LINES_MAX);
    let is_open = |at: &usize| groups.get(*at).and_then(|group| group.last()).is_some_and(|event| !event.is_over());
    let open = worst_first(&groups).into_iter().filter(is_open).filter_map(|at| groups.get(at));
    page.items = open.take(ITEMS_MAX).filter_map(make).collect();
    page.between = if page.items.is_empty() { words.nothing_open } else { words.open_now };
    page
}

/// Lines that say the same once, where the first of them stands, with how often.
fn merged(lines: impl Iterator<Item = String>, words: &Words) -> Vec<String> {
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
        count => fill(words.times, &[("line", &line), ("count", &count.to_string())]),
    });
    written.collect()
}

fn more(words: &Words, count: usize, shown: usize) -> String {
    match count.saturating_sub(shown) {
        0 => String::new(),
        rest => fill(words.more_in_history, &[("count", &rest.to_string())]),
    }
}
