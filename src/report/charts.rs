//! Which charts the page has, and which metrics each of them shows.

use super::series::{Point, Series};
use std::collections::HashSet;

/// How the values of a chart are written and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Percent on a scale from 0 to 100.
    Percent,
    /// Percent on a scale that fits.
    SmallPercent,
    /// Bytes per second.
    BytesPerSecond,
    /// A plain number.
    Number,
}

/// One chart.
pub struct Spec {
    /// Heading.
    pub title: &'static str,
    /// Unit of all its values.
    pub unit: Unit,
    /// Metric and what its line is called; with labels, one line each.
    pub lines: &'static [(&'static str, &'static str)],
}

/// At most so many lines can be told apart; the ones with the highest peaks are drawn.
const LINES_MAX: usize = 5;

/// Every chart, in the order of the page.
pub const CHARTS: [Spec; 9] = [
    Spec {
        title: "CPU",
        unit: Unit::Percent,
        lines: &[
            ("cpu.user_percent", "user"),
            ("cpu.system_percent", "system"),
            ("cpu.iowait_percent", "I/O wait"),
            ("cpu.steal_percent", "steal"),
        ],
    },
    Spec {
        title: "Memory",
        unit: Unit::Percent,
        lines: &[("memory.used_percent", "memory used"), ("swap.used_percent", "swap used")],
    },
    Spec { title: "File systems", unit: Unit::Percent, lines: &[("disk.used_percent", "")] },
    Spec {
        title: "Load",
        unit: Unit::Number,
        lines: &[("load.one", "1 min"), ("load.five", "5 min"), ("load.fifteen", "15 min")],
    },
    Spec {
        title: "Disk transfer",
        unit: Unit::BytesPerSecond,
        lines: &[("disk_io.read_bytes_per_second", "read"), ("disk_io.written_bytes_per_second", "written")],
    },
    Spec {
        title: "Network",
        unit: Unit::BytesPerSecond,
        lines: &[("network.received_bytes_per_second", "received"), ("network.sent_bytes_per_second", "sent")],
    },
    Spec {
        title: "Pressure",
        unit: Unit::SmallPercent,
        lines: &[
            ("pressure.cpu.some_avg60_percent", "CPU"),
            ("pressure.memory.some_avg60_percent", "memory"),
            ("pressure.io.some_avg60_percent", "I/O"),
        ],
    },
    Spec { title: "Temperature", unit: Unit::Number, lines: &[("temperature.celsius", "")] },
    Spec {
        title: "Processes",
        unit: Unit::Number,
        lines: &[("process.total", "total"), ("process.running", "running"), ("process.blocked", "blocked")],
    },
];

/// Every metric that the charts and the tiles need.
pub fn metrics() -> impl Iterator<Item = &'static str> {
    let tiles = ["cpu.busy_percent", "load.one_per_core"];
    CHARTS.iter().flat_map(|spec| spec.lines.iter().map(|(metric, _)| *metric)).chain(tiles)
}

/// The lines of a chart: name and values, at most five.
pub fn lines<'a>(spec: &Spec, series: &'a Series) -> Vec<(String, &'a [Point])> {
    let mut lines = Vec::new();
    for (metric, name) in spec.lines {
        for (label, points) in series.of(metric) {
            let name = match (label, *name) {
                ("", name) => name.to_string(),
                (label, "") => label.to_string(),
                (label, name) => format!("{label} {name}"),
            };
            lines.push((name, points));
        }
    }
    if lines.len() > LINES_MAX {
        let peak = |points: &[Point]| points.iter().map(|point| point.1).fold(0.0, f64::max);
        let mut order: Vec<(f64, String)> = lines.iter().map(|(name, points)| (peak(points), name.clone())).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let drawn: HashSet<String> = order.into_iter().take(LINES_MAX).map(|(_, name)| name).collect();
        lines.retain(|(name, _)| drawn.contains(name));
    }
    lines
}
