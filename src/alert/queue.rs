//! Which queued alerts are for which routes and recipients. Pure: routes, queued alerts and the ledger in, indices out.

use super::ledger::{Ledger, target_name};
use super::outbox::OutboxEntry;
use crate::base::clock::{parse, zone_offset_seconds};
use crate::config::Route;
use crate::model::event::Event;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Queued alerts and the routes they may take.
#[derive(Clone, Copy)]
pub struct Queue<'a> {
    /// All routes.
    pub routes: &'a [Route],
    /// Queued alerts, oldest first.
    pub alerts: &'a [OutboxEntry],
    /// Current time.
    pub now: DateTime<Utc>,
}

/// The recipients of a route; one empty name if it has none.
pub fn recipients(route: &Route) -> Vec<String> {
    if route.to.is_empty() { vec![String::new()] } else { route.to.clone() }
}

impl Queue<'_> {
    /// Returns whether a route accepts an event, by severity and time. An event that occurred while no route was open
    /// is taken by the first that opens.
    pub fn is_for(&self, route: &Route, event: &Event) -> bool {
        let is_urgent = |route: &Route| event.severity >= route.min_severity;
        let open = |route: &Route, time: DateTime<Utc>| {
            route.window.as_ref().is_none_or(|window| window.holds(time, zone_offset_seconds(time)))
        };
        if !is_urgent(route) {
            return false;
        }
        let time = parse(&event.time).unwrap_or(self.now);
        let others = self.routes.iter().filter(|route| route.fallback_for.is_empty());
        open(route, time)
            || (!others.into_iter().any(|route| is_urgent(route) && open(route, time)) && open(route, self.now))
    }

    /// Returns whether any route will ever accept an event.
    pub fn is_for_any_route(&self, event: &Event) -> bool {
        self.routes.iter().any(|route| event.severity >= route.min_severity)
    }

    /// The names of all targets.
    pub fn targets(&self) -> BTreeSet<String> {
        let targets =
            |route: &Route| recipients(route).into_iter().map(|to| target_name(&route.name, &to)).collect::<Vec<_>>();
        self.routes.iter().flat_map(targets).collect()
    }

    /// Indices of the alerts without a final result for a recipient of a route.
    pub fn pending(&self, route: &Route, to: &str, ledger: &Ledger) -> Vec<usize> {
        let target = target_name(&route.name, to);
        let is_open = |alert: &OutboxEntry| {
            let is_final = ledger.result.get(&alert.name).is_some_and(|results| results.get(&target).is_some());
            !is_final && self.is_for(route, &alert.event)
        };
        self.alerts.iter().enumerate().filter(|(_, alert)| is_open(alert)).map(|(at, _)| at).collect()
    }

    /// Indices of the alerts queued for a recipient of a route; of a fallback only those that its primary failed to send.
    pub fn queued_for(&self, route: &Route, to: &str, ledger: &Ledger) -> Vec<usize> {
        let mut alerts = self.pending(route, to, ledger);
        if let Some(unsent) = self.unsent_by_primary(route, ledger) {
            alerts.retain(|alert| unsent.contains(alert));
        }
        alerts
    }

    /// Returns whether the last attempt of a route failed and alerts are queued for it.
    pub fn is_failing(&self, route: &Route, ledger: &Ledger) -> bool {
        let failing =
            |to: &String| ledger.target.get(&target_name(&route.name, to)).is_some_and(|target| target.attempts > 0);
        recipients(route).iter().any(|to| failing(to) && !self.pending(route, to, ledger).is_empty())
    }

    /// The primary route of a fallback; `None` when the route is no fallback.
    pub fn primary(&self, route: &Route) -> Option<&Route> {
        self.routes.iter().find(|other| other.name == route.fallback_for)
    }

    /// Alerts that the primary of a fallback failed to send; `None` when the route is no fallback.
    fn unsent_by_primary(&self, route: &Route, ledger: &Ledger) -> Option<BTreeSet<usize>> {
        if route.fallback_for.is_empty() {
            return None;
        }
        let mut unsent = BTreeSet::new();
        for (primary, to) in self
            .primary(route)
            .into_iter()
            .flat_map(|primary| recipients(primary).into_iter().map(move |to| (primary, to)))
        {
            if ledger.target.get(&target_name(&primary.name, &to)).is_some_and(|target| target.attempts > 0) {
                unsent.extend(self.pending(primary, &to, ledger));
            }
        }
        Some(unsent)
    }

    /// Age of an event, in seconds.
    pub fn age_seconds(&self, event: &Event) -> i64 {
        parse(&event.time).map_or(i64::MAX, |time| (self.now - time).num_seconds().abs())
    }
}
