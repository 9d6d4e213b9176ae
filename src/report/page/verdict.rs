//! The first line of the page, and what needs attention.

use crate::base::clock::parse;
use crate::base::text::{clean, fit};
use crate::base::units::metric_value;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::{Incident, Severity};
use crate::report::page::data::PageData;
use crate::report::page::words::Words;
use chrono::{DateTime, Utc};

/// The first line of the page.
pub struct Verdict {
    /// Healthy, Degraded, Critical or Unknown.
    pub word: String,
    /// `ok`, `warn`, `bad` or `unknown`.
    pub state: &'static str,
    /// How many problems, since when; or when the last was.
    pub rest: String,
}

/// A problem that is open.
pub struct Attention {
    pub state: &'static str,
    pub word: String,
    pub title: String,
    pub value: String,
    pub limit: String,
    pub since: String,
    pub who: String,
    pub message: String,
    pub id: String,
}

/// A snapshot older than this says nothing about the present, in seconds.
const STALE_SECONDS: i64 = 180;
/// Longest title and text, in characters.
const TITLE_MAX: usize = 100;
const TEXT_MAX: usize = 240;

/// Whether a snapshot is too old to say anything about the present.
pub fn is_stale(taken: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - taken).num_seconds() > STALE_SECONDS
}

pub fn verdict(input: &PageData, taken: Option<DateTime<Utc>>) -> Verdict {
    let words = input.look.words;
    let unknown = |rest: String| Verdict { word: words.of("Unknown").to_string(), state: "unknown", rest };
    let Some(taken) = taken else { return unknown(words.of("no snapshot yet").to_string()) };
    let age = (input.now - taken).num_seconds();
    if is_stale(taken, input.now) {
        let silent = words.with("no snapshot for {}", &words.duration(age as f64));
        return unknown(format!("{silent}; {}", was(&judged(input).word, taken, words)));
    }
    // Nothing that nobody judged is well.
    match input.judged {
        None => return unknown(words.of("the rules were never judged").to_string()),
        Some(judged) if (taken - judged).num_seconds() > STALE_SECONDS => {
            return unknown(words.with("the rules were last judged {} ago", &lasted(judged, input.now, words)));
        }
        Some(_) => {}
    }
    judged(input)
}

/// What was true when it was measured: `was Degraded at 2026-11-20 21:40 +00:00`.
pub fn was(word: &str, taken: DateTime<Utc>, words: Words) -> String {
    words.with("was {word} at {}", &words.exact(taken)).replacen("{word}", word, 1)
}

/// While what was measured counts.
fn judged(input: &PageData) -> Verdict {
    let words = input.look.words;
    let unknown = |rest: String| Verdict { word: words.of("Unknown").to_string(), state: "unknown", rest };
    let rest = problems(input);
    let said = |word, state, rest| Verdict { word: words.of(word).to_string(), state, rest };
    match input.open.first().map(|incident| incident.severity) {
        None if !input.unmeasured.is_empty() => {
            unknown(fit(&words.with("not measured: {}", &clean(&input.unmeasured.join("; "), TEXT_MAX)), TEXT_MAX))
        }
        None => said("Healthy", "ok", last_ended(input)),
        Some(Severity::Warning) => said("Degraded", "warn", rest),
        Some(Severity::Critical) => said("Critical", "bad", rest),
    }
}

/// How many problems are as bad as the worst, since when; and how many there are besides.
fn problems(input: &PageData) -> String {
    let words = input.look.words;
    let Some(worst) = input.open.iter().map(|incident| incident.severity).max() else { return String::new() };
    let bad: Vec<&Incident> = input.open.iter().filter(|incident| incident.severity == worst).collect();
    let count = words.count(bad.len(), "open problem", "open problems");
    let since = bad.iter().map(|incident| incident.since).min().unwrap_or(input.now);
    let others = match input.open.len() - bad.len() {
        0 => String::new(),
        others => format!(" · {}", words.count(others, "warning", "warnings")),
    };
    let begun = words.with("since {}", &words.moment(since, input.now));
    format!("{count} {begun} ({}){others}", lasted(since, input.now, words))
}

/// That it is acknowledged or silenced; on a page for others without names and reasons.
fn hushed(incident: &Incident, input: &PageData) -> String {
    let words = input.look.words;
    let Some(hushed) = input.hushed.get(&incident.id) else { return String::new() };
    let until = words.moment(hushed.until, input.now);
    let why = match input.look.is_public {
        true => String::new(),
        false => format!(" ({}: {})", hushed.by, hushed.because),
    };
    format!(" · {} {}{why}", words.of(hushed.word), words.with("until {}", &until))
}

fn lasted(since: DateTime<Utc>, now: DateTime<Utc>, words: Words) -> String {
    words.duration((now - since).num_milliseconds() as f64 / 1e3)
}

/// "no open problems", and which was the last.
fn last_ended(input: &PageData) -> String {
    let words = input.look.words;
    let none = words.of("no open problems");
    let last = input.events.iter().find(|event| event.kind == EventKind::Recovered);
    match last.and_then(|event| Some((event, parse(&event.time)?))) {
        Some((event, time)) => format!(
            "{none}; {}, {}, {}",
            words.with("the last: {}", &title(input, &event.metric, &event.title, &event.rule)),
            words.with("{} ago", &lasted(time, input.now, words)),
            words.with("lasted {}", &words.duration(event.duration_seconds)),
        ),
        None => none.to_string(),
    }
}

/// What an incident is about. A page for others names no process and no user.
pub fn title(input: &PageData, metric: &str, title: &str, rule: &str) -> String {
    let is_private = ["process.", "session.", "unit."].iter().any(|head| metric.starts_with(head));
    let shown = if input.look.is_public && is_private { rule } else { title };
    input.look.words.title(&clean(shown, TITLE_MAX))
}

pub fn attention(incident: &Incident, input: &PageData) -> Attention {
    let words = input.look.words;
    let metric = incident.metric.split('{').next().unwrap_or_default();
    let flag = is_flag(metric, incident.limit);
    let of_it = |event: &&Event| event.incident == incident.id;
    let told = input.events.iter().filter(of_it);
    let evidence = told.clone().find_map(|event| event.evidence.as_ref()).filter(|_| !input.look.is_public);
    let message = told.clone().find_map(|event| event.message.as_deref()).unwrap_or_default();
    let rule = told.clone().next().map_or("", |event| event.rule.as_str());
    let recovering = if incident.recovering { format!(" · {}", words.of("recovering")) } else { String::new() };
    let is_bad = incident.severity == Severity::Critical;
    let value = |value: f64| words.figures(&metric_value(metric, value));
    Attention {
        state: if is_bad { "bad" } else { "warn" },
        word: words.of(if is_bad { "critical" } else { "warning" }).to_string(),
        title: title(input, &incident.metric, &incident.title, rule),
        value: if flag { String::new() } else { value(incident.value) },
        limit: if flag { String::new() } else { words.with("limit {}", &value(incident.limit)) },
        since: format!(
            "{} · {}{recovering}{}",
            words.with("since {}", &words.moment(incident.since, input.now)),
            lasted(incident.since, input.now, words),
            clean(&hushed(incident, input), TEXT_MAX),
        ),
        who: clean(&evidence.map(|evidence| evidence.who(3)).unwrap_or_default(), TEXT_MAX),
        message: clean(&words.message(message), TEXT_MAX),
        id: clean(&incident.id, TITLE_MAX),
    }
}
