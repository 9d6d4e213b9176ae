//! Number formatting, faster than the standard library: an export of a year prints tens of thousands of numbers.

use std::io::Write;

/// Up to this magnitude every integer is a double.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends a number exactly as `{}` prints it: the shortest decimal without exponent that reads back as the same double.
pub fn push_number(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    // Writing to a Vec cannot fail.
    let _ = if value.fract() == 0.0 && size > 0.0 && size < INTEGER_MAX {
        serde_json::to_writer(out, &(value as i64)).map_err(Into::into)
    } else if (1e-3..1e12).contains(&size) {
        serde_json::to_writer(out, &value).map_err(Into::into)
    } else {
        write!(out, "{value}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_look_as_the_standard_library_prints_them(value in prop_oneof![
            any::<f64>(),
            -1e6_f64..1e6,
            (-1_000_000_000_i64..1_000_000_000, 0..9).prop_map(|(value, digits)| value as f64 / f64::powi(10.0, digits)),
            (-9_007_199_254_740_993_i64..9_007_199_254_740_993).prop_map(|value| value as f64),
            prop_oneof![Just(0.0), Just(-0.0), Just(1e-3), Just(1e12), Just(1e21), Just(f64::INFINITY), Just(f64::NAN)],
        ]) {
            let mut out = Vec::new();
            push_number(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
