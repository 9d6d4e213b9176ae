//! Why people are not notified: a silence, the hours of a rule, a file system mounted twice, a host out of memory.

use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::repairing::Repairing;
use crate::crisis::state::{Alert, State};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use crate::model::metric::{Metric, read_labels};
use crate::model::title;
use std::collections::{BTreeMap, HashMap};

/// With all tasks stalled on memory for more than this share of a minute, slowness says nothing about the slow service.
const MEMORY_PRESSURE_PERCENT: f64 = 20.0;

/// A value this many spreads outside of the baseline still counts as usual.
const USUAL_SPREADS: f64 = 1.0;

/// Everything that suppresses notifications in one step.
pub struct Suppression<'a> {
    rules: HashMap<&'a str, &'a Rule>,
    context: &'a EvalContext,
    metrics: &'a [Metric],
    is_short_of_memory: bool,
    /// Alerts that another alert inhibits, by key, with the title of that alert.
    inhibited_by: BTreeMap<String, Arg>,
    /// Services with a critical incident, by their labels, with its title.
    critical: BTreeMap<String, Arg>,
    /// Metrics beyond a limit, with severity and title of the incident: a forecast of the same adds nothing.
    beyond: BTreeMap<String, (Severity, Arg)>,
}

impl<'a> Suppression<'a> {
    pub fn new(rules: &'a [Rule], state: &State, metrics: &'a [Metric], context: &'a EvalContext) -> Self {
        let pressure = metrics.iter().find(|metric| metric.name == "pressure.memory.full_avg60_percent");
        let rules: HashMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        Self {
            beyond: beyond(&rules, state),
            rules,
            context,
            metrics,
            is_short_of_memory: pressure.is_some_and(|metric| metric.value > MEMORY_PRESSURE_PERCENT),
            inhibited_by: inhibited_by(state, &context.devices),
            critical: critical(state),
        }
    }

    /// The rule of an alert.
    pub fn rule(&self, alert: &Alert) -> Option<&'a Rule> {
        self.rules.get(alert.rule.as_str()).copied()
    }

    /// Why people are not notified of an alert now, apart from flapping; `None`: they are.
    pub fn reason(&self, key: &str, alert: &Alert, severity: Severity) -> Option<Message> {
        self.held(alert, severity).or_else(|| self.excused(key, alert, severity))
    }

    /// Why nothing about an alert goes out now, not even the end of what people were notified of: no recipient, a
    /// silence, the hours of its rule.
    pub fn held(&self, alert: &Alert, severity: Severity) -> Option<Message> {
        let now = self.context.now.wall;
        if self.rule(alert).is_some_and(|rule| !rule.notifies) {
            return Some(Message::new(key::MUTED_RULE_NOT_NOTIFIED));
        }
        // Checked first: without a matching recipient, the alert is sent as soon as there is one.
        match self.context.notified_from {
            None => return Some(Message::new(key::MUTED_NOBODY)),
            Some(least) if severity < least => {
                let name = if severity == Severity::Critical { key::STATE_CRITICAL } else { key::STATE_WARNING };
                return Some(Message::new(key::MUTED_BELOW_CHANNELS).with("severity", Message::new(name)));
            }
            Some(_) => {}
        }
        if let Some(silence) = self.context.suppressions.silence(&alert.rule, &alert.metric, now) {
            let key = match (silence.by.is_empty(), silence.because.is_empty()) {
                (true, true) => key::MUTED_SILENCED,
                (true, false) => key::MUTED_SILENCED_REASON,
                (false, true) => key::MUTED_SILENCED_BY,
                (false, false) => key::MUTED_SILENCED_BY_REASON,
            };
            return Some(Message::new(key).with("by", &*silence.by).with("reason", &*silence.because));
        }
        let window = self.rule(alert).and_then(|rule| rule.window.as_ref());
        if let Some(window) = window.filter(|window| !window.holds(now, self.context.zone_offset_seconds)) {
            return Some(Message::new(key::MUTED_OUTSIDE).with("window", &*window.text));
        }
        None
    }

    /// Why the present state of an alert is no news though notifications about it may go out.
    fn excused(&self, key: &str, alert: &Alert, severity: Severity) -> Option<Message> {
        if let Some(reason) = super::service::long_ago(alert, self.context) {
            return Some(reason);
        }
        let open_seconds = self.context.elapsed(alert.since);
        let holds = |repair: &Repairing| repair.holds(&alert.rule, &alert.metric, open_seconds);
        if alert.notified.is_none() && self.context.repairing.iter().any(holds) {
            return Some(Message::new(key::MUTED_REPAIRING));
        }
        if let Some(title) = self.inhibited_by.get(key) {
            return Some(Message::new(key::MUTED_SAME_FILE_SYSTEM).with("title", title.clone()));
        }
        let critical = service(&alert.metric).filter(|_| severity == Severity::Warning);
        if let Some(title) = critical.and_then(|labels| self.critical.get(labels)) {
            return Some(Message::new(key::MUTED_WORSE_OPEN).with("title", title.clone()));
        }
        let is_forecast = self.rule(alert).is_some_and(|rule| matches!(rule.measure, Measure::Reaches(_)));
        let reached = self.beyond.get(&alert.metric).filter(|(reached, _)| is_forecast && *reached >= severity);
        if let Some((_, title)) = reached {
            return Some(Message::new(key::MUTED_WORSE_OPEN).with("title", title.clone()));
        }
        if let Some(condition) = self.missed_condition(alert) {
            return Some(Message::new(key::MUTED_CONDITION).with("condition", condition));
        }
        if let Some(usual) = self.usual(key, alert, severity) {
            return Some(usual);
        }
        let is_slowness = severity == Severity::Warning && is_slowness(alert.name());
        (is_slowness && self.is_short_of_memory).then(|| Message::new(key::MUTED_SHORT_OF_MEMORY))
    }

    /// The condition for notification that an open incident misses. What was notified is over whether it holds or not.
    fn missed_condition(&self, alert: &Alert) -> Option<&'a str> {
        let condition = self.rule(alert).filter(|_| alert.is_open())?.notify_if.as_ref()?;
        let labels = read_labels(&alert.metric).1;
        (condition.holds(self.metrics, &labels, 0.0) == Some(false)).then_some(condition.text.as_str())
    }

    /// Within the baseline of this hour. A level that changed and stayed does not count as usual.
    fn usual(&self, key: &str, alert: &Alert, severity: Severity) -> Option<Message> {
        let rule = self.rule(alert).filter(|rule| rule.mutes_usual)?;
        // A rule that knows who waits needs no exception for critical, as long as memory is not short as well.
        let is_mild = severity == Severity::Warning
            || matches!(rule.measure, Measure::Reaches(_))
            || (rule.notify_if.is_some() && !self.is_short_of_memory);
        let band = self.context.bands.get(key).filter(|band| is_mild && band.is_of_hour && band.moved == 0.0)?;
        let message = || {
            Message::new(key::MUTED_USUAL).with_value("low", alert.name(), band.low).with_value(
                "high",
                alert.name(),
                band.high,
            )
        };
        (band.outside(rule.above, alert.value) <= USUAL_SPREADS).then(message)
    }
}

/// The title of an alert as an argument.
fn title(alert: &Alert) -> Arg {
    let message = alert.title_localized.clone().or_else(|| title::shipped(&alert.rule, &alert.metric, &alert.title));
    message.map_or_else(|| alert.title.as_str().into(), Arg::Message)
}

/// Metrics that get worse because the whole host is slow.
fn is_slowness(metric: &str) -> bool {
    metric.starts_with("service.") || metric.starts_with("check.") || metric.ends_with("_ms")
}

/// The labels of a service metric.
fn service(metric: &str) -> Option<&str> {
    metric.strip_prefix("service.")?.split_once('{').map(|(_, labels)| labels)
}

/// Services with a critical incident: their warnings add nothing.
fn critical(state: &State) -> BTreeMap<String, Arg> {
    let open = state.alerts.values().filter(|alert| alert.is_open() && alert.severity == Some(Severity::Critical));
    open.filter_map(|alert| Some((service(&alert.metric)?.to_string(), title(alert)))).collect()
}

/// Metrics whose value is beyond a limit.
fn beyond(rules: &HashMap<&str, &Rule>, state: &State) -> BTreeMap<String, (Severity, Arg)> {
    let is_value = |alert: &&Alert| rules.get(&*alert.rule).is_some_and(|rule| rule.measure == Measure::Value);
    let open = state.alerts.values().filter(|alert| alert.is_open()).filter(is_value);
    open.filter_map(|alert| Some((alert.metric.clone(), (alert.severity?, title(alert))))).collect()
}

/// Of one file system mounted several times, which its device shows, the topmost mount inhibits those below it.
fn inhibited_by(state: &State, devices: &BTreeMap<String, String>) -> BTreeMap<String, Arg> {
    let mut open: BTreeMap<&str, Vec<(&String, &Alert, String)>> = BTreeMap::new();
    for (key, alert) in state.alerts.iter().filter(|(_, alert)| alert.is_open()) {
        if let Some((_, mount)) = read_labels(&alert.metric).1.into_iter().find(|(key, _)| key == "mount") {
            open.entry(&alert.rule).or_default().push((key, alert, mount));
        }
    }
    let mut found = BTreeMap::new();
    for same_rule in open.values().filter(|alerts| alerts.len() > 1) {
        for (key, _, mount) in same_rule {
            let above = same_rule.iter().find(|(_, _, other)| {
                devices.get(mount).is_some_and(|device| devices.get(other) == Some(device))
                    && mount != other
                    && mount.starts_with(&format!("{}/", other.trim_end_matches('/')))
            });
            if let Some((_, parent, _)) = above {
                found.insert((*key).clone(), title(parent));
            }
        }
    }
    found
}
