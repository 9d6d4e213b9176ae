//! The subject line: the worst incident, the number of others, and the reason of a delay.

use super::content::{Content, Late, by_incident, label, lasted, name, severity, span, worst_first};
use crate::base::clock::parse;
use crate::base::text::clean;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::locale::{Key, Locale, key};
use crate::model::title::shipped;

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 120;
/// Longest forecast that is shown, in seconds.
const LEFT_MAX: f64 = 86_400.0;

/// `CRITICAL web-01: /var 98.2 % full (5 h left), and 2 more`.
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
    let text = locale.fill(template, &values);
    let late = match content.late {
        Some(Late::Down(since)) => locale.fill(key::MAIL_SUBJECT_DOWN, &span(since, content.now).each()),
        Some(_) => locale.text(key::MAIL_SUBJECT_LATE).to_string(),
        None => String::new(),
    };
    // No control character is left, so no header can be added.
    format!("{}{more}{late}", clean(&text, SUBJECT_MAX))
}

/// `/var 98.2 % full (5 h left)`, `CPU 97 % (limit 95 %)`.
pub fn about(event: &Event, locale: Locale) -> String {
    let title = event.title_in(locale);
    if is_flag(name(event), event.limit) {
        return title;
    }
    if let Some(message) = event.message_in(locale) {
        return format!("{title}{}{message}", locale.text(key::MAIL_COLON));
    }
    let value = |value: f64| locale.value(name(event), value);
    if let Some(key) = Key::find(&format!("about.{}", event.rule)) {
        return locale.with(key, &value(event.value));
    }
    let (what, now) = match label(event, "mount").filter(|_| name(event) == "disk.used_percent") {
        Some(mount) => (mount.to_string(), locale.fill(key::MAIL_FULL, &[("value", &value(event.value))])),
        None => (title, value(event.value)),
    };
    let text = match left_seconds(event) {
        Some(left) => locale.fill(key::MAIL_VALUE_AND_LEFT, &[("value", &now), ("left", &locale.duration(left))]),
        None => locale.fill(key::MAIL_VALUE_AND_LIMIT, &[("value", &now), ("limit", &value(event.limit))]),
    };
    format!("{what} {text}")
}

/// `shop.service is up again (down 3 min)`: the message of the rule, or the title with its duration.
fn recovered(event: &Event, locale: Locale) -> String {
    let (title, lasts) = (event.title_in(locale), lasted(locale, event));
    let text = recovery(event, locale);
    text.unwrap_or_else(|| locale.fill(key::MAIL_RECOVERED_AFTER, &[("title", &title), ("lasts", &lasts)]))
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
    let names = [("service", of("service")), ("mount", of("mount")), ("target", of("target"))];
    let title = event.title_in(locale);
    let values: Vec<_> = [("title", &*title), ("lasts", &*lasts)].into_iter().chain(names).collect();
    Some(locale.fill(key, &values))
}

/// Seconds until a file system is full, by least squares over the values before; only if they rise steadily.
fn left_seconds(event: &Event) -> Option<f64> {
    if name(event) != "disk.used_percent" || event.is_over() {
        return None;
    }
    let values = &event.evidence.as_ref()?.value;
    let points: Vec<(f64, f64)> = values
        .iter()
        .filter_map(|sample| Some((parse(&sample.time)?.timestamp_millis() as f64 / 1e3, sample.value)))
        .collect();
    let rises = points.windows(2).filter(|pair| matches!(pair, [a, b] if b.1 > a.1)).count();
    if points.len() < 5 || rises * 3 < (points.len() - 1) * 2 {
        return None;
    }
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (mut xy, mut xx) = (0.0, 0.0);
    for point in &points {
        xy += (point.0 - x) * (point.1 - y);
        xx += (point.0 - x) * (point.0 - x);
    }
    let left = (100.0 - event.value) * xx / xy;
    (xy > 0.0 && left.is_finite() && (60.0..LEFT_MAX).contains(&left)).then_some(left)
}
