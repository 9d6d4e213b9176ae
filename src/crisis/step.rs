//! The state machine: OK → PENDING → FIRING → RECOVERING → OK, one step per snapshot.

use super::state::{Alert, Stamp, State};
use crate::base::clock::{Now, stamp};
use crate::config::Rule;
use crate::config::rule::{Limit, beyond};
use crate::model::event::{Event, Kind};
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::{Metric, write_labels};

/// cron starts a run some seconds early or late: that much less than the span asked for is enough.
const JITTER_SECONDS: f64 = 5.0;
/// After a longer gap than this nobody knows what happened meanwhile: what was being counted starts anew.
const GAP_SECONDS: f64 = 300.0;

/// When and where a step takes place.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Both clocks.
    pub now: Now,
    /// The boot.
    pub boot_id: String,
    /// Host name, for the events.
    pub host: String,
}

impl Clock {
    fn stamp(&self) -> Stamp {
        Stamp { wall: self.now.wall, boottime_seconds: self.now.boottime_seconds }
    }
}

/// Evaluates all rules on the metrics of one snapshot. The same arguments give the same result.
pub fn step(rules: &[Rule], state: &State, metrics: &[Metric], clock: &Clock) -> (State, Vec<Event>) {
    let mut next = state.clone();
    let mut events = Vec::new();
    let same_boot = state.boot_id == clock.boot_id;
    let gap = state.last.map(|last| clock.now.boottime_seconds - last.boottime_seconds);
    if !same_boot || gap.is_some_and(|gap| !(0.0..=GAP_SECONDS).contains(&gap)) {
        next.alerts.values_mut().for_each(forget_spans);
    }
    for rule in rules {
        for metric in metrics.iter().filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
            let key = format!("{}{}", rule.name, write_labels(&metric.labels));
            let alert = next.alerts.entry(key).or_default();
            alert.rule.clone_from(&rule.name);
            alert.title = rule.title(&metric.labels);
            alert.metric = metric.to_string();
            alert.value = metric.value;
            alert.above = rule.above;
            let mut turn = Turn { rule, clock, same_boot, events: &mut events };
            turn.take(alert);
        }
    }
    // A rule that was removed or switched off watches nothing any more: what it had raised is over.
    for alert in next.alerts.values_mut().filter(|alert| !rules.iter().any(|rule| rule.name == alert.rule)) {
        if matches!(alert.lifecycle, Lifecycle::Firing | Lifecycle::Recovering) {
            alert.clear_since.get_or_insert(clock.stamp());
            events.push(event(alert, Kind::Recovered, clock, same_boot));
        }
        close(alert);
    }
    // What is well leaves no trace.
    next.alerts.retain(|_, alert| alert.lifecycle != Lifecycle::Ok);
    next.schema = 1;
    next.boot_id.clone_from(&clock.boot_id);
    next.last = Some(clock.stamp());
    (next, events)
}

fn forget_spans(alert: &mut Alert) {
    alert.warning_since = None;
    alert.critical_since = None;
    alert.clear_since = None;
    match alert.lifecycle {
        Lifecycle::Pending => alert.lifecycle = Lifecycle::Ok,
        Lifecycle::Recovering => alert.lifecycle = Lifecycle::Firing,
        Lifecycle::Ok | Lifecycle::Firing => {}
    }
}

fn close(alert: &mut Alert) {
    *alert = Alert {
        rule: std::mem::take(&mut alert.rule),
        title: std::mem::take(&mut alert.title),
        metric: std::mem::take(&mut alert.metric),
        value: alert.value,
        above: alert.above,
        ..Alert::default()
    };
}

/// One rule on one value.
struct Turn<'a> {
    rule: &'a Rule,
    clock: &'a Clock,
    same_boot: bool,
    events: &'a mut Vec<Event>,
}

impl Turn<'_> {
    fn take(&mut self, alert: &mut Alert) {
        let now = self.clock.stamp();
        let breached =
            |limit: Option<Limit>| limit.is_some_and(|limit| beyond(self.rule.above, alert.value, limit.raise));
        let (warning, critical) = (breached(self.rule.warning), breached(self.rule.critical));
        alert.warning_since = if warning || critical { alert.warning_since.or(Some(now)) } else { None };
        alert.critical_since = if critical { alert.critical_since.or(Some(now)) } else { None };
        match alert.lifecycle {
            Lifecycle::Ok | Lifecycle::Pending => self.raise(alert),
            Lifecycle::Firing => {
                self.change_severity(alert);
                if self.is_clear(alert.value) {
                    alert.lifecycle = Lifecycle::Recovering;
                    alert.clear_since = Some(now);
                    self.recover(alert);
                }
            }
            Lifecycle::Recovering if self.is_clear(alert.value) => self.recover(alert),
            Lifecycle::Recovering => {
                alert.lifecycle = Lifecycle::Firing;
                alert.clear_since = None;
                self.change_severity(alert);
            }
        }
    }

    fn raise(&mut self, alert: &mut Alert) {
        let Some(since) = alert.warning_since else {
            alert.lifecycle = Lifecycle::Ok;
            alert.since = None;
            return;
        };
        alert.lifecycle = Lifecycle::Pending;
        alert.since = Some(since);
        let severity = if self.lasted(alert.critical_since, self.rule.critical) {
            Severity::Critical
        } else if self.lasted(alert.warning_since, self.rule.warning) {
            Severity::Warning
        } else {
            return;
        };
        alert.lifecycle = Lifecycle::Firing;
        alert.sequence = 0;
        alert.worst = Some(severity);
        self.set_severity(alert, severity);
        self.tell(alert, Kind::Fired);
    }

    /// Up at once when critical has lasted; down without a word when critical is over and a warning is left.
    fn change_severity(&mut self, alert: &mut Alert) {
        if alert.severity == Some(Severity::Warning) && self.lasted(alert.critical_since, self.rule.critical) {
            self.set_severity(alert, Severity::Critical);
            if alert.worst != Some(Severity::Critical) {
                alert.worst = Some(Severity::Critical);
                self.tell(alert, Kind::Escalated);
            }
        } else if alert.severity == Some(Severity::Critical)
            && self.rule.warning.is_some()
            && self.rule.critical.is_some_and(|limit| !beyond(self.rule.above, alert.value, limit.clear))
        {
            self.set_severity(alert, Severity::Warning);
        }
    }

    fn set_severity(&self, alert: &mut Alert, severity: Severity) {
        let limit = if severity == Severity::Critical { self.rule.critical } else { self.rule.warning };
        alert.severity = Some(severity);
        alert.limit = limit.map_or(0.0, |limit| limit.raise);
    }

    fn recover(&mut self, alert: &mut Alert) {
        if elapsed(alert.clear_since, self.clock, self.same_boot) + JITTER_SECONDS >= self.rule.clear_for.as_secs_f64()
        {
            self.tell(alert, Kind::Recovered);
            close(alert);
        }
    }

    /// Inside the limit that clears the mildest severity there is.
    fn is_clear(&self, value: f64) -> bool {
        self.rule.warning.or(self.rule.critical).is_some_and(|limit| !beyond(self.rule.above, value, limit.clear))
    }

    fn lasted(&self, since: Option<Stamp>, limit: Option<Limit>) -> bool {
        let Some(limit) = limit.filter(|_| since.is_some()) else { return false };
        elapsed(since, self.clock, self.same_boot) + JITTER_SECONDS >= limit.hold.as_secs_f64()
    }

    fn tell(&mut self, alert: &mut Alert, kind: Kind) {
        alert.sequence += 1;
        self.events.push(event(alert, kind, self.clock, self.same_boot));
    }
}

/// Seconds since a moment: by the clock that does not step within a boot, else by the wall, never negative.
fn elapsed(since: Option<Stamp>, clock: &Clock, same_boot: bool) -> f64 {
    let Some(since) = since else { return 0.0 };
    let steady = clock.now.boottime_seconds - since.boottime_seconds;
    if same_boot && steady >= 0.0 {
        return steady;
    }
    ((clock.now.wall - since.wall).num_milliseconds() as f64 / 1e3).max(0.0)
}

fn event(alert: &Alert, kind: Kind, clock: &Clock, same_boot: bool) -> Event {
    let severity = if kind == Kind::Recovered { alert.worst } else { alert.severity };
    // A recovery lasted until it was well, not until that was certain.
    let after_clear = if kind == Kind::Recovered { elapsed(alert.clear_since, clock, same_boot) } else { 0.0 };
    let duration = (elapsed(alert.since, clock, same_boot) - after_clear).max(0.0);
    Event {
        id: format!("{}.{}", alert.incident_id(), alert.sequence),
        incident: alert.incident_id(),
        kind,
        severity: severity.unwrap_or(Severity::Warning),
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
        evidence: None,
    }
}

#[cfg(test)]
mod tests;
