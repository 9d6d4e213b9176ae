//! What happened: transitions of incidents and marks, from the `events` stream.

use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::event::Event;
use crate::store::EVENTS;
use crate::store::read::Reading;
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::HashSet;

/// What happened in a span, the oldest first.
#[derive(Debug, Default)]
pub struct Timeline {
    pub events: Vec<Event>,
    pub marks: Vec<Annotation>,
    pub reading: Reading,
}

/// A record of the `events` stream holds one of these.
#[derive(Deserialize)]
struct Recorded {
    event: Option<Event>,
    mark: Option<Annotation>,
}

/// Reads a span of it, each thing once: after a crash one may have been appended twice.
pub fn read(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Timeline> {
    let (mut timeline, mut known) = (Timeline::default(), HashSet::new());
    timeline.reading = context.store.read(EVENTS, since, until, &mut |line| {
        let Ok(recorded) = serde_json::from_str::<Recorded>(line) else { return };
        timeline.events.extend(recorded.event.filter(|event| known.insert(event.id.clone())));
        // That history grows old as it was to is no news.
        let mark = recorded.mark.filter(|mark| mark.kind != AnnotationKind::Expired);
        timeline.marks.extend(mark.filter(|mark| known.insert(mark.id.clone())));
    })?;
    Ok(timeline)
}
