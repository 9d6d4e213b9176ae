//! Formats and parses sizes, durations and metric values.

use std::time::Duration;

/// Formats bytes with a binary unit and three significant digits: `1.5 GiB`.
pub fn bytes(value: f64) -> String {
    let mut scaled = value;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if scaled.abs() < 1023.5 {
            break;
        }
        scaled /= 1024.0;
        unit = next;
    }
    format!("{} {unit}", short(scaled))
}

/// Formats bits with a decimal unit and three significant digits: `10 Gbit`.
pub fn bits(value: f64) -> String {
    let (mut scaled, mut unit) = (value, "bit");
    for next in ["kbit", "Mbit", "Gbit", "Tbit"] {
        if scaled.abs() < 999.5 {
            break;
        }
        scaled /= 1000.0;
        unit = next;
    }
    format!("{} {unit}", short(scaled))
}

/// Formats a number with three significant digits, more only for large integers: `0.42`, `3.1`, `97`, `1234`.
pub fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 99.95 || size == 0.0 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// Formats seconds in their two largest units: `38 min`, `4 d 6 h`, `12 s`. Negative and non-finite ones are `0 s`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "0 s".to_string();
    }
    let total = seconds.round() as u64;
    let parts = [(total / 86_400, "d"), (total / 3600 % 24, "h"), (total / 60 % 60, "min")];
    let mut rest = parts.iter().skip_while(|(count, _)| *count == 0);
    let Some((count, unit)) = rest.next() else { return format!("{} s", total % 60) };
    match rest.next() {
        Some((next, next_unit)) if *next > 0 => format!("{count} {unit} {next} {next_unit}"),
        _ => format!("{count} {unit}"),
    }
}

/// Longest duration that is accepted, in seconds: ten years.
const DURATION_MAX: u64 = 10 * 366 * 86_400;

/// Parses a duration: `90s`, `5m`, `1h30m`, `1.5 h`, `2 weeks`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration; write for example \"90s\", \"5m\", \"4h\" or \"1h30m\"");
    // humantime reads M as months, too easily meant as minutes in a rule, and panics where seconds overflow.
    let is_long = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 10);
    if is_long || text.contains('M') {
        return Err(expected());
    }
    let span = humantime::parse_duration(text.trim()).map_err(|_| expected())?;
    if span.as_secs() <= DURATION_MAX { Ok(span) } else { Err(expected()) }
}

/// Parses a size in bytes: `500 MiB`, `1GiB`, `2 GB`, `1048576`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let expected = || format!("{text:?} is not a size; write for example \"500 MiB\" or \"1 GiB\"");
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        _ => return Err(expected()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(expected)
}

/// Formats a value in the unit that the suffix of its metric's name states: `_percent`, `bytes`, `_seconds`,
/// `_per_second`.
pub fn metric_value(metric: &str, value: f64) -> String {
    let rate = metric.ends_with("_per_second");
    let name = metric.trim_end_matches("_per_second");
    let text = if name.ends_with("_percent") {
        format!("{} %", short(value))
    } else if name.ends_with("bytes") {
        bytes(value)
    } else if rate && name.ends_with("_bits") {
        bits(value)
    } else if name.ends_with("_seconds") {
        duration(value)
    } else {
        short(value)
    };
    if rate { format!("{text}/s") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_formatted_with_three_digits() {
        let cases = [
            (0.0, "0 B"),
            (1023.0, "1023 B"),
            (1024.0, "1 KiB"),
            (1_610_612_736.0, "1.5 GiB"),
            (1023.9 * 1024.0, "1 MiB"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
        let cases = [
            (0.4, "0 s"),
            (12.0, "12 s"),
            (90.0, "1 min"),
            (2280.0, "38 min"),
            (367_200.0, "4 d 6 h"),
            (3600.0, "1 h"),
            (-5.0, "0 s"),
            (f64::NAN, "0 s"),
        ];
        for (value, text) in cases {
            assert_eq!(duration(value), text);
        }
        assert_eq!(metric_value("cpu.busy_percent", 97.25), "97.2 %");
        assert_eq!(metric_value("network.received_bytes_per_second", 2048.0), "2 KiB/s");
        assert_eq!(metric_value("load.one", 0.42), "0.42");
        assert_eq!(metric_value("network.speed_bits_per_second", 1e10), "10 Gbit/s");
        assert_eq!(metric_value("entropy.available_bits", 256.0), "256");
        assert_eq!((bits(999.4).as_str(), bits(999.6).as_str()), ("999 bit", "1 kbit"));
    }

    #[test]
    fn durations_are_parsed() {
        assert_eq!(parse_duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("0s").unwrap(), Duration::ZERO);
        assert_eq!(parse_duration(" 1 h 30 min ").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("2 weeks").unwrap(), Duration::from_secs(14 * 86_400));
        for wrong in
            ["", "5", "m", "5x", "-5m", "99999999999999999999d", "5m5", "20000d", "5M", "18446744073709551615s1s"]
        {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
