//! Days on which each required service was checked: on other days its state is unknown.

use crate::base::clock::parse;
use crate::context::Context;
use crate::model::metric::Label;
use crate::model::record::time_of;
use crate::model::walk::walk;
use crate::report::page::status_bars::coverage::Days;
use crate::report::page::status_bars::{Watched, unit};
use crate::store::query::Query;
use crate::store::tier::Tier;
use crate::store::{SNAPSHOTS, day};
use anyhow::Result;
use chrono::{DateTime, TimeDelta};

/// Metric of every required service, and of all of them together.
const SERVICE: &str = "service.active";
const ALL: &str = "systemd.failed";

/// The checked services, from rollups and, for today, the newest snapshot. `None` when the services of this host are
/// not measured.
pub fn services(context: &Context) -> Result<Option<Watched>> {
    let now = context.now.wall;
    let named = &context.config.probe.services;
    let each = named.iter().map(|name| (name.clone(), Days::new())).collect();
    let mut watched = Watched { any: Days::new(), each };
    let mut add = |name: &str, labels: &[Label], day: String| {
        let label = labels.iter().find(|(key, _)| key == "service").filter(|_| name == SERVICE);
        let required = label.and_then(|(_, label)| named.iter().find(|name| unit(label) == unit(name)));
        if let Some(known) = required.and_then(|name| watched.each.get_mut(name)) {
            known.insert(day.clone());
        }
        watched.any.insert(day);
    };
    let is_wanted = |name: &str| name == SERVICE || name == ALL;
    for (tier, past) in [(Tier::Days, 91), (Tier::Hours, 2)] {
        let query = Query { is_wanted: &is_wanted, since: now - TimeDelta::days(past), until: now };
        for (key, points) in context.store.points(tier, &query)?.points {
            for time in points.iter().filter_map(|point| DateTime::from_timestamp_millis(point.time_ms)) {
                add(&key.name, &key.labels, day::of(time));
            }
        }
    }
    if let Some(newest) = context.store.last(SNAPSHOTS, now)? {
        let time = time_of(&newest).and_then(parse).unwrap_or(now);
        walk(&newest, &mut |name, labels, _| {
            if is_wanted(name) {
                add(name, labels, day::of(time));
            }
        })?;
    }
    let is_looked_at = !(watched.any.is_empty() && named.is_empty());
    Ok(is_looked_at.then_some(watched))
}
