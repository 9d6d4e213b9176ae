//! For other systems: OpenMetrics 1.0 text and InfluxDB line protocol.

use super::{History, Track};
use crate::model::catalogue;
use crate::store::block::Point;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is made of a point: the end of the name, and the value.
type Part = (&'static str, fn(&Point) -> f64);
const RAW: &[Part] = &[("", |point| point.avg)];
const ROLLED: &[Part] = &[("", |point| point.avg), ("_min", |point| point.min), ("_max", |point| point.max)];

fn parts(history: &History) -> &'static [Part] {
    if history.span.step.seconds().is_none() { RAW } else { ROLLED }
}

/// One family for each metric, `osmon_cpu_busy_percent`; rolled up, the name is the average, and `…_min` and `…_max` stand
/// beside it. `promtool tsdb create-blocks-from openmetrics` takes it.
pub fn openmetrics(history: &History) -> String {
    let mut families: BTreeMap<&str, Vec<&Track>> = BTreeMap::new();
    for track in &history.tracks {
        families.entry(&track.key.name).or_default().push(track);
    }
    let mut out = String::new();
    for (name, tracks) in families {
        for (end, value) in parts(history) {
            let family = format!("osmon_{}{end}", plain(name));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# TYPE {family} gauge");
            if let Some(help) = catalogue::find(name).map(|metric| metric.help) {
                let _ = writeln!(out, "# HELP {family} {}", escaped(help));
            }
            for track in &tracks {
                let labels = std::iter::once(("host", history.host.as_str()))
                    .chain(track.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
                let labels: Vec<String> =
                    labels.map(|(key, value)| format!("{}=\"{}\"", plain(key), escaped(value))).collect();
                for point in &track.points {
                    let seconds = point.time_ms as f64 / 1e3;
                    let _ = writeln!(out, "{family}{{{}}} {} {seconds}", labels.join(","), value(point));
                }
            }
        }
    }
    out + "# EOF\n"
}

/// A name of letters, digits and underscores.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The section is the measurement, the rest of the name the field, labels and the host are tags; nanoseconds.
pub fn influx(history: &History) -> String {
    let mut out = String::new();
    for track in &history.tracks {
        let (measurement, field) = track.key.name.split_once('.').unwrap_or((track.key.name.as_str(), "value"));
        let labels = std::iter::once(("host", history.host.as_str()))
            .chain(track.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        // A tag without a value is an error there.
        let tags: String = labels
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!(",{}={}", tag(key), tag(value)))
            .collect();
        for point in &track.points {
            let fields: Vec<String> =
                parts(history).iter().map(|(end, value)| format!("{}{end}={}", tag(field), value(point))).collect();
            let nanoseconds = i128::from(point.time_ms) * 1_000_000;
            let _ = writeln!(out, "{}{tags} {} {nanoseconds}", tag(measurement), fields.join(","));
        }
    }
    out
}

/// Commas, equals signs and blanks separate; a backslash at the end would join what follows.
fn tag(text: &str) -> String {
    let mut out = text.replace(',', "\\,").replace('=', "\\=").replace([' ', '\n'], "\\ ");
    if out.ends_with('\\') {
        out.push(' ');
    }
    out
}
