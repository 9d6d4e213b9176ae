//! What a message says of a value that a rule found: in words of its own where value and limit do not say it.

use super::turn::breach;
use crate::base::text::clean;
use crate::base::units::{duration, metric_value};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::band::Band;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Stamp};
use crate::model::incident::Severity;
use crate::model::metric::Metric;
use chrono::TimeDelta;

/// What is unusual for longer than this is no spike any more, in seconds.
pub(super) const LASTING_SECONDS: f64 = 3600.0;
/// Longest message, in characters.
const MESSAGE_MAX: usize = 300;

/// The limit in the unit of the metric, where that is not what is judged: of a forecast and of a band.
pub(super) fn own_limit(rule: &Rule, band: Option<&Band>) -> Option<f64> {
    match rule.measure {
        Measure::Reaches(limit) => Some(limit),
        Measure::Unusual => Some(band?.limit(rule.above, rule.warning?.raise)),
        Measure::Value | Measure::Change(_) | Measure::Total(_) => None,
    }
}

/// What is said of an alert now; `None`: value and limit say it all.
pub(super) fn message(
    rule: &Rule,
    alert: &Alert,
    metric: &Metric,
    judged: f64,
    band: Option<&Band>,
    clock: &EvalContext,
) -> Option<String> {
    let show = |value: f64| metric_value(&metric.name, value);
    let template = match rule.measure {
        Measure::Reaches(_) if !judged.is_finite() => return None,
        _ if !rule.message.is_empty() => rule.message.clone(),
        Measure::Reaches(_) => "{value} now, {limit} in about {left}".to_string(),
        Measure::Change(span) => format!("changed by {{value}} within {}", duration(span.as_secs_f64())),
        Measure::Total(span) => format!("{{value}} within {}", duration(span.as_secs_f64())),
        Measure::Unusual => match alert.since.filter(|_| lasted(alert, clock) >= LASTING_SECONDS) {
            Some(since) => format!("{{value}}, at a new level since {} (usual {{usual}})", at(since, clock)),
            None => "a spike to {value} (usual {usual})".to_string(),
        },
        Measure::Value => return None,
    };
    let limit = if alert.severity == Some(Severity::Critical) || breach(rule, judged).1 {
        rule.critical
    } else {
        rule.warning.or(rule.critical)
    };
    let limit = own_limit(rule, band).or(limit.map(|limit| limit.raise)).unwrap_or(0.0);
    let text = template
        .replace("{value}", &show(alert.value))
        .replace("{limit}", &show(limit))
        .replace("{left}", &duration(rough(judged)));
    let text = match band {
        Some(band) => text.replace("{usual}", &format!("{} to {}", show(band.low), show(band.high))),
        None => text,
    };
    let with_labels = metric.labels.iter().fold(text, |text, (key, value)| text.replace(&format!("{{{key}}}"), value));
    Some(clean(&with_labels, MESSAGE_MAX))
}

/// What is said of something unusual that is over: whether it was a spike, went back, or is what is usual now.
pub(super) fn over(rule: &Rule, alert: &Alert, band: Option<&Band>, clock: &EvalContext) -> Option<String> {
    let band = band.filter(|_| rule.measure == Measure::Unusual)?;
    let seconds = (lasted(alert, clock) - clock.elapsed(alert.clear_since)).max(0.0);
    let lasted = duration(seconds);
    Some(match (seconds < LASTING_SECONDS, band.is_moved(rule.above)) {
        (true, _) => format!("it was a spike of {lasted}"),
        (false, false) => format!("it was at another level for {lasted}"),
        (false, true) => format!("it has been at a new level for {lasted}, which counts as usual now"),
    })
}

fn lasted(alert: &Alert, clock: &EvalContext) -> f64 {
    clock.elapsed(alert.since)
}

/// The time of day in the zone of the host, with the day where that is another one.
fn at(since: Stamp, clock: &EvalContext) -> String {
    let local = |time: chrono::DateTime<chrono::Utc>| {
        time.checked_add_signed(TimeDelta::seconds(clock.zone_offset_seconds.into())).unwrap_or(time)
    };
    let (since, now) = (local(since.wall), local(clock.now.wall));
    let form = if since.date_naive() == now.date_naive() { "%H:%M" } else { "%m-%d %H:%M" };
    since.format(form).to_string()
}

/// "in about 4 h", not "in 4 h 7 min": nobody knows it better than that.
fn rough(seconds: f64) -> f64 {
    let unit = [86_400.0, 3600.0, 600.0, 60.0].into_iter().find(|unit| seconds >= 2.0 * unit).unwrap_or(60.0);
    (seconds / unit).round().max(1.0) * unit
}
