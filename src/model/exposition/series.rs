//! Exposed series, and the values of their points.

use crate::model::metric::SeriesKey;
use crate::model::point::Point;

/// A series and its points.
#[derive(Debug, Clone, Copy)]
pub struct ExposedSeries<'a> {
    /// Its identity.
    pub key: &'a SeriesKey,
    /// Its points, in order of time.
    pub points: &'a [Point],
}

/// A value of a point: the suffix of its name, and its accessor.
pub type Field = (&'static str, fn(&Point) -> f64);

/// The fields of rolled-up points.
const ROLLED: &[Field] = &[("", |point| point.avg), ("_min", |point| point.min), ("_max", |point| point.max)];

/// The fields of single samples, or of rolled-up points.
pub fn fields(is_rolled: bool) -> &'static [Field] {
    if is_rolled { ROLLED } else { ROLLED.get(..1).unwrap_or_default() }
}
