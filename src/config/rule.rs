//! `[rule.NAME]`: what counts as a crisis.

use crate::base::text::clean;
use crate::base::units::parse_duration;
use crate::model::metric::{Label, Selector};
use serde::Deserialize;
use std::time::Duration;
use toml::Value;

/// Longest title, in characters.
const TITLE_MAX: usize = 160;

/// A limit at which something is raised, and the one at which it is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Reaching it is a breach.
    pub raise: f64,
    /// Being strictly inside it is well again.
    pub clear: f64,
    /// How long a breach must last before anybody is told.
    pub hold: Duration,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// What people call it; `{label}` stands for a label's value.
    pub title: String,
    /// Which metrics it watches.
    pub metric: Selector,
    /// The limits are ceilings (else floors).
    pub above: bool,
    /// Limit for a warning.
    pub warning: Option<Limit>,
    /// Limit for critical.
    pub critical: Option<Limit>,
    /// How long it must be well again before it is over.
    pub clear_for: Duration,
}

impl Rule {
    /// The title with labels put in. Where it names none of them they stand behind it: two disks must not look the same.
    pub fn title(&self, labels: &[Label]) -> String {
        let filled =
            labels.iter().fold(self.title.clone(), |title, (key, value)| title.replace(&format!("{{{key}}}"), value));
        let values: Vec<&str> = labels.iter().map(|(_, value)| value.as_str()).collect();
        let title =
            if filled == self.title && !values.is_empty() { format!("{filled} {}", values.join(" ")) } else { filled };
        clean(&title, TITLE_MAX)
    }
}

/// A rule as it is written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Written {
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    title: String,
    #[serde(default)]
    metric: String,
    #[serde(default)]
    when: String,
    warning: Option<f64>,
    warning_clear: Option<f64>,
    critical: Option<f64>,
    critical_clear: Option<f64>,
    #[serde(rename = "for", default)]
    hold: String,
    #[serde(default)]
    critical_for: String,
    #[serde(default)]
    clear_for: String,
}

fn yes() -> bool {
    true
}

/// Every key of a rule, with a value of its type.
pub(super) fn keys() -> toml::Table {
    let texts =
        ["title", "metric", "when", "for", "critical_for", "clear_for"].map(|key| (key, Value::String(String::new())));
    let numbers = ["warning", "warning_clear", "critical", "critical_clear"].map(|key| (key, Value::Float(0.0)));
    let all = texts.into_iter().chain(numbers).chain([("enabled", Value::Boolean(true))]);
    all.map(|(key, value)| (key.to_string(), value)).collect()
}

/// Takes out of a rule what was derived from a key that is now set otherwise: a default `warning_clear` belongs to the
/// default `warning`, not to another one.
pub(super) fn forget_derived(rule: &mut toml::Table, set: &[&str]) {
    for (key, derived) in [("warning", "warning_clear"), ("critical", "critical_clear"), ("for", "critical_for")] {
        if set.contains(&key) && !set.contains(&derived) {
            rule.remove(derived);
        }
    }
}

impl Written {
    /// The rule it means, or the key that is wrong and why.
    pub fn read(&self, name: &str) -> Result<Rule, (&'static str, String)> {
        if self.metric.is_empty() {
            return Err((
                "metric",
                "is missing: which number is watched? osmon probe --json shows them all".to_string(),
            ));
        }
        let metric = Selector::parse(&self.metric).map_err(|why| ("metric", why))?;
        let above = match self.when.as_str() {
            "" | "above" => true,
            "below" => false,
            other => return Err(("when", format!("{other:?} is neither \"above\" nor \"below\""))),
        };
        let hold = span("for", &self.hold, Duration::from_secs(120))?;
        let critical_hold = span("critical_for", &self.critical_for, hold)?;
        let warning = limit(above, self.warning, self.warning_clear, hold).map_err(|why| ("warning_clear", why))?;
        let critical =
            limit(above, self.critical, self.critical_clear, critical_hold).map_err(|why| ("critical_clear", why))?;
        match (warning, critical) {
            (None, None) => {
                return Err(("metric", "the rule has neither \"warning\" nor \"critical\"; set one".to_string()));
            }
            (Some(warning), Some(critical))
                if beyond(above, warning.raise, critical.raise) && warning.raise != critical.raise =>
            {
                let side = if above { "below" } else { "above" };
                return Err((
                    "warning",
                    format!("warning ({}) must be {side} critical ({})", warning.raise, critical.raise),
                ));
            }
            _ => {}
        }
        Ok(Rule {
            name: name.to_string(),
            title: if self.title.is_empty() { name.to_string() } else { self.title.clone() },
            metric,
            above,
            warning,
            critical,
            clear_for: span("clear_for", &self.clear_for, Duration::from_secs(300))?,
        })
    }
}

fn span(key: &'static str, text: &str, default: Duration) -> Result<Duration, (&'static str, String)> {
    if text.is_empty() { Ok(default) } else { parse_duration(text).map_err(|why| (key, why)) }
}

/// Whether `value` is at or past `limit` on the bad side.
pub fn beyond(above: bool, value: f64, limit: f64) -> bool {
    if above { value >= limit } else { value <= limit }
}

fn limit(above: bool, raise: Option<f64>, clear: Option<f64>, hold: Duration) -> Result<Option<Limit>, String> {
    let Some(raise) = raise else { return Ok(None) };
    let clear = clear.unwrap_or(if above { raise - raise.abs() * 0.05 } else { raise + raise.abs() * 0.05 });
    if clear != raise && beyond(above, clear, raise) {
        let side = if above { "above" } else { "below" };
        return Err(format!("the limit that clears ({clear}) must not be {side} the one that raises ({raise})"));
    }
    Ok(Some(Limit { raise, clear, hold }))
}
