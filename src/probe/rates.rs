//! From counters to rates. A falling counter is a gap, never a spike.

use crate::model::record::round;

/// Growth per second; `None` when the counter fell (a reset, a device that came back). Rounded to an integer from 1000 on:
/// more digits are noise, which compresses badly.
pub fn per_second(now: u64, before: u64, seconds: f64) -> Option<f64> {
    let grown = now.checked_sub(before)?;
    let rate = || grown as f64 / seconds;
    (seconds > 0.0).then(|| if rate() < 1000.0 { round(rate()) } else { rate().round() })
}

/// Share of `part` in `whole` in percent; 0 when `whole` is 0.
pub fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { round((part / whole * 100.0).clamp(0.0, 100.0)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_counter_is_a_gap() {
        assert_eq!(per_second(160, 100, 60.0), Some(1.0));
        assert_eq!((per_second(2, 1, 3.0), per_second(5_000_000, 0, 3.0)), (Some(0.333), Some(1_666_667.0)));
        assert_eq!(per_second(99, 100, 60.0), None);
        assert_eq!(per_second(100, 100, 0.0), None);
        assert_eq!(per_second(u64::MAX, 0, 1.0).map(f64::is_finite), Some(true));
        assert_eq!((percent(1.0, 4.0), percent(5.0, 4.0), percent(1.0, 0.0)), (25.0, 100.0, 0.0));
    }
}
