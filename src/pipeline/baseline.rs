//! Learns the bands of usual values once an hour, from the rollups (see `query::baseline`), and what the detector of unusual
//! values should know of a series that it has just met.

use super::{clock, unusual};
use crate::config::Rule;
use crate::context::Context;
use crate::crisis::baseline::{Hour, PAST_HOURS, Past, least_spread};
use crate::model::metric::write_labels;
use crate::query::baseline::{CACHE, Learned, SCHEMA, checksum, hold_seconds, hour_number, load, rules_with_bands};
use crate::query::host;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta};
use std::collections::BTreeMap;

/// Maximum number of bands: about 150 KiB.
const BANDS_MAX: usize = 1000;
/// A series without a value for this long gets no band, in hours.
const ABSENT_HOURS: i64 = 48;

/// Learns the bands of this hour unless that was tried already. The store lock is held.
///
/// # Errors
/// When the rollups cannot be read or the cache cannot be written; the next hour tries again.
pub fn keep_up(context: &Context) -> Result<()> {
    let rules = rules_with_bands(&context.config.rules);
    let at = hour_number(context.now.wall);
    let before = load(context, &rules).unwrap_or_default();
    let is_idle = rules.is_empty() && !context.config.rules.iter().any(Rule::is_unusual);
    if is_idle || before.tried == at || !clock::trust(context).is_steady() {
        return Ok(());
    }
    // Recorded first: learning that exceeds its time limit is not retried every minute.
    let tried = Learned { schema: SCHEMA, tried: at, rules: checksum(&rules), ..before };
    context.store.save_cache(CACHE, &tried)?;
    unusual::recall(context)?;
    let learned = Learned { hour: at, ..tried };
    context.store.save_cache(CACHE, &learn(context, &rules, learned)?)
}

fn learn(context: &Context, rules: &[&Rule], into: Learned) -> Result<Learned> {
    let wanted = |name: &str| rules.iter().any(|rule| rule.metric.name == name);
    let begun = context.now.wall.timestamp().div_euclid(3600) * 3600;
    let until = DateTime::from_timestamp(begun, 0).unwrap_or(context.now.wall) - TimeDelta::milliseconds(1);
    let since = (until - TimeDelta::hours(PAST_HOURS)).max(host::since(context).unwrap_or(DateTime::UNIX_EPOCH));
    let query = Query { is_wanted: &wanted, since, until };
    let mut band = BTreeMap::new();
    for (series, points) in context.store.points(Tier::Hours, &query)?.points {
        for rule in rules.iter().filter(|rule| rule.metric.selects(&series)) {
            let (mut past, mut last) = (Past::default(), i64::MIN);
            for point in &points {
                let Some(time) = DateTime::from_timestamp_millis(point.time_ms) else { continue };
                last = hour_number(time);
                past.add(last, Hour::new(point.min, point.avg, point.max, hold_seconds(rule)));
            }
            if last >= into.hour - ABSENT_HOURS
                && band.len() < BANDS_MAX
                && let Some(found) = past.band(into.hour, least_spread(&series.name))
            {
                band.insert(format!("{}{}", rule.name, write_labels(&series.labels)), found);
            }
        }
    }
    Ok(Learned { band, ..into })
}
