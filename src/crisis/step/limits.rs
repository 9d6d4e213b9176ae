//! The limits of a rule: which values breach it, and which limit to show.

use crate::config::Rule;
use crate::config::rule::{Limit, Measure, beyond};
use crate::crisis::baseline::Band;

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
