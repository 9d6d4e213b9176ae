//! One mail for all new events: text and HTML.

use crate::base::clock::{local_minute, parse, zone_name};
use crate::base::text::{clean, plural};
use crate::base::units::{duration, metric_value};
use crate::model::event::{Event, Kind, is_flag};
use crate::model::incident::Severity;
use anyhow::{Context, Result};
use askama::Template;
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 120;

/// So many processes are named.
const WHO_MAX: usize = 3;
/// Longest line of evidence, in characters.
const FACT_MAX: usize = 500;

/// Colours of the three words on light; the template has others for dark.
const GREEN: &str = "#15803d";
const RED: &str = "#b91c1c";
const AMBER: &str = "#b45309";

/// Who writes to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Sender.
    pub from: Mailbox,
    /// Recipients; at least one.
    pub to: Vec<Mailbox>,
}

impl Envelope {
    /// The envelope that the configuration asks for.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub fn new(from: &str, to: &[String], host: &str) -> Result<Self> {
        let sender = if from.is_empty() { format!("osmon <osmon@{}>", domain(host)) } else { from.to_string() };
        let from = sender.parse().with_context(|| format!("{sender:?} is not a mail address; set [alert] from"))?;
        let to = to
            .iter()
            .map(|address| address.parse().with_context(|| format!("{address:?} is not a mail address")))
            .collect::<Result<_>>()?;
        Ok(Self { from, to })
    }
}

/// A host name as the domain of an address: what does not belong there becomes a hyphen.
pub fn domain(host: &str) -> String {
    let plain: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']).to_string();
    if plain.is_empty() { "localhost".to_string() } else { plain }
}

/// One event as the templates show it.
struct Item {
    word: &'static str,
    color: &'static str,
    title: String,
    sentence: String,
    since: String,
    /// Evidence: heading and text.
    facts: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "alert.txt")]
struct Text<'a> {
    host: &'a str,
    items: &'a [Item],
    zone: String,
    report: &'a str,
}

#[derive(Template)]
#[template(path = "alert.html")]
struct Html<'a> {
    host: &'a str,
    subject: &'a str,
    items: &'a [Item],
    zone: String,
    report: &'a str,
}

/// What is over comes last.
fn worst_first(events: &[Event]) -> Vec<&Event> {
    let mut order: Vec<&Event> = events.iter().collect();
    order.sort_by_key(|event| (event.is_over(), event.kind == Kind::Reminded, std::cmp::Reverse(event.severity)));
    order
}

/// `CRITICAL web-01: CPU 97.2 % (limit 95 %), and 2 more`.
pub fn subject(events: &[Event]) -> String {
    let order = worst_first(events);
    let Some(first) = order.first() else { return "osmon: nothing to tell".to_string() };
    let more = if events.len() > 1 { format!(", and {} more", events.len() - 1) } else { String::new() };
    let about = if is_flag(name(first), first.limit) {
        first.title.clone()
    } else if let Some(message) = &first.message {
        format!("{}: {message}", first.title)
    } else {
        format!("{} {} (limit {})", first.title, value(first, first.value), value(first, first.limit))
    };
    let (word, host) = (first.severity.word(), &first.host);
    let text = match first.kind {
        Kind::Recovered => format!("RECOVERED {host}: {} after {}", first.title, duration(first.duration_seconds)),
        Kind::Settled if first.well => format!("SETTLED {host}: {} is well", first.title),
        Kind::Flapping => format!("FLAPPING {host}: {} comes and goes", first.title),
        Kind::Reminded => format!("STILL {word} {host}: {about} for {}", duration(first.duration_seconds)),
        Kind::Fired | Kind::Escalated | Kind::Settled => format!("{word} {host}: {about}"),
    };
    // No control character is left, so no header can be added.
    format!("{}{more}", clean(&text, SUBJECT_MAX))
}

fn name(event: &Event) -> &str {
    event.metric.split('{').next().unwrap_or_default()
}

fn value(event: &Event, value: f64) -> String {
    metric_value(name(event), value)
}

fn item(event: &Event) -> Item {
    let limit = format!("{} {}", if event.above { "at or above" } else { "at or below" }, value(event, event.limit));
    let now = value(event, event.value);
    let lasts = duration(event.duration_seconds);
    let since = if event.duration_seconds < 1.0 { "since just now".to_string() } else { format!("for {lasts}") };
    let flag = is_flag(name(event), event.limit);
    let color = if event.severity == Severity::Critical { RED } else { AMBER };
    let (severity, limit) = (event.severity.word(), format!("{} {limit}", event.severity.word().to_lowercase()));
    let is_gone = event.reason.as_deref() == Some("gone");
    let so = match &event.message {
        Some(message) => format!("{message}; "),
        None if flag => "It is so ".to_string(),
        None => format!("{now}, {limit}, "),
    };
    let (word, color, sentence) = match event.kind {
        Kind::Recovered if is_gone => ("RECOVERED", GREEN, format!("It is not there any more. It lasted {lasts}.")),
        Kind::Recovered if flag => ("RECOVERED", GREEN, format!("Well again. It lasted {lasts}.")),
        Kind::Recovered => ("RECOVERED", GREEN, format!("Well again: {now}. It lasted {lasts}.")),
        Kind::Escalated if flag => (severity, color, "It was a warning.".to_string()),
        Kind::Escalated => (severity, color, format!("Now {now}, {limit}. It was a warning.")),
        Kind::Fired => (severity, color, format!("{so}{since}.")),
        Kind::Reminded => (severity, color, format!("Still open: {so}{since}.")),
        Kind::Flapping => (
            "FLAPPING",
            AMBER,
            format!(
                "It comes and goes; just now it is {}. You will be told when it has settled.",
                if event.well { "well".to_string() } else { severity.to_lowercase() }
            ),
        ),
        Kind::Settled if event.well => {
            ("SETTLED", GREEN, "It is well. What happened meanwhile is in the history.".to_string())
        }
        Kind::Settled if event.reason.is_some() => {
            (severity, color, format!("It does not come and go any more: {so}{since}."))
        }
        Kind::Settled => (severity, color, format!("Not told until now: {so}{since}.")),
    };
    let since = parse(&event.since).map(local_minute).unwrap_or_default();
    Item { word, color, title: clean(&event.title, 200), sentence, since, facts: facts(event) }
}

/// Who used the resource, the values before, and what had changed. Everything in it came from the host.
fn facts(event: &Event) -> Vec<(&'static str, String)> {
    let Some(evidence) = &event.evidence else { return Vec::new() };
    let values: Vec<String> = evidence.value.iter().map(|sample| value(event, sample.value)).collect();
    let values = if values.len() > 1 && !is_flag(name(event), event.limit) { values.join(", ") } else { String::new() };
    let units = match evidence.resource.filter(|_| !evidence.process.is_empty()) {
        Some(resource) => evidence.unit.iter().map(|unit| unit.words(resource)).collect::<Vec<_>>().join(", "),
        None => String::new(),
    };
    let facts = [
        ("Who", evidence.who(WHO_MAX)),
        ("Units", units),
        ("Values before", values),
        ("Changed before", evidence.change.join("; ")),
    ];
    facts.into_iter().map(|(head, text)| (head, clean(&text, FACT_MAX))).filter(|(_, text)| !text.is_empty()).collect()
}

/// The mail for some events.
///
/// # Errors
/// When it cannot be put together: an address or a template makes no sense.
pub fn compose(events: &[Event], envelope: &Envelope, host: &str, report: &str, now: DateTime<Utc>) -> Result<Message> {
    let items: Vec<Item> = worst_first(events).into_iter().map(item).collect();
    let subject = subject(events);
    let text = Text { host, items: &items, zone: zone_name(now), report }.render()?;
    let html = Html { host, subject: &subject, items: &items, zone: zone_name(now), report }.render()?;
    // From the event alone: when the same mail has to go out twice, people's programs can tell.
    let (id, time) = events.last().map(|event| (event.id.as_str(), event.time.as_str())).unwrap_or_default();
    let moment = parse(time).unwrap_or(now).timestamp_millis();
    build(envelope, &subject, text, html, &format!("<{}.{moment}@{}>", domain(id), domain(host)), now)
}

/// The mail of `--test`.
///
/// # Errors
/// As [`compose`].
pub fn compose_test(envelope: &Envelope, host: &str, now: DateTime<Utc>) -> Result<Message> {
    let subject = format!("TEST {}: osmon can reach you", clean(host, 80));
    let item = Item {
        word: "TEST",
        color: "#2563eb",
        title: "This is a test".to_string(),
        sentence: "It went the way every alert goes. Nothing is wrong.".to_string(),
        since: local_minute(now),
        facts: Vec::new(),
    };
    let items = [item];
    let text = Text { host, items: &items, zone: zone_name(now), report: "" }.render()?;
    let html = Html { host, subject: &subject, items: &items, zone: zone_name(now), report: "" }.render()?;
    build(envelope, &subject, text, html, &format!("<test.{}@{}>", now.timestamp_millis(), domain(host)), now)
}

fn build(
    envelope: &Envelope,
    subject: &str,
    text: String,
    html: String,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Message> {
    let mut builder = Message::builder()
        .from(envelope.from.clone())
        .subject(subject)
        .date(now.into())
        .message_id(Some(id.to_string()))
        // RFC 3834: no vacation notice answers this.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_string()));
    for to in &envelope.to {
        builder = builder.to(to.clone());
    }
    builder.multipart(MultiPart::alternative_plain_html(text, html)).context("could not put the mail together")
}

/// `1 event` or `3 events`, for the terminal.
pub fn count(events: usize) -> String {
    plural(events, "event")
}

#[cfg(test)]
mod tests;
