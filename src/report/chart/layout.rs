//! Geometry of a chart.

use std::ops::Range;

/// Units of the SVG backend per CSS pixel: lines are placed to a third of a pixel.
pub const SCALE: u32 = 3;
/// Subdivision of such a unit in the vertical direction.
pub const FINE: u32 = 100;
/// Width and height of a chart, in CSS pixels.
pub const SIZE: (u32, u32) = (580, 184);
/// Margins around the plot of a chart of the page: left, top, right, bottom, in CSS pixels.
pub const MARGINS: (u32, u32, u32, u32) = (43, 8, 3, 20);
/// The plot: left, top, width, height, in units of the SVG backend.
pub const PLOT: (u32, u32, u32, u32) = (
    MARGINS.0 * SCALE,
    MARGINS.1 * SCALE,
    (SIZE.0 - MARGINS.0 - MARGINS.2) * SCALE,
    (SIZE.1 - MARGINS.1 - MARGINS.3) * SCALE,
);
/// Width and height of a chart, in units of the SVG backend.
pub const VIEW_BOX: (u32, u32) = (SIZE.0 * SCALE, SIZE.1 * SCALE);

/// Horizontal position of a time within a span, in units of the SVG backend.
pub fn x_of(time: f64, span: &Range<f64>) -> i32 {
    let share = (time - span.start) / (span.end - span.start);
    (f64::from(PLOT.0) + share * f64::from(PLOT.2)).round() as i32
}
