//! Plans which targets get which events now. Pure: routes, queued alerts and the ledger in, planned messages out.

use super::budget::{Budget, Claim};
use super::claims::Claims;
use super::content::{LastMessage, Late};
use super::ledger::{Ledger, target_name};
use super::present::Present;
use super::queue::{Queue, recipients};
use super::transport::for_route;
use crate::base::clock::{parse, stamp};
use crate::config::{Route, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt;

/// A message whose oldest event is older than this is a digest, in minutes.
const OLD_MINUTES: i64 = 15;
/// Events within this time of each other share a message, in seconds.
const COMPANY_SECONDS: i64 = 120;
/// Tolerance for a run that starts early, in seconds.
const EARLY: i64 = 10;
/// Runs further apart than this do not wait for company, in seconds.
const SPACING_MAX: f64 = 90.0;
/// Most unanswered messages that are sent again to one target in one round.
const REPEATS_MAX: usize = 4;

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
    /// Its most urgent event.
    pub claim: Claim,
    /// It uses up the budget.
    pub last: Option<LastMessage>,
}

/// Alerts that the budget of a target holds back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Route and recipient.
    pub target: String,
    /// Number of alerts.
    pub count: usize,
    /// When they will be sent.
    pub until: DateTime<Utc>,
}

/// Input of a plan.
pub struct Planner<'a> {
    /// Queued alerts and their routes.
    pub queue: Queue<'a>,
    /// Limits of each target.
    pub budget: Budget,
    /// The state of the host.
    pub present: &'a Present,
    /// Non-critical alerts may wait up to two minutes for others to share a message with.
    pub is_patient: bool,
}

/// A number that changes with the settings of a route and with its secret files, so that new settings are tried at once.
pub fn fingerprint(route: &Route) -> u32 {
    let modified = |secret: &Secret| std::fs::metadata(&secret.file).map_or(0, |meta| meta.mtime());
    let modified = route.transport.secrets().iter().fold(0, |all, (_, secret)| all ^ modified(secret));
    crc32fast::hash(format!("{:?} {modified}", route.transport).as_bytes())
}

impl Planner<'_> {
    /// The messages to send now by routes that were not `tried` in this run. Each target gets one with everything new,
    /// and beside it those that it has not answered yet.
    pub fn plan(&self, ledger: &Ledger, tried: &BTreeSet<usize>) -> Vec<PlannedMessage> {
        let mut plan = Vec::new();
        for (at, route) in self.queue.routes.iter().enumerate().filter(|(at, _)| !tried.contains(at)) {
            let is_idle_fallback = !route.fallback_for.is_empty()
                && !self.queue.primary(route).is_some_and(|primary| self.queue.is_failing(primary, ledger));
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
        let claims = Claims::new(self.queue, route, ledger);
        for to in recipients(route) {
            let target = target_name(&route.name, &to);
            let mut alerts = self.queue.queued_for(route, &to, ledger);
            let is_due = ledger.is_due(&target, settings, self.queue.now);
            let mut messages = Vec::new();
            for (id, batch) in ledger.unanswered(&route.name, &target) {
                let of_batch: HashSet<&str> = batch.event.iter().map(String::as_str).collect();
                let is_of =
                    |at: &usize| self.queue.alerts.get(*at).is_some_and(|alert| of_batch.contains(&*alert.name));
                let (again, others): (Vec<usize>, Vec<usize>) = alerts.iter().partition(|at| is_of(at));
                alerts = others;
                let is_due = is_due && ledger.is_due_again(batch, &target, settings, self.queue.now);
                if is_due && !again.is_empty() && messages.len() < REPEATS_MAX {
                    let claim = claims.of(&again);
                    let (late, again_as) = (batch.late, Some(id.to_string()));
                    messages.push(PlannedMessage { late, again: again_as, ..self.message(at, &to, again, claim) });
                }
            }
            let target = Target { at, route, to: &to, name: &target, is_due };
            messages.extend(self.news(&target, alerts, &claims, ledger));
            for message in messages {
                let is_same = |other: &&mut PlannedMessage| {
                    let is_one_id = other.again == message.again || other.again.is_none() || message.again.is_none();
                    other.alerts == message.alerts && is_one_id
                };
                match plan.iter_mut().skip(first_of_plan).find(is_same) {
                    Some(same) => {
                        same.to.extend(message.to);
                        same.late = same.late.or(message.late);
                        same.last = same.last.or(message.last);
                        same.again = same.again.take().or(message.again);
                    }
                    None => plan.push(message),
                }
            }
        }
    }

    fn message(&self, route: usize, to: &str, alerts: Vec<usize>, claim: Claim) -> PlannedMessage {
        PlannedMessage { route, to: vec![to.to_string()], alerts, late: None, again: None, claim, last: None }
    }

    /// The message with what was not sent to a target before; `None`: it has to wait.
    fn news(
        &self,
        target: &Target<'_>,
        mut alerts: Vec<usize>,
        claims: &Claims<'_>,
        ledger: &Ledger,
    ) -> Option<PlannedMessage> {
        let claim = claims.of(&alerts);
        let is_due = target.is_due || self.is_new_crisis(&alerts, target.name, ledger);
        if alerts.is_empty() || !is_due {
            return None;
        }
        let calm = alerts.iter().map(|at| claims.of(&[*at])).filter(|claim| *claim < Claim::Urgent).max();
        let is_held = |claim: Claim| self.free_at(target.route, target.name, claim, ledger).is_some();
        if claim == Claim::Urgent {
            // Held alerts neither delay nor bury the crisis: only its own events and new ones come with it.
            if calm.is_some_and(is_held) {
                alerts = self.crisis_with_company(&alerts, claims);
            }
        } else if is_held(claim) || self.waits_for_company(&alerts, target.name, ledger) {
            return None;
        }
        let late = self.late(target.name, &alerts, ledger);
        let last = self.last_message(target, claim, ledger);
        Some(PlannedMessage { late, last, ..self.message(target.at, target.to, alerts, claim) })
    }

    /// The urgent alerts, everything else about the same incidents, and what is as new.
    fn crisis_with_company(&self, alerts: &[usize], claims: &Claims<'_>) -> Vec<usize> {
        let entry = |at: &usize| self.queue.alerts.get(*at);
        let urgent = alerts.iter().filter(|at| claims.of(&[**at]) == Claim::Urgent);
        let crises: HashSet<&str> = urgent.filter_map(entry).map(|alert| &*alert.event.incident).collect();
        let belongs = |at: &&usize| {
            entry(at).is_some_and(|alert| {
                crises.contains(&*alert.event.incident) || self.queue.age_seconds(&alert.event) < COMPANY_SECONDS
            })
        };
        alerts.iter().filter(belongs).copied().collect()
    }

    /// Returns whether alerts of which none is urgent wait for others that are about to follow: shortly after another
    /// message, or while something else is about to begin or end.
    fn waits_for_company(&self, alerts: &[usize], target: &str, ledger: &Ledger) -> bool {
        let window = COMPANY_SECONDS - EARLY;
        let ages =
            alerts.iter().filter_map(|at| self.queue.alerts.get(*at)).map(|alert| self.queue.age_seconds(&alert.event));
        let Some(oldest) = ages.max().filter(|age| *age < window) else { return false };
        if !self.is_patient || self.present.spacing_seconds > SPACING_MAX {
            return false;
        }
        let known = ledger.target.get(target);
        let sent = known.into_iter().flat_map(|known| known.sent.iter().chain(&known.urgent));
        let is_recent = |time: DateTime<Utc>| (0..window).contains(&(self.queue.now - time).num_seconds());
        let until = self.queue.now + TimeDelta::seconds(window - oldest);
        sent.filter_map(|time| parse(time)).any(is_recent)
            || self.present.expected.iter().any(|time| (self.queue.now..=until).contains(time))
    }

    /// When the budget allows a message to a target; `None`: now.
    fn free_at(&self, route: &Route, target: &str, claim: Claim, ledger: &Ledger) -> Option<DateTime<Utc>> {
        let known = ledger.target.get(target).filter(|_| for_route(route).is_rate_limited())?;
        self.budget.free_at(&known.sent, claim, self.queue.now)
    }

    /// The notice for a message that uses up the budget of its urgency.
    fn last_message(&self, target: &Target<'_>, claim: Claim, ledger: &Ledger) -> Option<LastMessage> {
        if claim == Claim::Urgent || !for_route(target.route).is_rate_limited() {
            return None;
        }
        let claim = claim.min(Claim::Ordinary);
        let mut sent = ledger.target.get(target.name).map(|known| known.sent.clone()).unwrap_or_default();
        sent.push(stamp(self.queue.now));
        let until = self.budget.free_at(&sent, claim, self.queue.now)?;
        Some(LastMessage { until, is_repeating: claim == Claim::Repeating })
    }

    /// Returns whether a crisis began after the last attempt: it does not wait for the end of the pause.
    fn is_new_crisis(&self, alerts: &[usize], target: &str, ledger: &Ledger) -> bool {
        let Some(tried) = ledger.target.get(target).map(|target| target.tried.as_str()) else { return true };
        alerts.iter().filter_map(|alert| self.queue.alerts.get(*alert)).any(|alert| {
            let event = &alert.event;
            Claim::of(event, false) == Claim::Urgent && event.time.as_str() > tried
        })
    }

    fn late(&self, target: &str, alerts: &[usize], ledger: &Ledger) -> Option<Late> {
        let oldest = alerts.first().and_then(|alert| self.queue.alerts.get(*alert)).map(|alert| &alert.event.time)?;
        let known = ledger.target.get(target);
        let since = |time: &str| parse(time).filter(|_| !time.is_empty());
        if let Some(down) = known.filter(|known| *oldest <= known.tried).and_then(|known| since(&known.failing_since)) {
            return Some(Late::Down(down));
        }
        if let Some(held) = known.filter(|known| *oldest <= known.held_since).and_then(|known| since(&known.held_since))
        {
            return Some(Late::Held(held));
        }
        let oldest = parse(oldest)?;
        (self.queue.now - oldest > TimeDelta::minutes(OLD_MINUTES)).then_some(Late::Old(oldest))
    }

    /// The alerts that the budget holds back.
    pub fn held(&self, ledger: &Ledger) -> Vec<Held> {
        let mut held = Vec::new();
        for route in self.queue.routes.iter().filter(|route| route.fallback_for.is_empty()) {
            let claims = Claims::new(self.queue, route, ledger);
            for to in recipients(route) {
                let target = target_name(&route.name, &to);
                let unanswered: HashSet<&str> = ledger
                    .unanswered(&route.name, &target)
                    .flat_map(|(_, batch)| batch.event.iter().map(String::as_str))
                    .collect();
                let mut alerts = self.queue.pending(route, &to, ledger);
                alerts.retain(|at| self.queue.alerts.get(*at).is_some_and(|alert| !unanswered.contains(&*alert.name)));
                let until = self.free_at(route, &target, claims.of(&alerts), ledger);
                if let Some(until) = until.filter(|_| !alerts.is_empty()) {
                    held.push(Held { target, count: alerts.len(), until });
                }
            }
        }
        held
    }
}

/// A recipient of a route.
struct Target<'a> {
    /// Index of the route.
    at: usize,
    route: &'a Route,
    to: &'a str,
    name: &'a str,
    /// It may be tried now.
    is_due: bool,
}
