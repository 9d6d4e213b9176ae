//! Trust in the clock of this host (see `store::clock_trust`).

use crate::base::clock::{Now, parse};
use crate::context::Context;
use crate::model::record::time_of;
use crate::store::clock_trust::{ClockTrust, Reading, Return, STATE};
use crate::store::{SNAPSHOTS, Store, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// The state of the clock including the present reading, and its return if it just came back from a false date.
pub fn observe(context: &Context) -> (ClockTrust, Option<Return>) {
    known(context).observe(&reading(context), || newest(&context.store, context.now.wall))
}

/// The state of the clock at the last run.
fn known(context: &Context) -> ClockTrust {
    context.store.load_cache(STATE).unwrap_or_default()
}

fn reading(context: &Context) -> Reading {
    let Now { wall, boottime_seconds } = context.now;
    Reading { wall, boottime_seconds, boot_id: context.root.boot_id() }
}

/// By how much the clock is far ahead or behind while it is in doubt; zero: it is not.
pub fn offset(context: &Context) -> TimeDelta {
    trust(context).offset(&reading(context)).unwrap_or_default()
}

/// Returns whether the clock is in doubt and a run ended less than `seconds` ago by the time since boot.
pub fn is_only_a_step(context: &Context, seconds: f64) -> bool {
    !trust(context).is_believed() && known(context).is_recent(&reading(context), seconds)
}

/// The first day of snapshots, without those under a false date.
///
/// # Errors
/// When the directory cannot be listed.
pub fn first_day(context: &Context) -> Result<Option<String>> {
    let known = known(context);
    match context.store.first_day(SNAPSHOTS)? {
        Some(day) if known.noticed(&day).is_some() => {
            let days = context.store.days(SNAPSHOTS)?.into_iter().map(|day| day.name);
            Ok(days.into_iter().find(|day| known.noticed(day).is_none()))
        }
        day => Ok(day),
    }
}

/// The state of the clock including the present reading.
pub fn trust(context: &Context) -> ClockTrust {
    observe(context).0
}

/// The reading of the newest snapshot, as of another boot; one of the future only when there is no other.
fn newest(store: &Store, now: DateTime<Utc>) -> Option<Reading> {
    let last = |until| store.last(SNAPSHOTS, until).ok().flatten();
    let tomorrow = now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
    let record = last(tomorrow).or_else(|| last(day::last_moment()))?;
    Some(Reading { wall: parse(time_of(&record)?)?, boottime_seconds: f64::MAX, boot_id: String::new() })
}
