//! Who is to be told what now. Pure: routes, waiting alerts and what is remembered in, messages out.

use super::ledger::{Batch, Ledger, target};
use super::outbox::Alert;
use super::template::Late;
use crate::base::clock::{parse, zone_offset_seconds};
use crate::config::{Route, Secret, Way};
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

/// What is older than this was not told in time.
const OLD_MINUTES: i64 = 15;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The way, by its place among the routes.
    pub route: usize,
    /// Recipients; one empty name where the way has none.
    pub to: Vec<String>,
    /// Alerts, by their place.
    pub alerts: Vec<usize>,
    /// It is late.
    pub late: Option<Late>,
    /// Its id, when nobody knows whether it arrived the last time.
    pub again: Option<String>,
}

/// What a plan is made from.
pub struct Field<'a> {
    /// All ways.
    pub routes: &'a [Route],
    /// What waits, the oldest first.
    pub alerts: &'a [Alert],
    /// Limits an hour and a day.
    pub limits: (usize, usize),
    /// The present.
    pub now: DateTime<Utc>,
}

/// The recipients of a way.
pub fn recipients(route: &Route) -> Vec<String> {
    if route.to.is_empty() { vec![String::new()] } else { route.to.clone() }
}

/// A number that changes with the settings of a way, so that new settings are tried at once.
pub fn settings(route: &Route) -> u32 {
    let written = |secret: &Secret| std::fs::metadata(&secret.file).map_or(0, |meta| meta.mtime());
    let changed = match &route.way {
        Way::Smtp(smtp) => written(&smtp.secret()),
        Way::Webhook(hook) => written(&hook.url) ^ written(&hook.token),
        Way::Sendmail(_) | Way::Syslog(_) => 0,
    };
    crc32fast::hash(format!("{:?} {changed}", route.way).as_bytes())
}

impl Field<'_> {
    /// Whether an event goes this way: by how bad it is and by when it happened. What happened while no way was open
    /// goes by the first that opens.
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

    /// Whether any way will ever take an event.
    pub fn is_for_anybody(&self, event: &Event) -> bool {
        self.routes.iter().any(|route| event.severity >= route.min_severity)
    }

    /// All targets: who is to be told by which way.
    pub fn targets(&self) -> BTreeSet<String> {
        let of = |route: &Route| recipients(route).into_iter().map(|to| target(&route.name, &to)).collect::<Vec<_>>();
        self.routes.iter().flat_map(of).collect()
    }

    /// What a recipient has not been told by this way.
    pub fn pending(&self, route: &Route, to: &str, ledger: &Ledger) -> Vec<usize> {
        let target = target(&route.name, to);
        let is_open = |alert: &Alert| {
            let told = ledger.result.get(&alert.name).is_some_and(|results| results.get(&target).is_some());
            !told && self.is_for(route, &alert.event)
        };
        self.alerts.iter().enumerate().filter(|(_, alert)| is_open(alert)).map(|(at, _)| at).collect()
    }

    /// What waits for a recipient by this way: of a way that stands in for another only what that one could not tell.
    pub fn waits_for(&self, route: &Route, to: &str, ledger: &Ledger) -> Vec<usize> {
        let mut alerts = self.pending(route, to, ledger);
        if let Some(untold) = self.untold_by_first(route, ledger) {
            alerts.retain(|alert| untold.contains(alert));
        }
        alerts
    }

    /// Whether a way does not work at present.
    pub fn is_failing(&self, route: &Route, ledger: &Ledger) -> bool {
        let failing =
            |to: &String| ledger.target.get(&target(&route.name, to)).is_some_and(|target| target.attempts > 0);
        recipients(route).iter().any(|to| failing(to) && !self.pending(route, to, ledger).is_empty())
    }

    /// The messages that go out now, by ways that were not `tried` in this run. At most one for each recipient of a way.
    pub fn plan(&self, ledger: &Ledger, tried: &BTreeSet<usize>) -> Vec<Planned> {
        let mut plan = Vec::new();
        for (at, route) in self.routes.iter().enumerate().filter(|(at, _)| !tried.contains(at)) {
            if !route.fallback_for.is_empty() {
                let first = self.routes.iter().find(|other| other.name == route.fallback_for);
                if !first.is_some_and(|first| self.is_failing(first, ledger)) {
                    continue;
                }
            }
            self.of_route(at, route, ledger, &mut plan);
        }
        plan
    }

    fn of_route(&self, at: usize, route: &Route, ledger: &Ledger, plan: &mut Vec<Planned>) {
        let settings = settings(route);
        let first_of_plan = plan.len();
        for to in recipients(route) {
            let key = target(&route.name, &to);
            let mut alerts = self.waits_for(route, &to, ledger);
            let is_due = ledger.is_due(&key, settings, self.now) || self.is_news(&alerts, &key, ledger);
            if alerts.is_empty() || !is_due {
                continue;
            }
            let is_of = |batch: &Batch, alert: &usize| {
                self.alerts.get(*alert).is_some_and(|alert| batch.event.contains(&alert.name))
            };
            let again = ledger.sending.iter().find(|(_, batch)| {
                let is_his = batch.route == route.name && batch.target.contains(&key);
                is_his && alerts.iter().any(|alert| is_of(batch, alert))
            });
            if let Some((_, batch)) = again {
                alerts.retain(|alert| is_of(batch, alert));
            }
            // Its key begins with the way.
            let id = again.map(|(id, _)| id.split_once(' ').map_or(id.clone(), |(_, id)| id.to_string()));
            let is_log = matches!(route.way, Way::Syslog(_));
            if id.is_none() && !is_log && ledger.is_full(&key, self.limits.0, self.limits.1, self.now) {
                continue;
            }
            let same = plan.iter_mut().skip(first_of_plan).find(|other| other.alerts == alerts && other.again == id);
            let late = self.late(&key, &alerts, ledger);
            match same {
                Some(same) => {
                    same.to.push(to);
                    same.late = same.late.or(late);
                }
                None => plan.push(Planned { route: at, to: vec![to], alerts, late, again: id }),
            }
        }
    }

    /// What the way that comes before could not tell; `None`: there is none before it.
    fn untold_by_first(&self, route: &Route, ledger: &Ledger) -> Option<BTreeSet<usize>> {
        if route.fallback_for.is_empty() {
            return None;
        }
        let first = self.routes.iter().find(|other| other.name == route.fallback_for);
        let mut untold = BTreeSet::new();
        for (first, to) in first.into_iter().flat_map(|first| recipients(first).into_iter().map(move |to| (first, to)))
        {
            if ledger.target.get(&target(&first.name, &to)).is_some_and(|target| target.attempts > 0) {
                untold.extend(self.pending(first, &to, ledger));
            }
        }
        Some(untold)
    }

    /// Something critical that began after the last attempt does not wait for the next one.
    fn is_news(&self, alerts: &[usize], key: &str, ledger: &Ledger) -> bool {
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

    /// Targets that have had as many messages as they may, and have something to be told.
    pub fn held(&self, ledger: &Ledger) -> Vec<String> {
        let mut held = Vec::new();
        for route in
            self.routes.iter().filter(|route| !matches!(route.way, Way::Syslog(_)) && route.fallback_for.is_empty())
        {
            for to in recipients(route) {
                let key = target(&route.name, &to);
                if ledger.is_full(&key, self.limits.0, self.limits.1, self.now)
                    && !self.pending(route, &to, ledger).is_empty()
                {
                    held.push(key);
                }
            }
        }
        held
    }
}
