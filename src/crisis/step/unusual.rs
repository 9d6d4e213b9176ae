//! Rules over what is unusual: an incident begins with the breach that the detector finds, and ends once there was none
//! for long enough. Another breach before that continues it silently.

use super::absent;
use super::explanation;
use super::limits::Allowed;
use super::transitions::{Transitions, close, event};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::crisis::unusual::{Finding, QUIET};
use crate::model::event::EventKind;
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::Metric;

/// Evaluates such a rule on one value.
pub fn judge(
    rule: &Rule,
    key: &str,
    metric: &Metric,
    (next, metrics): (&mut State, &[Metric]),
    context: &EvalContext,
    transitions: &mut Transitions,
) {
    let Measure::Unusual { floor, either } = rule.measure else { return };
    let closed = context.closed.get(&metric.to_string());
    let finding = closed.and_then(|closed| closed.finding(floor, either || rule.above, either || !rule.above));
    let allows = |_: &Finding| Allowed::of(rule, next.alerts.get(key), metric, metrics).warning;
    let finding = finding.filter(allows);
    if finding.is_none() && !next.alerts.contains_key(key) {
        return;
    }
    let alert = next.alerts.entry(key.to_string()).or_default();
    absent::is_back(alert, context);
    alert.rule.clone_from(&rule.name);
    alert.title = rule.title(&metric.labels);
    alert.metric = metric.to_string();
    alert.value = metric.value;
    alert.information = rule.is_information();
    if !alert.is_open() {
        (alert.lifecycle, alert.since) = (Lifecycle::Ok, None);
    }
    let kind = match (closed, finding) {
        (_, Some(finding)) => breach(rule, alert, metric, &finding, context),
        (Some(_), None) if alert.is_open() => calm(alert, context),
        _ => None,
    };
    if let Some(kind) = kind {
        transitions.push((key.to_string(), event(alert, kind, context)));
        if kind == EventKind::Recovered {
            close(alert);
        }
    }
}

fn breach(
    rule: &Rule,
    alert: &mut Alert,
    metric: &Metric,
    finding: &Finding,
    context: &EvalContext,
) -> Option<EventKind> {
    let is_open = alert.is_open();
    if !is_open && context.now.boottime_seconds < rule.boot_grace.as_secs_f64() {
        return None;
    }
    (alert.above, alert.limit) = (finding.above, finding.limit);
    let (text, message) = explanation::unusual(rule, metric, finding);
    (alert.message, alert.message_localized) = (Some(text), message);
    (alert.lifecycle, alert.clear_since, alert.quiet) = (Lifecycle::Firing, None, 0);
    if is_open {
        return None;
    }
    alert.since = Some(context.stamp());
    (alert.severity, alert.worst) = (Some(Severity::Warning), Some(Severity::Warning));
    alert.begin(false);
    Some(EventKind::Fired)
}

fn calm(alert: &mut Alert, context: &EvalContext) -> Option<EventKind> {
    alert.quiet = alert.quiet.saturating_add(1);
    if alert.lifecycle == Lifecycle::Firing {
        (alert.lifecycle, alert.clear_since) = (Lifecycle::Recovering, Some(context.stamp()));
    }
    (alert.quiet >= QUIET).then_some(EventKind::Recovered)
}
