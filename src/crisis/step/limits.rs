//! The limits of a rule: which values breach it, and which limit to show.

use crate::config::Rule;
use crate::config::rule::{Limit, Measure, beyond};
use crate::crisis::baseline::Band;

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

/// The limit in the unit of the metric, for rules that evaluate something else: a forecast or a deviation.
pub fn own_limit(rule: &Rule, band: Option<&Band>) -> Option<f64> {
    match rule.measure {
        Measure::Reaches(limit) => Some(limit),
        Measure::Unusual => Some(band?.limit(rule.above, rule.warning?.raise)),
        Measure::Value | Measure::Change(_) | Measure::Total(_) => None,
    }
}
