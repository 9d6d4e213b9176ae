//! The verdict: how the host is, for people, scripts and exit codes.

use crate::base::clock::local_short;
use crate::base::text::plural;
use crate::base::units::{duration, metric_value};
use crate::cli::output::Style;
use crate::cli::{Exit, Output};
use crate::context::Context;
use crate::crisis::State;
use crate::model::event::{Event, is_flag};
use crate::model::incident::{Incident, Severity};
use chrono::{DateTime, Utc};

/// The exit code of the worst open incident.
pub fn exit(state: &State) -> Exit {
    match state.open().first().map(|worst| worst.severity) {
        None if !state.unmeasured.is_empty() => Exit::Unknown,
        None => Exit::Done,
        Some(Severity::Warning) => Exit::Warning,
        Some(Severity::Critical) => Exit::Critical,
    }
}

/// `Healthy`, `Degraded`, `Critical`, or `Unknown` when something that every host has could not be measured.
pub fn word(state: &State) -> (&'static str, Style) {
    match exit(state) {
        Exit::Warning => ("Degraded", Style::Warn),
        Exit::Critical => ("Critical", Style::Bad),
        Exit::Unknown => ("Unknown", Style::Warn),
        _ => ("Healthy", Style::Good),
    }
}

/// The verdict and a line for each open incident.
pub fn lines(out: &Output, state: &State, now: DateTime<Utc>) -> Vec<String> {
    let open = state.open();
    let (word, style) = word(state);
    let rest = match (open.len(), state.pending()) {
        (0, _) if !state.unmeasured.is_empty() => format!("not measured: {}", state.unmeasured.join("; ")),
        (0, 0) => "no open problems".to_string(),
        (0, pending) => format!("no open problems; {pending} beyond a limit, not yet for long enough"),
        (count, _) => plural(count, "open problem"),
    };
    let heading = format!("{}: {rest}", out.paint(style, word));
    std::iter::once(heading).chain(open.iter().map(|incident| line(out, incident, now))).collect()
}

fn line(out: &Output, incident: &Incident, now: DateTime<Utc>) -> String {
    let style = if incident.severity == Severity::Critical { Style::Bad } else { Style::Warn };
    let value = |value: f64| metric_value(&incident.metric, value);
    let lasted = duration((now - incident.since).num_milliseconds() as f64 / 1e3);
    let state = if incident.recovering { "; recovering" } else { "" };
    let limit = if is_flag(&incident.metric, incident.limit) {
        String::new()
    } else {
        format!(" {} (limit {})", value(incident.value), value(incident.limit))
    };
    let (word, since) = (out.paint(style, incident.severity.word()), local_short(incident.since, now));
    format!("  {word}  {}{limit} since {since}, {lasted}{state}", incident.title)
}

/// The verdict as JSON.
pub fn json(context: &Context, state: &State, events: &[Event]) -> String {
    let open: Vec<serde_json::Value> = state.open().into_iter().map(|incident| {
        serde_json::json!({
            "id": incident.id, "severity": incident.severity, "title": incident.title, "metric": incident.metric, "value": incident.value,
            "limit": incident.limit, "since": crate::base::clock::stamp(incident.since), "recovering": incident.recovering,
        })
    }).collect();
    serde_json::json!({
        "schema": 1, "time": crate::base::clock::stamp(context.now.wall), "verdict": word(state).0.to_lowercase(),
        "exit": exit(state) as u8, "incident": open, "pending": state.pending(), "event": events,
    })
    .to_string()
}
