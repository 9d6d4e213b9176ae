//! Renders all new events as one message: mail with subject, text and HTML, and short forms for chats and logs.

use super::chart::Chart;
use super::content::Content;
use super::envelope::{Envelope, domain};
use super::flowed::flowed;
use super::item::Item;
use super::palette::BLUE;
use super::payload::{ChatMessage, LogLine};
use super::subject::subject;
use super::template::{Html, Page, Text, page};
use crate::base::clock::{local_minute, parse, zone_name};
use crate::base::text::{clean, plural};
use crate::model::event::Event;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use anyhow::{Context, Result};
use askama::Template;
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, InReplyTo, References};
use lettre::message::{MultiPart, SinglePart};

/// Maximum number of events in one webhook request.
const EVENTS_MAX: usize = 200;

/// The Message-ID of a mail with these events. It is deterministic, so that mail programs recognise a mail that is sent
/// twice.
pub fn message_id(events: &[&Event], host: &str) -> String {
    let Some(first) = events.first() else { return format!("<nothing@{}>", domain(host)) };
    let moment = parse(&first.time).map_or(0, |time| time.timestamp_millis());
    let rest = match events {
        [_] => String::new(),
        all => {
            let ids: Vec<&str> = all.iter().map(|event| event.id.as_str()).collect();
            format!("+{}.{:08x}", all.len() - 1, crc32fast::hash(ids.join(" ").as_bytes()))
        }
    };
    format!("<{}.{moment}{rest}@{}>", domain(&first.id), domain(host))
}

/// Renders the mail for some events. `id` is its Message-ID, `earlier` the first mail of its incidents.
///
/// # Errors
/// When an address is invalid or a template fails.
pub fn compose(content: &Content<'_>, envelope: &Envelope, id: &str, earlier: Option<&str>) -> Result<Message> {
    let page = page(content);
    build(&page, envelope, id, earlier, content.now)
}

/// Renders the mail of `--test`.
///
/// # Errors
/// As [`compose`].
pub fn compose_test(envelope: &Envelope, host: &str, language: Locale, now: DateTime<Utc>) -> Result<Message> {
    let content = Content { events: &[], late: None, last: None, present: None, host, report: "", language, now };
    let locale = language;
    let item = Item {
        word: locale.text(key::MAIL_TEST),
        class: "info",
        color: BLUE,
        title: locale.text(key::MAIL_TEST_TITLE).to_string(),
        sentence: locale.text(key::MAIL_TEST_SENTENCE).to_string(),
        since: locale.fill(key::MAIL_SENT, &[("time", &local_minute(now)), ("zone", &zone_name(now))]),
        story: String::new(),
        chart: Chart::default(),
        details: Vec::new(),
        ack: String::new(),
        facts: Vec::new(),
        todo: String::new(),
        is_over: true,
        line: String::new(),
    };
    let page = Page { subject: test_subject(host, language), items: vec![item], ..page(&content) };
    build(&page, envelope, &format!("<test.{}@{}>", now.timestamp_millis(), domain(host)), None, now)
}

/// The subject of `--test`.
pub fn test_subject(host: &str, language: Locale) -> String {
    language.fill(key::MAIL_SUBJECT_TEST, &[("host", &clean(host, 80))]).replace('\u{a0}', " ")
}

/// The chat message of `--test`.
pub fn test_note(host: &str, language: Locale, now: DateTime<Utc>) -> ChatMessage {
    let locale = language;
    ChatMessage {
        subject: test_subject(host, language),
        text: locale.text(key::MAIL_TEST_SENTENCE).to_string(),
        host: clean(host, 80),
        language,
        id: format!("<test.{}@{}>", now.timestamp_millis(), domain(host)),
        severity: None,
        events: Vec::new(),
    }
}

/// Renders the events for a chat.
pub fn note(content: &Content<'_>, id: &str) -> ChatMessage {
    let page = page(content);
    let colon = page.locale.text(key::MAIL_COLON);
    let link = page.link().map(|url| format!("{}{colon}{url}", page.locale.text(key::MAIL_REPORT)));
    let mut lines = Vec::new();
    lines.extend(Some(page.intro).filter(|intro| !intro.is_empty()));
    // Open incidents come first: a chat may show only the beginning.
    lines.extend(Some(page.between.to_string()).filter(|between| !between.is_empty()));
    lines.extend(page.rows.iter().map(|row| format!("{} {} {}", row.word, row.since, row.what)));
    for item in &page.items {
        lines.push(format!("{} {}{}{}", item.word, item.title, page.locale.text(key::MAIL_COLON), item.sentence));
        let trend = Some((page.locale.text(key::MAIL_TREND), format!("{} {}", item.chart.spark, item.chart.trend)));
        let trend = trend.filter(|_| !item.chart.trend.is_empty());
        lines.extend(item.details.iter().cloned());
        lines.extend(
            trend
                .iter()
                .chain(&item.facts)
                .map(|(head, text)| format!("{head}{}{text}", page.locale.text(key::MAIL_COLON))),
        );
        let ack = Some(&item.ack).filter(|ack| !ack.is_empty());
        lines.extend(ack.map(|ack| {
            format!("{}{}{ack}", page.locale.text(key::MAIL_ACKNOWLEDGE), page.locale.text(key::MAIL_COLON))
        }));
    }
    lines.extend(Some(page.before_lines.to_string()).filter(|head| !head.is_empty()));
    lines.extend(page.lines);
    lines.extend(Some(page.more).filter(|more| !more.is_empty()));
    lines.extend([page.others, page.last].into_iter().filter(|text| !text.is_empty()));
    lines.extend(link);
    let open = content.events.iter().rev().filter(|event| !event.is_over());
    ChatMessage {
        subject: page.subject,
        text: lines.join("\n"),
        host: page.host,
        language: page.locale,
        id: id.to_string(),
        severity: open.map(|event| event.severity).max(),
        events: content.events.iter().take(EVENTS_MAX).map(|event| (*event).clone()).collect(),
    }
}

/// Renders the events for a log, one line each.
pub fn log_lines(content: &Content<'_>) -> Vec<LogLine> {
    let one = |event: &&Event| LogLine {
        level: match (event.is_over(), event.severity) {
            (true, _) => 5,
            (false, Severity::Warning) => 4,
            (false, Severity::Critical) => 2,
        },
        text: subject(&Content { events: std::slice::from_ref(event), late: None, ..*content }),
        id: event.id.clone(),
    };
    content.events.iter().map(one).collect()
}

fn build(page: &Page<'_>, envelope: &Envelope, id: &str, earlier: Option<&str>, now: DateTime<Utc>) -> Result<Message> {
    let (text, html) = (Text { page }.render()?, Html { page }.render()?);
    let mut builder = Message::builder()
        .from(envelope.from.clone())
        .subject(&page.subject)
        .date(now.into())
        .message_id(Some(id.to_string()))
        // RFC 3834: suppresses automatic replies.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_string()));
    if let Some(earlier) = earlier.filter(|earlier| *earlier != id) {
        builder = builder.header(InReplyTo::from(earlier.to_string())).header(References::from(earlier.to_string()));
    }
    for to in envelope.shown() {
        builder = builder.to(to.clone());
    }
    let flowing = ContentType::parse("text/plain; charset=utf-8; format=flowed")?;
    let text = SinglePart::builder().header(flowing).body(flowed(&text));
    let parts = MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(html));
    builder.multipart(parts).context("could not put the mail together")
}

/// `1 event` or `3 events`, for the terminal.
pub fn count(events: usize) -> String {
    plural(events, "event")
}

#[cfg(test)]
mod tests;
