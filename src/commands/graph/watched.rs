//! On which days each service that must run was looked at: a day without that is not one on which it was well.

use super::Here;
use crate::base::clock::parse;
use crate::model::metric::{Label, read_labels};
use crate::model::record::{sections, time_of};
use crate::model::walk::walk;
use crate::report::days::Days;
use crate::store::query::Query;
use crate::store::tier::Tier;
use crate::store::{SNAPSHOTS, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta};
use std::collections::BTreeMap;

/// What is recorded of every one.
const SERVICE: &str = "service.active";

/// Of each service that must run the days on which it was looked at: from the rollups, and today from the newest snapshot.
/// `None`: the services of this host are not looked at.
pub fn services(here: &Here) -> Result<Option<BTreeMap<String, Days>>> {
    let now = here.now.wall;
    let named = &here.config.probe.services;
    let newest = here.store.last(SNAPSHOTS, now)?;
    let mut days: BTreeMap<String, Days> = named.iter().map(|name| (name.clone(), Days::new())).collect();
    if named.is_empty() {
        let is_measured = newest.is_some_and(|newest| sections(&newest).contains("systemd"));
        return Ok(is_measured.then_some(days));
    }
    let mut add = |labels: &[Label], day: String| {
        let label = labels.iter().find(|(key, _)| key == "service");
        let of_it =
            label.and_then(|(_, unit)| named.iter().find(|name| unit == *name || *unit == format!("{name}.service")));
        if let Some(known) = of_it.and_then(|name| days.get_mut(name)) {
            known.insert(day);
        }
    };
    let is_wanted = |name: &str| name == SERVICE;
    for (tier, past) in [(Tier::Days, 91), (Tier::Hours, 2)] {
        let query = Query { is_wanted: &is_wanted, since: now - TimeDelta::days(past), until: now };
        for (metric, points) in here.store.points(tier, &query)?.points {
            for time in points.iter().filter_map(|point| DateTime::from_timestamp_millis(point.time_ms)) {
                add(&read_labels(&metric).1, day::of(time));
            }
        }
    }
    if let Some(newest) = newest {
        let time = time_of(&newest).and_then(parse).unwrap_or(now);
        walk(&newest, &mut |name, labels, _| {
            if name == SERVICE {
                add(labels, day::of(time));
            }
        })?;
    }
    Ok(Some(days))
}
