//! Why something is not told: a silence, the hours of a rule, a file system in another place, a host without memory.

use crate::base::units::metric_value;
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::model::incident::Severity;
use crate::model::metric::{Metric, read_labels};
use std::collections::{BTreeMap, HashMap};

/// Above this part of a minute in which all tasks waited for memory, slowness says nothing about what is slow.
const MEMORY_PRESSURE_PERCENT: f64 = 20.0;

/// So many spreads outside of what was before is usual all the same.
const USUAL_SPREADS: f64 = 1.0;

/// Everything that mutes in one step.
pub(super) struct Hush<'a> {
    rules: HashMap<&'a str, &'a Rule>,
    clock: &'a EvalContext,
    is_short_of_memory: bool,
    /// Keys of alerts that another one speaks for, with its title.
    spoken_for: BTreeMap<String, String>,
    /// Labels of services of which something is critical, with its title.
    critical: BTreeMap<String, String>,
}

impl<'a> Hush<'a> {
    pub fn new(rules: &'a [Rule], state: &State, metrics: &[Metric], clock: &'a EvalContext) -> Self {
        let pressure = metrics.iter().find(|metric| metric.name == "pressure.memory.full_avg60_percent");
        Self {
            rules: rules.iter().map(|rule| (rule.name.as_str(), rule)).collect(),
            clock,
            is_short_of_memory: pressure.is_some_and(|metric| metric.value > MEMORY_PRESSURE_PERCENT),
            spoken_for: spoken_for(state, metrics),
            critical: critical(state),
        }
    }

    /// The rule of an alert.
    pub fn rule(&self, alert: &Alert) -> Option<&'a Rule> {
        self.rules.get(alert.rule.as_str()).copied()
    }

    /// Why something of an alert is not told now, apart from flapping; `None`: it is.
    pub fn reason(&self, key: &str, alert: &Alert, severity: Severity) -> Option<String> {
        let now = self.clock.now.wall;
        // Before all else: what nobody hears of is told when there is somebody.
        match self.clock.told_from {
            None => return Some("nobody is to be told".to_string()),
            Some(least) if severity < least => {
                return Some(format!("no way takes a {}", severity.word().to_lowercase()));
            }
            Some(_) => {}
        }
        if let Some(silence) = self.clock.mutes.silence(&alert.rule, &alert.metric, now) {
            let by = if silence.by.is_empty() { String::new() } else { format!(" by {}", silence.by) };
            let because = if silence.because.is_empty() { String::new() } else { format!(": {}", silence.because) };
            return Some(format!("silenced{by}{because}"));
        }
        let window = self.rule(alert).and_then(|rule| rule.window.as_ref());
        if let Some(window) = window.filter(|window| !window.holds(now, self.clock.zone_offset_seconds)) {
            return Some(format!("outside {}", window.text));
        }
        if let Some(title) = self.spoken_for.get(key) {
            return Some(format!("the same file system as {title}"));
        }
        let critical = service(&alert.metric).filter(|_| severity == Severity::Warning);
        if let Some(title) = critical.and_then(|labels| self.critical.get(labels)) {
            return Some(format!("something worse is open: {title}"));
        }
        if let Some(usual) = self.usual(key, alert, severity) {
            return Some(usual);
        }
        let is_slowness = severity == Severity::Warning && is_slowness(alert.name());
        (is_slowness && self.is_short_of_memory).then(|| "the host is short of memory".to_string())
    }

    /// What happens each night at this hour is no news. A level that changed and stayed is none of that.
    fn usual(&self, key: &str, alert: &Alert, severity: Severity) -> Option<String> {
        let rule = self.rule(alert).filter(|rule| rule.mutes_usual)?;
        let is_mild = severity == Severity::Warning || matches!(rule.measure, Measure::Reaches(_));
        let band = self.clock.bands.get(key).filter(|band| is_mild && band.is_of_hour && band.moved == 0.0)?;
        let show = |value: f64| metric_value(alert.name(), value);
        (band.outside(rule.above, alert.value) <= USUAL_SPREADS)
            .then(|| format!("usual at this hour: {} to {}", show(band.low), show(band.high)))
    }
}

/// What is only slow, or fails, because the host is.
fn is_slowness(metric: &str) -> bool {
    metric.starts_with("service.") || metric.starts_with("check.") || metric.ends_with("_ms")
}

/// The labels of a metric of a service.
fn service(metric: &str) -> Option<&str> {
    metric.strip_prefix("service.")?.split_once('{').map(|(_, labels)| labels)
}

/// Services of which something is critical: nobody needs a warning of them too.
fn critical(state: &State) -> BTreeMap<String, String> {
    let open = state.alerts.values().filter(|alert| alert.is_open() && alert.severity == Some(Severity::Critical));
    open.filter_map(|alert| Some((service(&alert.metric)?.to_string(), alert.title.clone()))).collect()
}

/// Of one file system seen in several places (equal in size and in free space) the highest place speaks for those below.
fn spoken_for(state: &State, metrics: &[Metric]) -> BTreeMap<String, String> {
    let mut open: BTreeMap<&str, Vec<(&String, &Alert, String)>> = BTreeMap::new();
    for (key, alert) in state.alerts.iter().filter(|(_, alert)| alert.is_open()) {
        if let Some((_, mount)) = read_labels(&alert.metric).1.into_iter().find(|(key, _)| key == "mount") {
            open.entry(&alert.rule).or_default().push((key, alert, mount));
        }
    }
    let mut found = BTreeMap::new();
    for same_rule in open.values().filter(|alerts| alerts.len() > 1) {
        let sizes: Vec<Option<(f64, f64)>> = same_rule.iter().map(|(_, _, mount)| size(metrics, mount)).collect();
        for ((key, _, mount), own) in same_rule.iter().zip(&sizes) {
            let above = same_rule.iter().zip(&sizes).find(|((_, _, other), size)| {
                own.is_some()
                    && *size == own
                    && mount != other
                    && mount.starts_with(&format!("{}/", other.trim_end_matches('/')))
            });
            if let Some(((_, parent, _), _)) = above {
                found.insert((*key).clone(), parent.title.clone());
            }
        }
    }
    found
}

fn size(metrics: &[Metric], mount: &str) -> Option<(f64, f64)> {
    let value = |name: &str| {
        let is_mount = |metric: &&Metric| metric.name == name && metric.labels.iter().any(|(_, value)| value == mount);
        metrics.iter().find(is_mount).map(|metric| metric.value)
    };
    Some((value("disk.total_bytes")?, value("disk.available_bytes")?))
}
