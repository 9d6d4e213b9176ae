//! Bands of usual values at this hour of the week, for rules, tiles and mails. Reads `state/band.json`, a cache that
//! the pipeline renews once an hour.

use crate::base::clock::zone_offset_seconds;
use crate::base::sort::SmallSort;
use crate::config::Rule;
use crate::context::Context;
use crate::crisis::baseline::{Band, Hour, Past, least_spread};
use crate::crisis::unusual::{Groups, LEARN};
use crate::model::metric::SeriesKey;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the cache.
pub const CACHE: &str = "band";
/// Version of its format.
pub const SCHEMA: u32 = 1;
/// Name of what the detector of unusual values remembers,
pub const LEARNED: &str = "unusual";
/// and of its running groups.
pub const GROUPS: &str = "unusual-groups";
/// Time that a level must hold to become usual if no rule sets one, in seconds.
const HOLD_SECONDS: f64 = 300.0;

/// Bands by rule and labels, as the keys of alerts.
pub type Bands = Arc<BTreeMap<String, Band>>;

/// The learned bands.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Learned {
    /// Version of the format.
    pub schema: u32,
    /// Number of the hour in which learning was last tried; see [`hour_number`].
    pub tried: i64,
    /// Number of the hour that the bands are for.
    pub hour: i64,
    /// Checksum of the rules that use bands.
    pub rules: u32,
    /// The bands by rule and labels.
    pub band: BTreeMap<String, Band>,
}

/// The number of an hour in the zone of the host. The same hour of the week before has this number less 168, also across
/// a change to summer time.
pub fn hour_number(time: DateTime<Utc>) -> i64 {
    (time.timestamp() + i64::from(zone_offset_seconds(time))).div_euclid(3600)
}

/// How long a value must be unusual before the rule fires, in seconds. A level held for less does not become usual.
pub fn hold_seconds(rule: &Rule) -> f64 {
    let hold = rule.warning.map_or(0.0, |limit| limit.hold.as_secs_f64());
    rule.samples.map_or(hold, |samples| f64::from(samples.breaches) * 60.0)
}

/// The rules that use bands.
pub fn rules_with_bands(rules: &[Rule]) -> Vec<&Rule> {
    rules.iter().filter(|rule| rule.mutes_usual).collect()
}

/// The bands for a moment, as far as they are known. While the present hour is being learned, those of the hour before
/// are used.
pub fn bands(context: &Context, time: DateTime<Utc>) -> Bands {
    let rules = rules_with_bands(&context.config.rules);
    let learned = if rules.is_empty() { None } else { load(context, &rules) };
    let learned = learned.filter(|learned| (0..=1).contains(&(hour_number(time) - learned.hour)));
    learned.map(|learned| Arc::new(learned.band)).unwrap_or_default()
}

/// Lowest and highest usual value by metric, of every metric without labels for which a rule has a band.
pub fn usual_values(context: &Context, time: DateTime<Utc>) -> BTreeMap<String, (f64, f64)> {
    let bands = bands(context, time);
    let rules = context.config.rules.iter();
    let usual = rules.filter_map(|rule| Some((rule.metric.name.clone(), range(bands.get(&rule.name)?)?)));
    usual.collect()
}

/// Lowest and highest usual value in the hour after the last of `hours`, by the same method as for rules. `hours`:
/// start of the hour, lowest, mean and highest value.
pub fn usual_after(metric: &str, hours: impl Iterator<Item = (DateTime<Utc>, [f64; 3])>) -> Option<(f64, f64)> {
    let (mut past, mut last) = (Past::default(), None);
    for (time, [min, mean, max]) in hours {
        let number = hour_number(time);
        past.add(number, Hour::new(min, mean, max, HOLD_SECONDS));
        last = Some(number);
    }
    range(&past.band(last? + 1, least_spread(metric))?)
}

/// `None` while the hour of the day is not known yet: the range of all hours says nothing about this one.
fn range(band: &Band) -> Option<(f64, f64)> {
    band.is_of_hour.then_some((band.low, band.high))
}

/// One line for rules over what is unusual that still learn.
pub fn lines(context: &Context) -> Vec<String> {
    let rules: Vec<&Rule> = context.config.rules.iter().filter(|rule| rule.is_unusual()).collect();
    let packed = if rules.is_empty() { Vec::new() } else { context.store.load_numbers(GROUPS) };
    let groups = packed.iter().find_map(|packed| Groups::unpack(packed)).unwrap_or_default().groups;
    let mut learning: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (series, group) in groups.iter().filter(|(_, group)| group.seen() < LEARN) {
        let series = SeriesKey::parse(series);
        let hours = (group.seen() / LEARN * 24.0) as u32;
        for rule in rules.iter().filter(|rule| rule.metric.selects(&series)) {
            learning.entry(hours).or_default().push(&rule.name);
        }
    }
    let line = |(hours, mut rules): (u32, Vec<&str>)| {
        rules.arrange();
        rules.dedup();
        format!("{}: learning what is usual, {hours} of 24 h", rules.join(", "))
    };
    learning.into_iter().map(line).collect()
}

/// The cache, if it was made for these rules.
pub fn load(context: &Context, rules: &[&Rule]) -> Option<Learned> {
    let learned: Learned = context.store.load_cache(CACHE)?;
    (learned.schema == SCHEMA && learned.rules == checksum(rules)).then_some(learned)
}

/// Checksum of the rules that use bands.
pub fn checksum(rules: &[&Rule]) -> u32 {
    crc32fast::hash(format!("{rules:?}").as_bytes())
}
