//! Points of time series: single samples and what is rolled up from them.

/// Minimum, average and maximum of a series over a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Begin of the span in milliseconds since 1970; the time of a single sample.
    pub time_ms: i64,
    /// Minimum.
    pub min: f64,
    /// Arithmetic mean of the samples.
    pub avg: f64,
    /// Maximum.
    pub max: f64,
    /// Number of samples.
    pub count: u32,
}

impl Point {
    /// A single sample.
    pub fn sample(time_ms: i64, value: f64) -> Self {
        Self { time_ms, min: value, avg: value, max: value, count: 1 }
    }

    /// The average as rollups store it.
    pub fn kept_avg(&self) -> f64 {
        if self.min == self.max { self.min } else { rounded(self.avg) }
    }

    /// Merges another point into this one.
    pub fn merge(&mut self, other: &Self) {
        let (own, others) = (f64::from(self.count), f64::from(other.count));
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        if own + others > 0.0 {
            self.avg = (self.avg * own + other.avg * others) / (own + others);
        }
    }
}

/// Groups points, which are in order of time, by spans of `step_ms`.
pub fn group(points: impl IntoIterator<Item = Point>, step_ms: i64) -> Vec<Point> {
    let mut groups: Vec<Point> = Vec::new();
    for point in points {
        let time_ms = point.time_ms.div_euclid(step_ms) * step_ms;
        match groups.last_mut().filter(|last| last.time_ms == time_ms) {
            Some(last) => last.merge(&point),
            None => groups.push(Point { time_ms, ..point }),
        }
    }
    groups
}

/// Rounds an average to three decimals, below 1 to six: its samples are no more precise.
fn rounded(value: f64) -> f64 {
    let scale = if value.abs() < 1.0 { 1e6 } else { 1e3 };
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}
