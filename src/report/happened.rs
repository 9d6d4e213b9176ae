//! What happened: events of incidents and marks, in one list.

use super::Input;
use super::view::Happened;
use crate::base::clock::{local_short, parse};
use crate::base::units::{duration, metric_value};
use crate::model::event::{Event, Kind, is_flag};
use crate::model::incident::Severity;
use crate::model::mark::Mark;
use chrono::{DateTime, Utc};

/// Everything that happened, the newest first, at most `most`.
pub fn list(input: &Input, most: usize) -> Vec<Happened> {
    let events = input.events.iter().map(|event| (parse(&event.time), happened(event, input.now)));
    let marks = input.marks.iter().map(|mark| (parse(&mark.time), marked(mark, input.now)));
    let mut all: Vec<(Option<DateTime<Utc>>, Happened)> = events.chain(marks).collect();
    all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    all.into_iter().take(most).map(|(_, happened)| happened).collect()
}

/// When something happened that the charts show a line for, in seconds since 1970.
pub fn times(input: &Input) -> Vec<f64> {
    let times = input.events.iter().map(|event| &event.time).chain(input.marks.iter().map(|mark| &mark.time));
    times.filter_map(|time| parse(time)).map(|time| time.timestamp() as f64).collect()
}

fn marked(mark: &Mark, now: DateTime<Utc>) -> Happened {
    let by = mark.author.as_ref().map_or_else(String::new, |author| format!(" ({author})"));
    Happened {
        time: parse(&mark.time).map(|time| local_short(time, now)).unwrap_or_default(),
        state: if mark.kind.is_trouble() { "warn" } else { "plain" },
        word: mark.kind.word(),
        text: format!("{}{by}", mark.text),
    }
}

fn happened(event: &Event, now: DateTime<Utc>) -> Happened {
    let metric = event.metric.split('{').next().unwrap_or_default();
    let flag = is_flag(metric, event.limit);
    let raised =
        if flag { event.title.clone() } else { format!("{} {}", event.title, metric_value(metric, event.value)) };
    let (state, text) = match (event.kind, event.severity) {
        (Kind::Recovered, _) => ("ok", format!("{}, it lasted {}", event.title, duration(event.duration_seconds))),
        (Kind::Settled, _) if event.well => ("ok", format!("{}: well, and settled", event.title)),
        (Kind::Flapping, _) => ("warn", format!("{} comes and goes", event.title)),
        (Kind::Reminded, severity) => (
            if severity == Severity::Critical { "bad" } else { "warn" },
            format!("{raised}, still open after {}", duration(event.duration_seconds)),
        ),
        (_, Severity::Critical) => ("bad", raised),
        (_, Severity::Warning) => ("warn", raised),
    };
    let text = match (&event.message, &event.muted) {
        (message, muted) if !event.is_over() || muted.is_some() => {
            let message = message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            let muted = muted.as_ref().map(|muted| format!(" (not told: {muted})")).unwrap_or_default();
            format!("{text}{message}{muted}")
        }
        _ => text,
    };
    let word = match (event.kind, event.severity) {
        (Kind::Recovered, _) => "recovered",
        (Kind::Flapping, _) => "flapping",
        (Kind::Settled, _) if event.well => "settled",
        (Kind::Reminded, _) => "reminder",
        (_, Severity::Critical) => "critical",
        (_, Severity::Warning) => "warning",
    };
    Happened { time: parse(&event.time).map(|time| local_short(time, now)).unwrap_or_default(), state, word, text }
}
