//! InfluxDB line protocol, also accepted by VictoriaMetrics.

use super::series::{ExposedSeries, fields};
use std::fmt::Write;

/// One line for each point: the section of the metric is the measurement, the rest of its name the field; the host and
/// the labels are tags. Timestamps are nanoseconds since 1970.
pub fn write(host: &str, all: &[ExposedSeries], is_rolled: bool) -> String {
    let mut out = String::new();
    for series in all {
        let (measurement, field) = series.key.name.split_once('.').unwrap_or((series.key.name.as_str(), "value"));
        let (measurement, field) = (escaped(measurement), escaped(field));
        let labels = std::iter::once(("host", host))
            .chain(series.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        // The protocol forbids tags without a value.
        let tags: String = labels
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!(",{}={}", escaped(key), escaped(value)))
            .collect();
        for point in series.points {
            // Writing to a String cannot fail.
            let _ = write!(out, "{measurement}{tags}");
            for (at, (suffix, value)) in fields(is_rolled).iter().enumerate() {
                let _ = write!(out, "{}{field}{suffix}={}", if at == 0 { ' ' } else { ',' }, value(point));
            }
            let _ = writeln!(out, " {}", i128::from(point.time_ms) * 1_000_000);
        }
    }
    out
}

/// Escapes separators. A trailing backslash would escape the separator that follows.
fn escaped(text: &str) -> String {
    let mut out = text.replace(',', "\\,").replace('=', "\\=").replace([' ', '\n'], "\\ ");
    if out.ends_with('\\') {
        out.push(' ');
    }
    out
}
