//! Titles of charts of single metrics: `CPU busy, %`.

use crate::model::catalogue::is_custom;
use crate::model::locale::Locale;
use crate::report::chart::chart_catalog::{CHARTS, Chart, ChartLine};
use crate::report::chart::unit::AxisUnit;

/// Words at the end of a name that tell its unit.
const UNITS: [&str; 9] = ["percent", "bytes", "bits", "ms", "seconds", "celsius", "hertz", "per_second", "per_minute"];
/// Words that are written in another way.
const WRITTEN: [(&str, &str); 20] = [
    ("cpu", "CPU"),
    ("io", "I/O"),
    ("tcp", "TCP"),
    ("udp", "UDP"),
    ("nfs", "NFS"),
    ("zfs", "ZFS"),
    ("btrfs", "Btrfs"),
    ("raid", "RAID"),
    ("irq", "IRQ"),
    ("softirq", "soft IRQ"),
    ("iowait", "I/O wait"),
    ("oom", "OOM"),
    ("conntrack", "conntrack"),
    ("avg10", "10 s"),
    ("avg60", "60 s"),
    ("avg300", "300 s"),
    ("one", "1 min"),
    ("five", "5 min"),
    ("fifteen", "15 min"),
    ("systemd", "systemd"),
];

/// The chart of the page that shows a metric, and its line.
fn shown(metric: &str) -> Option<(&'static Chart, &'static ChartLine)> {
    CHARTS.iter().find_map(|chart| Some((chart, chart.lines.iter().find(|line| line.metric == metric)?)))
}

/// The unit of a metric: that of its chart on the page, or the one in its name.
pub fn unit_of(metric: &str) -> AxisUnit {
    shown(metric).map_or_else(|| AxisUnit::from_metric(metric), |(chart, _)| chart.unit)
}

/// The unit as written behind a title, in English; empty where the axis tells it.
fn heading_of(metric: &str) -> &'static str {
    let listed = shown(metric).map_or("", |(chart, _)| chart.heading);
    if listed.is_empty() { unit_of(metric).heading() } else { listed }
}

/// A title with its unit: `CPU, %`.
pub fn with_unit(title: &str, heading: &str) -> String {
    if heading.is_empty() { title.to_string() } else { format!("{title}, {heading}") }
}

/// The title of a metric with its unit. Metrics of other programs keep their names, and in other languages those that the
/// page does not show.
pub fn metric_title(metric: &str, locale: Locale) -> String {
    let title = match (shown(metric), locale) {
        _ if is_custom(metric) => metric.to_string(),
        (_, Locale::En) => words(metric),
        (Some((chart, line)), _) if line.name.is_empty() => locale.label(chart.title).to_string(),
        (Some((chart, line)), _) => format!("{}, {}", locale.label(chart.title), locale.label(line.name)),
        (None, _) => metric.to_string(),
    };
    with_unit(&title, locale.label(heading_of(metric)))
}

/// A name in words, without its unit: `network.received_bytes_per_second` is `Network received`.
fn words(metric: &str) -> String {
    let mut name = metric;
    while let Some(shorter) = UNITS.iter().find_map(|unit| {
        let shorter = name.strip_suffix(unit)?;
        shorter.strip_suffix(['_', '.']).filter(|shorter| !shorter.is_empty())
    }) {
        name = shorter;
    }
    let written = |word: &str| WRITTEN.iter().find(|(plain, _)| *plain == word).map(|(_, written)| *written);
    let words: Vec<&str> = name.split(['.', '_']).map(|word| written(word).unwrap_or(word)).collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => metric.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue;

    #[test]
    fn a_metric_has_a_title_and_a_unit() {
        let cases = [
            ("cpu.busy_percent", "CPU busy, %"),
            ("network.received_bytes_per_second", "Network received, per second"),
            ("network.speed_bits_per_second", "Network speed, per second"),
            ("disk_io.latency_ms", "Disk I/O latency, ms"),
            ("temperature.celsius", "Temperature, °C"),
            ("load.one", "Load 1 min"),
            ("disk.available_bytes", "Disk available"),
            ("pressure.io.some_avg60_percent", "Pressure I/O some 60 s, % of the last minute stalled"),
            ("check.pages_per_second", "check.pages_per_second, per second"),
            ("percent", "Percent"),
        ];
        for (metric, title) in cases {
            assert_eq!(metric_title(metric, Locale::En), title);
        }
        assert_eq!(metric_title("network.received_bytes_per_second", Locale::Fr), "Réseau, reçu, par seconde");
        for name in catalogue::names() {
            let title = metric_title(name, Locale::En);
            assert!(title.starts_with(char::is_uppercase) && !title.contains(['_', '.']), "{name}: {title}");
        }
    }
}
