//! The charts of the page, generated from `data/metrics.toml` by `build/metrics.rs`.

use crate::report::chart::unit::AxisUnit;

/// One chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chart {
    /// Title, in English.
    pub title: &'static str,
    /// Unit of its values.
    pub unit: AxisUnit,
    /// Text behind the title, in English; empty: that of the unit.
    pub heading: &'static str,
    /// The chart is drawn only if a value reached this; 0: always.
    pub least: f64,
    /// The lines behind the first are drawn as areas on each other.
    pub is_stacked: bool,
    /// For troubleshooting: in the short ranges only, behind all others.
    pub is_detail: bool,
    /// Its lines.
    pub lines: &'static [ChartLine],
}

/// A line of a chart; of a metric with a label one for each value of the label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartLine {
    /// Name of the metric.
    pub metric: &'static str,
    /// Name of the line, in English; empty: its label, or the title of the chart.
    pub name: &'static str,
    /// The line is drawn only if a value reached this; 0: always.
    pub least: f64,
}

include!(concat!(env!("OUT_DIR"), "/charts.rs"));

/// Metrics that the tiles of the page need besides those of the charts.
const TILES: [&str; 2] = ["load.one_per_core", "systemd.failed"];

/// Every metric that the page needs for a range.
pub fn page_metrics(is_detailed: bool) -> impl Iterator<Item = &'static str> {
    let shown = CHARTS.iter().filter(move |chart| is_detailed || !chart.is_detail);
    shown.flat_map(|chart| chart.lines.iter().map(|line| line.metric)).chain(TILES)
}
