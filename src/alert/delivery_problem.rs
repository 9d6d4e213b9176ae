//! Problems of delivery, for the page, `osmon status`, `osmon alerts` and the terminal output of a run.

use super::ledger::{Ledger, TargetState, target_name};
use super::outbox::{Outbox, Stage};
use super::planner::{Planner, fingerprint, recipients};
use crate::base::clock::{local_minute, parse};
use crate::base::text::clean;
use crate::config::Route;
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
            Self::Refused { target, error } => {
                locale.fill(key::DELIVERY_REFUSED, &[("target", target), ("error", error)])
            }
        }
    }
}

/// All current delivery problems; empty if none are known. Reads the queued alerts only when a target is failing.
pub fn delivery_problems(
    data_directory: &Path,
    ledger: &Ledger,
    routes: &[Route],
    now: DateTime<Utc>,
) -> Vec<DeliveryProblem> {
    let outbox = Outbox::new(data_directory);
    let mut problems = Vec::new();
    let count = outbox.count(Stage::Dead);
    if count > 0 {
        problems.push(DeliveryProblem::GivenUp { count });
    }
    if routes.is_empty() || ledger.target.values().all(|state| state.error.is_empty()) {
        return problems;
    }
    // Unreadable alerts are reported by the commands that send.
    let alerts = outbox.queued().unwrap_or_default().alerts;
    let planner = Planner { routes, alerts: &alerts, limits: (0, 0), now };
    for route in routes {
        for to in recipients(route) {
            let target = target_name(&route.name, &to);
            let Some(state) = ledger.target.get(&target).filter(|state| !state.error.is_empty()) else { continue };
            let queued = planner.queued_for(route, &to, ledger).len();
            // An error under earlier settings does not apply to the current ones.
            if queued > 0 || state.settings == fingerprint(route) {
                problems.push(target_problem(target, state, queued));
            }
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
