//! OpenMetrics 1.0 text, as `promtool tsdb create-blocks-from openmetrics` and VictoriaMetrics take it.

use super::series::{ExposedSeries, fields};
use crate::model::catalogue;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One gauge family for each metric, such as `osmon_cpu_busy_percent`. For rolled-up points it holds the average, with
/// the families `…_min` and `…_max` beside it. Timestamps are seconds since 1970.
pub fn write(host: &str, all: &[ExposedSeries], is_rolled: bool) -> String {
    let mut families: BTreeMap<&str, Vec<&ExposedSeries>> = BTreeMap::new();
    for series in all {
        families.entry(&series.key.name).or_default().push(series);
    }
    let mut out = String::new();
    for (name, members) in families {
        for (suffix, value) in fields(is_rolled) {
            let family = format!("osmon_{}{suffix}", plain(name));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# TYPE {family} gauge");
            if let Some(help) = catalogue::find(name).map(|metric| metric.help) {
                let _ = writeln!(out, "# HELP {family} {}", escaped(help));
            }
            for series in &members {
                let labels = std::iter::once(("host", host))
                    .chain(series.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
                let labels: Vec<String> =
                    labels.map(|(key, value)| format!("{}=\"{}\"", plain(key), escaped(value))).collect();
                let labels = labels.join(",");
                for point in series.points {
                    let seconds = point.time_ms as f64 / 1e3;
                    let _ = writeln!(out, "{family}{{{labels}}} {} {seconds}", value(point));
                }
            }
        }
    }
    out + "# EOF\n"
}

/// A name in which everything but letters, digits and underscores is replaced.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
