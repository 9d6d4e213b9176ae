//! Resolves a rule as written into the rule that is evaluated.

use super::default_rules::DEFAULT_RULES;
use super::key_errors::{KeyError, KeyErrors};
use super::rule::{Limit, Measure, Rule, Samples, beyond};
use super::rule_spec::RuleSpec;
use super::window::Window;
use crate::base::suggestion::closest;
use crate::base::units::{duration, parse_duration};
use crate::model::condition::Condition;
use crate::model::metric::Selector;
use crate::model::spread::least_spread;
use std::time::Duration;

/// Negligible spreads that a difference must exceed to be unusual.
const FLOOR_SPREADS: f64 = 3.0;
/// Keys that decide what is compared.
const MEASURES: [&str; 6] = ["per", "total", "reaches", "unusual", "warning", "critical"];
/// Keys that make a limit, and those that decide which of them count.
const LIMITS: [&str; 8] = ["when", "warning", "critical", "within", "critical_within", "per", "reaches", "unusual"];

/// Resolves a specification. `None` when it is wrong; the errors say which keys to change, and why.
pub fn resolve(spec: &RuleSpec<'_>, errors: &mut KeyErrors) -> Option<Rule> {
    let metric = match spec.metric {
        "" => {
            let name = closest(spec.name, DEFAULT_RULES.iter().map(|spec| spec.name));
            let message = match name {
                Some(name) => {
                    format!("is required: there is no default rule {:?}; did you mean \"{name}\"?", spec.name)
                }
                None => "is required; osmon probe --json shows all metrics".to_string(),
            };
            errors.related("metric", &["metric"], message);
            None
        }
        metric => errors.take(Selector::parse(metric).map_err(|why| ("metric", why))),
    };
    let above = errors.take(is_above(spec)).unwrap_or(true);
    let samples = errors.take_related(&["samples", "for", "critical_for"], samples(spec)).flatten();
    let default_hold = if samples.is_some() { Duration::ZERO } else { Duration::from_secs(120) };
    let hold = errors.take(span("for", spec.hold, default_hold)).unwrap_or(default_hold);
    let critical_hold = errors.take(span("critical_for", spec.critical_hold, hold)).unwrap_or(hold);
    let name = metric.as_ref().map_or("", |metric| metric.name.as_str());
    let measure = errors.take_related(&MEASURES, measure(spec, name));
    check_measure(spec, errors);
    let (warning, critical) = match measure {
        Some(Measure::Reaches(_)) => (
            forecast_limit("within", spec.within, hold),
            forecast_limit("critical_within", spec.critical_within, critical_hold),
        ),
        Some(Measure::Unusual { .. }) => (Ok(Some(Limit { raise: 0.0, clear: 0.0, hold: Duration::ZERO })), Ok(None)),
        None | Some(Measure::Value | Measure::Change(_) | Measure::Total(_)) => (
            limit(above, spec.warning, ("warning_clear", spec.warning_clear), hold),
            limit(above, spec.critical, ("critical_clear", spec.critical_clear), critical_hold),
        ),
    };
    let warning = errors.take_related(&["when", "warning", "warning_clear"], warning);
    let critical = errors.take_related(&["when", "critical", "critical_clear"], critical);
    if let (Some(measure), Some(warning), Some(critical)) = (measure, warning, critical)
        && !spec.metric.is_empty()
    {
        errors.take_related(&LIMITS, check_order(above, measure, warning, critical));
    }
    if spec.mute_usual && measure.is_some_and(|measure| !matches!(measure, Measure::Value | Measure::Reaches(_))) {
        errors.related("mute_usual", &MEASURES, "what is usual is known of values and forecasts only");
    }
    let only_if = errors.take(condition("only_if", spec.only_if)).flatten();
    let critical_only_if = errors.take(condition("critical_only_if", spec.critical_only_if)).flatten();
    let rule = Rule {
        name: spec.name.to_string(),
        title: if spec.title.is_empty() { spec.name } else { spec.title }.to_string(),
        above,
        critical_only_if: critical_only_if.or_else(|| only_if.clone()),
        only_if,
        samples,
        clear_for: errors.take(span("clear_for", spec.clear_for, Duration::from_secs(300))).unwrap_or_default(),
        boot_grace: errors.take(span("boot_grace", spec.boot_grace, Duration::ZERO)).unwrap_or_default(),
        message: spec.message.to_string(),
        window: Window::collect(spec.between, spec.days, errors),
        notify_if: errors.take(condition("notify_if", spec.notify_if)).flatten(),
        mutes_usual: spec.mute_usual,
        notifies: spec.notify,
        metric: metric?,
        warning: warning?,
        critical: critical?,
        measure: measure?,
    };
    errors.is_empty().then_some(rule)
}

fn is_above(spec: &RuleSpec) -> Result<bool, KeyError> {
    match spec.when {
        "" | "above" => Ok(true),
        "below" => Ok(false),
        "either" if spec.unusual.0 => Ok(true),
        "either" => Err(("when", "\"either\" is for rules with \"unusual\"".to_string())),
        other => Err(("when", format!("{other:?} is neither \"above\" nor \"below\""))),
    }
}

/// Checks keys that are wrong whatever the rule compares.
fn check_measure(spec: &RuleSpec, errors: &mut KeyErrors) {
    if spec.reaches.is_none() && !(spec.within.is_empty() && spec.critical_within.is_empty()) {
        errors.related("within", &["reaches"], "needs \"reaches\": which value will be reached?");
    }
    match spec.floor {
        Some(floor) if floor < 0.0 => errors.add("floor", "must not be negative"),
        Some(_) if !spec.unusual.0 => errors.related("floor", &["unusual"], "is for rules with \"unusual\""),
        _ => {}
    }
}

/// Checks that a rule has a limit, and that the critical limit is the worse one.
fn check_order(above: bool, measure: Measure, warning: Option<Limit>, critical: Option<Limit>) -> Result<(), KeyError> {
    let is_forecast = matches!(measure, Measure::Reaches(_));
    let keys = if is_forecast { ("within", "critical_within") } else { ("warning", "critical") };
    let is_ceiling = above && !is_forecast;
    match (warning, critical) {
        (None, None) => Err(("metric", format!("the rule has neither \"{}\" nor \"{}\"; set one", keys.0, keys.1))),
        (Some(warning), Some(critical))
            if beyond(is_ceiling, warning.raise, critical.raise) && warning.raise != critical.raise =>
        {
            let side = if is_ceiling { "below" } else { "above" };
            let show = |limit: f64| if is_forecast { duration(limit) } else { limit.to_string() };
            let (warning, critical) = (show(warning.raise), show(critical.raise));
            Err((keys.0, format!("{} ({warning}) must be {side} {} ({critical})", keys.0, keys.1)))
        }
        _ => Ok(()),
    }
}

fn measure(spec: &RuleSpec<'_>, metric: &str) -> Result<Measure, KeyError> {
    let kinds = [
        ("per", !spec.per.is_empty()),
        ("total", !spec.total.is_empty()),
        ("reaches", spec.reaches.is_some()),
        ("unusual", spec.unusual.0),
    ];
    let mut given = kinds.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
    let kind = given.next();
    if let (Some(first), Some(second)) = (kind, given.next()) {
        return Err((first, format!("a rule has \"{first}\" or \"{second}\", not both")));
    }
    let is_limited = spec.warning.is_some() || spec.critical.is_some();
    if is_limited && let Some(key @ ("reaches" | "unusual")) = kind {
        let own = if key == "reaches" { "\"within\" and \"critical_within\"" } else { "learned" };
        return Err((key, format!("its limit is {own}, not \"warning\" or \"critical\"")));
    }
    let within = |key, text| match span(key, text, Duration::ZERO)? {
        span if (60..=7 * 86_400).contains(&span.as_secs()) => Ok(span),
        _ => Err((key, "must be from 1m to 7d".to_string())),
    };
    match (kind, spec.reaches) {
        (Some("per"), _) => within("per", spec.per).map(Measure::Change),
        (Some("total"), _) => within("total", spec.total).map(Measure::Total),
        (_, Some(limit)) => Ok(Measure::Reaches(limit)),
        (Some("unusual"), _) => {
            let least = least_spread(metric);
            let either = spec.when == "either" || (spec.when.is_empty() && least.is_none());
            Ok(Measure::Unusual { floor: spec.floor.unwrap_or_else(|| least.unwrap_or(0.0) * FLOOR_SPREADS), either })
        }
        _ => Ok(Measure::Value),
    }
}

fn samples(spec: &RuleSpec<'_>) -> Result<Option<Samples>, KeyError> {
    if spec.samples.is_empty() {
        return Ok(None);
    }
    if !(spec.hold.is_empty() && spec.critical_hold.is_empty()) {
        return Err(("samples", "a rule has \"samples\" or \"for\", not both".to_string()));
    }
    let numbers = spec.samples.split_once(" of ");
    let numbers = numbers.and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
    match numbers {
        Some((breaches, of)) if 1 <= breaches && breaches <= of && of <= 32 => Ok(Some(Samples { breaches, of })),
        _ => Err(("samples", format!("{:?} is not \"3 of 5\", with 32 at most", spec.samples))),
    }
}

/// The limit of a forecast; it clears with a quarter more time.
fn forecast_limit(key: &'static str, text: &str, hold: Duration) -> Result<Option<Limit>, KeyError> {
    if text.is_empty() {
        return Ok(None);
    }
    let raise = span(key, text, Duration::ZERO)?.as_secs_f64();
    Ok(Some(Limit { raise, clear: raise * 1.25, hold }))
}

fn span(key: &'static str, text: &str, default: Duration) -> Result<Duration, KeyError> {
    if text.is_empty() { Ok(default) } else { parse_duration(text).map_err(|why| (key, why)) }
}

fn condition(key: &'static str, text: &str) -> Result<Option<Condition>, KeyError> {
    if text.is_empty() { Ok(None) } else { Condition::parse(text).map(Some).map_err(|why| (key, why)) }
}

fn limit(
    above: bool,
    raise: Option<f64>,
    (clear_key, clear): (&'static str, Option<f64>),
    hold: Duration,
) -> Result<Option<Limit>, KeyError> {
    let Some(raise) = raise else { return Ok(None) };
    let inside = raise.abs() * if above { -0.05 } else { 0.05 };
    let clear = clear.unwrap_or(raise + inside);
    if clear != raise && beyond(above, clear, raise) {
        let side = if above { "above" } else { "below" };
        let why = format!("the limit that clears ({clear}) must not be {side} the one that raises ({raise})");
        return Err((clear_key, why));
    }
    Ok(Some(Limit { raise, clear, hold }))
}

#[cfg(test)]
mod tests {
    use super::super::rule_spec::Unusual;
    use super::*;

    #[test]
    fn what_is_unusual_by_the_unit_of_the_metric() {
        let of = |metric, when, floor| {
            let spec = RuleSpec { metric, when, floor, unusual: Unusual(true), ..RuleSpec::named("x") };
            let rule = resolve(&spec, &mut KeyErrors::default()).unwrap();
            let Measure::Unusual { floor, either } = rule.measure else { panic!("{:?}", rule.measure) };
            (floor, rule.above, either)
        };
        assert_eq!(of("cpu.busy_percent", "", None), (7.5, true, false));
        assert_eq!(of("disk_io.latency_ms", "below", None), (15.0, false, false));
        assert_eq!(of("load.one_per_core", "either", Some(0.0)), (0.0, true, true));
        assert_eq!(of("process.total", "", None), (0.0, true, true));
        assert_eq!(of("process.total", "above", Some(20.0)), (20.0, true, false));
    }
}
