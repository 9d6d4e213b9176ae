//! The claims of queued alerts on the budget of a route.

use super::budget::Claim;
use super::ledger::Ledger;
use super::queue::Queue;
use crate::base::clock::parse;
use crate::config::Route;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// A thing with this many incidents reported in the last day is repeating.
const REPEATING: usize = 3;

/// The claims of queued alerts on the budget of a route.
pub struct Claims<'a> {
    queue: Queue<'a>,
    /// Ids of repeating incidents, without their numbers.
    repeating: BTreeSet<String>,
}

impl<'a> Claims<'a> {
    /// Finds the things of which a route reported several incidents in the last day.
    pub fn new(queue: Queue<'a>, route: &Route, ledger: &Ledger) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, thread) in &ledger.thread {
            let incident = key.split_once(' ').filter(|(name, _)| *name == route.name).map(|(_, incident)| incident);
            let is_recent = parse(&thread.time).is_some_and(|time| (queue.now - time).abs() < TimeDelta::days(1));
            if let Some(incident) = incident.filter(|_| is_recent) {
                *counts.entry(stem(incident)).or_default() += 1;
            }
        }
        let repeating = counts.into_iter().filter(|(_, count)| *count >= REPEATING).map(|(stem, _)| stem.to_string());
        Self { queue, repeating: repeating.collect() }
    }

    /// The claim of the most urgent of these alerts.
    pub fn of(&self, alerts: &[usize]) -> Claim {
        let alerts = alerts.iter().filter_map(|at| self.queue.alerts.get(*at));
        let claims = alerts.map(|alert| Claim::of(&alert.event, self.repeating.contains(stem(&alert.event.incident))));
        claims.max().unwrap_or(Claim::Repeating)
    }
}

/// The id of an incident without its number: what it is about.
fn stem(incident: &str) -> &str {
    incident.rsplit_once('-').map_or(incident, |(stem, _)| stem)
}
