//! Problems of delivery, for the page, `osmon status`, `osmon alerts` and the terminal output of a run.

use super::budget::Budget;
use super::ledger::{ATTEMPTS_MAX, Ledger, target_name};
use super::outbox::{Outbox, Stage};
use super::planner::{Held, Planner, fingerprint};
use super::present::Present;
use super::queue::{Queue, recipients};
use super::target_state::TargetState;
use crate::base::clock::{local_minute, parse};
use crate::base::text::clean;
use crate::config::{self, Route};
use crate::model::locale::{Locale, key};
use chrono::{DateTime, Utc};
use std::path::Path;

/// Longest error that is shown, in characters.
const ERROR_MAX: usize = 200;

/// A problem that prevents or prevented the delivery of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryProblem {
    /// Alerts expired before any target accepted them.
    GivenUp {
        /// Number of alerts.
        count: usize,
    },
    /// The last attempt to reach a target failed.
    Failing {
        /// Route and recipient.
        target: String,
        /// First failed attempt since the last success.
        since: DateTime<Utc>,
        /// The last error.
        error: String,
        /// Alerts queued for this target.
        queued: usize,
    },
    /// A setting of `[alert]` is invalid and not in force.
    Misconfigured {
        /// The place and what is wrong.
        error: String,
    },
    /// The limit of messages holds alerts back. Not a failure.
    Held {
        /// Route and recipient.
        target: String,
        /// Number of alerts.
        count: usize,
        /// When they will be sent.
        until: DateTime<Utc>,
    },
    /// Messages of the last day got no answer and are not sent again.
    Unanswered {
        /// Route and recipient.
        target: String,
        /// Number of alerts.
        count: usize,
        /// When the last of them was closed.
        at: DateTime<Utc>,
    },
    /// A recipient was refused while others of the same message were not.
    Refused {
        /// Route and recipient.
        target: String,
        /// The reason given.
        error: String,
    },
}

impl DeliveryProblem {
    /// Returns whether alerts were lost.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::GivenUp { .. })
    }

    /// One line, with the command that shows more or solves it.
    pub fn text(&self, locale: Locale) -> String {
        match self {
            Self::GivenUp { count } => locale.count(key::DELIVERY_GIVEN_UP, *count),
            Self::Failing { target, since, error, queued } => {
                let queued = match queued {
                    0 => locale.text(key::DELIVERY_NONE_QUEUED).to_string(),
                    count => locale.count(key::DELIVERY_QUEUED, *count),
                };
                let since = local_minute(*since);
                let values = [("target", &**target), ("since", &since), ("error", error), ("queued", &queued)];
                locale.fill(key::DELIVERY_FAILING, &values)
            }
            Self::Misconfigured { error } => locale.with(key::DELIVERY_MISCONFIGURED, error),
            Self::Held { target, count, until } => {
                let (count, until) = (locale.count(key::DELIVERY_COUNT, *count), local_minute(*until));
                locale.fill(key::DELIVERY_HELD, &[("target", target), ("count", &count), ("until", &until)])
            }
            Self::Unanswered { target, count, at } => {
                let (count, at) = (locale.count(key::DELIVERY_COUNT, *count), local_minute(*at));
                let attempts = ATTEMPTS_MAX.to_string();
                let values = [("target", &**target), ("count", &count), ("time", &at), ("attempts", &attempts)];
                locale.fill(key::DELIVERY_UNANSWERED, &values)
            }
            Self::Refused { target, error } => {
                locale.fill(key::DELIVERY_REFUSED, &[("target", target), ("error", error)])
            }
        }
    }
}

/// All current delivery problems; empty if none are known. Reads the queued alerts only when a target is failing or alerts
/// are held for it.
pub fn delivery_problems(
    data_directory: &Path,
    ledger: &Ledger,
    settings: &config::Alert,
    now: DateTime<Utc>,
) -> Vec<DeliveryProblem> {
    let (outbox, routes) = (Outbox::new(data_directory), &settings.routes);
    let mut problems = Vec::new();
    let count = outbox.count(Stage::Dead);
    if count > 0 {
        problems.push(DeliveryProblem::GivenUp { count });
    }
    let is_current = |route: &Route, state: &TargetState| state.settings == fingerprint(route);
    let known: Vec<(&Route, String, String, &TargetState)> = routes
        .iter()
        .flat_map(|route| recipients(route).into_iter().map(move |to| (route, target_name(&route.name, &to), to)))
        .filter_map(|(route, target, to)| ledger.target.get(&target).map(|state| (route, target, to, state)))
        .collect();
    for (route, target, _, state) in &known {
        if let Some((count, at)) = state.unanswered(now).filter(|_| is_current(route, state)) {
            problems.push(DeliveryProblem::Unanswered { target: target.clone(), count, at });
        }
    }
    if known.iter().all(|(.., state)| state.error.is_empty() && state.held_since.is_empty()) {
        return problems;
    }
    // Unreadable alerts are reported by the commands that send.
    let alerts = outbox.queued().unwrap_or_default().alerts;
    let queue = Queue { routes, alerts: &alerts, now };
    let budget = Budget { per_hour: settings.per_hour, per_day: settings.per_day };
    let present = Present::default();
    let held = Planner { queue, budget, present: &present, is_patient: false }.held(ledger);
    let held = held
        .into_iter()
        .filter(|held| ledger.target.get(&held.target).is_some_and(|state| !state.held_since.is_empty()));
    problems.extend(held.map(|Held { target, count, until }| DeliveryProblem::Held { target, count, until }));
    for (route, target, to, state) in known {
        let queued = queue.queued_for(route, &to, ledger).len();
        // An error under earlier settings does not apply to the current ones.
        if !state.error.is_empty() && (queued > 0 || is_current(route, state)) {
            problems.push(target_problem(target, state, queued));
        }
    }
    problems
}

fn target_problem(target: String, state: &TargetState, queued: usize) -> DeliveryProblem {
    let error = clean(&state.error, ERROR_MAX);
    match parse(&state.failing_since) {
        Some(since) => DeliveryProblem::Failing { target, since, error, queued },
        None => DeliveryProblem::Refused { target, error },
    }
}
