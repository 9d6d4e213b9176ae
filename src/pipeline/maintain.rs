//! Keeps the history compact in each run (see `store::upkeep` and `store::retain`).

use super::{clock, journal};
use crate::base::clock::{boottime_seconds, stamp};
use crate::config::Store as Kept;
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use crate::store::retain::{Dropped, Limits, Why};
use crate::store::upkeep::Upkeep;
use anyhow::{Result, anyhow};

/// Page caches of older versions.
const OLD_CACHES: [&str; 5] = ["report-used", "report-days-used", "report-ranges", "report-turn", "report-days"];
/// Time spent on closing days in one run, in seconds; the next run continues.
const PATIENCE_SECONDS: f64 = 3.5;

/// Closes finished hours and days, and drops history beyond the limits. The caller holds the lock.
pub fn keep_up(context: &Context) -> Result<()> {
    let started = boottime_seconds();
    let limits = limits(context)?;
    let is_time_up = || boottime_seconds() - started > PATIENCE_SECONDS;
    let clock = clock::trust(context);
    let done = if clock.is_steady() {
        context.store.upkeep(context.now.wall, &context.root.boot_id(), &is_time_up)
    } else {
        context.store.note_late(context.now.wall).map(|()| Upkeep::default())
    };
    // On a full disk nothing can be closed until there is space again.
    let is_due = done.as_ref().map_or(true, |done| done.hours + done.days > 0);
    if is_due {
        // A leftover cache only takes space.
        OLD_CACHES.iter().for_each(|name| drop(context.store.remove_state(name)));
    }
    if is_due || context.store.is_short_of_space(&limits) {
        let dropped = context.store.retain(context.now.wall, &limits, &clock)?;
        for why in [Why::Age, Why::Size, Why::Space] {
            let removed: Vec<&Dropped> = dropped.iter().filter(|dropped| dropped.why == why).collect();
            if let Some(mark) = mark(context, why, &removed) {
                journal::append_annotation(context, &mark)?;
            }
        }
    }
    done.map(|_| ())
}

fn limits(context: &Context) -> Result<Limits> {
    let store = &context.config.store;
    let size = |text: &str| Kept::size(text).map_err(|error| anyhow!(error));
    Ok(Limits {
        snapshot_days: store.snapshot_days,
        process_days: store.process_days,
        event_days: store.event_days,
        five_minute_days: store.five_minute_days,
        hour_days: store.hour_days,
        max_bytes: size(&store.max_size)?,
        min_free_bytes: size(&store.min_free)?,
    })
}

/// An annotation that says what was dropped, and why.
fn mark(context: &Context, why: Why, dropped: &[&Dropped]) -> Option<Annotation> {
    let (first, last) = (dropped.first()?, dropped.last()?);
    let store = &context.config.store;
    let reason = match why {
        Why::Age => Message::new(key::CHANGE_TOO_OLD),
        Why::Size => Message::new(key::CHANGE_TOO_LARGE).with("size", store.max_size.as_str()),
        Why::Space => Message::new(key::CHANGE_TOO_FULL).with("size", store.min_free.as_str()),
    };
    let what: Arg = match first == last {
        true => first.to_string().into(),
        false => Message::new(key::CHANGE_FILES)
            .with("first", first.to_string())
            .with("last", last.to_string())
            .with("count", dropped.len())
            .into(),
    };
    let text = Message::new(key::CHANGE_REMOVED).with("what", what).with("reason", reason);
    let time = stamp(context.now.wall);
    Some(Annotation {
        id: format!("dropped-{first}-{time}"),
        kind: if why == Why::Age { AnnotationKind::Expired } else { AnnotationKind::Dropped },
        time,
        since: None,
        duration_seconds: None,
        text: text.english(),
        localized: Some(text),
        author: None,
    })
}
