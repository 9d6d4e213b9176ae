//! Rebuilds damaged alerts in the outbox from the history, which has every event.

use crate::alert::outbox::{OutboxEntry, StageListing, file_name};
use crate::alert::{Outbox, Stage};
use crate::base::text::plural;
use crate::context::Context;
use crate::model::event::Event;
use crate::query::clock;
use crate::store::{EVENTS, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How far back the history is searched, in days. No alert is queued for longer.
const SEARCHED_DAYS: i64 = 31;

/// Rebuilds damaged alerts and returns the queued ones. A damaged alert that is not in the history is given up with a
/// warning. If the history cannot be read or the outbox not be written, damaged alerts stay as they are; the others are
/// returned all the same.
pub fn repair(context: &Context, outbox: &Outbox, listing: StageListing) -> (Vec<OutboxEntry>, Result<()>) {
    if listing.unreadable.is_empty() {
        return (listing.alerts, Ok(()));
    }
    let result = rebuild(context, outbox, &listing);
    let alerts = outbox.queued().map_or(listing.alerts, |listing| listing.alerts);
    (alerts, result)
}

fn rebuild(context: &Context, outbox: &Outbox, listing: &StageListing) -> Result<()> {
    let mut lost: BTreeSet<String> = BTreeSet::new();
    for (file, reason) in &listing.unreadable {
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
        found.extend(recorded.filter(|event| lost.remove(&file_name(event))));
    };
    // By a clock in doubt no event is too old, and those of a false date are after now.
    let since = context.now.wall.checked_sub_signed(TimeDelta::days(SEARCHED_DAYS));
    let since = since.filter(|_| clock::trust(context).is_believed()).unwrap_or(DateTime::UNIX_EPOCH);
    context.store.read(EVENTS, since, day::last_moment(), visit)?;
    found.iter().try_for_each(|event| context.store.with_reserve(|| outbox.write(event)))?;
    if !found.is_empty() {
        context.out.warn(&format!("{} rebuilt from the history", plural(found.len(), "damaged alert")));
    }
    if !lost.is_empty() {
        outbox.advance(lost.iter().map(String::as_str), Stage::Queued, Stage::Dead)?;
        let names: Vec<&str> = lost.iter().map(String::as_str).collect();
        context.out.warn(&format!(
            "{} given up: not in the history; inspect and then remove in outbox/dead: {}",
            plural(names.len(), "damaged alert"),
            names.join(", ")
        ));
    }
    Ok(())
}
