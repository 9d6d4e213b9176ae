//! A rule as it is written, and the rule that it means.

use super::{Limit, Measure, Rule, Samples, beyond};
use crate::base::units::parse_duration;
use crate::config::window::Window;
use crate::model::metric::Selector;
use serde::Deserialize;
use std::time::Duration;
use toml::Value;

/// What is wrong: the key, and a sentence.
type Wrong = (&'static str, String);

/// A rule as it is written.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::config) struct Written {
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
    samples: String,
    #[serde(default)]
    per: String,
    #[serde(default)]
    total: String,
    unusual: Option<f64>,
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
    #[serde(default)]
    mute_usual: bool,
}

fn yes() -> bool {
    true
}

const TEXTS: [&str; 15] = [
    "title",
    "metric",
    "when",
    "for",
    "critical_for",
    "clear_for",
    "boot_grace",
    "samples",
    "per",
    "total",
    "within",
    "critical_within",
    "message",
    "between",
    "days",
];
const SWITCHES: [&str; 2] = ["enabled", "mute_usual"];
const NUMBERS: [&str; 6] = ["warning", "warning_clear", "critical", "critical_clear", "unusual", "reaches"];

/// Every key of a rule, with a value of its type.
pub(in crate::config) fn keys() -> toml::Table {
    let texts = TEXTS.map(|key| (key, Value::String(String::new())));
    let numbers = NUMBERS.map(|key| (key, Value::Float(0.0)));
    let all = texts.into_iter().chain(numbers).chain(SWITCHES.map(|key| (key, Value::Boolean(true))));
    all.map(|(key, value)| (key.to_string(), value)).collect()
}

/// Takes out of a rule what was derived from a key that is now set otherwise: a default `warning_clear` belongs to the
/// default `warning`, not to another one; and a rule counts either time or snapshots.
pub(in crate::config) fn forget_derived(rule: &mut toml::Table, set: &[&str]) {
    for (key, derived) in [
        ("warning", "warning_clear"),
        ("critical", "critical_clear"),
        ("for", "critical_for"),
        ("for", "samples"),
        ("samples", "for"),
        ("samples", "critical_for"),
    ] {
        if set.contains(&key) && !set.contains(&derived) {
            rule.remove(derived);
        }
    }
}

impl Written {
    /// The rule it means, or the key that is wrong and why.
    pub fn read(&self, name: &str) -> Result<Rule, Wrong> {
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
        let samples = self.samples()?;
        let usual = if samples.is_some() { Duration::ZERO } else { Duration::from_secs(120) };
        let hold = span("for", &self.hold, usual)?;
        let critical_hold = span("critical_for", &self.critical_for, hold)?;
        let measure = self.measure()?;
        let (warning, critical) = match measure {
            Measure::Reaches(_) => {
                (ahead("within", &self.within, hold)?, ahead("critical_within", &self.critical_within, critical_hold)?)
            }
            Measure::Unusual => (self.unusual.map(|raise| Limit { raise, clear: raise / 2.0, hold }), None),
            Measure::Value | Measure::Change(_) | Measure::Total(_) => (
                limit(above, self.warning, self.warning_clear, hold).map_err(|why| ("warning_clear", why))?,
                limit(above, self.critical, self.critical_clear, critical_hold)
                    .map_err(|why| ("critical_clear", why))?,
            ),
        };
        if self.mute_usual && !matches!(measure, Measure::Value | Measure::Reaches(_)) {
            return Err(("mute_usual", "what is usual is known of values and forecasts only".to_string()));
        }
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
            samples,
            clear_for: span("clear_for", &self.clear_for, Duration::from_secs(300))?,
            measure,
            boot_grace: span("boot_grace", &self.boot_grace, Duration::ZERO)?,
            message: self.message.clone(),
            window: Window::read(&self.between, &self.days)?,
            mutes_usual: self.mute_usual,
        })
    }

    fn measure(&self) -> Result<Measure, Wrong> {
        let kinds = [
            ("per", !self.per.is_empty()),
            ("total", !self.total.is_empty()),
            ("reaches", self.reaches.is_some()),
            ("unusual", self.unusual.is_some()),
        ];
        let mut given = kinds.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
        let kind = given.next();
        if let (Some(first), Some(second)) = (kind, given.next()) {
            return Err((first, format!("a rule has \"{first}\" or \"{second}\", not both")));
        }
        let is_limited = self.warning.is_some() || self.critical.is_some();
        if is_limited && let Some(key @ ("reaches" | "unusual")) = kind {
            let own = if key == "reaches" { "\"within\" and \"critical_within\"" } else { "\"unusual\" itself" };
            return Err((key, format!("its limit is {own}, not \"warning\" or \"critical\"")));
        }
        if self.reaches.is_none() && !(self.within.is_empty() && self.critical_within.is_empty()) {
            return Err(("within", "needs \"reaches\": which value will be reached?".to_string()));
        }
        let within = |key, text| match span(key, text, Duration::ZERO)? {
            span if (60..=7 * 86_400).contains(&span.as_secs()) => Ok(span),
            _ => Err((key, "must be from 1m to 7d".to_string())),
        };
        match (kind, self.reaches, self.unusual) {
            (Some("per"), ..) => within("per", &self.per).map(Measure::Change),
            (Some("total"), ..) => within("total", &self.total).map(Measure::Total),
            (_, Some(limit), _) => Ok(Measure::Reaches(limit)),
            (_, _, Some(spreads)) if (1.0..=100.0).contains(&spreads) => Ok(Measure::Unusual),
            (_, _, Some(_)) => Err(("unusual", "must be from 1 to 100 spreads".to_string())),
            _ => Ok(Measure::Value),
        }
    }

    fn samples(&self) -> Result<Option<Samples>, Wrong> {
        if self.samples.is_empty() {
            return Ok(None);
        }
        if !(self.hold.is_empty() && self.critical_for.is_empty()) {
            return Err(("samples", "a rule has \"samples\" or \"for\", not both".to_string()));
        }
        let numbers = self.samples.split_once(" of ");
        let numbers = numbers.and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
        match numbers {
            Some((breaches, of)) if 1 <= breaches && breaches <= of && of <= 32 => Ok(Some(Samples { breaches, of })),
            _ => Err(("samples", format!("{:?} is not \"3 of 5\", with 32 at most", self.samples))),
        }
    }
}

/// The limit of a forecast: over when there is a quarter more time.
fn ahead(key: &'static str, text: &str, hold: Duration) -> Result<Option<Limit>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let raise = span(key, text, Duration::ZERO)?.as_secs_f64();
    Ok(Some(Limit { raise, clear: raise * 1.25, hold }))
}

fn span(key: &'static str, text: &str, default: Duration) -> Result<Duration, Wrong> {
    if text.is_empty() { Ok(default) } else { parse_duration(text).map_err(|why| (key, why)) }
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
