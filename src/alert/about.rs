//! One incident in a few words: its subject, value and limit.

use super::content::{label, name};
use crate::base::clock::parse;
use crate::model::event::{Event, is_flag};
use crate::model::locale::{Key, Locale, key};

/// Longest forecast that is shown, in seconds.
const LEFT_MAX: f64 = 86_400.0;

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
