//! The state of the host for messages: what is open, and what is about to begin or end.

use crate::alert::{OpenIncident, Present};
use crate::config::Rule;
use crate::context::Context;
use crate::crisis::state::Alert;
use crate::model::event::Localized;
use crate::model::incident::{Lifecycle, Severity};
use crate::query::incidents;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Reads the state of the rules. Without one, nothing is known to be open.
pub fn read(context: &Context) -> Present {
    let state = incidents::state(context);
    let now = context.now.wall;
    let (open, others): (Vec<&Alert>, Vec<&Alert>) = state.alerts.values().partition(|alert| alert.is_open());
    let rule = |alert: &Alert| context.config.rules.iter().find(|rule| rule.name == alert.rule);
    let expected: Vec<DateTime<Utc>> =
        state.alerts.values().filter_map(|alert| expected(alert, rule(alert)?)).collect();
    Present {
        open: state.last.map(|_| open.iter().map(|alert| (alert.incident_id(), incident(alert, now))).collect()),
        over: others.iter().map(|alert| alert.incident_id()).collect(),
        spacing_seconds: state.spacing.seconds(),
        expected,
    }
}

fn incident(alert: &Alert, now: DateTime<Utc>) -> OpenIncident {
    OpenIncident {
        severity: alert.severity.or(alert.worst).unwrap_or(Severity::Warning),
        rule: alert.rule.clone(),
        title: alert.title.clone(),
        metric: alert.metric.clone(),
        value: alert.value,
        limit: alert.limit,
        message: alert.message.clone(),
        localized: Localized {
            title: alert.title_localized.clone(),
            message: alert.message_localized.clone(),
            ..Localized::default()
        },
        duration_seconds: alert.since.map_or(0.0, |since| (now - since.wall).num_seconds().max(0) as f64),
    }
}

/// When an alert begins or ends if its value stays as it is.
fn expected(alert: &Alert, rule: &Rule) -> Option<DateTime<Utc>> {
    let after = |since: Option<crate::crisis::state::Stamp>, hold: Duration| {
        Some(since?.wall + TimeDelta::from_std(hold).ok()?)
    };
    match alert.lifecycle {
        Lifecycle::Pending => {
            let warning = rule.warning.and_then(|limit| after(alert.warning_since, limit.hold));
            let critical = rule.critical.and_then(|limit| after(alert.critical_since, limit.hold));
            warning.into_iter().chain(critical).min()
        }
        Lifecycle::Recovering => {
            let seconds = alert.clear_for_seconds.map(Duration::try_from_secs_f64);
            after(alert.clear_since, seconds.and_then(Result::ok).unwrap_or(rule.clear_for))
        }
        Lifecycle::Ok | Lifecycle::Firing => None,
    }
}
