//! The state machine: OK → PENDING → FIRING → RECOVERING → OK, one step per snapshot.
//!
//! A step first puts the memory in order with the clocks, then judges every value, then looks for values that are
//! missing, and only then decides which of what happened is told to people: everything is an event, few are alerts.

mod absent;
mod flap;
mod hush;
mod tell;
mod time;
mod turn;
mod words;

use super::eval_context::EvalContext;
use super::series::POINTS_MAX;
use super::state::{Alert, SCHEMA, State};
use crate::base::clock::stamp;
use crate::config::Rule;
use crate::config::rule::{Measure, beyond};
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::{Metric, write_labels};
use std::collections::{HashMap, HashSet};
use turn::Turn;

/// cron starts a run some seconds early or late: that much less than the span asked for is enough.
const JITTER_SECONDS: f64 = 5.0;
/// A forecast looks back so far, in seconds.
const FORECAST_SECONDS: f64 = 21_600.0;
/// A series without a new value for so long is forgotten, in seconds.
const SERIES_SECONDS: f64 = 3600.0;
/// Points of all series together: what is remembered of many things is coarser, and stays below a MiB.
const ALL_POINTS_MAX: usize = 40_000;

/// Something that happened to an alert, by its key.
type Happened = Vec<(String, Event)>;

/// Evaluates all rules on the metrics of one snapshot. The same arguments give the same result, and the same snapshot
/// once more changes nothing.
pub fn step(rules: &[Rule], state: &State, metrics: &[Metric], clock: &EvalContext) -> (State, Vec<Event>) {
    let is_judged = |last: super::state::Stamp| (last.boottime_seconds - clock.now.boottime_seconds).abs() < 1e-6;
    if state.boot_id == clock.boot_id && state.last.is_some_and(is_judged) {
        return (state.clone(), Vec::new());
    }
    let mut next = state.clone();
    migrate(&mut next);
    time::put_in_order(&mut next, clock);
    let mut happened = Happened::new();
    let seen = judge(rules, &mut next, metrics, clock, &mut happened);
    absent::retire(rules, &mut next, clock, &mut happened);
    absent::look(&mut next, metrics, &seen, clock, &mut happened);
    let events = tell::tell(rules, &mut next, metrics, clock, happened);
    // What is well and calm leaves no trace.
    next.alerts.retain(|_, alert| alert.lifecycle != Lifecycle::Ok || alert.is_remembered());
    next.schema = SCHEMA;
    next.boot_id.clone_from(&clock.boot_id);
    next.last = Some(clock.stamp());
    (next, events)
}

/// Before shape 2 everything that fired was told.
fn migrate(next: &mut State) {
    if next.schema >= SCHEMA {
        return;
    }
    let last = next.last;
    for alert in next.alerts.values_mut().filter(|alert| alert.is_open()) {
        alert.told = alert.worst.or(alert.severity);
        alert.told_at = last.or(alert.since);
        alert.began = alert.since.map_or(0, |since| since.wall.timestamp());
    }
}

/// Holds every rule against every value it means. Gives the keys for which there was a value.
fn judge(
    rules: &[Rule],
    next: &mut State,
    metrics: &[Metric],
    clock: &EvalContext,
    happened: &mut Happened,
) -> HashSet<String> {
    let mut by_name: HashMap<&str, Vec<&Metric>> = HashMap::new();
    for metric in metrics {
        by_name.entry(&metric.name).or_default().push(metric);
    }
    let pause_seconds = next.last.map_or(0.0, |last| clock.elapsed(Some(last)));
    let mut seen = HashSet::new();
    for rule in rules {
        let named = by_name.get(rule.metric.name.as_str()).into_iter().flatten();
        for metric in named.filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
            let key = format!("{}{}", rule.name, write_labels(&metric.labels));
            let judged = match rule.measure {
                Measure::Value => Some(metric.value),
                Measure::Unusual => clock.bands.get(&key).map(|band| band.outside(rule.above, metric.value)),
                _ => past(next, &key, rule, metric.value, clock),
            };
            let is_breach = judged.is_some_and(|value| turn::breach(rule, value).0);
            if !is_breach && !next.alerts.contains_key(&key) {
                continue;
            }
            let alert = next.alerts.entry(key.clone()).or_default();
            absent::is_back(alert, clock);
            if let Some(judged) = judged {
                let band = clock.bands.get(&key).filter(|_| rule.measure == Measure::Unusual);
                let mut turn = Turn { rule, clock, key: &key, pause_seconds, band, happened };
                turn.take(alert, metric, judged);
            }
            seen.insert(key);
        }
    }
    next.series.retain(|_, series| series.age_seconds(clock.now.boottime_seconds) < SERIES_SECONDS);
    seen
}

/// What a rule over past values judges; `None`: nobody can know yet.
fn past(next: &mut State, key: &str, rule: &Rule, value: f64, clock: &EvalContext) -> Option<f64> {
    let most = (ALL_POINTS_MAX / (next.series.len() + 1)).clamp(4, POINTS_MAX);
    let series = next.series.entry(key.to_string()).or_default();
    let now = clock.now.boottime_seconds;
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
            // What is there already is no more forecast, and not over either.
            let is_open = series.is_enough() && !beyond(rule.above, value, limit);
            is_open.then(|| series.reaches(limit).unwrap_or(f64::INFINITY))
        }
    }
}

/// Ends what there was; what was told and how it flapped stays.
fn close(alert: &mut Alert) {
    *alert = Alert {
        rule: std::mem::take(&mut alert.rule),
        title: std::mem::take(&mut alert.title),
        metric: std::mem::take(&mut alert.metric),
        began: alert.began,
        sequence: alert.sequence,
        value: alert.value,
        limit: alert.limit,
        above: alert.above,
        clear_for_seconds: alert.clear_for_seconds,
        relapsed: alert.relapsed,
        told: alert.told,
        told_at: alert.told_at,
        flap: alert.flap,
        ..Alert::default()
    };
}

/// The next event of an alert.
fn event(alert: &mut Alert, kind: EventKind, clock: &EvalContext) -> Event {
    alert.sequence += 1;
    let severity = if kind == EventKind::Recovered { alert.worst } else { alert.severity };
    // A recovery lasted until it was well, not until that was certain.
    let after_clear = if kind == EventKind::Recovered { clock.elapsed(alert.clear_since) } else { 0.0 };
    let duration = (clock.elapsed(alert.since) - after_clear).max(0.0);
    Event {
        id: format!("{}.{}", alert.incident_id(), alert.sequence),
        incident: alert.incident_id(),
        kind,
        severity: severity.or(alert.told).unwrap_or(Severity::Warning),
        time: stamp(clock.now.wall),
        host: clock.host.clone(),
        rule: alert.rule.clone(),
        title: alert.title.clone(),
        metric: alert.metric.clone(),
        value: alert.value,
        limit: alert.limit,
        above: alert.above,
        since: stamp(alert.since.map_or(clock.now.wall, |since| since.wall)),
        duration_seconds: crate::model::record::round(duration),
        message: alert.message.clone().filter(|_| kind != EventKind::Recovered),
        reason: None,
        well: false,
        muted: None,
        evidence: None,
    }
}

#[cfg(test)]
mod tests;
