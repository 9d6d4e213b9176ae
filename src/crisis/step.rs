//! The state machine: OK → PENDING → FIRING → RECOVERING → OK, one step per snapshot.
//!
//! A step first reconciles the state with the clocks, then evaluates every value, then looks for missing values, and
//! only then decides which transitions people are notified of: everything is an event, few are alerts.

mod absent;
mod evaluator;
mod explanation;
mod forecast;
mod limits;
mod notify;
mod service;
mod suppression;
mod time;
mod transitions;
mod unusual;

use super::eval_context::EvalContext;
use super::state::{Alert, SCHEMA, State};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::model::event::Event;
use crate::model::incident::Lifecycle;
use crate::model::metric::{Metric, write_labels};
use evaluator::{BACK_SECONDS, RuleEvaluator};
use limits::Allowed;
use std::collections::{HashMap, HashSet};
use transitions::Transitions;

/// A series without a new value for this long is dropped, in seconds.
const SERIES_SECONDS: f64 = 3600.0;

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
    let back_seconds = back_seconds(&next);
    next.alerts.values_mut().for_each(|alert| forget(alert, back_seconds, context));
    // Values within their limits and without history need no state.
    next.alerts.retain(|_, alert| alert.lifecycle != Lifecycle::Ok || alert.is_remembered());
    next.schema = SCHEMA;
    next.boot_id.clone_from(&context.boot_id);
    next.last = Some(context.stamp());
    (next, events)
}

/// How soon what comes back continues the conversation about it, in seconds.
fn back_seconds(next: &State) -> f64 {
    next.spacing.whole_seconds().max(BACK_SECONDS)
}

/// Drops what the next incident would have continued, once that is over.
fn forget(alert: &mut Alert, back_seconds: f64, context: &EvalContext) {
    if context.elapsed(alert.ended) > back_seconds {
        alert.ended = None;
    }
    let is_over = alert.tally.is_some_and(|tally| tally.is_over(context.stamp()));
    if is_over && alert.lifecycle == Lifecycle::Ok {
        (alert.tally, alert.notified, alert.notified_at, alert.reminders) = (None, None, None, 0);
    }
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
    let interval_seconds = next.last.map_or(0.0, |last| context.elapsed(Some(last)).min(next.spacing.seconds()));
    let back_seconds = back_seconds(next);
    let mut seen = HashSet::new();
    for rule in rules {
        let named = by_name.get(rule.metric.name.as_str()).into_iter().flatten();
        for metric in named.filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
            let key = format!("{}{}", rule.name, write_labels(&metric.labels));
            if rule.is_unusual() {
                unusual::judge(rule, &key, metric, (next, metrics), context, transitions);
                seen.insert(key);
                continue;
            }
            let service = service::of(metric, context);
            let adapted = service::adapted(rule, service);
            let rule = adapted.as_ref();
            let mut forecast = None;
            let judged = match rule.measure {
                Measure::Total(_) if service.is_some_and(|service| service.ending().is_some()) => {
                    next.series.remove(&key);
                    Some(0.0)
                }
                Measure::Value => Some(metric.value),
                Measure::Reaches(target) => {
                    forecast = forecast::judge(next, &key, rule, (target, metric.value), context);
                    forecast.map(|forecast| forecast.seconds_left)
                }
                _ => past(next, &key, rule, metric.value, context),
            };
            let is_beyond = judged.is_some_and(|value| limits::breach(rule, value).0);
            if !is_beyond && !next.alerts.contains_key(&key) {
                continue;
            }
            let allowed = Allowed::of(rule, next.alerts.get(&key), metric, metrics);
            if !(allowed.warning || allowed.critical || next.alerts.contains_key(&key)) {
                continue;
            }
            let alert = next.alerts.entry(key.clone()).or_default();
            absent::is_back(alert, context);
            if let Some(judged) = judged {
                let mut evaluator = RuleEvaluator {
                    rule,
                    context,
                    key: &key,
                    interval_seconds,
                    back_seconds,
                    allowed,
                    forecast,
                    service,
                    transitions,
                };
                evaluator.evaluate(alert, metric, judged);
            }
            seen.insert(key);
        }
    }
    next.series.retain(|_, series| series.age_seconds(context.now.boottime_seconds) < SERIES_SECONDS);
    forecast::forget(next, context);
    seen
}

/// The value that a rule over past values evaluates; `None` when it is not known yet.
fn past(next: &mut State, key: &str, rule: &Rule, value: f64, context: &EvalContext) -> Option<f64> {
    let most = limits::points_most(next);
    let series = next.series.entry(key.to_string()).or_default();
    let now = context.now.boottime_seconds;
    match rule.measure {
        Measure::Value | Measure::Unusual { .. } => Some(value),
        Measure::Total(span) => {
            series.count(now, value, span.as_secs_f64(), most);
            series.total(span.as_secs_f64())
        }
        Measure::Change(span) => {
            series.add(now, value, span.as_secs_f64(), most);
            series.change(span.as_secs_f64())
        }
        // `forecast::judge`
        Measure::Reaches(_) => None,
    }
}

#[cfg(test)]
mod tests;
