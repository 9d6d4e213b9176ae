//! Differences that are too small to matter, by the unit of a metric.

/// A negligible spread, in the unit of the metric, which its name tells; `None` for a metric without a unit.
pub fn least_spread(metric: &str) -> Option<f64> {
    let rate = metric.ends_with("_per_second");
    let name = metric.trim_end_matches("_per_second");
    match name {
        _ if name.ends_with("_percent") => Some(2.5),
        _ if name.ends_with("bytes") && rate => Some(262_144.0),
        _ if name.ends_with("bytes") => Some(33_554_432.0),
        _ if name.ends_with("_per_core") => Some(0.1),
        _ if name.ends_with("_ms") => Some(5.0),
        _ if name.ends_with("_celsius") => Some(2.0),
        _ if rate => Some(5.0),
        _ => None,
    }
}
