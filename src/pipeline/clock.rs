//! Keeps what is known of the clock, and describes a clock that came back from a false date.

use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use crate::query::clock;
pub use crate::query::clock::trust;
use crate::store::clock_trust::{Return, STATE};
use crate::store::day;
use anyhow::Result;
use chrono::{DateTime, Utc};

/// Up to this offset the false time is named to the minute, in seconds.
const NEAR_SECONDS: f64 = 2.0 * 86_400.0;

/// Keeps the present reading. Called once a run, under the lock. Returns whether the clock just came back.
///
/// # Errors
/// Errors of the file system.
pub fn keep(context: &Context) -> Result<Option<Return>> {
    let (known, back) = clock::observe(context);
    context.store.save_cache(STATE, &known).map(|()| back)
}

/// Says in the annotation of the step how far the clock was off, and under which dates records stand.
pub fn describe(found: &mut [Annotation], back: &Return) {
    let Some(mark) = found.iter_mut().find(|mark| mark.kind == AnnotationKind::ClockStep) else { return };
    // A clock that was off by hours leaves its records among those of the same day.
    let is_near = back.offset_seconds.abs() < NEAR_SECONDS;
    let form =
        |time: DateTime<Utc>| if is_near { time.format("%Y-%m-%d %H:%M UTC").to_string() } else { day::of(time) };
    let (first, last) = (form(back.stored.first), form(back.stored.last));
    let what = if back.offset_seconds > 0.0 { key::CHANGE_CLOCK_AHEAD } else { key::CHANGE_CLOCK_BEHIND };
    let days: Arg = match first == last {
        true => first.into(),
        false => Message::new(key::CHANGE_CLOCK_DAYS).with("first", first).with("last", last).into(),
    };
    let stored = Message::named("change.clock_stored").with("count", back.stored.snapshots).with("days", days);
    let text = Message::new(what)
        .with_duration("span", back.offset_seconds.abs())
        .with_duration("lasted", back.lasted_seconds)
        .with("stored", stored);
    mark.text = text.english();
    mark.localized = Some(text);
}
