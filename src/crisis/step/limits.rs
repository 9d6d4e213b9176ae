//! The limits of a rule: which values breach it, and which limit to show.

use crate::config::Rule;
use crate::config::rule::{Limit, Measure, beyond};
use crate::crisis::series::POINTS_MAX;
use crate::crisis::state::{Alert, State};
use crate::model::condition::Condition;
use crate::model::incident::Severity;
use crate::model::metric::Metric;

/// An open incident ends only when its condition is missed by this share of each of its numbers.
const SLACK: f64 = 0.1;

/// Maximum number of points of all series together: with many series each gets coarser.
const ALL_POINTS_MAX: usize = 40_000;

/// Maximum number of points of a series, so that all of them together take about one MiB.
pub fn points_most(state: &State) -> usize {
    (ALL_POINTS_MAX / (state.series.len() + 1)).clamp(4, POINTS_MAX)
}

/// Which limits of a rule apply, by its conditions on other metrics.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// The warning limit.
    pub warning: bool,
    /// The critical limit.
    pub critical: bool,
}

impl Allowed {
    /// For one thing; `alert`: its state, if there is one.
    pub fn of(rule: &Rule, alert: Option<&Alert>, metric: &Metric, metrics: &[Metric]) -> Self {
        let open = alert.filter(|alert| alert.is_open()).and_then(|alert| alert.severity);
        let holds = |condition: &Option<Condition>, is_open: bool| {
            let slack = if is_open { SLACK } else { 0.0 };
            let holds = condition.as_ref().and_then(|condition| condition.holds(metrics, &metric.labels, slack));
            holds.unwrap_or(true)
        };
        Self {
            warning: holds(&rule.only_if, open.is_some()),
            critical: holds(&rule.critical_only_if, open == Some(Severity::Critical)),
        }
    }

    /// Limits the result of [`breach`] to the limits that apply.
    pub fn limit(self, (any, critical): (bool, bool)) -> (bool, bool) {
        let critical = critical && self.critical;
        (critical || (any && self.warning), critical)
    }
}

/// Ends of the names of metrics that count events since the previous snapshot.
const EVENTS: [&str; 2] = [".oom_kills", ".new_restarts"];

/// Returns whether a rule is about something that happens at a moment and then is over, such as a process that was
/// killed: it has a number, and its end is no news.
pub fn counts_events(rule: &Rule) -> bool {
    rule.measure == Measure::Value && rule.above && EVENTS.iter().any(|end| rule.metric.name.ends_with(end))
}

/// Returns whether a value breaches the mildest limit of a rule, and whether it breaches the critical one.
pub fn breach(rule: &Rule, value: f64) -> (bool, bool) {
    let is_beyond = |limit: Option<Limit>| limit.is_some_and(|limit| beyond(rule.is_ceiling(), value, limit.raise));
    let critical = is_beyond(rule.critical);
    (critical || is_beyond(rule.warning), critical)
}

/// The limit in the unit of the metric, for rules that evaluate something else: a forecast.
pub fn own_limit(rule: &Rule) -> Option<f64> {
    match rule.measure {
        Measure::Reaches(limit) => Some(limit),
        Measure::Value | Measure::Change(_) | Measure::Total(_) | Measure::Unusual { .. } => None,
    }
}
