//! The state machine: OK → PENDING → FIRING → RECOVERING → OK, one step per snapshot.
//!
//! A step first reconciles the state with the clocks, then evaluates every value, then looks for missing values, and
//! only then decides which transitions people are notified of: everything is an event, few are alerts.

mod absent;
mod evaluator;
mod explanation;
mod flap;
mod limits;
mod notify;
mod suppression;
mod time;
mod transitions;

use super::eval_context::EvalContext;
use super::series::POINTS_MAX;
use super::state::{SCHEMA, State};
use crate::config::Rule;
use crate::config::rule::{Measure, beyond};
use crate::model::event::Event;
use crate::model::incident::Lifecycle;
use crate::model::metric::{Metric, write_labels};
use evaluator::RuleEvaluator;
use std::collections::{HashMap, HashSet};
use transitions::Transitions;

/// Longest span considered by a forecast, in seconds.
const FORECAST_SECONDS: f64 = 21_600.0;
/// A series without a new value for this long is dropped, in seconds.
const SERIES_SECONDS: f64 = 3600.0;
/// Maximum number of points of all series together, about one MiB: with many series each gets coarser.
const ALL_POINTS_MAX: usize = 40_000;

/// Evaluates all rules on the metrics of one snapshot. The same arguments give the same result, and the same snapshot
/// once more changes nothing.
pub fn step(rules: &[Rule], state: &State, metrics: &[Metric], context: &EvalContext) -> (State, Vec<Event>) {
    let is_judged = |last: super::state::Stamp| (last.boottime_seconds - context.now.boottime_seconds).abs() < 1e-6;
    if state.boot_id == context.boot_id && state.last.is_some_and(is_judged) {
        return (state.clone(), Vec::new());
    }
    let mut next = state.clone();
    migrate(&mut next);
    time::put_in_order(&mut next, context);
    let mut transitions = Transitions::new();
    let seen = judge(rules, &mut next, metrics, context, &mut transitions);
    absent::retire(rules, &mut next, context, &mut transitions);
    absent::look(&mut next, metrics, &seen, context, &mut transitions);
    let events = notify::notify(rules, &mut next, metrics, context, transitions);
    // Values within their limits and without history need no state.
    next.alerts.retain(|_, alert| alert.lifecycle != Lifecycle::Ok || alert.is_remembered());
    next.schema = SCHEMA;
    next.boot_id.clone_from(&context.boot_id);
    next.last = Some(context.stamp());
    (next, events)
}

/// Before version 2, every fired incident was notified.
fn migrate(next: &mut State) {
    if next.schema >= SCHEMA {
        return;
    }
    let last = next.last;
    for alert in next.alerts.values_mut().filter(|alert| alert.is_open()) {
        alert.notified = alert.worst.or(alert.severity);
        alert.notified_at = last.or(alert.since);
        alert.began = alert.since.map_or(0, |since| since.wall.timestamp());
    }
}

/// Evaluates every rule on every value it selects. Returns the keys that had a value.
fn judge(
    rules: &[Rule],
    next: &mut State,
    metrics: &[Metric],
    context: &EvalContext,
    transitions: &mut Transitions,
) -> HashSet<String> {
    let mut by_name: HashMap<&str, Vec<&Metric>> = HashMap::new();
    for metric in metrics {
        by_name.entry(&metric.name).or_default().push(metric);
    }
    let interval_seconds = next.last.map_or(0.0, |last| context.elapsed(Some(last)));
    let mut seen = HashSet::new();
    for rule in rules {
        let named = by_name.get(rule.metric.name.as_str()).into_iter().flatten();
        for metric in named.filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
            let key = format!("{}{}", rule.name, write_labels(&metric.labels));
            let judged = match rule.measure {
                Measure::Value => Some(metric.value),
                Measure::Unusual => context.bands.get(&key).map(|band| band.outside(rule.above, metric.value)),
                _ => past(next, &key, rule, metric.value, context),
            };
            let is_breach = judged.is_some_and(|value| limits::breach(rule, value).0);
            if !is_breach && !next.alerts.contains_key(&key) {
                continue;
            }
            let alert = next.alerts.entry(key.clone()).or_default();
            absent::is_back(alert, context);
            if let Some(judged) = judged {
                let band = context.bands.get(&key).filter(|_| rule.measure == Measure::Unusual);
                let mut evaluator = RuleEvaluator { rule, context, key: &key, interval_seconds, band, transitions };
                evaluator.evaluate(alert, metric, judged);
            }
            seen.insert(key);
        }
    }
    next.series.retain(|_, series| series.age_seconds(context.now.boottime_seconds) < SERIES_SECONDS);
    seen
}

/// The value that a rule over past values evaluates; `None` when it is not known yet.
fn past(next: &mut State, key: &str, rule: &Rule, value: f64, context: &EvalContext) -> Option<f64> {
    let most = (ALL_POINTS_MAX / (next.series.len() + 1)).clamp(4, POINTS_MAX);
    let series = next.series.entry(key.to_string()).or_default();
    let now = context.now.boottime_seconds;
    match rule.measure {
        Measure::Value | Measure::Unusual => Some(value),
        Measure::Total(span) => {
            series.count(now, value, span.as_secs_f64(), most);
            series.total(span.as_secs_f64())
        }
        Measure::Change(span) => {
            series.add(now, value, span.as_secs_f64(), most);
            series.change(span.as_secs_f64())
        }
        Measure::Reaches(limit) => {
            series.add(now, value, FORECAST_SECONDS, most);
            // A value already at the limit needs no forecast, but does not end the incident either.
            let is_open = series.is_enough() && !beyond(rule.above, value, limit);
            is_open.then(|| series.reaches(limit).unwrap_or(f64::INFINITY))
        }
    }
}

#[cfg(test)]
mod tests;
