//! Forecasts: when a value reaches its target, whether a rise is usual, and what is not over although nothing rises.

use super::limits::points_most;
use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Stamp, State};
use crate::model::incident::{Lifecycle, Severity};

/// Longest span considered by a forecast, in seconds.
const FORECAST_SECONDS: f64 = 21_600.0;
/// Closer to the target than this share of the scale there is no room: an incident stays open without a trend.
const NO_ROOM: f64 = 0.02;
/// Closer than this, the target is reached.
const REACHED: f64 = 0.002;
/// A breach lasts long enough when it has lasted this share of the time that is left.
const PATIENCE: f64 = 0.25;
/// Maximum number of series whose swings are learned: about 300 KiB.
const SWINGS_MAX: usize = 300;

/// The forecast for one value.
#[derive(Debug, Clone, Copy)]
pub struct Forecast {
    /// Seconds until the target is reached: 0 at the target, infinite without a trend.
    pub seconds_left: f64,
    /// Nothing rises any more, but there is no room either.
    pub is_held: bool,
    /// Start of the trend, if it was a usual rise until now.
    pub since: Option<Stamp>,
}

impl Forecast {
    /// The longest time that a breach must last, in seconds.
    pub fn patience_seconds(self) -> f64 {
        self.seconds_left * PATIENCE
    }
}

/// Adds a value and judges its trend; `None`: too little is known.
pub fn judge(
    next: &mut State,
    key: &str,
    rule: &Rule,
    (target, value): (f64, f64),
    context: &EvalContext,
) -> Option<Forecast> {
    let most = points_most(next);
    let series = next.series.entry(key.to_string()).or_default();
    series.add(context.now.boottime_seconds, value, FORECAST_SECONDS, most);
    let approach = series.approach(target, rule.above)?;
    let is_enough = series.is_enough();
    let alert = next.alerts.get(key).filter(|alert| alert.lifecycle != Lifecycle::Ok);
    let forecast = |seconds_left| Some(Forecast { seconds_left, is_held: false, since: None });
    let mut is_usual = false;
    if next.swings.len() < SWINGS_MAX || next.swings.contains_key(key) {
        let swings = next.swings.entry(key.to_string()).or_default();
        swings.add(context.calendar, &approach);
        is_usual = swings.is_usual(&approach);
    }
    if alert.is_some() && approach.distance <= REACHED * approach.scale {
        return forecast(0.0);
    }
    if !is_enough {
        return None;
    }
    let mildest = rule.warning.or(rule.critical).map_or(0.0, |limit| limit.raise);
    match approach.seconds_left.filter(|_| approach.distance > 0.0) {
        Some(left) if is_usual && left <= mildest => {
            next.usual_rises.entry(key.to_string()).or_insert(context.stamp());
        }
        Some(_) if is_usual => {
            next.usual_rises.remove(key);
        }
        Some(left) => {
            return Some(Forecast { seconds_left: left, is_held: false, since: next.usual_rises.remove(key) });
        }
        None => {
            next.usual_rises.remove(key);
        }
    }
    match alert.filter(|alert| alert.is_open() && approach.distance <= NO_ROOM * approach.scale) {
        Some(alert) => Some(Forecast { seconds_left: held(rule, alert), is_held: true, since: None }),
        None => forecast(f64::INFINITY),
    }
}

/// A time left that neither breaches nor clears the limit in force.
fn held(rule: &Rule, alert: &Alert) -> f64 {
    let critical = rule.critical.filter(|_| alert.severity == Some(Severity::Critical));
    critical.or(rule.warning).or(rule.critical).map_or(f64::INFINITY, |limit| limit.clear)
}

/// Drops what is known of series that are gone.
pub fn forget(next: &mut State, context: &EvalContext) {
    let State { series, swings, usual_rises, .. } = next;
    usual_rises.retain(|key, _| series.contains_key(key));
    swings.retain(|key, known| series.contains_key(key) || !known.is_old(context.calendar));
}
