//! Plans which targets get which events now. Pure: routes, queued alerts and the ledger in, planned messages out.

use super::content::Late;
use super::ledger::{Batch, Ledger, target_name};
use super::outbox::OutboxEntry;
use super::transport::for_route;
use crate::base::clock::{parse, zone_offset_seconds};
use crate::config::{Route, Secret};
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

/// A message whose oldest event is older than this is a digest, in minutes.
const OLD_MINUTES: i64 = 15;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMessage {
    /// Index of the route.
    pub route: usize,
    /// Recipients; one empty name where the route has none.
    pub to: Vec<String>,
    /// Indices of the alerts.
    pub alerts: Vec<usize>,
    /// Reason of the delay; `None` when it is not late.
    pub late: Option<Late>,
    /// Its Message-ID if an earlier attempt may have succeeded.
    pub again: Option<String>,
}

/// Input of a plan.
pub struct Planner<'a> {
    /// All routes.
    pub routes: &'a [Route],
    /// Queued alerts, oldest first.
    pub alerts: &'a [OutboxEntry],
    /// Messages per hour and per day to each target; 0: no limit.
    pub limits: (usize, usize),
    /// Current time.
    pub now: DateTime<Utc>,
}

/// The recipients of a route; one empty name if it has none.
pub fn recipients(route: &Route) -> Vec<String> {
    if route.to.is_empty() { vec![String::new()] } else { route.to.clone() }
}

/// A number that changes with the settings of a route and with its secret files, so that new settings are tried at once.
pub fn fingerprint(route: &Route) -> u32 {
    let modified = |secret: &Secret| std::fs::metadata(&secret.file).map_or(0, |meta| meta.mtime());
    let modified = route.transport.secrets().iter().fold(0, |all, (_, secret)| all ^ modified(secret));
    crc32fast::hash(format!("{:?} {modified}", route.transport).as_bytes())
}

impl Planner<'_> {
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

    /// The messages to send now by routes that were not `tried` in this run, at most one per target.
    pub fn plan(&self, ledger: &Ledger, tried: &BTreeSet<usize>) -> Vec<PlannedMessage> {
        let mut plan = Vec::new();
        for (at, route) in self.routes.iter().enumerate().filter(|(at, _)| !tried.contains(at)) {
            let is_idle_fallback = !route.fallback_for.is_empty()
                && !self.primary(route).is_some_and(|primary| self.is_failing(primary, ledger));
            if is_idle_fallback {
                continue;
            }
            self.plan_route(at, route, ledger, &mut plan);
        }
        plan
    }

    fn plan_route(&self, at: usize, route: &Route, ledger: &Ledger, plan: &mut Vec<PlannedMessage>) {
        let settings = fingerprint(route);
        let first_of_plan = plan.len();
        for to in recipients(route) {
            let key = target_name(&route.name, &to);
            let mut alerts = self.queued_for(route, &to, ledger);
            let is_due = ledger.is_due(&key, settings, self.now) || self.is_new_crisis(&alerts, &key, ledger);
            if alerts.is_empty() || !is_due {
                continue;
            }
            let is_of = |batch: &Batch, alert: &usize| {
                self.alerts.get(*alert).is_some_and(|alert| batch.event.contains(&alert.name))
            };
            let again = ledger.sending.iter().find(|(_, batch)| {
                let is_target = batch.route == route.name && batch.target.contains(&key);
                is_target && alerts.iter().any(|alert| is_of(batch, alert))
            });
            if let Some((_, batch)) = again {
                alerts.retain(|alert| is_of(batch, alert));
            }
            // Its key begins with the name of the route.
            let id = again.map(|(id, _)| id.split_once(' ').map_or(id.clone(), |(_, id)| id.to_string()));
            if id.is_none() && self.is_rate_limited(route, &key, ledger) {
                continue;
            }
            let same = plan.iter_mut().skip(first_of_plan).find(|other| other.alerts == alerts && other.again == id);
            let late = self.late(&key, &alerts, ledger);
            match same {
                Some(same) => {
                    same.to.push(to);
                    same.late = same.late.or(late);
                }
                None => plan.push(PlannedMessage { route: at, to: vec![to], alerts, late, again: id }),
            }
        }
    }

    fn is_rate_limited(&self, route: &Route, target: &str, ledger: &Ledger) -> bool {
        for_route(route).is_rate_limited() && ledger.is_rate_limited(target, self.limits.0, self.limits.1, self.now)
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

    /// Returns whether a critical event occurred after the last attempt: it does not wait for the end of the pause.
    fn is_new_crisis(&self, alerts: &[usize], key: &str, ledger: &Ledger) -> bool {
        let Some(tried) = ledger.target.get(key).map(|target| target.tried.as_str()) else { return true };
        alerts.iter().filter_map(|alert| self.alerts.get(*alert)).any(|alert| {
            let event = &alert.event;
            let begins = matches!(event.kind, EventKind::Fired | EventKind::Escalated);
            begins && event.severity == Severity::Critical && event.time.as_str() > tried
        })
    }

    fn late(&self, key: &str, alerts: &[usize], ledger: &Ledger) -> Option<Late> {
        let known = ledger.target.get(key);
        if let Some(since) = known.and_then(|known| parse(&known.failing_since)) {
            return Some(Late::Down(since));
        }
        if let Some(since) = known.and_then(|known| parse(&known.held_since)) {
            return Some(Late::Held(since));
        }
        let oldest = alerts.first().and_then(|alert| parse(&self.alerts.get(*alert)?.event.time))?;
        (self.now - oldest > TimeDelta::minutes(OLD_MINUTES)).then_some(Late::Old(oldest))
    }

    /// Targets with queued alerts that the rate limit holds back.
    pub fn held(&self, ledger: &Ledger) -> Vec<String> {
        let mut held = Vec::new();
        for route in self.routes.iter().filter(|route| route.fallback_for.is_empty()) {
            for to in recipients(route) {
                let key = target_name(&route.name, &to);
                if self.is_rate_limited(route, &key, ledger) && !self.pending(route, &to, ledger).is_empty() {
                    held.push(key);
                }
            }
        }
        held
    }
}
