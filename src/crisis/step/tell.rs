//! What of all that happened is told to people. The rest is in the history, with the reason why it was not told; when
//! the reason is over and things are not as people were last told, they are told how things are.

use super::hush::Hush;
use super::words::LASTING_SECONDS;
use super::{Happened, JITTER_SECONDS, event, flap};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::Metric;
use std::collections::HashSet;

const HOUR: f64 = 3600.0;

/// Decides about what happened, and adds what else is to be told: flapping, settled, reminders.
pub(super) fn tell(
    rules: &[Rule],
    next: &mut State,
    metrics: &[Metric],
    clock: &EvalContext,
    happened: Happened,
) -> Vec<Event> {
    let hush = Hush::new(rules, next, metrics, clock);
    let is_change =
        |event: &Event| matches!(event.kind, EventKind::Fired | EventKind::Recovered) && event.reason.is_none();
    let changed: HashSet<&str> =
        happened.iter().filter(|(_, event)| is_change(event)).map(|(key, _)| key.as_str()).collect();
    let mut started = HashSet::new();
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| alert.nodata_since.is_none()) {
        let was_flapping = alert.flap.flapping;
        flap::beat(alert, changed.contains(key.as_str()), flap::slot_seconds(hush.rule(alert)), clock);
        if alert.flap.flapping && !was_flapping {
            started.insert(key.clone());
        }
    }
    let mut events = Vec::new();
    for (key, mut event) in happened {
        let Some(alert) = next.alerts.get_mut(&key) else { continue };
        event.muted = hush.reason(&key, alert, event.severity).or_else(|| withheld(alert, &event));
        if event.muted.is_none() {
            told(alert, (!event.is_over()).then_some(event.severity), clock);
            if event.reason.is_some() {
                alert.flap.told = false;
            }
        }
        events.push(event);
    }
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| alert.nodata_since.is_none()) {
        let severity = alert.severity.or(alert.told).unwrap_or(Severity::Warning);
        let muted = hush.reason(key, alert, severity);
        if alert.flap.flapping && !alert.flap.told && (muted.is_none() || started.contains(key)) {
            let mut event = event(alert, EventKind::Flapping, clock);
            event.well = !alert.is_open();
            if muted.is_none() {
                alert.flap.told = true;
                // Also where it is well just now: the next time it is as bad is no news.
                told(alert, Some(event.severity), clock);
            }
            event.muted = muted;
            events.push(event);
        } else if muted.is_none() && !alert.flap.flapping {
            let is_unusual = hush.rule(alert).is_some_and(|rule| rule.measure == Measure::Unusual);
            events.extend(owed(alert, is_unusual, clock));
        }
    }
    events
}

/// Why an event of an alert that may be told is not told after all.
fn withheld(alert: &Alert, event: &Event) -> Option<String> {
    let is_first_critical = matches!(event.kind, EventKind::Fired | EventKind::Escalated)
        && event.severity == Severity::Critical
        && alert.told != Some(Severity::Critical);
    if alert.flap.flapping && !is_first_critical {
        return Some("flapping".to_string());
    }
    let is_news = event.kind != EventKind::Recovered || alert.told.is_some() || alert.flap.told;
    (!is_news).then(|| "nobody was told that it began".to_string())
}

/// Notes what people know now.
fn told(alert: &mut Alert, severity: Option<Severity>, clock: &EvalContext) {
    alert.told = severity;
    alert.told_at = Some(clock.stamp());
    alert.reminders = 0;
}

/// What people must still be told of an alert that nothing mutes: how it is, where they know otherwise; or that it is
/// still so.
fn owed(alert: &mut Alert, is_unusual: bool, clock: &EvalContext) -> Option<Event> {
    let is_other = match alert.lifecycle {
        Lifecycle::Firing => alert.flap.told || alert.told < alert.severity,
        Lifecycle::Ok => alert.flap.told || alert.told.is_some(),
        // It will be one or the other soon.
        Lifecycle::Pending | Lifecycle::Recovering => return None,
    };
    if is_other {
        let mut event = event(alert, EventKind::Settled, clock);
        event.well = alert.lifecycle == Lifecycle::Ok;
        event.reason = alert.flap.told.then(|| "flapping".to_string());
        alert.flap.told = false;
        told(alert, alert.severity, clock);
        return Some(event);
    }
    let is_acknowledged = || {
        let worse = alert.escalated.map(|at| at.wall);
        clock.mutes.ack(&alert.incident_id(), worse, clock.now.wall).is_some()
    };
    let due = match (is_unusual, alert.reminders) {
        // It was told as a spike; now it is known to be more.
        (true, 0) => LASTING_SECONDS,
        _ => pause(alert.severity?, alert.reminders),
    };
    if alert.lifecycle != Lifecycle::Firing
        || alert.severity.is_none()
        || clock.elapsed(alert.told_at) + JITTER_SECONDS < due
        || is_acknowledged()
    {
        return None;
    }
    alert.reminders += 1;
    alert.told_at = Some(clock.stamp());
    Some(event(alert, EventKind::Reminded, clock))
}

/// How long after it was last told it is told again, in seconds: the longer, the oftener it was.
fn pause(severity: Severity, reminders: u32) -> f64 {
    match (severity, reminders) {
        (Severity::Critical, 0) => HOUR,
        (Severity::Critical, 1) => 4.0 * HOUR,
        _ => 24.0 * HOUR,
    }
}
