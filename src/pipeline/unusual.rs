//! Keeps the learned state of the detector of unusual values from one run to the next (see `crisis::unusual`).
//!
//! Most runs add to the running groups only: the small file is read and written, the large one when a group ends.

use super::clock;
use crate::base::clock::zone_offset_seconds;
use crate::config::Rule;
use crate::context::Context;
use crate::crisis::unusual::{Closed, Group, Groups, Learned};
use crate::model::metric::{Metric, SeriesKey};
use crate::query::baseline::{GROUPS, LEARNED};
use crate::query::host;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A series with at most this many groups is new: two hours.
const NEW_GROUPS: f64 = 24.0;
/// Days of history that are worth recalling: eight weeks and the running one.
const RECALL_DAYS: i64 = 63;

/// Both files, packed.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    learned: Option<Arc<Vec<u8>>>,
    groups: Option<Arc<Vec<u8>>>,
}

/// Values of the metrics that a rule over what is unusual watches, by metric with labels.
pub fn watched(rules: &[Rule], metrics: &[Metric]) -> Vec<(String, f64)> {
    let rules: Vec<&Rule> = rules.iter().filter(|rule| rule.is_unusual()).collect();
    let is_watched = |metric: &&Metric| rules.iter().any(|rule| rule.metric.matches(&metric.name, &metric.labels));
    metrics.iter().filter(is_watched).map(|metric| (metric.to_string(), metric.value)).collect()
}

/// Seconds of local time.
pub fn local_seconds(time: DateTime<Utc>) -> f64 {
    (time.timestamp() + i64::from(zone_offset_seconds(time))) as f64
}

/// Adds the values of a snapshot. Returns the groups they closed, and what is to be remembered.
pub fn add(context: &Context, time: DateTime<Utc>, metrics: &[Metric]) -> (Arc<BTreeMap<String, Closed>>, Memory) {
    let values = watched(&context.config.rules, metrics);
    // Learning depends on the hour of the week, so it pauses while the clock is in doubt.
    if values.is_empty() || !clock::trust(context).is_steady() {
        return Default::default();
    }
    let seconds = local_seconds(time);
    let packed = context.store.load_numbers(GROUPS).into_iter().next();
    let mut groups = packed.and_then(|packed| Groups::unpack(&packed)).unwrap_or_default();
    if groups.add(&values, seconds) {
        return (Arc::default(), Memory { learned: None, groups: Some(Arc::new(groups.pack())) });
    }
    let mut learned = load(context, &groups);
    let closed = learned.add(&values, seconds);
    (Arc::new(closed), Memory::of(&mut learned))
}

/// The learned state; empty when it is lost.
pub fn load(context: &Context, groups: &Groups) -> Learned {
    let generations = context.store.load_numbers(LEARNED);
    let Some((mut learned, checksum)) = generations.iter().find_map(|packed| Learned::unpack(packed)) else {
        return Learned::default();
    };
    if checksum == groups.of {
        learned.go_on(groups);
    }
    learned
}

/// Learns from the history what can be known of the series that were met within the last two hours, because a rule is new,
/// or what was remembered is lost. The store lock is held.
///
/// # Errors
/// When the rollups cannot be read or the memory cannot be written.
pub fn recall(context: &Context) -> Result<()> {
    let packed = context.store.load_numbers(GROUPS).into_iter().next();
    let Some(groups) = packed.and_then(|packed| Groups::unpack(&packed)) else { return Ok(()) };
    let is_new = |series: &String| groups.groups.get(series).is_some_and(|group| group.seen() <= NEW_GROUPS);
    let new: BTreeSet<String> = groups.groups.keys().filter(|series| is_new(series)).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<String> = new.iter().map(|series| SeriesKey::parse(series).name).collect();
    let now = context.now.wall;
    let since = (now - TimeDelta::days(RECALL_DAYS)).max(host::since(context).unwrap_or(DateTime::UNIX_EPOCH));
    let query = Query { is_wanted: &|name| names.contains(name), since, until: now };
    let mut learned = load(context, &groups);
    for (series, points) in context.store.points(Tier::FiveMinutes, &query)?.points {
        let name = series.to_string();
        let end = |time_ms| DateTime::from_timestamp_millis(time_ms)?.checked_add_signed(TimeDelta::minutes(5));
        let values = points.iter().filter_map(|point| Some((end(point.time_ms)?, point.avg)));
        let values: Vec<_> = values.filter(|(end, _)| *end <= now).collect();
        let seen = groups.groups.get(&name).map_or(f64::INFINITY, Group::seen);
        if !new.contains(&name) || values.len() as f64 <= seen {
            continue;
        }
        learned.forget(&name);
        for (end, value) in values {
            learned.add(&[(name.clone(), value)], local_seconds(end));
        }
    }
    Memory::of(&mut learned).save(context)
}

impl Memory {
    /// All that is remembered.
    pub fn of(learned: &mut Learned) -> Self {
        let (packed, mut groups) = learned.pack();
        Self { learned: Some(Arc::new(packed)), groups: Some(Arc::new(groups.pack())) }
    }

    /// Writes it. The store lock is held.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn save(&self, context: &Context) -> Result<()> {
        let save = |name, packed: &Option<Arc<Vec<u8>>>| {
            packed.as_ref().map_or(Ok(()), |packed| context.store.save_numbers(name, packed))
        };
        save(LEARNED, &self.learned).and(save(GROUPS, &self.groups))
    }
}
