//! `[rule.NAME]`: what counts as a crisis.

use super::window::Window;
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
    /// What is held against the limits.
    pub measure: Measure,
    /// So soon after a boot it does not fire.
    pub boot_grace: Duration,
    /// What a message says of it; empty: value and limit. `{value}`, `{limit}`, `{left}` and labels are put in.
    pub message: String,
    /// When people want to be told; `None`: always.
    pub window: Option<Window>,
}

/// What of a metric is held against the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Its value.
    Value,
    /// How much it changed within this span.
    Change(Duration),
    /// In how many seconds it reaches this value at its present pace: the limits are seconds.
    Reaches(f64),
}

impl Rule {
    /// Whether what is judged is bad above its limits: of a forecast, little time is bad.
    pub fn is_ceiling(&self) -> bool {
        self.above && !matches!(self.measure, Measure::Reaches(_))
    }

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
    #[serde(default)]
    boot_grace: String,
    #[serde(default)]
    per: String,
    reaches: Option<f64>,
    #[serde(default)]
    within: String,
    #[serde(default)]
    critical_within: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    between: String,
    #[serde(default)]
    days: String,
}

fn yes() -> bool {
    true
}

const TEXTS: [&str; 13] = [
    "title",
    "metric",
    "when",
    "for",
    "critical_for",
    "clear_for",
    "boot_grace",
    "per",
    "within",
    "critical_within",
    "message",
    "between",
    "days",
];
const NUMBERS: [&str; 5] = ["warning", "warning_clear", "critical", "critical_clear", "reaches"];

/// Every key of a rule, with a value of its type.
pub(super) fn keys() -> toml::Table {
    let texts = TEXTS.map(|key| (key, Value::String(String::new())));
    let numbers = NUMBERS.map(|key| (key, Value::Float(0.0)));
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
        let measure = self.measure()?;
        let (warning, critical) = if matches!(measure, Measure::Reaches(_)) {
            (ahead("within", &self.within, hold)?, ahead("critical_within", &self.critical_within, critical_hold)?)
        } else {
            (
                limit(above, self.warning, self.warning_clear, hold).map_err(|why| ("warning_clear", why))?,
                limit(above, self.critical, self.critical_clear, critical_hold)
                    .map_err(|why| ("critical_clear", why))?,
            )
        };
        let is_ceiling = above && !matches!(measure, Measure::Reaches(_));
        match (warning, critical) {
            (None, None) => {
                let keys = if self.reaches.is_some() {
                    ("\"within\"", "\"critical_within\"")
                } else {
                    ("\"warning\"", "\"critical\"")
                };
                return Err(("metric", format!("the rule has neither {} nor {}; set one", keys.0, keys.1)));
            }
            (Some(warning), Some(critical))
                if beyond(is_ceiling, warning.raise, critical.raise) && warning.raise != critical.raise =>
            {
                let side = if is_ceiling { "below" } else { "above" };
                return Err((
                    if self.reaches.is_some() { "within" } else { "warning" },
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
            measure,
            boot_grace: span("boot_grace", &self.boot_grace, Duration::ZERO)?,
            message: self.message.clone(),
            window: Window::read(&self.between, &self.days)?,
        })
    }

    fn measure(&self) -> Result<Measure, (&'static str, String)> {
        let is_limited = self.warning.is_some() || self.critical.is_some();
        match (self.reaches, self.per.is_empty()) {
            (Some(_), false) => Err(("per", "a rule has \"per\" or \"reaches\", not both".to_string())),
            (Some(_), true) if is_limited => Err((
                "reaches",
                "the limits of a forecast are \"within\" and \"critical_within\", not \"warning\" and \"critical\""
                    .to_string(),
            )),
            (Some(limit), true) => Ok(Measure::Reaches(limit)),
            (None, _) if !self.within.is_empty() || !self.critical_within.is_empty() => {
                Err(("within", "needs \"reaches\": which value will be reached?".to_string()))
            }
            (None, true) => Ok(Measure::Value),
            (None, false) => match span("per", &self.per, Duration::ZERO)? {
                span if (60..=7 * 86_400).contains(&span.as_secs()) => Ok(Measure::Change(span)),
                _ => Err(("per", "must be from 1m to 7d".to_string())),
            },
        }
    }
}

/// The limit of a forecast: over when there is a quarter more time.
fn ahead(key: &'static str, text: &str, hold: Duration) -> Result<Option<Limit>, (&'static str, String)> {
    if text.is_empty() {
        return Ok(None);
    }
    let raise = span(key, text, Duration::ZERO)?.as_secs_f64();
    Ok(Some(Limit { raise, clear: raise * 1.25, hold }))
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
