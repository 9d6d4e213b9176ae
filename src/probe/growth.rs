//! Growth of a counter between two snapshots, judged alone: a broken counter costs no other value.

use super::measurement::Measurement;
use crate::model::record::round;
use std::fmt::{self, Display};

/// Why a counter has no rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoGrowth {
    /// It fell: a reset, another device by the same name, a bug of the kernel or of a driver.
    Fell {
        /// Previous value.
        from: u64,
        /// Present value.
        to: u64,
    },
    /// It rose by more than was possible in the time.
    Jumped {
        /// Growth.
        by: u64,
        /// Largest possible growth.
        most: f64,
    },
}

impl Display for NoGrowth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fell { from, to } => write!(f, "fell from {from} to {to}"),
            Self::Jumped { by, most } => write!(f, "rose by {by}, at most {most:.0} was possible"),
        }
    }
}

/// Growth from `before` to `now`.
///
/// # Errors
/// It fell, or grew by more than `most`.
pub fn growth(now: u64, before: u64, most: f64) -> Result<u64, NoGrowth> {
    let by = now.checked_sub(before).ok_or(NoGrowth::Fell { from: before, to: now })?;
    if by as f64 > most { Err(NoGrowth::Jumped { by, most }) } else { Ok(by) }
}

/// Rate of a growth over `seconds` (above 0). Rounded to an integer from 1000 on: more digits are noise.
pub fn rate(growth: u64, seconds: f64) -> f64 {
    let rate = growth as f64 / seconds;
    if rate < 1000.0 { round(rate) } else { rate.round() }
}

impl Measurement<'_> {
    /// Growth of a counter since the previous snapshot; without a plausible one `None`, and the value is noted as
    /// discarded under `name`, such as `disk_io sda.reads`.
    pub fn growth_of(&mut self, name: impl FnOnce() -> String, now: u64, before: u64, most: f64) -> Option<u64> {
        growth(now, before, most).map_err(|reason| self.discard(name(), reason)).ok()
    }

    /// Notes that a value was read and left out because it cannot be true.
    pub fn discard(&mut self, name: String, reason: impl Display) {
        self.discarded += 1;
        if self.discarded_by_name.len() < super::measurement::DISCARDED_NAMES_MAX {
            self.discarded_by_name.insert(name, reason.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_grows_or_says_why_not() {
        assert_eq!(growth(160, 100, 60.0), Ok(60));
        assert_eq!(growth(99, 100, 60.0), Err(NoGrowth::Fell { from: 100, to: 99 }));
        assert_eq!(growth(161, 100, 60.0), Err(NoGrowth::Jumped { by: 61, most: 60.0 }));
        assert_eq!(
            growth(u64::MAX, 0, 1e9).unwrap_err().to_string(),
            "rose by 18446744073709551615, at most 1000000000 was possible"
        );
        assert_eq!((rate(1, 3.0), rate(5_000_000, 3.0)), (0.333, 1_666_667.0));
    }
}
