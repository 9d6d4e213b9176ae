//! A rule as it is written, and the rule that it means.

use super::{Limit, Measure, Rule, Samples, beyond};
use crate::base::units::{duration, parse_duration};
use crate::config::window::Window;
use crate::model::metric::Selector;
use std::time::Duration;
use toml::{Table, Value};

/// What is wrong: the key, and a sentence.
type Wrong = (&'static str, String);

/// A rule as it is written: keys and types are known to be right.
pub(in crate::config) struct Written<'a>(pub &'a Table);

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
pub(in crate::config) fn keys() -> Table {
    let texts = TEXTS.map(|key| (key, Value::String(String::new())));
    let numbers = NUMBERS.map(|key| (key, Value::Float(0.0)));
    let all = texts.into_iter().chain(numbers).chain(SWITCHES.map(|key| (key, Value::Boolean(true))));
    all.map(|(key, value)| (key.to_string(), value)).collect()
}

/// Takes out of a rule what was derived from a key that is now set otherwise: a default `warning_clear` belongs to the
/// default `warning`, not to another one; and a rule counts either time or snapshots.
pub(in crate::config) fn forget_derived(rule: &mut Table, set: &[&str]) {
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

impl Written<'_> {
    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key).and_then(Value::as_float)
    }

    fn is_set(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.0.get("enabled").and_then(Value::as_bool) != Some(false)
    }

    /// The rule it means, or the key that is wrong and why.
    pub fn read(&self, name: &str) -> Result<Rule, Wrong> {
        if self.text("metric").is_empty() {
            return Err((
                "metric",
                "is missing: which number is watched? osmon probe --json shows them all".to_string(),
            ));
        }
        let metric = Selector::parse(self.text("metric")).map_err(|why| ("metric", why))?;
        let above = match self.text("when") {
            "" | "above" => true,
            "below" => false,
            other => return Err(("when", format!("{other:?} is neither \"above\" nor \"below\""))),
        };
        let samples = self.samples()?;
        let usual = if samples.is_some() { Duration::ZERO } else { Duration::from_secs(120) };
        let hold = self.span("for", usual)?;
        let critical_hold = self.span("critical_for", hold)?;
        let measure = self.measure()?;
        let (warning, critical) = match measure {
            Measure::Reaches(_) => (self.ahead("within", hold)?, self.ahead("critical_within", critical_hold)?),
            Measure::Unusual => (self.number("unusual").map(|raise| Limit { raise, clear: raise / 2.0, hold }), None),
            Measure::Value | Measure::Change(_) | Measure::Total(_) => (
                self.limit(above, "warning", "warning_clear", hold)?,
                self.limit(above, "critical", "critical_clear", critical_hold)?,
            ),
        };
        if self.is_set("mute_usual") && !matches!(measure, Measure::Value | Measure::Reaches(_)) {
            return Err(("mute_usual", "what is usual is known of values and forecasts only".to_string()));
        }
        let is_ceiling = above && !matches!(measure, Measure::Reaches(_));
        match (warning, critical) {
            (None, None) => {
                let keys = if self.number("reaches").is_some() {
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
                let is_forecast = self.number("reaches").is_some();
                let keys = if is_forecast { ("within", "critical_within") } else { ("warning", "critical") };
                let show = |limit: f64| if is_forecast { duration(limit) } else { limit.to_string() };
                return Err((
                    keys.0,
                    format!(
                        "{} ({}) must be {side} {} ({})",
                        keys.0,
                        show(warning.raise),
                        keys.1,
                        show(critical.raise)
                    ),
                ));
            }
            _ => {}
        }
        Ok(Rule {
            name: name.to_string(),
            title: if self.text("title").is_empty() { name.to_string() } else { self.text("title").to_string() },
            metric,
            above,
            warning,
            critical,
            samples,
            clear_for: self.span("clear_for", Duration::from_secs(300))?,
            measure,
            boot_grace: self.span("boot_grace", Duration::ZERO)?,
            message: self.text("message").to_string(),
            window: Window::read(self.text("between"), self.text("days"))?,
            mutes_usual: self.is_set("mute_usual"),
        })
    }

    fn measure(&self) -> Result<Measure, Wrong> {
        let kinds = [
            ("per", !self.text("per").is_empty()),
            ("total", !self.text("total").is_empty()),
            ("reaches", self.number("reaches").is_some()),
            ("unusual", self.number("unusual").is_some()),
        ];
        let mut given = kinds.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
        let kind = given.next();
        if let (Some(first), Some(second)) = (kind, given.next()) {
            return Err((first, format!("a rule has \"{first}\" or \"{second}\", not both")));
        }
        let is_limited = self.number("warning").is_some() || self.number("critical").is_some();
        if is_limited && let Some(key @ ("reaches" | "unusual")) = kind {
            let own = if key == "reaches" { "\"within\" and \"critical_within\"" } else { "\"unusual\" itself" };
            return Err((key, format!("its limit is {own}, not \"warning\" or \"critical\"")));
        }
        if self.number("reaches").is_none()
            && !(self.text("within").is_empty() && self.text("critical_within").is_empty())
        {
            return Err(("within", "needs \"reaches\": which value will be reached?".to_string()));
        }
        let within = |key| match self.span(key, Duration::ZERO)? {
            span if (60..=7 * 86_400).contains(&span.as_secs()) => Ok(span),
            _ => Err((key, "must be from 1m to 7d".to_string())),
        };
        match (kind, self.number("reaches"), self.number("unusual")) {
            (Some("per"), ..) => within("per").map(Measure::Change),
            (Some("total"), ..) => within("total").map(Measure::Total),
            (_, Some(limit), _) => Ok(Measure::Reaches(limit)),
            (_, _, Some(spreads)) if (1.0..=100.0).contains(&spreads) => Ok(Measure::Unusual),
            (_, _, Some(_)) => Err(("unusual", "must be from 1 to 100 spreads".to_string())),
            _ => Ok(Measure::Value),
        }
    }

    fn samples(&self) -> Result<Option<Samples>, Wrong> {
        if self.text("samples").is_empty() {
            return Ok(None);
        }
        if !(self.text("for").is_empty() && self.text("critical_for").is_empty()) {
            return Err(("samples", "a rule has \"samples\" or \"for\", not both".to_string()));
        }
        let numbers = self.text("samples").split_once(" of ");
        let numbers = numbers.and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
        match numbers {
            Some((breaches, of)) if 1 <= breaches && breaches <= of && of <= 32 => Ok(Some(Samples { breaches, of })),
            _ => Err(("samples", format!("{:?} is not \"3 of 5\", with 32 at most", self.text("samples")))),
        }
    }

    /// The limit of a forecast: over when there is a quarter more time.
    fn ahead(&self, key: &'static str, hold: Duration) -> Result<Option<Limit>, Wrong> {
        if self.text(key).is_empty() {
            return Ok(None);
        }
        let raise = self.span(key, Duration::ZERO)?.as_secs_f64();
        Ok(Some(Limit { raise, clear: raise * 1.25, hold }))
    }

    fn span(&self, key: &'static str, default: Duration) -> Result<Duration, Wrong> {
        let text = self.text(key);
        if text.is_empty() { Ok(default) } else { parse_duration(text).map_err(|why| (key, why)) }
    }

    fn limit(&self, above: bool, key: &str, clear_key: &'static str, hold: Duration) -> Result<Option<Limit>, Wrong> {
        let Some(raise) = self.number(key) else { return Ok(None) };
        let inside = raise.abs() * if above { -0.05 } else { 0.05 };
        let clear = self.number(clear_key).unwrap_or(raise + inside);
        if clear != raise && beyond(above, clear, raise) {
            let side = if above { "above" } else { "below" };
            let why = format!("the limit that clears ({clear}) must not be {side} the one that raises ({raise})");
            return Err((clear_key, why));
        }
        Ok(Some(Limit { raise, clear, hold }))
    }
}
