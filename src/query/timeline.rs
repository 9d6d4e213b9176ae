//! The timeline: transitions of incidents and annotations, from the `events` stream.

use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::event::{Event, EventKind};
use crate::store::read::Reading;
use crate::store::{EVENTS, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use std::collections::HashSet;

/// Number of days with events that are searched for the last recovery.
const SEARCHED_DAYS: usize = 30;

/// Events and annotations of a span, the oldest first.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Transitions of incidents.
    pub events: Vec<Event>,
    /// Annotations, except the routine expiry of old history.
    pub marks: Vec<Annotation>,
    /// Numbers of records read and damaged.
    pub reading: Reading,
}

/// A record of the `events` stream holds one of these.
#[derive(Deserialize)]
struct Recorded {
    event: Option<Event>,
    mark: Option<Annotation>,
}

/// Reads a span. Each record counts once: after a crash one may have been appended twice.
///
/// # Errors
/// When the stream cannot be listed.
pub fn read(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Timeline> {
    let (mut timeline, mut known) = (Timeline::default(), HashSet::new());
    timeline.reading = context.store.read(EVENTS, since, until, &mut |line| {
        let Ok(recorded) = serde_json::from_str::<Recorded>(line) else { return };
        timeline.events.extend(recorded.event.filter(|event| known.insert(event.id.clone())));
        // Routine: history is removed when it reaches its configured age.
        let mark = recorded.mark.filter(|mark| mark.kind != AnnotationKind::Expired);
        timeline.marks.extend(mark.filter(|mark| known.insert(mark.id.clone())));
    })?;
    Ok(timeline)
}

/// The newest recovery of an incident.
pub fn last_recovery(context: &Context) -> Option<Event> {
    for found in context.store.days(EVENTS).ok()?.iter().rev().take(SEARCHED_DAYS) {
        let begin = day::begin(&found.name)?;
        let mut last = None;
        let visit = &mut |line: &str| {
            let event = serde_json::from_str::<Recorded>(line).ok().and_then(|recorded| recorded.event);
            last = event.filter(|event| event.kind == EventKind::Recovered && !event.information).or(last.take());
        };
        context.store.read(EVENTS, begin, (begin + TimeDelta::days(1)).min(context.now.wall), visit).ok()?;
        if last.is_some() {
            return last;
        }
    }
    None
}
