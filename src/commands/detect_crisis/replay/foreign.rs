//! An external time series: lines of `timestamp,value`.

use crate::base::clock;
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Interval of osmon's evaluation in milliseconds: between values further apart, the last one holds.
const LOOK_MS: i64 = 60_000;
/// Values this many times further apart than usual form a gap.
const GAP_FACTOR: i64 = 3;
/// Minimum length of a gap, in milliseconds.
const GAP_MS: i64 = 300_000;
/// Maximum time that a value holds, in milliseconds: two days.
const HOLD_MS: i64 = 2 * 86_400_000;
/// Maximum number of invalid lines that are named.
const NAMED: usize = 5;
/// Longest line, in bytes.
const LINE_MAX: u64 = 64 * 1024;
/// Maximum length of an invalid line in a warning, in characters.
const SHOWN_MAX: usize = 60;

/// One line of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// The time as it is written, in seconds: local time, whatever the zone. Of a number of seconds since 1970: in the
    /// zone of the host.
    local_seconds: i64,
    value: f64,
}

/// A series.
pub struct Series {
    /// In the order of time.
    pub samples: Vec<Sample>,
    bad: Vec<(usize, String)>,
    bad_count: usize,
}

/// Reads a file; `-` is standard input.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path, since: Option<DateTime<Utc>>) -> Result<Series> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("could not read {}", path.display()))?)
    };
    let mut series = parse(BufReader::new(input)).with_context(|| format!("could not read {}", path.display()))?;
    if let Some(since) = since {
        series.samples.retain(|sample| sample.time_ms >= since.timestamp_millis());
    }
    Ok(series)
}

fn parse(mut input: impl BufRead) -> io::Result<Series> {
    let mut series = Series { samples: Vec::new(), bad: Vec::new(), bad_count: 0 };
    let (mut bytes, mut number) = (Vec::new(), 0);
    loop {
        bytes.clear();
        if (&mut input).take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        number += 1;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match sample(text) {
            Some(sample) => series.samples.push(sample),
            // A header line.
            None if number == 1 && !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {}
            None => {
                series.bad_count += 1;
                if series.bad.len() < NAMED {
                    series.bad.push((number, clean(text, SHOWN_MAX)));
                }
            }
        }
    }
    series.samples.arrange_by_key(|sample| sample.time_ms);
    Ok(series)
}

fn sample(text: &str) -> Option<Sample> {
    // With another separator, a comma is the decimal separator.
    let separator = [';', '\t'].into_iter().find(|separator| text.contains(*separator)).unwrap_or(',');
    let (time, rest) = text.split_once(separator)?;
    let value = rest.split(separator).next().unwrap_or_default().trim().trim_matches('"');
    let value = if separator == ',' { value.to_string() } else { value.replacen(',', ".", 1) };
    let value: f64 = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    let (time_ms, local_seconds) = moment(time.trim().trim_matches('"'))?;
    Some(Sample { time_ms, local_seconds, value })
}

/// Parses RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC), or seconds (if large, milliseconds) since 1970. Returns the milliseconds
/// since 1970, and the local time in seconds.
fn moment(text: &str) -> Option<(i64, i64)> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some((time.timestamp_millis(), time.naive_local().and_utc().timestamp()));
    }
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    if let Some(time) = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        return Some((time.and_utc().timestamp_millis(), time.and_utc().timestamp()));
    }
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    let ms = if number >= 1e11 { number } else { number * 1e3 };
    let ms = (ms <= 2.5e14).then_some(ms.round() as i64)?;
    let time = DateTime::from_timestamp_millis(ms)?;
    Some((ms, time.timestamp() + i64::from(clock::zone_offset_seconds(time))))
}

impl Series {
    /// Problems of the file, one line each.
    pub fn complaints(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.bad.iter().map(|(number, text)| format!("line {number} is no timestamp,value: {text}")).collect();
        if self.bad_count > self.bad.len() {
            lines.push(format!("{} bad lines in all were passed over", self.bad_count));
        }
        lines
    }

    /// Calls `visit` with every value at its time, its local time in seconds, and the values with the same time before
    /// it. A value followed by a longer pause is repeated each minute, as osmon would have evaluated it: then with `None`.
    pub fn play(&self, visit: &mut dyn FnMut(DateTime<Utc>, f64, f64, Option<Vec<f64>>)) {
        let gap = self.usual_ms().saturating_mul(GAP_FACTOR).clamp(GAP_MS, HOLD_MS);
        let mut same = self.samples.chunk_by(|a, b| a.time_ms == b.time_ms).peekable();
        while let Some(samples) = same.next() {
            let Some((Sample { time_ms, local_seconds, value }, earlier)) = samples.split_last() else { continue };
            let mut earlier = Some(earlier.iter().map(|sample| sample.value).collect());
            let next = same.peek().and_then(|next| next.first()).map(|next| next.time_ms);
            let until = next.filter(|next| next - time_ms <= gap).unwrap_or(*time_ms + 1);
            let mut at = *time_ms;
            while at < until {
                if let Some(moment) = DateTime::from_timestamp_millis(at) {
                    visit(moment, *value, *local_seconds as f64, earlier.take());
                }
                at += LOOK_MS;
            }
        }
    }

    /// The median interval.
    fn usual_ms(&self) -> i64 {
        let mut distances: Vec<i64> =
            self.samples.iter().zip(self.samples.iter().skip(1)).map(|(a, b)| b.time_ms - a.time_ms).collect();
        distances.arrange();
        distances.get(distances.len() / 2).copied().unwrap_or(LOOK_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_form_of_time_and_bad_lines_are_counted() {
        let text = "\u{feff}timestamp,value\n2026-11-20T00:00:00Z,1\n2026-11-20 00:01:00,2.5\n1795132920;3,5\n1795132980000,4,more\n\"2026-11-20 00:04:00\",\"5\"\nnonsense\n2026-11-20 00:05:00,NaN\n\n# note\n2026-11-20T00:00:00Z,9\n";
        let series = parse(text.as_bytes()).unwrap();
        let begin = 1_795_132_800_000;
        let found: Vec<(i64, f64)> =
            series.samples.iter().map(|sample| ((sample.time_ms - begin) / 60_000, sample.value)).collect();
        assert_eq!(found, [(0, 1.0), (0, 9.0), (1, 2.5), (2, 3.5), (3, 4.0), (4, 5.0)]);
        assert_eq!(
            series.complaints(),
            ["line 7 is no timestamp,value: nonsense", "line 8 is no timestamp,value: 2026-11-20 00:05:00,NaN"]
        );
    }

    fn at(minute: i64, value: f64) -> Sample {
        Sample { time_ms: minute * 60_000, local_seconds: minute * 60, value }
    }

    #[test]
    fn of_values_with_the_same_time_the_last_one_counts_and_what_is_repeated_is_not_measured() {
        let samples = vec![at(0, 1.0), at(3, 2.0), at(3, 3.0), at(3, 4.0)];
        let (mut found, series) = (Vec::new(), Series { samples, bad: vec![], bad_count: 0 });
        series.play(&mut |time, value, _, earlier| found.push((time.timestamp() / 60, value as i64, earlier)));
        let repeated = |minute| (minute, 1, None);
        assert_eq!(found, [(0, 1, Some(vec![])), repeated(1), repeated(2), (3, 4, Some(vec![2.0, 3.0]))]);
    }

    #[test]
    fn local_time_is_as_it_is_written() {
        let written = moment("2014-02-14 14:27:00").unwrap();
        assert_eq!(written, (1_392_388_020_000, 1_392_388_020));
        assert_eq!(moment("2014-02-14T14:27:00+02:00").unwrap(), (1_392_380_820_000, 1_392_388_020));
        assert_eq!(moment("2014-02-14T14:27:00Z").unwrap(), written);
    }

    #[test]
    fn a_value_holds_until_the_next_but_not_over_a_gap() {
        let played = |times: &[i64]| {
            let series = Series {
                samples: times.iter().map(|time| at(*time, *time as f64)).collect(),
                bad: vec![],
                bad_count: 0,
            };
            let mut found = Vec::new();
            series.play(&mut |time, value, _, _| found.push((time.timestamp() / 60, value as i64)));
            found
        };
        assert_eq!(played(&[0, 1, 2]), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(played(&[0, 3, 6, 60]), [(0, 0), (1, 0), (2, 0), (3, 3), (4, 3), (5, 3), (6, 6), (60, 60)]);
        assert_eq!(played(&[0, 60, 120]).len(), 121);
        assert_eq!(played(&[0, 60_000_000]).len(), 2, "nothing is known of a century");
    }
}
