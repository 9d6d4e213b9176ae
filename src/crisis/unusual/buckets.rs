//! Highest and lowest values of the last days, or weeks.

use super::packed::Numbers;
use crate::base::sort::SmallSort;

/// Highest and lowest value of the running span and of the full ones before it, newest first; NaN: there was no such
/// span yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets<const N: usize> {
    high: [f64; N],
    low: [f64; N],
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        let mut buckets = Self { high: [f64::NAN; N], low: [f64::NAN; N] };
        buckets.begin();
        buckets
    }
}

/// Range of the past spans.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges {
    /// The nth highest value.
    pub high: f64,
    /// The nth lowest.
    pub low: f64,
    /// Their distance.
    pub span: f64,
}

impl<const N: usize> Buckets<N> {
    /// Adds a value to the running span.
    pub fn add(&mut self, value: f64) {
        if let (Some(high), Some(low)) = (self.high.first_mut(), self.low.first_mut()) {
            *high = high.max(value);
            *low = low.min(value);
        }
    }

    /// Closes the running span and begins the next.
    pub fn turn(&mut self) {
        self.high.rotate_right(1);
        self.low.rotate_right(1);
        self.begin();
    }

    fn begin(&mut self) {
        if let (Some(high), Some(low)) = (self.high.first_mut(), self.low.first_mut()) {
            (*high, *low) = (f64::NEG_INFINITY, f64::INFINITY);
        }
    }

    /// Number of spans, the running one included.
    pub fn count(&self) -> usize {
        self.high.iter().filter(|value| !value.is_nan()).count()
    }

    /// The nth highest and lowest values; the extremes while fewer than 2 n spans are known. `None` without any value.
    pub fn edges(&self, nth: usize) -> Option<Edges> {
        let sorted = |values: &[f64; N], sign: f64| {
            let mut known: Vec<f64> =
                values.iter().filter(|value| value.is_finite()).map(|value| sign * value).collect();
            known.arrange_by(f64::total_cmp);
            known
        };
        let (highest, lowest) = (sorted(&self.high, -1.0), sorted(&self.low, 1.0));
        let at = if highest.len() >= 2 * nth { nth - 1 } else { 0 };
        let (high, low) = (-highest.get(at)?, *lowest.get(at)?);
        let span = if high > low { high - low } else { -highest.first()? - lowest.first()? };
        Some(Edges { high, low, span })
    }

    /// Median step from one full span to the next, upwards and downwards, each at least 0: a steady drift.
    pub fn steps(&self) -> (f64, f64) {
        (median_step(&self.high, 1.0), median_step(&self.low, -1.0))
    }
}

impl<const N: usize> Numbers for Buckets<N> {
    fn numbers(&mut self, visit: &mut impl FnMut(&mut f64)) {
        self.high.iter_mut().for_each(&mut *visit);
        self.low.iter_mut().for_each(&mut *visit);
    }
}

fn median_step(values: &[f64], sign: f64) -> f64 {
    let full: Vec<f64> = values.iter().skip(1).rev().copied().filter(|value| value.is_finite()).collect();
    let mut steps: Vec<f64> = full.iter().zip(full.iter().skip(1)).map(|(a, b)| sign * (b - a)).collect();
    steps.arrange_by(f64::total_cmp);
    let half = steps.len() / 2;
    let median = match (steps.get(half), half.checked_sub(1).and_then(|before| steps.get(before))) {
        _ if steps.len() < 3 => 0.0,
        (Some(middle), Some(before)) if steps.len().is_multiple_of(2) => 0.5 * (middle + before),
        (Some(middle), _) => *middle,
        (None, _) => 0.0,
    };
    median.max(0.0)
}
