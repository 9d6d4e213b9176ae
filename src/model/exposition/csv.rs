//! CSV as in RFC 4180.

use super::number::push_number;
use super::series::{ExposedSeries, fields};
use crate::base::clock::stamp;
use crate::model::point::Point;
use chrono::DateTime;

const DAY_MS: i64 = 86_400_000;

/// A row for each time; for each series a column, or for rolled-up points three: average, minimum and maximum.
pub fn write(all: &[ExposedSeries], is_rolled: bool) -> String {
    let titles = ["avg", "min", "max"];
    let mut out = b"time".to_vec();
    for series in all {
        for title in titles.iter().take(fields(is_rolled).len()) {
            let title = if is_rolled { format!("{} {title}", series.key) } else { series.key.to_string() };
            out.push(b',');
            out.extend_from_slice(quoted(&title).as_bytes());
        }
    }
    // Each series is in order of time, so one position in each is enough.
    let mut rests: Vec<&[Point]> = all.iter().map(|series| series.points).collect();
    let mut times = Times::default();
    while let Some(time_ms) = rests.iter().filter_map(|rest| rest.first().map(|point| point.time_ms)).min() {
        out.extend_from_slice(b"\r\n");
        times.push(&mut out, time_ms);
        for rest in &mut rests {
            let point = rest.split_first().filter(|(point, _)| point.time_ms == time_ms);
            if let Some((_, after)) = point {
                *rest = after;
            }
            for (_, value) in fields(is_rolled) {
                out.push(b',');
                if let Some((point, _)) = point {
                    push_number(&mut out, value(point));
                }
            }
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Writes times as [`stamp`] does, formatting each day once.
#[derive(Default)]
struct Times {
    /// Days since 1970, and the text of the date with its `T`.
    day: Option<(i64, String)>,
}

impl Times {
    fn push(&mut self, out: &mut Vec<u8>, time_ms: i64) {
        let (day, rest) = (time_ms.div_euclid(DAY_MS), time_ms.rem_euclid(DAY_MS));
        let (_, date) = match self.day.take().filter(|(known, _)| *known == day) {
            Some(known) => self.day.insert(known),
            None => {
                let midnight = DateTime::from_timestamp_millis(day * DAY_MS).unwrap_or_default();
                self.day.insert((day, stamp(midnight).chars().take_while(|c| *c != 'T').chain(['T']).collect()))
            }
        };
        out.extend_from_slice(date.as_bytes());
        let digit = |number: i64| b'0' + (number % 10) as u8;
        for (seconds, end) in [(rest / 3_600_000, b':'), (rest / 60_000 % 60, b':'), (rest / 1000 % 60, b'.')] {
            out.extend_from_slice(&[digit(seconds / 10), digit(seconds), end]);
        }
        out.extend_from_slice(&[digit(rest / 100), digit(rest / 10), digit(rest), b'Z']);
    }
}

/// Text that holds a separator or a quote, in quotes.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::SeriesKey;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_stamps(times in proptest::collection::vec(-2_000_000_000_000_i64..4_000_000_000_000, 1..5)) {
            let (mut written, mut out) = (Times::default(), Vec::new());
            for time in times {
                out.clear();
                written.push(&mut out, time);
                prop_assert_eq!(std::str::from_utf8(&out).unwrap(), stamp(DateTime::from_timestamp_millis(time).unwrap()));
            }
        }
    }

    /// The fields of the first line as RFC 4180 says.
    fn head(text: &str) -> Vec<String> {
        let (mut fields, mut is_quoted, mut chars) = (vec![String::new()], false, text.chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                '"' if is_quoted && chars.next_if_eq(&'"').is_some() => fields.last_mut().unwrap().push('"'),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => fields.push(String::new()),
                '\r' | '\n' if !is_quoted => break,
                other => fields.last_mut().unwrap().push(other),
            }
        }
        fields
    }

    proptest! {
        #[test]
        fn every_label_is_read_back(value in "[an,= \\\\\n\r\"{}é]{0,12}") {
            let key = SeriesKey::new("disk.used_percent", vec![("mount".into(), value)]);
            let written = write(&[ExposedSeries { key: &key, points: &[Point::sample(1, 0.5)] }], false);
            prop_assert_eq!(SeriesKey::parse(&head(&written)[1]), key);
        }
    }

    #[test]
    fn a_row_for_each_time_and_nothing_where_a_series_has_no_point() {
        let keys = [SeriesKey::parse("load.one"), SeriesKey::parse("disk.used_percent{mount=\"/\"}")];
        let points = [vec![Point::sample(0, 0.5), Point::sample(60_000, 1.0)], vec![Point::sample(60_000, 61.25)]];
        let all: Vec<ExposedSeries> =
            keys.iter().zip(&points).map(|(key, points)| ExposedSeries { key, points }).collect();
        let head = "time,load.one,\"disk.used_percent{mount=\"\"/\"\"}\"";
        let rows = "1970-01-01T00:00:00.000Z,0.5,\r\n1970-01-01T00:01:00.000Z,1,61.25";
        assert_eq!(write(&all, false), format!("{head}\r\n{rows}"));
        assert!(write(&all[..1], true).starts_with("time,load.one avg,load.one min,load.one max\r\n"));
        assert!(write(&all[..1], true).ends_with(",1,1,1"));
    }
}
