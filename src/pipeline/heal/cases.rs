//! The open incidents that the entries may repair.

use crate::config::{HealEntry, RepairSpec};
use crate::context::Context;
use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::heal::case::Case;
use crate::model::action::Action;
use crate::model::incident::Lifecycle;
use crate::model::suppression::Suppressions;
use crate::query::silences;

/// The failure of a unit is latched: it stays until somebody acts, so that it need not last to be believed.
const LATCHED: &str = "service.failed{";

/// Every open incident with each entry that may repair it, in the order of the entries.
pub(super) fn find(context: &Context, crisis: &State) -> Vec<(HealEntry, Case)> {
    let silences = silences::read(context);
    let entries = context.config.heal.entries.iter();
    let found = entries.flat_map(|entry| {
        let alerts = crisis.alerts.values().filter(|alert| is_case(entry, alert));
        alerts.map(|alert| (entry.clone(), case(alert, &silences, context))).collect::<Vec<_>>()
    });
    found.collect()
}

/// Returns whether an entry may repair an alert.
fn is_case(entry: &HealEntry, alert: &Alert) -> bool {
    let is_latched = matches!(entry.repair, RepairSpec::Restart { .. }) && alert.metric.starts_with(LATCHED);
    let is_open = alert.is_open() || (is_latched && alert.lifecycle == Lifecycle::Pending);
    is_open && entry.is_for(&alert.rule, &alert.metric)
}

fn case(alert: &Alert, suppressions: &Suppressions, context: &Context) -> Case {
    let now = &context.now;
    let forbids = suppressions.silences.iter().find(|silence| {
        silence.no_heal && silence.is_active(now.wall) && silence.matches_alert(&alert.rule, &alert.metric)
    });
    let since = alert.since.or(alert.critical_since).or(alert.warning_since);
    Case {
        incident: alert.present_id(),
        rule: alert.rule.clone(),
        metric: alert.metric.clone(),
        title: alert.title.clone(),
        value: alert.value,
        limit: alert.limit,
        since: since.map_or(now.wall, |since| since.wall),
        open_seconds: since.map_or(0.0, |since| (now.boottime_seconds - since.boottime_seconds).max(0.0)),
        is_current: is_beyond(alert),
        forbidden: forbids.map(|silence| format!("{} ({})", silence.because, silence.by)),
    }
}

/// Returns whether the newest value of an alert was beyond its limit.
pub(super) fn is_beyond(alert: &Alert) -> bool {
    matches!(alert.lifecycle, Lifecycle::Firing | Lifecycle::Pending) && alert.nodata_since.is_none()
}

/// The entry of an action, if it is still configured for the same kind of action.
pub(super) fn entry(context: &Context, action: &Action) -> Option<HealEntry> {
    let mut entries = context.config.heal.entries.iter();
    entries.find(|entry| entry.name == action.entry && entry.repair.kind() == action.kind).cloned()
}
