//! The subject line: the worst incident, the number of others, and the reason of a delay.

use super::about::about;
use super::content::{Content, Late, by_incident, label, lasted, severity, span, worst_first};
use super::overview;
use crate::base::text::clean;
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::model::locale::{Key, Locale, key};
use crate::model::title::shipped;

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 120;

/// `CRITICAL web-01: /var 98.2 % full (5 h left), and 2 more`. Of a late message `CRITICAL web-01: 11 open, 6 critical (mail
/// was down 10:41–12:16)`.
pub fn subject(content: &Content<'_>) -> String {
    let locale = content.language;
    let groups = by_incident(content.events);
    let order = worst_first(&groups);
    let Some(first) = order.first().and_then(|at| groups.get(*at)).and_then(|group| group.last()) else {
        return "osmon".to_string();
    };
    let more = match groups.len() {
        0 | 1 => String::new(),
        count => locale.fill(key::MAIL_SUBJECT_MORE, &[("count", &(count - 1).to_string())]),
    };
    let template = match first.kind {
        EventKind::Recovered if first.reason.is_some() => key::MAIL_SUBJECT_CLOSED,
        EventKind::Recovered => key::MAIL_SUBJECT_RECOVERED,
        EventKind::Settled if first.well => key::MAIL_SUBJECT_SETTLED,
        EventKind::Flapping => key::MAIL_SUBJECT_FLAPPING,
        EventKind::Alive => key::MAIL_SUBJECT_ALIVE,
        EventKind::Reminded => key::MAIL_SUBJECT_STILL,
        EventKind::Fired | EventKind::Escalated | EventKind::Settled => key::MAIL_SUBJECT_FIRED,
    };
    let values = [
        ("word", severity(locale, first.severity)),
        ("host", &first.host),
        ("title", &first.title_in(locale)),
        ("about", &about(first, locale)),
        ("recovered", &recovered(first, locale)),
        ("lasts", &lasted(locale, first)),
    ];
    let text =
        state(content).unwrap_or_else(|| format!("{}{more}", clean(&locale.fill(template, &values), SUBJECT_MAX)));
    let late = match content.late {
        Some(Late::Down(since)) => locale.fill(key::MAIL_SUBJECT_DOWN, &span(since, content.now).each()),
        Some(_) => locale.text(key::MAIL_SUBJECT_LATE).to_string(),
        None => String::new(),
    };
    // No control character is left, so no header can be added.
    // A header that is not ASCII has to be encoded, and a subject is one line.
    clean(&format!("{text}{late}"), 2 * SUBJECT_MAX).replace('\u{a0}', " ")
}

/// The number of open problems, for a late message when there are several; `None`: any other message.
fn state(content: &Content<'_>) -> Option<String> {
    let (locale, open) = (content.language, content.late.map(|_| overview::rows(content))?);
    let worst = open.iter().map(|row| row.severity).max().filter(|_| open.len() > 1)?;
    let critical = open.iter().filter(|row| row.severity == Severity::Critical).count();
    let critical = if critical > 0 { locale.count(key::MAIL_SUBJECT_CRITICAL, critical) } else { String::new() };
    let (count, host) = (open.len().to_string(), clean(content.host, 80));
    let values = [("word", severity(locale, worst)), ("host", &host), ("count", &count), ("critical", &critical)];
    Some(locale.fill(key::MAIL_SUBJECT_OPEN, &values))
}

/// `shop.service is up again (down 3 min)`: the message of the rule, or the title with its duration.
fn recovered(event: &Event, locale: Locale) -> String {
    let (title, lasts) = (event.title_in(locale), lasted(locale, event));
    let text = recovery(event, locale);
    text.unwrap_or_else(|| locale.fill(key::MAIL_RECOVERED_AFTER, &[("title", &title), ("lasts", &lasts)]))
}

/// How an incident ended, in a list of events: `recovered: shop.service is up again (down 3 min)`, `closed: CPU`.
pub fn ended(event: &Event, locale: Locale) -> String {
    match (&event.reason, recovery(event, locale)) {
        (None, _) => format!("recovered: {}", recovered(event, locale)),
        (Some(_), Some(text)) => format!("closed: {text}"),
        (Some(_), None) => format!("closed: {}", event.title_in(locale)),
    }
}

/// How an incident ended whose title is a sentence, or whose reason says it: `shop.service is up again (down 3 min)`.
pub fn recovery(event: &Event, locale: Locale) -> Option<String> {
    let lasts = lasted(locale, event);
    let of_state = event.localized.title.as_ref().is_some_and(|title| title.key.starts_with("rule.service_"));
    let of_state = of_state || event.localized.title.as_ref().is_some_and(|title| title.key == "crisis.stale");
    let is_shipped = of_state || shipped(&event.rule, &event.metric, &event.title).is_some();
    let key = match event.reason.as_deref() {
        Some(reason @ ("stopped" | "unloaded")) => Key::find(&format!("recovered.{reason}")),
        Some(_) => None,
        None => Key::find(&format!("recovered.{}", event.rule)).filter(|_| is_shipped),
    }?;
    let of = |name| label(event, name).unwrap_or_default();
    let names = ["service", "mount", "target", "process"].map(|name| (name, of(name)));
    let title = event.title_in(locale);
    let values: Vec<_> = [("title", &*title), ("lasts", &*lasts)].into_iter().chain(names).collect();
    Some(locale.fill(key, &values))
}
