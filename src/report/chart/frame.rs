//! What the charts of a range have in common.

use crate::model::locale::Locale;
use crate::report::chart::axis::Tick;
use crate::report::chart::series::Point;
use crate::report::chart::unit::AxisUnit;
use std::ops::Range;

/// Everything a chart shows besides its lines.
pub struct Frame<'a> {
    /// Begin and end, Unix time in seconds.
    pub time: Range<f64>,
    /// Points farther apart than this, in seconds, have a gap between them.
    pub gap_seconds: f64,
    /// Unit of the values.
    pub unit: AxisUnit,
    /// Language of the labels.
    pub locale: Locale,
    /// Points stand for spans: the first line gets a band from minimum to maximum.
    pub has_band: bool,
    /// The lines behind the first are parts of it, drawn as areas on each other.
    pub is_stacked: bool,
    /// Each value of the axis has its unit; otherwise bytes have that of the whole axis, which is not written.
    pub has_units: bool,
    /// Values can be read back to 0.3 % of themselves instead of 0.3 % of the height of the chart.
    pub is_exact: bool,
    /// Spans without records, as Unix times in seconds.
    pub gaps: &'a [(f64, f64)],
    /// Ticks of the time axis (`axis::time_ticks`): the same in all charts of a range.
    pub ticks: &'a [Tick],
}

/// Splits points at gaps, which are left blank.
pub fn runs<'a>(points: &'a [Point], frame: &Frame<'_>) -> impl Iterator<Item = &'a [Point]> {
    let gap = frame.gap_seconds;
    let from = points.partition_point(|point| point.time < frame.time.start);
    let to = points.partition_point(|point| point.time <= frame.time.end);
    points.get(from..to).unwrap_or_default().chunk_by(move |a, b| b.time - a.time <= gap)
}
