//! One rule on one value: the lifecycle of an alert.

use super::absent;
use super::explanation;
use super::forecast::Forecast;
use super::limits::{Allowed, breach, counts_events, own_limit};
use super::service::set_title;
use super::transitions::{JITTER_SECONDS, Transitions, close, event};
use crate::config::Rule;
use crate::config::rule::{Limit, Measure, beyond};
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Stamp, Tally};
use crate::model::event::EventKind;
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::Metric;
use crate::model::service::Service;
use chrono::TimeDelta;

/// A relapse lengthens the recovery time by this factor,
const RELAPSE_FACTOR: f64 = 1.5;
/// up to this, in seconds,
const CLEAR_FOR_MAX: f64 = 3600.0;
/// until there was no relapse for this long, in seconds.
const QUIET_SECONDS: f64 = 6.0 * 3600.0;
/// What comes back within this time, in seconds, or within the usual time between two snapshots and a half, continues
/// the conversation about the last incident.
pub const BACK_SECONDS: f64 = 1800.0;

/// Evaluates one rule on one value.
pub struct RuleEvaluator<'a> {
    pub rule: &'a Rule,
    pub context: &'a EvalContext,
    pub key: &'a str,
    /// Seconds since the previous snapshot, at most the usual time between two; 0: unknown.
    pub interval_seconds: f64,
    /// How soon what comes back continues the conversation about it, in seconds.
    pub back_seconds: f64,
    /// The limits that apply now.
    pub allowed: Allowed,
    /// Of a rule that forecasts.
    pub forecast: Option<Forecast>,
    /// The service that the value belongs to.
    pub service: Option<&'a Service>,
    pub transitions: &'a mut Transitions,
}

impl RuleEvaluator<'_> {
    /// `judged`: the value compared with the limits, derived from the metric as the rule says.
    pub fn evaluate(&mut self, alert: &mut Alert, metric: &Metric, judged: f64) {
        let now = self.context.stamp();
        let (any, critical) = self.allowed.limit(breach(self.rule, judged));
        if any && counts_events(self.rule) {
            alert.tally = Some(Tally::add(alert.tally, judged, now));
        }
        self.describe(alert, metric, judged);
        if let Some(samples) = self.rule.samples {
            alert.breaches.add(any, critical, samples.of);
            alert.warning_since = self.counted_since(alert.breaches.warning);
            alert.critical_since = self.counted_since(alert.breaches.critical);
        } else {
            let since = self.forecast.and_then(|forecast| forecast.since).or(Some(now));
            alert.warning_since = if any { alert.warning_since.or(since) } else { None };
            alert.critical_since = if critical { alert.critical_since.or(since) } else { None };
        }
        if alert.relapsed.is_some() && self.context.elapsed(alert.relapsed) > QUIET_SECONDS {
            alert.relapsed = None;
            alert.clear_for_seconds = None;
        }
        match alert.lifecycle {
            Lifecycle::Ok | Lifecycle::Pending => self.raise(alert),
            Lifecycle::Firing => {
                self.change_severity(alert, judged);
                if self.is_clear(judged) {
                    alert.lifecycle = Lifecycle::Recovering;
                    alert.clear_since = Some(now);
                    self.recover(alert);
                }
            }
            Lifecycle::Recovering if self.is_clear(judged) => self.recover(alert),
            Lifecycle::Recovering => {
                alert.lifecycle = Lifecycle::Firing;
                alert.clear_since = None;
                alert.relapsed = Some(now);
                let longer = (self.clear_for(alert) * RELAPSE_FACTOR).min(CLEAR_FOR_MAX);
                alert.clear_for_seconds = Some(longer);
                self.change_severity(alert, judged);
            }
        }
    }

    fn describe(&self, alert: &mut Alert, metric: &Metric, judged: f64) {
        alert.rule.clone_from(&self.rule.name);
        alert.metric = metric.to_string();
        set_title(alert, self.rule.title(&metric.labels), self.service);
        alert.above = self.rule.above;
        let is_sum = matches!(self.rule.measure, Measure::Change(_) | Measure::Total(_));
        alert.value = if is_sum { judged } else { metric.value };
        if let Some(limit) = own_limit(self.rule) {
            alert.limit = limit;
        }
        let message = match self.forecast.filter(|forecast| forecast.is_held) {
            Some(_) => explanation::held(self.rule, alert, metric),
            None => explanation::message(self.rule, alert, metric, judged, self.service)
                .or_else(|| explanation::times(alert, self.context)),
        };
        (alert.message, alert.message_localized) =
            message.map_or((None, None), |(text, message)| (Some(text), message));
    }

    fn raise(&mut self, alert: &mut Alert) {
        let Some(since) = alert.warning_since else {
            alert.lifecycle = Lifecycle::Ok;
            alert.since = None;
            return;
        };
        alert.lifecycle = Lifecycle::Pending;
        alert.since = Some(since);
        let severity = if self.context.now.boottime_seconds < self.rule.boot_grace.as_secs_f64() {
            return;
        } else if self.lasted(alert.critical_since, alert.breaches.critical, self.rule.critical) {
            Severity::Critical
        } else if self.lasted(alert.warning_since, alert.breaches.warning, self.rule.warning) {
            Severity::Warning
        } else {
            return;
        };
        alert.lifecycle = Lifecycle::Firing;
        match &mut alert.tally {
            // The same incident goes on.
            Some(tally) if tally.fired => alert.since = Some(tally.since),
            Some(tally) => {
                tally.fired = true;
                alert.begin(false);
            }
            None => alert.begin(alert.ended.is_some_and(|ended| since.seconds_since(ended) <= self.back_seconds)),
        }
        alert.worst = Some(severity);
        self.worsen(alert, severity, EventKind::Fired);
    }

    /// It fired or became critical: an event, and a change for the worse.
    fn worsen(&mut self, alert: &mut Alert, severity: Severity, kind: EventKind) {
        self.set_severity(alert, severity);
        if severity == Severity::Critical {
            alert.worst = Some(severity);
            alert.escalated = Some(self.context.stamp());
        }
        self.mark(alert, true);
        self.record(alert, kind);
    }

    /// Notes a change in the flap meter; what is counted does not flap.
    fn mark(&self, alert: &mut Alert, is_worse: bool) {
        if alert.tally.is_none() {
            alert.flap.mark(is_worse, self.context.stamp());
        }
    }

    /// Escalates as soon as critical has lasted, as often as it gets worse; de-escalates silently while a warning
    /// remains, and what people know is then a warning.
    fn change_severity(&mut self, alert: &mut Alert, judged: f64) {
        if alert.severity == Some(Severity::Warning)
            && self.lasted(alert.critical_since, alert.breaches.critical, self.rule.critical)
        {
            self.worsen(alert, Severity::Critical, EventKind::Escalated);
        } else if alert.severity == Some(Severity::Critical)
            && self.rule.warning.is_some()
            && self.is_inside(judged, self.rule.critical, self.allowed.critical)
        {
            self.set_severity(alert, Severity::Warning);
            self.mark(alert, false);
            if !alert.flap.flapping {
                alert.notified = alert.notified.map(|notified| notified.min(Severity::Warning));
            }
        }
    }

    fn set_severity(&self, alert: &mut Alert, severity: Severity) {
        alert.severity = Some(severity);
        if own_limit(self.rule).is_none() {
            let limit = if severity == Severity::Critical { self.rule.critical } else { self.rule.warning };
            alert.limit = limit.map_or(0.0, |limit| limit.raise);
        }
    }

    fn recover(&mut self, alert: &mut Alert) {
        if self.context.elapsed(alert.clear_since) + JITTER_SECONDS >= self.clear_for(alert) {
            self.record(alert, EventKind::Recovered);
            self.mark(alert, false);
            alert.ended = Some(self.context.stamp());
            if let Some(ending) = self.service.and_then(Service::ending) {
                absent::end_flapping(alert);
                if let Some((_, event)) = self.transitions.last_mut() {
                    event.reason = Some(ending.word().to_string());
                }
            }
            close(alert);
        }
    }

    /// Required recovery time, in seconds: as the rule says, longer after relapses and for what happens now and then.
    fn clear_for(&self, alert: &Alert) -> f64 {
        let base = self.rule.clear_for.as_secs_f64();
        match alert.tally {
            Some(tally) => tally.quiet_seconds().max(base),
            None => alert.clear_for_seconds.map_or(base, |longer| longer.max(base)),
        }
    }

    /// Inside the limit that clears the mildest severity there is.
    fn is_clear(&self, judged: f64) -> bool {
        if self.rule.warning.is_none() {
            return self.is_inside(judged, self.rule.critical, self.allowed.critical);
        }
        let is_critical = self.allowed.critical && breach(self.rule, judged).1;
        !is_critical && self.is_inside(judged, self.rule.warning, self.allowed.warning)
    }

    /// Inside the limit that clears, or the limit does not apply.
    fn is_inside(&self, judged: f64, limit: Option<Limit>, is_allowed: bool) -> bool {
        limit.is_some_and(|limit| !is_allowed || !beyond(self.rule.is_ceiling(), judged, limit.clear))
    }

    /// Approximate time of the oldest breach that still counts.
    fn counted_since(&self, bits: u32) -> Option<Stamp> {
        let now = self.context.stamp();
        let ago = f64::from(bits.checked_ilog2()?) * self.interval_seconds;
        let wall = now.wall.checked_sub_signed(TimeDelta::milliseconds((ago * 1e3) as i64)).unwrap_or(now.wall);
        Some(Stamp { wall, boottime_seconds: now.boottime_seconds - ago })
    }

    /// Returns whether a breach lasted long enough, or occurred often enough: `bits` has a bit for each snapshot, set
    /// for a breach.
    fn lasted(&self, since: Option<Stamp>, bits: u32, limit: Option<Limit>) -> bool {
        let Some(limit) = limit.filter(|_| since.is_some()) else { return false };
        if let Some(samples) = self.rule.samples {
            return bits.count_ones() >= samples.breaches;
        }
        let patience = self.forecast.map_or(f64::INFINITY, Forecast::patience_seconds);
        self.context.elapsed(since) + JITTER_SECONDS >= limit.hold.as_secs_f64().min(patience)
    }

    fn record(&mut self, alert: &mut Alert, kind: EventKind) {
        self.transitions.push((self.key.to_string(), event(alert, kind, self.context)));
    }
}
