//! Which transitions people are notified of. The others are recorded with the reason; once the reason is over and the
//! state differs from the last notification, people are notified of the state.

use super::explanation::LASTING_SECONDS;
use super::flap;
use super::suppression::Suppression;
use super::transitions::{JITTER_SECONDS, Transitions, event};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Lifecycle, Severity};
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::Metric;
use std::collections::HashSet;

const HOUR: f64 = 3600.0;

/// Decides about each transition, and adds flapping, settled and reminders.
pub fn notify(
    rules: &[Rule],
    next: &mut State,
    metrics: &[Metric],
    context: &EvalContext,
    transitions: Transitions,
) -> Vec<Event> {
    let suppression = Suppression::new(rules, next, metrics, context);
    let is_change =
        |event: &Event| matches!(event.kind, EventKind::Fired | EventKind::Recovered) && event.reason.is_none();
    let changed: HashSet<&str> =
        transitions.iter().filter(|(_, event)| is_change(event)).map(|(key, _)| key.as_str()).collect();
    let mut started = HashSet::new();
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| alert.nodata_since.is_none()) {
        let was_flapping = alert.flap.flapping;
        flap::beat(alert, changed.contains(key.as_str()), flap::slot_seconds(suppression.rule(alert)), context);
        if alert.flap.flapping && !was_flapping {
            started.insert(key.clone());
        }
    }
    let mut events = Vec::new();
    for (key, mut event) in transitions {
        let Some(alert) = next.alerts.get_mut(&key) else { continue };
        let muted = suppression.reason(&key, alert, event.severity).or_else(|| withheld(alert, &event));
        event.mute(muted);
        if event.muted.is_none() {
            remember(alert, (!event.is_over()).then_some(event.severity), context);
            if event.reason.is_some() {
                alert.flap.notified = false;
            }
        }
        events.push(event);
    }
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| alert.nodata_since.is_none()) {
        let severity = alert.severity.or(alert.notified).unwrap_or(Severity::Warning);
        let muted = suppression.reason(key, alert, severity);
        if alert.flap.flapping && !alert.flap.notified && (muted.is_none() || started.contains(key)) {
            let mut event = event(alert, EventKind::Flapping, context);
            event.well = !alert.is_open();
            if muted.is_none() {
                alert.flap.notified = true;
                // Even if it is normal right now: the next breach of this severity is no news.
                remember(alert, Some(event.severity), context);
            }
            event.mute(muted);
            events.push(event);
        } else if muted.is_none() && !alert.flap.flapping {
            let is_unusual = suppression.rule(alert).is_some_and(|rule| rule.measure == Measure::Unusual);
            events.extend(owed(alert, is_unusual, context));
        }
    }
    events
}

/// Why people are not notified of an event though nothing suppresses it.
fn withheld(alert: &Alert, event: &Event) -> Option<Message> {
    let is_first_critical = matches!(event.kind, EventKind::Fired | EventKind::Escalated)
        && event.severity == Severity::Critical
        && alert.notified != Some(Severity::Critical);
    if alert.flap.flapping && !is_first_critical {
        return Some(Message::new(key::MUTED_FLAPPING));
    }
    let is_news = event.kind != EventKind::Recovered || alert.notified.is_some() || alert.flap.notified;
    (!is_news).then(|| Message::new(key::MUTED_BEGINNING_NOT_NOTIFIED))
}

/// Notes what people know now.
fn remember(alert: &mut Alert, severity: Option<Severity>, context: &EvalContext) {
    alert.notified = severity;
    alert.notified_at = Some(context.stamp());
    alert.reminders = 0;
}

/// The notification that an unsuppressed alert still owes: its state where it differs from the last one, or a reminder.
fn owed(alert: &mut Alert, is_unusual: bool, context: &EvalContext) -> Option<Event> {
    let is_other = match alert.lifecycle {
        Lifecycle::Firing => alert.flap.notified || alert.notified < alert.severity,
        Lifecycle::Ok => alert.flap.notified || alert.notified.is_some(),
        // It will be one or the other soon.
        Lifecycle::Pending | Lifecycle::Recovering => return None,
    };
    if is_other {
        let mut event = event(alert, EventKind::Settled, context);
        event.well = alert.lifecycle == Lifecycle::Ok;
        event.reason = alert.flap.notified.then(|| "flapping".to_string());
        alert.flap.notified = false;
        remember(alert, alert.severity, context);
        return Some(event);
    }
    let is_acknowledged = || {
        let worse = alert.escalated.map(|at| at.wall);
        context.suppressions.ack(&alert.incident_id(), worse, context.now.wall).is_some()
    };
    let due = match (is_unusual, alert.reminders) {
        // It was reported as a spike; now it is known to last.
        (true, 0) => LASTING_SECONDS,
        _ => pause(alert.severity?, alert.reminders),
    };
    if alert.lifecycle != Lifecycle::Firing
        || alert.severity.is_none()
        || context.elapsed(alert.notified_at) + JITTER_SECONDS < due
        || is_acknowledged()
    {
        return None;
    }
    alert.reminders += 1;
    alert.notified_at = Some(context.stamp());
    Some(event(alert, EventKind::Reminded, context))
}

/// Time between two reminders, in seconds: longer after each.
fn pause(severity: Severity, reminders: u32) -> f64 {
    match (severity, reminders) {
        (Severity::Critical, 0) => HOUR,
        (Severity::Critical, 1) => 4.0 * HOUR,
        _ => 24.0 * HOUR,
    }
}
