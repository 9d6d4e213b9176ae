//! The first line of the page, and what needs attention.

use crate::base::clock::parse;
use crate::base::text::{clean, fit};
use crate::base::units::metric_value;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::{Incident, Severity};
use crate::model::locale::{Locale, key};
use crate::report::page::data::PageData;
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
    let unknown = |rest: String| Verdict { word: words.text(key::VERDICT_UNKNOWN).to_string(), state: "unknown", rest };
    let Some(taken) = taken else { return unknown(words.text(key::VERDICT_NO_SNAPSHOT).to_string()) };
    let age = (input.now - taken).num_seconds();
    if is_stale(taken, input.now) {
        let silent = words.with(key::VERDICT_STALE, &words.duration(age as f64));
        return unknown(format!("{silent}; {}", was(&judged(input).word, taken, words)));
    }
    // Nothing that nobody judged is well.
    match input.judged {
        None => return unknown(words.text(key::VERDICT_NEVER_JUDGED).to_string()),
        Some(judged) if (taken - judged).num_seconds() > STALE_SECONDS => {
            return unknown(words.with(key::VERDICT_JUDGED_AGO, &lasted(judged, input.now, words)));
        }
        Some(_) => {}
    }
    judged(input)
}

/// What was true when it was measured: `was Degraded at 2026-11-20 21:40 +00:00`.
pub fn was(word: &str, taken: DateTime<Utc>, words: Locale) -> String {
    words.fill(key::VERDICT_WAS, &[("word", word), ("time", &words.exact(taken))])
}

/// While what was measured counts.
fn judged(input: &PageData) -> Verdict {
    let words = input.look.words;
    let unknown = |rest: String| Verdict { word: words.text(key::VERDICT_UNKNOWN).to_string(), state: "unknown", rest };
    let rest = problems(input);
    let said = |word, state, rest| Verdict { word: words.text(word).to_string(), state, rest };
    match input.open.first().map(|incident| incident.severity) {
        None if !input.unmeasured.is_empty() => unknown(fit(
            &words.with(key::PAGE_NOT_MEASURED_LIST, &clean(&input.unmeasured.join("; "), TEXT_MAX)),
            TEXT_MAX,
        )),
        None => said(key::VERDICT_HEALTHY, "ok", last_ended(input)),
        Some(Severity::Warning) => said(key::VERDICT_DEGRADED, "warn", rest),
        Some(Severity::Critical) => said(key::VERDICT_CRITICAL, "bad", rest),
    }
}

/// How many problems are as bad as the worst, since when; and how many there are besides.
fn problems(input: &PageData) -> String {
    let words = input.look.words;
    let Some(worst) = input.open.iter().map(|incident| incident.severity).max() else { return String::new() };
    let bad: Vec<&Incident> = input.open.iter().filter(|incident| incident.severity == worst).collect();
    let count = words.count(key::COUNT_OPEN_PROBLEMS, bad.len());
    let since = bad.iter().map(|incident| incident.since).min().unwrap_or(input.now);
    let others = match input.open.len() - bad.len() {
        0 => String::new(),
        others => format!(" · {}", words.count(key::COUNT_WARNINGS, others)),
    };
    let begun = words.with(key::PAGE_SINCE, &words.moment(since, input.now));
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
    format!(
        " · {} {}{why}",
        words.text(if hushed.word == "silenced" { key::STATE_SILENCED } else { key::STATE_ACKNOWLEDGED }),
        words.with(key::PAGE_UNTIL, &until)
    )
}

fn lasted(since: DateTime<Utc>, now: DateTime<Utc>, words: Locale) -> String {
    words.duration((now - since).num_milliseconds() as f64 / 1e3)
}

/// "no open problems", and which was the last.
fn last_ended(input: &PageData) -> String {
    let words = input.look.words;
    let none = words.text(key::VERDICT_NO_OPEN_PROBLEMS);
    let last = input.events.iter().find(|event| event.kind == EventKind::Recovered);
    match last.and_then(|event| Some((event, parse(&event.time)?))) {
        Some((event, time)) => format!(
            "{none}; {}, {}, {}",
            words.with(key::VERDICT_LAST_PROBLEM, &title(input, &event.metric, &event.title, &event.rule)),
            words.with(key::PAGE_AGO, &lasted(time, input.now, words)),
            words.with(key::VERDICT_LASTED, &words.duration(event.duration_seconds)),
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
    let recovering =
        if incident.recovering { format!(" · {}", words.text(key::STATE_RECOVERING)) } else { String::new() };
    let is_bad = incident.severity == Severity::Critical;
    let value = |value: f64| words.figures(&metric_value(metric, value));
    Attention {
        state: if is_bad { "bad" } else { "warn" },
        word: words.text(if is_bad { key::STATE_CRITICAL } else { key::STATE_WARNING }).to_string(),
        title: title(input, &incident.metric, &incident.title, rule),
        value: if flag { String::new() } else { value(incident.value) },
        limit: if flag { String::new() } else { words.with(key::PAGE_LIMIT, &value(incident.limit)) },
        since: format!(
            "{} · {}{recovering}{}",
            words.with(key::PAGE_SINCE, &words.moment(incident.since, input.now)),
            lasted(incident.since, input.now, words),
            clean(&hushed(incident, input), TEXT_MAX),
        ),
        who: clean(&evidence.map(|evidence| evidence.who(3)).unwrap_or_default(), TEXT_MAX),
        message: clean(&words.message(message), TEXT_MAX),
        id: clean(&incident.id, TITLE_MAX),
    }
}
