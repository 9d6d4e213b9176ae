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

/// One counter of a device as two snapshots read it; `None`: it was absent or not readable.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// Name of the value, such as `reads`.
    pub name: &'static str,
    /// Present value.
    pub now: Option<u64>,
    /// Previous value.
    pub before: Option<u64>,
    /// Value at which the kernel begins anew at 0; `None`: 2⁶⁴, never reached.
    pub wrap: Option<u64>,
    /// Largest possible growth.
    pub most: f64,
}

impl Counter {
    /// Its growth; `None` without two values.
    fn growth(&self) -> Option<Result<u64, NoGrowth>> {
        let (now, before) = (self.now?, self.before?);
        let wrapped = self.wrap.filter(|wrap| now < before && before < *wrap);
        let grown = growth(now.saturating_add(wrapped.unwrap_or(0)), before, self.most);
        // With a wrap undone that cannot have been one, the counter fell.
        Some(grown.map_err(|reason| if wrapped.is_some() { NoGrowth::Fell { from: before, to: now } } else { reason }))
    }

    fn fell(&self) -> bool {
        self.now.zip(self.before).is_some_and(|(now, before)| now < before)
    }
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

    /// Growth of all counters of one device, such as `disk_io sda`, each alone. When several fell and wraps do not explain
    /// it, the device was reset, or is another one by the same name: none has grown, which is noted once.
    pub fn growth_of_device<const N: usize>(&mut self, device: &str, counters: [Counter; N]) -> [Option<u64>; N] {
        let fell = || counters.iter().filter(|counter| counter.fell());
        if fell().count() > 1 && fell().any(|counter| !matches!(counter.growth(), Some(Ok(_)))) {
            self.discard(device.to_string(), "its counters began anew");
            return [None; N];
        }
        counters.map(|counter| {
            let name = || format!("{device}.{}", counter.name);
            counter.growth()?.map_err(|reason| self.discard(name(), reason)).ok()
        })
    }

    /// A value that is not above `most`; a larger one is noted as discarded under `name`.
    pub fn at_most(&mut self, name: impl FnOnce() -> String, value: Option<u64>, most: u64) -> Option<u64> {
        let value = value?;
        if value > most {
            self.discard(name(), format_args!("is {value}, at most {most} is possible"));
        }
        (value <= most).then_some(value)
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

    #[test]
    fn a_wrap_is_undone_where_it_can_be_one() {
        let counter = |before, now, wrap, most| Counter { name: "x", now: Some(now), before: Some(before), wrap, most };
        let wrap = Some(1 << 32);
        let grown = |before, now, wrap, most| counter(before, now, wrap, most).growth().unwrap();
        assert_eq!(grown((1 << 32) - 40, 60, wrap, 100.0), Ok(100));
        assert_eq!(grown(1000, 60, wrap, 100.0), Err(NoGrowth::Fell { from: 1000, to: 60 }), "a reset");
        assert_eq!(grown(1 << 32, 60, wrap, 1e12), Err(NoGrowth::Fell { from: 1 << 32, to: 60 }), "counts in 64 bits");
        assert!(grown((1 << 32) - 40, 60, None, 100.0).is_err());
        assert!(Counter { now: None, ..counter(1, 2, None, 1.0) }.growth().is_none());
    }
}
