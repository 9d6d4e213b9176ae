//! Values of one snapshot that are beyond a limit at that moment, whatever else their rules ask for to fire.

use crate::base::sort::SmallSort;
use crate::cli::output::Style;
use crate::config::Rule;
use crate::config::rule::{Limit, Measure, beyond};
use crate::model::condition::Condition;
use crate::model::event::is_flag;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::model::metric::{Label, Metric};

/// A value beyond a limit.
pub struct Beyond {
    /// The severity of the limit.
    pub severity: Severity,
    /// `CPU 93 % (limit 80 %)`, or the title alone where it says all.
    pub text: String,
    metric: String,
    labels: Vec<Label>,
}

impl Beyond {
    /// Its colour.
    pub fn style(&self) -> Style {
        match self.severity {
            Severity::Critical => Style::Bad,
            Severity::Warning => Style::Warn,
        }
    }

    /// Returns whether it is a value of a section of the snapshot, and of the element with this name; empty: any.
    pub fn is_about(&self, section: &str, name: &str) -> bool {
        let is_of_section = self.metric.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        is_of_section && (name.is_empty() || self.labels.iter().any(|(_, value)| value == name))
    }
}

/// The values beyond the limits of rules that compare the value itself, critical ones first, then in the order of the
/// rules. Of several rules with one title the worst counts.
pub fn values(metrics: &[Metric], rules: &[Rule]) -> Vec<Beyond> {
    let mut all: Vec<Beyond> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.measure == Measure::Value && !rule.is_information()) {
        for metric in metrics.iter().filter(|metric| rule.metric.matches(&metric.name, &metric.labels)) {
            let Some((severity, limit)) = breach(rule, metric, metrics) else { continue };
            let title = rule.title(&metric.labels);
            let value = |value: f64| Locale::En.value(&metric.name, value);
            let text = if is_flag(&metric.name, limit) {
                title
            } else {
                let values = [("value", &*value(metric.value)), ("limit", &*value(limit))];
                format!("{title} {}", Locale::En.fill(key::STATUS_VALUE_AND_LIMIT, &values))
            };
            let (name, labels) = (metric.name.clone(), metric.labels.clone());
            all.push(Beyond { severity, text, metric: name, labels });
        }
    }
    all.arrange_by_key(|beyond| std::cmp::Reverse(beyond.severity));
    let mut known = std::collections::HashSet::new();
    all.retain(|beyond| known.insert(beyond.text.clone()));
    all
}

/// The severity and the limit that a value has reached.
fn breach(rule: &Rule, metric: &Metric, metrics: &[Metric]) -> Option<(Severity, f64)> {
    let holds = |condition: &Option<Condition>| {
        condition.as_ref().and_then(|condition| condition.holds(metrics, &metric.labels, 0.0)).unwrap_or(true)
    };
    let reached =
        |limit: Option<Limit>| limit.map(|limit| limit.raise).filter(|raise| beyond(rule.above, metric.value, *raise));
    if !holds(&rule.only_if) {
        return None;
    }
    let critical = reached(rule.critical).filter(|_| holds(&rule.critical_only_if));
    let critical = critical.map(|limit| (Severity::Critical, limit));
    critical.or_else(|| reached(rule.warning).map(|limit| (Severity::Warning, limit)))
}
