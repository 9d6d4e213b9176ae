//! The content of a message, shared by the text and the HTML template.

use super::content::{Content, Late, by_incident, span, worst_first};
use super::item::{Item, item};
use super::subject::subject;
use crate::base::text::clean;
use crate::model::event::Event;
use crate::model::locale::{Locale, key};
use askama::Template;
use std::collections::BTreeMap;

/// Number of incidents shown in full.
const ITEMS_MAX: usize = 20;
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
    /// One line for each incident of a digest.
    pub lines: Vec<String>,
    /// Text before the items; may be empty.
    pub between: &'static str,
    pub items: Vec<Item>,
    /// `… and 3 more`; empty: nothing is left out.
    pub more: String,
    pub report: &'a str,
}

impl Page<'_> {
    /// The last line.
    pub fn signature(&self) -> String {
        self.locale.fill(key::MAIL_SIGNATURE, &[("host", &self.host)])
    }
}

pub fn page<'a>(content: &Content<'a>) -> Page<'a> {
    let locale = content.language;
    let groups = by_incident(content.events);
    let make = |group: &Vec<&Event>| item(group, locale, content.now);
    let mut page = Page {
        locale,
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
        Some(Late::Down(since)) => (since, key::MAIL_WAS_DOWN),
        Some(Late::Held(since)) => (since, key::MAIL_WAS_HELD),
        Some(Late::Old(since)) => (since, key::MAIL_WAS_LATE),
        None => {
            let shown = worst_first(&groups).into_iter().filter_map(|at| groups.get(at));
            page.items = shown.take(ITEMS_MAX).filter_map(make).collect();
            page.more = more(locale, groups.len(), ITEMS_MAX);
            return page;
        }
    };
    page.intro = locale.fill(template, &span(since, content.now).each());
    page.lines = merged(groups.iter().take(LINES_MAX).filter_map(make).map(|item| item.line), locale);
    page.more = more(locale, groups.len(), LINES_MAX);
    let is_open = |at: &usize| groups.get(*at).and_then(|group| group.last()).is_some_and(|event| !event.is_over());
    let open = worst_first(&groups).into_iter().filter(is_open).filter_map(|at| groups.get(at));
    page.items = open.take(ITEMS_MAX).filter_map(make).collect();
    page.between =
        if page.items.is_empty() { locale.text(key::MAIL_NOTHING_OPEN) } else { locale.text(key::MAIL_OPEN_NOW) };
    page
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
