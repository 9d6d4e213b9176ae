//! An external time series: lines of `timestamp,value`.

use crate::base::clock;
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

/// A series.
pub struct Series {
    /// Milliseconds since 1970 and value, in the order of time, each time once.
    pub samples: Vec<(i64, f64)>,
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
        series.samples.retain(|(time, _)| *time >= since.timestamp_millis());
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
    // Of several values with the same time the last one counts.
    series.samples.reverse();
    series.samples.sort_by_key(|(time, _)| *time);
    series.samples.dedup_by_key(|(time, _)| *time);
    Ok(series)
}

fn sample(text: &str) -> Option<(i64, f64)> {
    // With another separator, a comma is the decimal separator.
    let separator = [';', '\t'].into_iter().find(|separator| text.contains(*separator)).unwrap_or(',');
    let (time, rest) = text.split_once(separator)?;
    let value = rest.split(separator).next().unwrap_or_default().trim().trim_matches('"');
    let value = if separator == ',' { value.to_string() } else { value.replacen(',', ".", 1) };
    let value: f64 = value.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some((moment(time.trim().trim_matches('"'))?, value))
}

/// Parses RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC), or seconds (if large, milliseconds) since 1970.
fn moment(text: &str) -> Option<i64> {
    if let Some(time) = clock::parse(text) {
        return Some(time.timestamp_millis());
    }
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    if let Some(time) = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        return Some(time.and_utc().timestamp_millis());
    }
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    let ms = if number >= 1e11 { number } else { number * 1e3 };
    let ms = (ms <= 2.5e14).then_some(ms.round() as i64)?;
    DateTime::from_timestamp_millis(ms).map(|_| ms)
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

    /// Calls `visit` with every value at its time; a value followed by a longer pause is repeated each minute, as osmon
    /// would have evaluated it.
    pub fn play(&self, visit: &mut dyn FnMut(DateTime<Utc>, f64)) {
        let gap = self.usual_ms().saturating_mul(GAP_FACTOR).clamp(GAP_MS, HOLD_MS);
        let next = self.samples.iter().skip(1).map(|(time, _)| Some(*time)).chain([None]);
        for ((time, value), next) in self.samples.iter().zip(next) {
            let until = next.filter(|next| next - time <= gap).unwrap_or(*time + 1);
            let mut at = *time;
            while at < until {
                if let Some(moment) = DateTime::from_timestamp_millis(at) {
                    visit(moment, *value);
                }
                at += LOOK_MS;
            }
        }
    }

    /// The median interval.
    fn usual_ms(&self) -> i64 {
        let mut distances: Vec<i64> =
            self.samples.iter().zip(self.samples.iter().skip(1)).map(|(a, b)| b.0 - a.0).collect();
        distances.sort_unstable();
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
            series.samples.iter().map(|(time, value)| ((time - begin) / 60_000, *value)).collect();
        assert_eq!(found, [(0, 9.0), (1, 2.5), (2, 3.5), (3, 4.0), (4, 5.0)]);
        assert_eq!(
            series.complaints(),
            ["line 7 is no timestamp,value: nonsense", "line 8 is no timestamp,value: 2026-11-20 00:05:00,NaN"]
        );
    }

    #[test]
    fn a_value_holds_until_the_next_but_not_over_a_gap() {
        let played = |times: &[i64]| {
            let series = Series {
                samples: times.iter().map(|time| (time * 60_000, *time as f64)).collect(),
                bad: vec![],
                bad_count: 0,
            };
            let mut found = Vec::new();
            series.play(&mut |time, value| found.push((time.timestamp() / 60, value as i64)));
            found
        };
        assert_eq!(played(&[0, 1, 2]), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(played(&[0, 3, 6, 60]), [(0, 0), (1, 0), (2, 0), (3, 3), (4, 3), (5, 3), (6, 6), (60, 60)]);
        assert_eq!(played(&[0, 60, 120]).len(), 121);
        assert_eq!(played(&[0, 60_000_000]).len(), 2, "nothing is known of a century");
    }
}
