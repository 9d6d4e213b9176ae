//! InfluxDB line protocol, also accepted by VictoriaMetrics.

use super::series::{ExposedSeries, fields};
use std::fmt::Write;

/// One line for each point: the section of the metric is the measurement, the rest of its name the field; the host and
/// the labels are tags. Timestamps are nanoseconds since 1970.
pub fn write(host: &str, all: &[ExposedSeries], is_rolled: bool) -> String {
    let mut out = String::new();
    for series in all {
        let (measurement, field) = series.key.name.split_once('.').unwrap_or((series.key.name.as_str(), "value"));
        let (measurement, field) = (escaped(measurement), escaped(field));
        let labels = std::iter::once(("host", host))
            .chain(series.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        // The protocol forbids tags without a value.
        let tags: String = labels
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!(",{}={}", escaped(key), escaped(value)))
            .collect();
        for point in series.points {
            // Writing to a String cannot fail.
            let _ = write!(out, "{measurement}{tags}");
            for (at, (suffix, value)) in fields(is_rolled).iter().enumerate() {
                let _ = write!(out, "{}{field}{suffix}={}", if at == 0 { ' ' } else { ',' }, value(point));
            }
            let _ = writeln!(out, " {}", i128::from(point.time_ms) * 1_000_000);
        }
    }
    out
}

/// Escapes separators. The protocol can express neither a line end nor a backslash before a separator, and servers
/// disagree on two backslashes: a backslash that would be read as an escape, and a line end, are written as `\u{5c}` and
/// `\u{a}`, as is a text that looks like one of these. So two texts are never written alike.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            (',' | '=' | ' ', _) => out.extend(['\\', c]),
            ('\\', None | Some(',' | '=' | ' ' | '\\' | '"' | '\n' | '\r' | 'u' | 'n' | 'r' | 't' | 'f')) => {
                out.push_str("\\u{5c}");
            }
            ('\n' | '\r', _) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::SeriesKey;
    use crate::model::point::Point;
    use proptest::prelude::*;

    type Pairs = Vec<(String, String)>;

    /// Reads a line as the documentation of the protocol says: a backslash escapes a comma, an equals sign and a space;
    /// before anything else it is a backslash. Returns measurement and tags, fields, timestamp.
    fn read(line: &str) -> Option<(Pairs, String, i64)> {
        let (mut parts, mut pairs) = (vec![String::new()], Vec::new());
        let (mut is_escaped, mut end) = (false, None);
        for (at, c) in line.char_indices() {
            let part = parts.last_mut()?;
            match c {
                ',' | '=' | ' ' if is_escaped => {
                    part.pop();
                    part.push(c);
                }
                ' ' => {
                    end = Some(at);
                    break;
                }
                ',' => parts.push(String::new()),
                '=' => part.push('\u{0}'),
                _ => part.push(c),
            }
            is_escaped = c == '\\';
        }
        for part in parts {
            let (key, value) = part.split_once('\u{0}').unwrap_or((&part, ""));
            pairs.push((key.to_string(), value.to_string()));
        }
        let (fields, time) = line.get(end? + 1..)?.split_once(' ')?;
        Some((pairs, fields.to_string(), time.parse().ok()?))
    }

    /// The text behind the escapes of osmon.
    fn text(written: &str) -> String {
        let codes = [("\\u{5c}", "\u{1}"), ("\\u{a}", "\n"), ("\\u{d}", "\r")];
        codes.iter().fold(written.to_string(), |text, (code, c)| text.replace(code, c)).replace('\u{1}', "\\")
    }

    fn line(value: &str) -> String {
        let key =
            SeriesKey::new("disk.used_percent", vec![("mount".into(), value.into()), ("device".into(), "d".into())]);
        write("web", &[ExposedSeries { key: &key, points: &[Point::sample(1, 0.5)] }], false)
    }

    #[test]
    fn labels_with_backslashes_stay_apart() {
        assert_eq!(line("C:\\"), "disk,host=web,mount=C:\\u{5c},device=d used_percent=0.5 1000000\n");
        assert_eq!(line("a\\ b"), "disk,host=web,mount=a\\u{5c}\\ b,device=d used_percent=0.5 1000000\n");
        assert_eq!(line("D\\x"), "disk,host=web,mount=D\\x,device=d used_percent=0.5 1000000\n");
    }

    proptest! {
        #[test]
        fn every_label_is_read_back(value in "[an,= \\\\\n\r\"u{}5cdé]{1,12}") {
            let written = line(&value);
            prop_assert_eq!(written.lines().count(), 1);
            let (tags, fields, time) = read(written.trim_end_matches('\n')).unwrap();
            let names: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
            prop_assert_eq!(names, ["disk", "host", "mount", "device"]);
            prop_assert_eq!(text(&tags[2].1), value);
            prop_assert_eq!((tags[3].1.as_str(), fields.as_str(), time), ("d", "used_percent=0.5", 1_000_000));
        }
    }
}
