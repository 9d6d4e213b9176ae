//! The timeline: transitions of incidents and annotations, from the `events` stream.

use crate::base::clock::{parse, stamp};
use crate::base::sort::SmallSort;
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
    /// Annotations of periods that began before the end of the span and ended after it.
    pub ended_later: Vec<Annotation>,
    /// Numbers of records read and damaged.
    pub reading: Reading,
}

/// A record of the `events` stream holds one of these.
#[derive(Deserialize)]
struct Recorded {
    event: Option<Event>,
    mark: Option<Annotation>,
}

/// Reads a span. Each record counts once: after a crash one may have been appended twice. Events and annotations belong
/// to the time they speak of, which may be long before they were appended: the stream is read to its end.
///
/// # Errors
/// When the stream cannot be listed.
pub fn read(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Timeline> {
    let (mut timeline, mut known) = (Timeline::default(), HashSet::new());
    let (begin, end) = (stamp(since), stamp(until));
    // Around midnight or a set clock, a record may be in the file of the day before.
    let from = since.checked_sub_signed(TimeDelta::days(1)).unwrap_or(since);
    let last = until.max(context.now.wall);
    timeline.reading = context.store.read(EVENTS, from, last, &mut |line| {
        let Ok(recorded) = serde_json::from_str::<Recorded>(line) else { return };
        let is_inside = |time: &str| parse(time).map(stamp).is_none_or(|time| begin <= time && time <= end);
        let event = recorded.event.filter(|event| is_inside(&event.time));
        timeline.events.extend(event.filter(|event| known.insert(event.id.clone())));
        // Routine: history is removed when it reaches its configured age.
        let Some(mark) = recorded.mark.filter(|mark| mark.kind != AnnotationKind::Expired) else { return };
        let began = mark.since.as_deref().and_then(parse).map(stamp);
        if is_inside(&mark.time) {
            timeline.marks.extend(Some(mark).filter(|mark| known.insert(mark.id.clone())));
        } else if began.is_some_and(|began| began <= end && parse(&mark.time).is_some_and(|time| stamp(time) > end)) {
            timeline.ended_later.extend(Some(mark).filter(|mark| known.insert(mark.id.clone())));
        }
    })?;
    timeline.marks.arrange_by(|a, b| a.time.cmp(&b.time));
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
