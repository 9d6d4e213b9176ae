//! What happened: events of incidents and marks, in one list.

use super::Input;
use super::view::{Happened, happened};
use crate::base::clock::{local_short, parse};
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
