//! One incident as a message shows it: from its newest event, with the story of all that came with it.

use super::words::{Words, fill};
use crate::base::clock::{local_minute, local_short, parse, zone_name};
use crate::base::text::clean;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::Severity;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// So many processes are named.
const WHO_MAX: usize = 3;
/// Longest line of evidence, in characters.
const FACT_MAX: usize = 500;
/// Height of the chart, in pixels.
const CHART_PIXELS: f64 = 40.0;
/// Further ahead than this, "left" says nothing, in seconds.
const LEFT_MAX: f64 = 86_400.0;

/// Colours of what is said, on light; the template has others for dark.
pub const GREEN: &str = "#15803d";
const RED: &str = "#b91c1c";
const AMBER: &str = "#b45309";

/// A bar of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// In pixels, at least 2.
    pub height: u32,
    /// It is beyond the limit.
    pub is_beyond: bool,
}

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub word: &'static str,
    /// Name of its colour: `bad`, `warn`, `good`, `info`.
    pub class: &'static str,
    pub color: &'static str,
    pub title: String,
    pub sentence: String,
    pub since: String,
    /// `fired 02:10, recovered 02:31`; empty: there is one event only.
    pub story: String,
    pub bars: Vec<Bar>,
    /// The same in a line of text: `▁▂▇`.
    pub spark: String,
    /// `12 % → 97 %`; empty: nothing is known.
    pub trend: String,
    /// Heading and text.
    pub facts: Vec<(&'static str, String)>,
    /// What to do; empty: nothing, or nobody knows.
    pub todo: String,
    /// It is over.
    pub is_over: bool,
    /// `02:10 CPU: fired 02:10, recovered 02:31`.
    pub line: String,
}

/// Events of one message by incident, in the order in which the incidents came; each in the order of time.
pub fn by_incident<'a>(events: &[&'a Event]) -> Vec<Vec<&'a Event>> {
    let mut order: Vec<&Event> = events.to_vec();
    order.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| number(a).cmp(&number(b))));
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

/// Name of the metric without labels.
pub fn name(event: &Event) -> &str {
    event.metric.split('{').next().unwrap_or_default()
}

fn label<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    let (_, rest) = event.metric.split_once(&format!("{key}=\""))?;
    rest.split('"').next().filter(|value| !value.is_empty())
}

/// `/var 98.2 % full (5 h left)`, `CPU 97 % (limit 95 %)`.
pub fn about(event: &Event, words: &Words) -> String {
    let title = words.title_of(event);
    if is_flag(name(event), event.limit) {
        return title;
    }
    if let Some(message) = &event.message {
        return format!("{title}{}{}", words.colon, words.message(message));
    }
    let value = |value: f64| words.value(name(event), value);
    let (what, now) = match label(event, "mount").filter(|_| name(event) == "disk.used_percent") {
        Some(mount) => (mount.to_string(), fill(words.full, &[("value", &value(event.value))])),
        None => (title, value(event.value)),
    };
    let text = match left_seconds(event) {
        Some(left) => fill(words.value_and_left, &[("value", &now), ("left", &words.duration(left))]),
        None => fill(words.value_and_limit, &[("value", &now), ("limit", &value(event.limit))]),
    };
    format!("{what} {text}")
}

/// In how long a file system is full at the pace of the values before: by least squares, and only when they rise steadily.
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

/// The item of one incident.
pub fn item(events: &[&Event], words: &'static Words, now: DateTime<Utc>) -> Option<Item> {
    let event = *events.last()?;
    let evident = events.iter().rev().find(|event| event.evidence.is_some()).copied().unwrap_or(event);
    let (word, class, color, sentence) = said(event, words);
    let since = parse(&event.since).map(local_minute).unwrap_or_default();
    let title = clean(&words.title_of(event), 200);
    let story = story(events, words, now);
    let (bars, spark, trend) = chart(evident, words);
    Some(Item {
        word,
        class,
        color,
        sentence: clean(&sentence, FACT_MAX),
        since: fill(words.since, &[("time", &since), ("zone", &zone_name(now))]),
        line: format!("{title}{}{story}", words.colon),
        story: if events.len() > 1 { story } else { String::new() },
        bars,
        spark,
        trend,
        facts: if event.is_over() { Vec::new() } else { facts(evident, words) },
        todo: if event.is_over() || event.kind == EventKind::Alive { String::new() } else { todo(event, words) },
        is_over: event.is_over(),
        title,
    })
}

/// What to do. A name is put in where it can be copied into a shell and means nothing else there.
fn todo(event: &Event, words: &Words) -> String {
    let is_plain = |value: &&str| {
        value.chars().all(|c| c.is_ascii_alphanumeric() || "/._@-".contains(c)) && !value.starts_with('-')
    };
    let hint = words.hint(name(event));
    let put = |hint: &str, key: &str, place: &str| match label(event, key).filter(is_plain) {
        Some(value) => hint.replace(place, value),
        None => hint.to_string(),
    };
    put(&put(hint, "mount", words.place_of_mount), "service", words.place_of_service)
}

/// What happened when: `fired 02:10, recovered 02:31`. Of many the first and the last.
fn story(events: &[&Event], words: &Words, now: DateTime<Utc>) -> String {
    let at = |event: &&Event| {
        words.at(event.kind, &parse(&event.time).map(|time| local_short(time, now)).unwrap_or_default())
    };
    let mut parts: Vec<String> = events.iter().map(at).collect();
    if parts.len() > 6 {
        let end = parts.split_off(parts.len() - 3);
        parts.truncate(3);
        parts.push("…".to_string());
        parts.extend(end);
    }
    parts.join(", ")
}

fn said(event: &Event, words: &'static Words) -> (&'static str, &'static str, &'static str, String) {
    let value = |value: f64| words.value(name(event), value);
    let severity = words.severity(event.severity);
    let template = if event.above { words.limit_above } else { words.limit_below };
    let limit = fill(template, &[("word", &severity.to_lowercase()), ("limit", &value(event.limit))]);
    let now = value(event.value);
    let lasts = words.duration(event.duration_seconds);
    let since = match event.duration_seconds < 1.0 {
        true => words.just_now.to_string(),
        false => fill(words.lasts, &[("lasts", &lasts)]),
    };
    let flag = is_flag(name(event), event.limit);
    let so = match &event.message {
        Some(message) => format!("{}{}", words.message(message), words.semicolon),
        None if flag => words.it_is_so.to_string(),
        None => fill(words.so, &[("now", &now), ("limit", &limit)]),
    };
    let how = if event.well { words.is_well.to_string() } else { severity.to_lowercase() };
    let say = |template: &str| {
        fill(
            template,
            &[("so", &so), ("since", &since), ("now", &now), ("limit", &limit), ("lasts", &lasts), ("how", &how)],
        )
    };
    let open = match event.severity {
        Severity::Critical => (severity, "bad", RED),
        Severity::Warning => (severity, "warn", AMBER),
    };
    let recovered = (words.recovered, "good", GREEN);
    let is_gone = event.reason.as_deref() == Some("gone");
    let ((word, class, color), template) = match event.kind {
        EventKind::Recovered if is_gone => (recovered, words.gone),
        EventKind::Recovered if event.reason.as_deref() == Some("the rule was removed") => (recovered, words.unwatched),
        EventKind::Recovered if flag => (recovered, words.well_flag),
        EventKind::Recovered => (recovered, words.well),
        EventKind::Escalated if flag => (open, words.was_warning),
        EventKind::Escalated => (open, words.now_worse),
        EventKind::Fired => (open, words.fired),
        EventKind::Reminded => (open, words.still),
        EventKind::Flapping => ((words.flapping, "warn", AMBER), words.comes_and_goes),
        EventKind::Settled if event.well => ((words.settled, "good", GREEN), words.settled_well),
        EventKind::Settled if event.reason.is_some() => (open, words.settled_again),
        EventKind::Settled => (open, words.settled_late),
        EventKind::Alive if event.well => ((words.alive, "good", GREEN), words.still_alive),
        EventKind::Alive => ((words.alive, "warn", AMBER), words.alive_with_problems),
    };
    (word, class, color, say(template))
}

/// The last values as bars, and as a line of text.
fn chart(event: &Event, words: &Words) -> (Vec<Bar>, String, String) {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values: Vec<f64> =
        event.evidence.iter().flat_map(|evidence| &evidence.value).map(|sample| sample.value).collect();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Default::default() };
    if values.len() < 2 || is_flag(name(event), event.limit) || values.iter().any(|value| !value.is_finite()) {
        return Default::default();
    }
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    // A large change stands on zero; of a small one the change is shown, and the numbers beside it say how small it is.
    let base = if high - low > high / 2.0 { low.min(0.0) } else { low - (high - low) / 2.0 };
    let share = |value: f64| if high > base { ((value - base) / (high - base)).clamp(0.0, 1.0) } else { 0.5 };
    let bars = values.iter().map(|value| Bar {
        height: (share(*value) * CHART_PIXELS).round().max(2.0) as u32,
        is_beyond: if event.above { *value >= event.limit } else { *value <= event.limit },
    });
    let line: String = values.iter().filter_map(|value| STEPS.get((share(*value) * 7.0).round() as usize)).collect();
    let value = |value: f64| words.value(name(event), value);
    (bars.collect(), line, format!("{} → {}", value(*first), value(*last)))
}

/// Who used the resource and what had changed. Everything in it came from the host.
fn facts(event: &Event, words: &Words) -> Vec<(&'static str, String)> {
    let Some(evidence) = &event.evidence else { return Vec::new() };
    let units = match evidence.resource.filter(|_| !evidence.process.is_empty()) {
        Some(resource) => evidence.unit.iter().map(|unit| unit.words(resource)).collect::<Vec<_>>().join(", "),
        None => String::new(),
    };
    let facts = [(words.who, evidence.who(WHO_MAX)), (words.units, units), (words.changed, evidence.change.join("; "))];
    facts.into_iter().map(|(head, text)| (head, clean(&text, FACT_MAX))).filter(|(_, text)| !text.is_empty()).collect()
}
