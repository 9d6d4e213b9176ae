//! The text of a rule about a value, where value and limit alone do not explain it.

use super::limits::{breach, own_limit};
use crate::base::text::clean;
use crate::base::units::{duration, metric_value};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::baseline::Band;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Stamp};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::Metric;
use crate::model::service::Service;
use chrono::TimeDelta;

/// An anomaly that lasts longer than this is no spike, in seconds.
pub const LASTING_SECONDS: f64 = 3600.0;
/// Longest message, in characters.
const MESSAGE_MAX: usize = 300;

/// The text of a rule about a value now, with its message unless a person wrote it; `None`: value and limit say it all.
pub fn message(
    rule: &Rule,
    alert: &Alert,
    metric: &Metric,
    judged: f64,
    context: &EvalContext,
    (band, service): (Option<&Band>, Option<&Service>),
) -> Option<(String, Option<Message>)> {
    if matches!(rule.measure, Measure::Reaches(_)) && !judged.is_finite() {
        return None;
    }
    let limit = if alert.severity == Some(Severity::Critical) || breach(rule, judged).1 {
        rule.critical
    } else {
        rule.warning.or(rule.critical)
    };
    let limit = own_limit(rule, band).or(limit.map(|limit| limit.raise)).unwrap_or(0.0);
    if !rule.message.is_empty() {
        return Some((written(rule, alert, metric, (judged, limit), band), None));
    }
    let value = |key| Message::new(key).with_value("value", &metric.name, alert.value);
    let usual = |message: Message, band: &Band| {
        message.with_value("low", &metric.name, band.low).with_value("high", &metric.name, band.high)
    };
    let message = match rule.measure {
        Measure::Value => service.filter(|_| metric.name == "service.failed")?.cause()?,
        Measure::Reaches(_) if judged <= 0.0 => {
            value(key::CRISIS_FORECAST_REACHED).with_value("limit", &metric.name, limit)
        }
        Measure::Reaches(_) => {
            value(key::CRISIS_FORECAST).with_value("limit", &metric.name, limit).with_duration("left", rough(judged))
        }
        Measure::Change(span) => value(key::CRISIS_CHANGE).with_duration("span", span.as_secs_f64()),
        Measure::Total(span) => value(key::CRISIS_TOTAL).with_duration("span", span.as_secs_f64()),
        Measure::Unusual => {
            let band = band?;
            match alert.since.filter(|_| lasted(alert, context) >= LASTING_SECONDS) {
                Some(since) => usual(value(key::CRISIS_NEW_LEVEL), band).with("time", at(since, context)),
                None => usual(value(key::CRISIS_SPIKE), band),
            }
        }
    };
    Some((clean(&message.english(), MESSAGE_MAX), Some(message)))
}

/// How often something happened since when, once it happened more than once.
pub fn times(alert: &Alert, context: &EvalContext) -> Option<(String, Option<Message>)> {
    let tally = alert.tally.filter(|tally| tally.count > 1)?;
    let message =
        Message::new(key::CRISIS_TIMES).with("count", tally.count as usize).with("time", at(tally.since, context));
    Some((message.english(), Some(message)))
}

/// The text of a forecast that is not over, although nothing rises any more.
pub fn held(rule: &Rule, alert: &Alert, metric: &Metric) -> Option<(String, Option<Message>)> {
    let message = Message::new(key::CRISIS_FORECAST_HELD).with_value("value", &metric.name, alert.value).with_value(
        "limit",
        &metric.name,
        own_limit(rule, None)?,
    );
    Some((clean(&message.english(), MESSAGE_MAX), Some(message)))
}

/// The message that a person wrote for the rule, with value, limit and labels put in.
fn written(rule: &Rule, alert: &Alert, metric: &Metric, (judged, limit): (f64, f64), band: Option<&Band>) -> String {
    let show = |value: f64| metric_value(&metric.name, value);
    let text = rule
        .message
        .replace("{value}", &show(alert.value))
        .replace("{limit}", &show(limit))
        .replace("{left}", &duration(rough(judged)));
    let text = match band {
        Some(band) => text.replace("{usual}", &format!("{} to {}", show(band.low), show(band.high))),
        None => text,
    };
    let with_labels = metric.labels.iter().fold(text, |text, (key, value)| text.replace(&format!("{{{key}}}"), value));
    clean(&with_labels, MESSAGE_MAX)
}

/// The text about an anomaly that is over: a spike, a level that went back, or one that became the baseline.
pub fn over(rule: &Rule, alert: &Alert, band: Option<&Band>, context: &EvalContext) -> Option<Message> {
    let band = band.filter(|_| rule.measure == Measure::Unusual)?;
    let seconds = (lasted(alert, context) - context.elapsed(alert.clear_since)).max(0.0);
    let key = match (seconds < LASTING_SECONDS, band.is_moved(rule.above)) {
        (true, _) => key::CRISIS_WAS_SPIKE,
        (false, false) => key::CRISIS_WAS_OTHER_LEVEL,
        (false, true) => key::CRISIS_IS_NEW_LEVEL,
    };
    Some(Message::new(key).with_duration("span", seconds))
}

fn lasted(alert: &Alert, context: &EvalContext) -> f64 {
    context.elapsed(alert.since)
}

/// The time of day in the zone of the host, with the date if it is not today.
fn at(since: Stamp, context: &EvalContext) -> String {
    let local = |time: chrono::DateTime<chrono::Utc>| {
        time.checked_add_signed(TimeDelta::seconds(context.zone_offset_seconds.into())).unwrap_or(time)
    };
    let (since, now) = (local(since.wall), local(context.now.wall));
    let form = if since.date_naive() == now.date_naive() { "%H:%M" } else { "%m-%d %H:%M" };
    since.format(form).to_string()
}

/// Rounds a forecast to its largest unit: "in about 4 h", not "in 4 h 7 min".
fn rough(seconds: f64) -> f64 {
    let unit = [86_400.0, 3600.0, 600.0, 60.0].into_iter().find(|unit| seconds >= 2.0 * unit).unwrap_or(60.0);
    (seconds / unit).round().max(1.0) * unit
}
