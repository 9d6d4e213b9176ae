//! Reads the recorded history: days in parallel, passed on in order of time.

use super::moment::Moment;
use crate::config::Rule;
use crate::context::Context;
use crate::model::snapshot::Snapshot;
use crate::pipeline::unusual::local_seconds;
use crate::store::day::begin;
use crate::store::read::Reading;
use crate::store::{SNAPSHOTS, Store};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::thread;

/// Maximum number of days read in parallel, which bounds memory and load.
const AT_ONCE: usize = 4;

/// Calls `visit` with every snapshot of a span, reduced to the metrics that a rule may watch.
///
/// # Errors
/// When the stream cannot be listed.
pub fn walk(
    context: &Context,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    rules: &[Rule],
    meter: &mut dyn FnMut(u64, u64),
    visit: &mut dyn FnMut(Moment),
) -> Result<Reading> {
    let mut spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for day in context.store.days(SNAPSHOTS)? {
        let Some(begin) = begin(&day.name) else { continue };
        let (from, to) = (since.max(begin), until.min(begin + TimeDelta::milliseconds(86_399_999)));
        if from <= to {
            spans.push((from, to));
        }
    }
    let threads = thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE);
    let (all, mut done, mut total) = (spans.len() as u64, 0, Reading::default());
    let store = &context.store;
    thread::scope(|scope| {
        let start = |batch: &[(DateTime<Utc>, DateTime<Utc>)]| {
            let spans = batch.iter().copied();
            spans.map(|(from, to)| scope.spawn(move || read(store, from, to, rules))).collect::<Vec<_>>()
        };
        let mut batches = spans.chunks(threads);
        // The next batch is read while one is evaluated.
        let mut reading = batches.next().map(start).unwrap_or_default();
        while !reading.is_empty() {
            let next = batches.next().map(start).unwrap_or_default();
            for handle in std::mem::replace(&mut reading, next) {
                // A day whose thread panicked counts as unreadable.
                if let Ok(Ok((moments, met))) = handle.join() {
                    moments.into_iter().for_each(&mut *visit);
                    total.records += met.records;
                    total.damaged += met.damaged;
                    total.first_damage = total.first_damage.take().or(met.first_damage);
                    total.unreadable.extend(met.unreadable);
                }
                meter(done, all);
                done += 1;
            }
        }
    });
    Ok(total)
}

fn read(store: &Store, from: DateTime<Utc>, to: DateTime<Utc>, rules: &[Rule]) -> Result<(Vec<Moment>, Reading)> {
    let (mut moments, mut wanted) = (Vec::new(), HashMap::<String, bool>::new());
    let reading = store.read(SNAPSHOTS, from, to, &mut |line| {
        let is_wanted = &mut |name: &str| match wanted.get(name) {
            Some(known) => *known,
            None => {
                let watches = |rule: &Rule| rule.metric.name == name || rule.conditions().any(|known| known == name);
                let is_watched = rules.iter().any(watches);
                wanted.insert(name.to_string(), is_watched);
                is_watched
            }
        };
        if let Ok(snapshot) = Snapshot::parse_wanted(line, is_wanted) {
            let Snapshot { now, boot_id, metrics, sections, devices, .. } = snapshot;
            let local_seconds = local_seconds(now.wall);
            moments.push(Moment { now, boot_id, metrics, devices, sections, local_seconds, earlier: Some(Vec::new()) });
        }
    })?;
    Ok((moments, reading))
}
