//! Consumers of CPU, memory and disks, at a moment or over a span; for `osmon top`, alerts, `osmon explain` and the
//! page.

use crate::base::clock::parse;
use crate::base::text::{NAME_MAX, clean};
use crate::context::Context;
use crate::model::consumers::{Consumers, Usage, ranked};
use crate::model::evidence::{Evidence, PROCESSES_MAX, Resource, UNITS_MAX, User};
use crate::model::record::{round, time_of};
use crate::store::PROCESSES;
use crate::store::consumers::Unrolled;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// The record nearest to a time, at most `within` away from it.
pub fn at(context: &Context, time: DateTime<Utc>, within: TimeDelta) -> Result<Option<Consumers>> {
    let mut nearest: Option<(TimeDelta, String)> = None;
    context.store.read(PROCESSES, time - within, time + within, &mut |line| {
        let distance = time_of(line).and_then(parse).map(|recorded| (recorded - time).abs());
        if let Some(distance) = distance.filter(|far| nearest.as_ref().is_none_or(|(best, _)| far < best)) {
            nearest = Some((distance, line.to_string()));
        }
    })?;
    Ok(nearest.and_then(|(_, line)| Consumers::from_record(&line)))
}

/// The consumers from `since` to `until`, both inclusive.
pub fn between(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Consumers> {
    context.store.consumers(since, until + TimeDelta::milliseconds(1), Unrolled::Read)
}

/// The top consumers of a resource as evidence; those that used nothing of it are omitted.
pub fn evidence(consumers: &Consumers, resource: Resource) -> Evidence {
    let user = |name: &str, unit: &str, owner: &str, usage: &Usage| User {
        name: clean(name, NAME_MAX),
        user: clean(owner, NAME_MAX),
        unit: clean(unit, NAME_MAX),
        cpu_percent: consumers.cpu_percent(usage),
        memory_bytes: (usage.memory_bytes > 0.0).then_some(usage.memory_bytes),
        io_bytes_per_second: (consumers.seconds > 0.0).then(|| round(usage.io_bytes / consumers.seconds)),
    };
    let used = |usage: &Usage| usage.amount(resource) > 0.0;
    let programs = ranked(&consumers.programs, resource).into_iter().filter(|(_, usage)| used(usage));
    let units = ranked(&consumers.units, resource).into_iter().filter(|(_, usage)| used(usage));
    Evidence {
        resource: Some(resource),
        process: programs
            .take(PROCESSES_MAX)
            .map(|(program, usage)| user(&program.name, &program.unit, &program.user, usage))
            .collect(),
        unit: units.take(UNITS_MAX).map(|(unit, usage)| user(unit, "", "", usage)).collect(),
        ..Evidence::default()
    }
}
