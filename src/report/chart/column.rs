//! Numbers of a column of a table: one unit and one number of decimals, so that they can be compared at a glance.

use crate::model::locale::Locale;
use crate::report::chart::unit::AxisUnit;

/// Binary units, each 1024 times the one before.
const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
/// No value, or nothing.
const NONE: &str = "–";

/// The binary unit in which a number of bytes has one to four digits before the decimal mark: its size and symbol.
pub fn byte_unit(most: f64) -> (f64, &'static str) {
    let mut size = 1.0;
    for unit in UNITS {
        if most.abs() < 1023.5 * size {
            return (size, unit);
        }
        size *= 1024.0;
    }
    (size / 1024.0, "PiB")
}

/// The values of a column. What was not measured and 0 bytes are a dash; what is too small for the decimals of the column
/// is `<0.1`, never 0.
pub fn column(unit: AxisUnit, values: &[f64], locale: Locale) -> Vec<String> {
    let known = || values.iter().copied().filter(|value| value.is_finite());
    let most = known().map(f64::abs).fold(0.0, f64::max);
    let is_bytes = matches!(unit, AxisUnit::Bytes | AxisUnit::BytesPerSecond);
    let (size, symbol) = if is_bytes { byte_unit(most) } else { (1.0, "") };
    let decimals = match most / size {
        _ if known().all(|value| (value / size).fract() == 0.0) => 0,
        largest if largest >= 999.5 => 0,
        largest if largest >= 9.95 => 1,
        _ => 2,
    };
    let least = 10_f64.powi(-decimals);
    let written = |value: &f64| {
        let scaled = value / size;
        if !value.is_finite() || (is_bytes && *value == 0.0) {
            return NONE.to_string();
        }
        let decimals = decimals as usize;
        let number = match scaled.abs() {
            tiny if tiny > 0.0 && tiny < least / 2.0 => format!("{least:.decimals$}"),
            _ => format!("{scaled:.decimals$}"),
        };
        let sign = if scaled != 0.0 && scaled.abs() < least / 2.0 { "<" } else { "" };
        let number = if symbol.is_empty() { number } else { format!("{number} {symbol}") };
        format!("{sign}{}", locale.figures(&number))
    };
    values.iter().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_unit_and_one_number_of_decimals() {
        let cases: [(AxisUnit, &[f64], &[&str]); 7] = [
            (AxisUnit::Percent, &[92.34, 6.421, 0.09, 0.01, 0.0], &["92.3", "6.4", "0.1", "<0.1", "0.0"]),
            (AxisUnit::Number, &[1.0, 0.0, 14.0], &["1", "0", "14"]),
            (AxisUnit::Number, &[0.57, 0.678], &["0.57", "0.68"]),
            (AxisUnit::PerSecond, &[25_311.4, 0.2], &["25311", "<1"]),
            (AxisUnit::Bytes, &[3_103_784_960.0, 59_979_000.0, 0.0], &["2.89 GiB", "0.06 GiB", "–"]),
            (AxisUnit::Bytes, &[512.0, f64::NAN], &["512 B", "–"]),
            (AxisUnit::Celsius, &[-12.5, 4.0], &["-12.5", "4.0"]),
        ];
        for (unit, values, expected) in cases {
            assert_eq!(column(unit, values, Locale::En), expected, "{values:?}");
        }
        assert_eq!(column(AxisUnit::Bytes, &[1536.0], Locale::Fr), ["1,50\u{a0}Kio"]);
        assert!(column(AxisUnit::Number, &[], Locale::En).is_empty());
        assert_eq!(byte_unit(1e30).1, "PiB");
    }
}
