//! The limits of the rules, for the charts.

use crate::config::rule::Measure;
use crate::context::Context;
use crate::report::chart::limits::{Limits, MetricLimits};
use serde_json::Value;

/// Limits of every rule that compares a value with them, for whatever labels it has.
pub fn of(context: &Context, snapshot: &Value) -> Limits {
    let rules =
        context.config.rules.iter().filter(|rule| rule.measure == Measure::Value && rule.metric.patterns.is_empty());
    let limits = rules.map(|rule| MetricLimits {
        metric: rule.metric.name.clone(),
        warning: rule.warning.map(|limit| limit.raise),
        critical: rule.critical.map(|limit| limit.raise),
    });
    let cores = snapshot.pointer("/cpu/cores").and_then(Value::as_u64).unwrap_or_default();
    Limits { of: limits.collect(), cores: cores as usize }
}
