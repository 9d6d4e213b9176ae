//! Transitions of alerts within one step: events by the key of their alert.

use crate::base::clock::stamp;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::Alert;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::incident::Severity;
use chrono::{DateTime, Utc};

/// Tolerance for a run that cron starts early or late: this much less than the required time is enough, in seconds.
pub const JITTER_SECONDS: f64 = 5.0;

/// Events in the order in which they happened, each with the key of its alert.
pub type Transitions = Vec<(String, Event)>;

/// Closes an incident. What people were notified of, the flap meter, and what the next incident needs stay.
pub fn close(alert: &mut Alert) {
    *alert = Alert {
        rule: std::mem::take(&mut alert.rule),
        title: std::mem::take(&mut alert.title),
        metric: std::mem::take(&mut alert.metric),
        title_localized: alert.title_localized.take(),
        began: alert.began,
        sequence: alert.sequence,
        value: alert.value,
        limit: alert.limit,
        above: alert.above,
        clear_for_seconds: alert.clear_for_seconds,
        relapsed: alert.relapsed,
        notified: alert.notified,
        notified_at: alert.notified_at,
        reminders: alert.reminders,
        escalated: alert.escalated,
        ended: alert.ended,
        conversation: alert.conversation,
        tally: alert.tally,
        flap: std::mem::take(&mut alert.flap),
        ..Alert::default()
    };
}

/// The next event of an alert.
pub fn event(alert: &mut Alert, kind: EventKind, context: &EvalContext) -> Event {
    alert.sequence += 1;
    let is_recovery = kind == EventKind::Recovered;
    let severity = if is_recovery { alert.worst } else { alert.severity };
    // A recovery lasted until the value was back to normal, not until that was certain.
    let after_clear = if is_recovery { context.elapsed(alert.clear_since) } else { 0.0 };
    let duration = (context.elapsed(alert.since) - after_clear).max(0.0);
    Event {
        id: format!("{}.{}", alert.incident_id(), alert.sequence),
        incident: alert.incident_id(),
        kind,
        severity: severity.or(alert.notified).unwrap_or(Severity::Warning),
        time: stamp(context.now.wall),
        host: context.host.clone(),
        rule: alert.rule.clone(),
        title: alert.title.clone(),
        metric: alert.metric.clone(),
        value: alert.value,
        limit: alert.limit,
        above: alert.above,
        since: stamp(alert.since.map_or_else(|| newest_began(alert, context), |since| since.wall)),
        duration_seconds: crate::model::record::round(duration),
        message: alert.message.clone().filter(|_| !is_recovery),
        reason: None,
        well: false,
        muted: None,
        information: alert.information,
        localized: Localized {
            title: alert.title_message(),
            message: alert.message_localized.clone().filter(|_| !is_recovery),
            muted: None,
        },
        evidence: None,
    }
}

/// When the newest incident of an alert began, which may be over.
fn newest_began(alert: &Alert, context: &EvalContext) -> DateTime<Utc> {
    DateTime::from_timestamp(alert.began, 0).filter(|_| alert.began > 0).unwrap_or(context.now.wall)
}
