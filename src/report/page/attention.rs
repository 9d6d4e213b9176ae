//! Open incidents as the page shows them: one by one, two rules of one value as one, many of a kind as a group.

use crate::base::clock::parse;
use crate::base::text::clean;
use crate::base::units::metric_value;
use crate::model::event::{Event, is_flag};
use crate::model::evidence::Evidence;
use crate::model::incident::{Incident, Severity, shell_id};
use crate::model::locale::key;
use crate::report::page::data::PageData;
use crate::report::page::public::is_private;
use crate::report::page::verdict::{lasted, title};

/// An open incident as the page shows it.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    /// `warn`, `bad`, or `plain` for information.
    pub state: &'static str,
    /// Severity in words.
    pub word: String,
    /// Title.
    pub title: String,
    /// Value; empty for a metric that is either true or false.
    pub value: String,
    /// Limit; empty like the value, and for a forecast.
    pub limit: String,
    /// Begin, duration, and whether it is recovering, acknowledged or silenced.
    pub since: String,
    /// Largest consumers when it fired; may be empty.
    pub who: String,
    /// Message of the rule and facts recorded when it fired, one line each.
    pub notes: Vec<String>,
    /// Identifier.
    pub id: String,
    /// The names for `osmon explain`, each to be pasted into a shell.
    pub explain: Vec<String>,
}

/// Longest identifier and text, in characters.
const ID_MAX: usize = 100;
const TEXT_MAX: usize = 240;
/// Facts recorded when an incident fired, at most; and consumers.
const FACTS_MAX: usize = 1;
const WHO_MAX: usize = 3;

/// An open incident as the page shows it.
pub fn attention(incident: &Incident, input: &PageData) -> Attention {
    of(incident, None, input)
}

/// Two incidents of one value, such as a file system that is full and its forecast: shown as the first, since the earlier
/// of both.
pub fn merged(incident: &Incident, other: &Incident, input: &PageData) -> Attention {
    of(incident, Some(other), input)
}

fn of(incident: &Incident, other: Option<&Incident>, input: &PageData) -> Attention {
    let locale = input.options.locale;
    let metric = incident.metric.split('{').next().unwrap_or_default();
    let flag = is_flag(metric, incident.limit);
    let all = || std::iter::once(incident).chain(other);
    let events: Vec<&Event> =
        input.events.iter().filter(|event| all().any(|incident| incident.id == event.incident)).collect();
    let evidence = events.iter().find_map(|event| event.evidence.as_ref()).filter(|_| !input.options.is_public);
    let recovering = match all().all(|incident| incident.recovering) {
        true => format!(" · {}", locale.text(key::STATE_RECOVERING)),
        false => String::new(),
    };
    let since = all().map(|incident| incident.since).min().unwrap_or(incident.since);
    let value = |value: f64| locale.figures(&metric_value(metric, value));
    let (state, word) = match incident.severity {
        _ if incident.information => ("plain", key::STATE_UNUSUAL),
        Severity::Critical => ("bad", key::STATE_CRITICAL),
        Severity::Warning => ("warn", key::STATE_WARNING),
    };
    let has_limit = !flag && !input.forecast_rules.contains(&incident.rule);
    let facts = evidence.map(|evidence| evidence.facts_in(locale)).unwrap_or_default();
    let notes = all().filter_map(|incident| message(incident, input)).chain(facts.into_iter().take(FACTS_MAX));
    Attention {
        state,
        word: locale.text(word).to_string(),
        title: title(input, &incident.metric, &incident.rule, &incident.title_in(locale)),
        value: if flag { String::new() } else { value(incident.value) },
        limit: if has_limit { locale.with(key::PAGE_LIMIT, &value(incident.limit)) } else { String::new() },
        since: format!(
            "{} · {}{recovering}{}",
            locale.with(key::PAGE_SINCE, &locale.moment(since, input.now)),
            lasted(since, input.now, locale),
            clean(&suppressed(incident, input), TEXT_MAX),
        ),
        who: clean(&evidence.map(|evidence| consumers(evidence, input)).unwrap_or_default(), TEXT_MAX),
        notes: notes.map(|note| clean(&note, TEXT_MAX)).filter(|note| !note.is_empty()).collect(),
        id: clean(&incident.id, ID_MAX),
        explain: all().map(|incident| clean(&explain(incident, input), ID_MAX)).collect(),
    }
}

fn consumers(evidence: &Evidence, input: &PageData) -> String {
    evidence.consumers(WHO_MAX, input.options.locale)
}

/// The name for `osmon explain`. Labels may name a process or a user, which a public page does not.
fn explain(incident: &Incident, input: &PageData) -> String {
    match input.options.is_public {
        true => incident.id.clone(),
        false => shell_id(&incident.short_id, &incident.id),
    }
}

/// The message of the rule. The values in it are those of its event: a forecast is made anew, and another one that is not
/// of the newest snapshot says when it was true.
fn message(incident: &Incident, input: &PageData) -> Option<String> {
    let locale = input.options.locale;
    if let Some(left) = seconds_left(incident, input) {
        return Some(locale.with(key::TILE_FULL_IN, &locale.duration(left)));
    }
    // The message of a service says how it ended, and which.
    if input.options.is_public && is_private(&incident.metric) {
        return None;
    }
    let events = input.events.iter().filter(|event| event.incident == incident.id && !event.is_over());
    let (event, text) = events.filter_map(|event| Some((event, event.message_in(locale)?))).next()?;
    let has_values = event.localized.message.as_ref().is_some_and(|message| message.key.starts_with("crisis."));
    let time = parse(&event.time).filter(|time| has_values && input.health.taken.is_some_and(|taken| *time < taken));
    Some(match time {
        Some(time) => locale.fill(key::PAGE_SAID_AT, &[("time", &locale.moment(time, input.now)), ("text", &text)]),
        None => text,
    })
}

/// Seconds from now until a file system is full by the present forecast, of an incident that is one.
fn seconds_left(incident: &Incident, input: &PageData) -> Option<f64> {
    if !input.forecast_rules.contains(&incident.rule) || !incident.metric.starts_with("disk.used_percent") {
        return None;
    }
    let full = input.outlook.full.get(incident.subject())?;
    Some(full - input.now.timestamp() as f64).filter(|left| *left > 0.0)
}

/// The acknowledgement or silence of an incident; a page for others names no person and no reason.
fn suppressed(incident: &Incident, input: &PageData) -> String {
    let locale = input.options.locale;
    let Some(suppressed) = input.health.suppressed.get(&incident.id) else { return String::new() };
    let until = locale.with(key::PAGE_UNTIL, &locale.moment(suppressed.until, input.now));
    let why = match input.options.is_public {
        true => String::new(),
        false => format!(" ({}: {})", suppressed.by, suppressed.because),
    };
    format!(" · {} {until}{why}", locale.text(suppressed.kind.key()))
}
