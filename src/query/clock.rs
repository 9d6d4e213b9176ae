//! Whether the clock of this host may be believed (see `store::clock_trust`).

use crate::base::clock::parse;
use crate::context::Context;
use crate::model::record::time_of;
use crate::store::clock_trust::{ClockTrust, Reading, Return, STATE};
use crate::store::{SNAPSHOTS, Store};
use chrono::{DateTime, TimeDelta, Utc};

/// What is known of the clock including the present reading, and whether it just came back from a false date.
pub fn observe(context: &Context) -> (ClockTrust, Option<Return>) {
    let now = Reading {
        wall: context.now.wall,
        boottime_seconds: context.now.boottime_seconds,
        boot_id: context.root.boot_id(),
    };
    let known = context.store.load_cache::<ClockTrust>(STATE).unwrap_or_default();
    known.observe(&now, || newest(&context.store, context.now.wall))
}

/// What is known of the clock including the present reading.
pub fn trust(context: &Context) -> ClockTrust {
    observe(context).0
}

/// The reading of the newest snapshot, as of another boot; one of the future only when there is no other.
fn newest(store: &Store, now: DateTime<Utc>) -> Option<Reading> {
    let last = |until| store.last(SNAPSHOTS, until).ok().flatten();
    let tomorrow = now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
    let record = last(tomorrow).or_else(|| last(DateTime::<Utc>::MAX_UTC))?;
    Some(Reading { wall: parse(time_of(&record)?)?, boottime_seconds: f64::MAX, boot_id: String::new() })
}
