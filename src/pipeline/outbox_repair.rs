//! Alerts in the outbox whose file is damaged. The history has every event: from there the file is made anew.

use crate::alert::outbox::{Alert, Waiting, name};
use crate::alert::{Outbox, Stage};
use crate::base::text::plural;
use crate::context::Context;
use crate::model::event::Event;
use crate::store::EVENTS;
use anyhow::Result;
use chrono::TimeDelta;
use serde::Deserialize;
use std::collections::BTreeSet;

/// So far back the history is searched, in days: nothing waits for longer.
const SEARCHED_DAYS: i64 = 31;

/// What waits, with what was damaged made anew. What the history does not know is given up, and that is said. Where the
/// history cannot be read, or the outbox not be written, the damaged ones stay as they are, and the others wait for nothing.
pub fn mend(context: &Context, outbox: &Outbox, waiting: Waiting) -> (Vec<Alert>, Result<()>) {
    if waiting.unreadable.is_empty() {
        return (waiting.alerts, Ok(()));
    }
    let mended = make_anew(context, outbox, &waiting);
    let alerts = outbox.waiting().map_or(waiting.alerts, |waiting| waiting.alerts);
    (alerts, mended)
}

fn make_anew(context: &Context, outbox: &Outbox, waiting: &Waiting) -> Result<()> {
    let mut lost: BTreeSet<String> = BTreeSet::new();
    for (file, reason) in &waiting.unreadable {
        context.out.warn(&format!("{}: {reason}", file.display()));
        lost.extend(file.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    let mut found: Vec<Event> = Vec::new();
    let visit = &mut |line: &str| {
        #[derive(Deserialize)]
        struct Recorded {
            event: Option<Event>,
        }
        let recorded = serde_json::from_str::<Recorded>(line).ok().and_then(|recorded| recorded.event);
        found.extend(recorded.filter(|event| lost.remove(&name(event))));
    };
    context.store.read(EVENTS, context.now.wall - TimeDelta::days(SEARCHED_DAYS), context.now.wall, visit)?;
    found.iter().try_for_each(|event| context.store.with_reserve(|| outbox.write(event)))?;
    if !found.is_empty() {
        context.out.warn(&format!("{} made anew from the history", plural(found.len(), "damaged alert")));
    }
    if !lost.is_empty() {
        outbox.advance(lost.iter().map(String::as_str), Stage::Waiting, Stage::Dead)?;
        let dead: Vec<&str> = lost.iter().map(String::as_str).collect();
        context.out.warn(&format!(
            "{} given up: the history has no such event; look at it in outbox/dead, then remove it: {}",
            plural(dead.len(), "damaged alert"),
            dead.join(", ")
        ));
    }
    Ok(())
}
