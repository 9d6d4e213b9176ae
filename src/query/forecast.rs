//! When a file system is full, for the page. The trend is computed in `crisis::series`, which the rules use too: it follows
//! the steady growth of a series and ignores single jumps.

use crate::config::Rule;
use crate::config::rule::Measure;
use crate::crisis::State;
use crate::crisis::series::Series;
use crate::model::metric::SeriesKey;
use std::collections::BTreeMap;

/// The metric that is forecast.
const USED: &str = "disk.used_percent";
/// Full, in percent.
const FULL: f64 = 100.0;

/// Seconds from the last of a series of hourly values, in percent, until the file system is full. Points are seconds
/// and value.
pub fn full_from_hours(points: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    Series::from_points(points).reaches_in_days(FULL)
}

/// Names of the rules whose value is a time until something is reached.
pub fn rules(rules: &[Rule]) -> Vec<String> {
    let is_forecast = |rule: &&Rule| matches!(rule.measure, Measure::Reaches(_));
    rules.iter().filter(is_forecast).map(|rule| rule.name.clone()).collect()
}

/// The current result of the forecast rules, without rises that are usual: seconds since 1970 at which each file system will be full, by mount point.
pub fn full_from_rules(rules: &[Rule], state: &State) -> BTreeMap<String, f64> {
    let Some(last) = state.last else { return BTreeMap::new() };
    let is_forecast = |rule: &&Rule| rule.measure == Measure::Reaches(FULL) && rule.metric.name == USED;
    let names: Vec<&str> = rules.iter().filter(is_forecast).map(|rule| rule.name.as_str()).collect();
    let forecast = |(key, series): (&String, &Series)| {
        let is_usual = state.usual_rises.contains_key(key);
        let key = SeriesKey::parse(key);
        let left = names.contains(&key.name.as_str()).then(|| series.reaches(FULL).filter(|_| !is_usual)).flatten()?;
        Some((key.label("mount")?.to_string(), last.wall.timestamp() as f64 + left))
    };
    state.series.iter().filter_map(forecast).collect()
}
