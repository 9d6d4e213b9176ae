//! The text of a rule about a value, where value and limit alone do not explain it.

use super::limits::{breach, own_limit};
use crate::base::text::clean;
use crate::base::units::{duration, metric_value};
use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Stamp};
use crate::crisis::unusual::{Finding, Watch};
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::Metric;
use crate::model::service::Service;
use chrono::TimeDelta;

/// Seconds of a day.
const DAY_SECONDS: f64 = 86_400.0;
/// Longest message, in characters.
const MESSAGE_MAX: usize = 300;

/// The text of a rule about a value now, with its message unless a person wrote it; `None`: value and limit say it all.
pub fn message(
    rule: &Rule,
    alert: &Alert,
    metric: &Metric,
    judged: f64,
    service: Option<&Service>,
) -> Option<(String, Option<Message>)> {
    if matches!(rule.measure, Measure::Reaches(_)) && !judged.is_finite() {
        return None;
    }
    let limit = if alert.severity == Some(Severity::Critical) || breach(rule, judged).1 {
        rule.critical
    } else {
        rule.warning.or(rule.critical)
    };
    let limit = own_limit(rule).or(limit.map(|limit| limit.raise)).unwrap_or(0.0);
    if !rule.message.is_empty() {
        let text = filled(&rule.message, metric, (alert.value, limit), judged);
        return Some((clean(&text, MESSAGE_MAX), None));
    }
    let value = |key| Message::new(key).with_value("value", &metric.name, alert.value);
    let message = match rule.measure {
        Measure::Value => service.filter(|_| metric.name == "service.failed")?.cause()?,
        Measure::Unusual { .. } => return None,
        Measure::Reaches(_) if judged <= 0.0 => {
            value(key::CRISIS_FORECAST_REACHED).with_value("limit", &metric.name, limit)
        }
        Measure::Reaches(_) => {
            value(key::CRISIS_FORECAST).with_value("limit", &metric.name, limit).with_duration("left", rough(judged))
        }
        Measure::Change(span) => value(key::CRISIS_CHANGE).with_duration("span", span.as_secs_f64()),
        Measure::Total(span) => value(key::CRISIS_TOTAL).with_duration("span", span.as_secs_f64()),
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
        own_limit(rule)?,
    );
    Some((clean(&message.english(), MESSAGE_MAX), Some(message)))
}

/// The message that a person wrote for a rule, with value, limit and labels put in.
fn filled(text: &str, metric: &Metric, (value, limit): (f64, f64), left_seconds: f64) -> String {
    let show = |value: f64| metric_value(&metric.name, value);
    let text = text
        .replace("{value}", &show(value))
        .replace("{limit}", &show(limit))
        .replace("{left}", &duration(rough(left_seconds)));
    metric.labels.iter().fold(text, |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

/// The sentence about an unusual value, with its message unless a person wrote it.
pub fn unusual(rule: &Rule, metric: &Metric, finding: &Finding) -> (String, Option<Message>) {
    let show = |value: f64| metric_value(&metric.name, value);
    if !rule.message.is_empty() {
        let text = filled(&rule.message, metric, (finding.value, finding.limit), 0.0);
        let usual = format!("{} to {}", show(finding.low), show(finding.high));
        return (clean(&text.replace("{usual}", &usual), MESSAGE_MAX), None);
    }
    let message = match (finding.watch, finding.above) {
        (Watch::Days(Some(count)), true) => Message::new(key::CRISIS_UNUSUAL_DAYS_ABOVE).with("count", count),
        (Watch::Days(Some(count)), false) => Message::new(key::CRISIS_UNUSUAL_DAYS_BELOW).with("count", count),
        (Watch::Days(None), true) => Message::new(key::CRISIS_UNUSUAL_KNOWN_ABOVE),
        (Watch::Days(None), false) => Message::new(key::CRISIS_UNUSUAL_KNOWN_BELOW),
        (Watch::Weeks { days }, above) => {
            let key = if above { key::CRISIS_UNUSUAL_WEEKS_ABOVE } else { key::CRISIS_UNUSUAL_WEEKS_BELOW };
            let minutes = (finding.group_seconds / 60.0).round().max(1.0);
            Message::new(key).with_duration("span", minutes * 60.0).with_duration("reach", days as f64 * DAY_SECONDS)
        }
        (Watch::Hour, _) => Message::new(key::CRISIS_UNUSUAL_HOUR),
    };
    let value = |message: Message, name, value| message.with_value(name, &metric.name, value);
    let message = value(value(value(message, "value", finding.value), "low", finding.low), "high", finding.high);
    (clean(&message.english(), MESSAGE_MAX), Some(message))
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
