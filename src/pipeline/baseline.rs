//! What is usual in this hour: learned once an hour from the rollups and kept in `state/band.json`, a cache.

use crate::base::clock::zone_offset_seconds;
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::context::Context;
use crate::crisis::baseline::{Band, Hour, LEAST_HOURS, PAST_HOURS, Past, least_spread};
use crate::model::metric::write_labels;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the cache.
const CACHE: &str = "band";
/// Shape of it.
const SCHEMA: u32 = 1;
/// Most bands: about 150 KiB.
const BANDS_MAX: usize = 1000;
/// What had no value for so many hours is not looked for.
const ABSENT_HOURS: i64 = 48;
/// So many hours make the shape of a week.
const WEEKLY_HOURS: usize = 336;

/// Bands by rule and labels, as the keys of alerts.
pub type Bands = Arc<BTreeMap<String, Band>>;

/// What was learned.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Learned {
    schema: u32,
    /// The hour it was last tried in, and the one the bands are of, by their number (see `hour_number`).
    tried: i64,
    hour: i64,
    /// Checksum of the rules that ask.
    rules: u32,
    /// Hours that are known, by rule: of the thing of which most are.
    known: BTreeMap<String, usize>,
    band: BTreeMap<String, Band>,
}

/// The number of an hour in the zone of the host: the same hour of the week is 168 less, also over summer time.
pub fn hour_number(time: DateTime<Utc>) -> i64 {
    (time.timestamp() + i64::from(zone_offset_seconds(time))).div_euclid(3600)
}

/// How long a value must be unusual before anybody is told, in seconds: a level that is held for less teaches nothing.
pub fn hold_seconds(rule: &Rule) -> f64 {
    let hold = rule.warning.map_or(0.0, |limit| limit.hold.as_secs_f64());
    rule.samples.map_or(hold, |samples| f64::from(samples.breaches) * 60.0)
}

/// The rules that ask what is usual.
pub fn asking(rules: &[Rule]) -> Vec<&Rule> {
    rules.iter().filter(|rule| rule.measure == Measure::Unusual || rule.mutes_usual).collect()
}

/// What is usual at a moment, as far as it is known; the hour before will do while this one is being learned.
pub fn bands(context: &Context, time: DateTime<Utc>) -> Bands {
    let rules = asking(&context.config.rules);
    let learned = if rules.is_empty() { None } else { load(context, &rules) };
    let learned = learned.filter(|learned| (0..=1).contains(&(hour_number(time) - learned.hour)));
    learned.map(|learned| Arc::new(learned.band)).unwrap_or_default()
}

/// Learns what is usual in this hour, where that is not done. The lock is held.
///
/// # Errors
/// When the rollups cannot be read or the cache cannot be written; it is tried again in the next hour.
pub fn keep_up(context: &Context) -> Result<()> {
    let rules = asking(&context.config.rules);
    let at = hour_number(context.now.wall);
    let before = if rules.is_empty() { return Ok(()) } else { load(context, &rules).unwrap_or_default() };
    if before.tried == at {
        return Ok(());
    }
    // If this takes longer than it may, it is not tried again each minute.
    let tried = Learned { schema: SCHEMA, tried: at, rules: checksum(&rules), ..before };
    context.store.save_cache(CACHE, &tried)?;
    let learned = Learned { hour: at, ..tried };
    context.store.save_cache(CACHE, &learn(context, &rules, learned)?)
}

fn learn(context: &Context, rules: &[&Rule], into: Learned) -> Result<Learned> {
    let wanted = |name: &str| rules.iter().any(|rule| rule.metric.name == name);
    let begun = context.now.wall.timestamp().div_euclid(3600) * 3600;
    let until = DateTime::from_timestamp(begun, 0).unwrap_or(context.now.wall) - TimeDelta::milliseconds(1);
    let query = Query { is_wanted: &wanted, since: until - TimeDelta::hours(PAST_HOURS), until };
    let (mut known, mut band) = (BTreeMap::<String, usize>::new(), BTreeMap::new());
    for (series, points) in context.store.points(Tier::Hours, &query)?.points {
        for rule in rules.iter().filter(|rule| rule.metric.selects(&series)) {
            let (mut past, mut last) = (Past::default(), i64::MIN);
            for point in &points {
                let Some(time) = DateTime::from_timestamp_millis(point.time_ms) else { continue };
                last = hour_number(time);
                past.add(last, Hour::new(point.min, point.avg, point.max, hold_seconds(rule)));
            }
            let most = known.entry(rule.name.clone()).or_default();
            *most = past.known().max(*most);
            if last >= into.hour - ABSENT_HOURS
                && band.len() < BANDS_MAX
                && let Some(found) = past.band(into.hour, least_spread(&series.name))
            {
                band.insert(format!("{}{}", rule.name, write_labels(&series.labels)), found);
            }
        }
    }
    Ok(Learned { known, band, ..into })
}

/// What is still being learned, a line for each rule.
pub fn lines(context: &Context) -> Vec<String> {
    let rules = asking(&context.config.rules);
    let learned = load(context, &rules).unwrap_or_default();
    let line = |rule: &&Rule| match learned.known.get(&rule.name).copied().unwrap_or(0) {
        known @ 0..LEAST_HOURS => Some(format!("{}: learning, {known} of {LEAST_HOURS} h", rule.name)),
        known @ LEAST_HOURS..WEEKLY_HOURS => {
            Some(format!("{}: learning the week, {} of {} d", rule.name, known / 24, WEEKLY_HOURS / 24))
        }
        _ => None,
    };
    rules.iter().filter(|rule| rule.measure == Measure::Unusual).filter_map(line).collect()
}

fn load(context: &Context, rules: &[&Rule]) -> Option<Learned> {
    let learned: Learned = context.store.load_cache(CACHE)?;
    (learned.schema == SCHEMA && learned.rules == checksum(rules)).then_some(learned)
}

fn checksum(rules: &[&Rule]) -> u32 {
    crc32fast::hash(format!("{rules:?}").as_bytes())
}
