//! Which transitions people are notified of. The others are recorded with the reason; once the reason is over and the
//! state differs from the last notification, people are notified of the state.

use super::service;
use super::suppression::Suppression;
use super::transitions::{JITTER_SECONDS, Transitions, event};
use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Lifecycle, Severity};
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::Metric;
use crate::model::service::Service;
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
    let mut started = HashSet::new();
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| alert.nodata_since.is_none()) {
        let was_flapping = alert.flap.flapping;
        // A breach that is about to become an incident is no calm.
        if !(was_flapping && alert.lifecycle == Lifecycle::Pending) {
            alert.flap.judge(context.stamp());
        }
        if alert.flap.flapping && !was_flapping {
            started.insert(key.clone());
        }
    }
    let mut events = Vec::new();
    for (key, mut event) in transitions {
        let Some(alert) = next.alerts.get_mut(&key) else { continue };
        let muted = reason(&suppression, &key, alert, event.severity, event.is_over());
        event.mute(muted.or_else(|| withheld(alert, &event)));
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
        let muted = reason(&suppression, key, alert, severity, alert.lifecycle == Lifecycle::Ok);
        if alert.flap.flapping && !alert.flap.notified && (muted.is_none() || started.contains(key)) {
            let mut event = event(alert, EventKind::Flapping, context);
            event.severity = event.severity.max(alert.worst.unwrap_or(Severity::Warning));
            event.well = !alert.is_open();
            if muted.is_none() {
                alert.flap.notified = true;
                // Even if it is normal right now: the next breach of this severity is no news.
                remember(alert, Some(event.severity), context);
            }
            event.mute(muted);
            events.push(event);
        } else if muted.is_none() {
            events.extend(owed(alert, context));
        }
    }
    events
}

/// Why something suppresses a notification. The end of what people were notified of is only delayed.
fn reason(suppression: &Suppression, key: &str, alert: &Alert, severity: Severity, is_over: bool) -> Option<Message> {
    if is_over && (alert.notified.is_some() || alert.flap.notified) {
        suppression.held(alert, severity)
    } else {
        suppression.reason(key, alert, severity)
    }
}

/// Why people are not notified of an event though nothing suppresses it.
fn withheld(alert: &Alert, event: &Event) -> Option<Message> {
    let is_worsening = matches!(event.kind, EventKind::Fired | EventKind::Escalated);
    let is_worse = is_worsening && alert.notified < Some(event.severity);
    if alert.flap.flapping && !(is_worse && event.severity == Severity::Critical) {
        return Some(Message::new(key::MUTED_FLAPPING));
    }
    if alert.tally.is_some() && event.reason.is_none() {
        let key = if event.is_over() { key::MUTED_MOMENTARY } else { key::MUTED_COUNTED };
        return (!is_worse).then(|| Message::new(key));
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
fn owed(alert: &mut Alert, context: &EvalContext) -> Option<Event> {
    let is_other = match alert.lifecycle {
        _ if alert.flap.flapping => false,
        Lifecycle::Firing => alert.flap.notified || alert.notified < alert.severity,
        Lifecycle::Ok => alert.flap.notified || (alert.notified.is_some() && alert.tally.is_none()),
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
    reminder(alert, context)
}

/// The reminder that is due for an incident, also for one that flaps so slowly that it has lasted.
fn reminder(alert: &mut Alert, context: &EvalContext) -> Option<Event> {
    let is_acknowledged = || {
        let worse = alert.escalated.map(|at| at.wall);
        context.suppressions.ack_of(|id| alert.is_known_as(id), worse, context.now.wall).is_some()
    };
    let due = match alert.reminders {
        // Repetitions are not reported one by one.
        reminders if alert.tally.is_some() => pause(Severity::Critical, reminders),
        reminders => pause(alert.severity?, reminders),
    };
    // The failure of a job is told once.
    let is_job = service::of_alert(alert, context).is_some_and(Service::is_job);
    if alert.lifecycle != Lifecycle::Firing
        || is_job
        || alert.severity.is_none()
        || context.elapsed(alert.notified_at) + JITTER_SECONDS < due
        || (alert.flap.flapping && context.elapsed(alert.since) < HOUR)
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
