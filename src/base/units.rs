//! Numbers and durations as people read and write them.

use std::time::Duration;

/// Bytes with a binary unit and at most three digits: `1.5 GiB`.
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

/// A number with at most three digits before it gets long: `0.42`, `3.1`, `97`, `1234`.
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

/// A span in its two largest units: `38 min`, `4 d 6 h`, `12 s`.
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

/// Reads a span as it is written in a configuration: `90s`, `5m`, `4h`, `7d`, `1h30m`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration; write for example \"90s\", \"5m\", \"4h\" or \"1h30m\"");
    let (mut total, mut digits) = (0_u64, String::new());
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let factor = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(expected()),
        };
        let value: u64 = digits.parse().map_err(|_| expected())?;
        total = value.checked_mul(factor).and_then(|part| total.checked_add(part)).ok_or_else(expected)?;
        digits.clear();
    }
    let whole = digits.is_empty() && !text.trim().is_empty();
    if whole && total <= 10 * 366 * 86_400 { Ok(Duration::from_secs(total)) } else { Err(expected()) }
}

/// Reads a size as it is written in a configuration: `500 MiB`, `1GiB`, `2 GB`, `1048576`.
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

/// A value in the unit that the end of its metric's name states, as people read it.
pub fn metric_value(metric: &str, value: f64) -> String {
    let rate = metric.ends_with("_per_second");
    let name = metric.trim_end_matches("_per_second");
    let text = if name.ends_with("_percent") {
        format!("{} %", short(value))
    } else if name.ends_with("bytes") {
        bytes(value)
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
    fn people_can_read_them() {
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
    }

    #[test]
    fn durations_in_files() {
        assert_eq!(parse_duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("0s").unwrap(), Duration::ZERO);
        for wrong in ["", "5", "m", "5x", "-5m", "99999999999999999999d", "5m5", "20000d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
