//! Metrics with minimum, average, maximum and a sparkline each.

use super::recorded::{History, Track};
use crate::base::text::fit;
use crate::base::units::metric_value;
use crate::cli::table::{Column, row};
use crate::model::metric::SeriesKey;
use crate::model::point::Point;

/// The columns.
pub const SUMMARY: &[Column] =
    &[("METRIC", NAME, false), ("MIN", 10, true), ("AVERAGE", 10, true), ("MAX", 10, true), ("", SPARK, false)];
const SPARK: usize = 13;
const NAME: usize = 29;

/// Rows of all series. A metric whose series do not fit by name and label stands on a line of its own, above the labels of
/// its series.
pub fn rows(history: &History) -> Vec<String> {
    let by_name = history.tracks.chunk_by(|a, b| a.key.name == b.key.name);
    by_name.flat_map(|tracks| of_metric(history, tracks)).collect()
}

fn of_metric(history: &History, tracks: &[Track]) -> Vec<String> {
    let name = tracks.first().map_or("", |track| track.key.name.as_str());
    let is_short = |track: &Track| track.key.to_string().chars().count() <= NAME;
    if tracks.iter().all(is_short) {
        return tracks.iter().map(|track| of_series(history, track, track.key.to_string())).collect();
    }
    let label = |track: &Track| match labels(&track.key) {
        label if label.is_empty() => "  all".to_string(),
        label => format!("  {label}"),
    };
    let head = std::iter::once(name.to_string());
    match tracks {
        // Without a label there is nothing to name below it.
        [only] if only.key.labels.is_empty() => vec![name.to_string(), of_series(history, only, String::new())],
        _ => head.chain(tracks.iter().map(|track| of_series(history, track, label(track)))).collect(),
    }
}

fn of_series(history: &History, track: &Track, name: String) -> String {
    let Some(total) = total(&track.points) else { return name };
    let value = |value: f64| metric_value(&track.key.name, value);
    let cells = [name, value(total.min), value(total.avg), value(total.max), spark(history, track)];
    row(SUMMARY, &cells)
}

/// The values of the labels of a series.
pub fn labels(key: &SeriesKey) -> String {
    key.labels.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
}

/// Combines all points.
pub fn total(points: &[Point]) -> Option<Point> {
    let (first, rest) = points.split_first()?;
    let mut total = *first;
    rest.iter().for_each(|point| total.merge(point));
    Some(total)
}

/// Sparkline of the highest values in the given number of columns; blank where there is no data.
fn spark(history: &History, track: &Track) -> String {
    let (since, until) = (history.span.since.timestamp_millis(), history.span.until.timestamp_millis());
    let width = (until - since).max(1);
    let mut columns = [None::<f64>; SPARK];
    for point in &track.points {
        // An hourly point fills the whole hour.
        let end = point.time_ms + i64::from(history.span.step.seconds().unwrap_or(0)) * 1000 - 1;
        let cell = |time: i64| ((time - since).clamp(0, width) as usize * SPARK / width as usize).min(SPARK - 1);
        for at in cell(point.time_ms)..=cell(end.max(point.time_ms)) {
            if let Some(column) = columns.get_mut(at) {
                *column = Some(column.map_or(point.max, |known| known.max(point.max)));
            }
        }
    }
    let known = || columns.iter().flatten().copied();
    let (low, high) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
    // A nearly constant series is drawn flat.
    let span = (high - low).max(high.abs() * 0.1).max(f64::MIN_POSITIVE);
    let bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let bar = |value: f64| bars.get(((value - low) / span * 7.0).round() as usize).copied().unwrap_or('█');
    columns.iter().map(|column| column.map_or(' ', bar)).collect()
}

/// Headings of columns that stand side by side, from the top line down: name without its section, folded at its words, and
/// below it the label; the name alone or the label alone where that tells them apart. All have the same number of lines.
pub fn headings(tracks: &[Track], width: usize) -> Vec<Vec<String>> {
    let first = tracks.first().map(|track| &track.key);
    let is_one_name = tracks.iter().all(|track| Some(&track.key.name) == first.map(|key| &key.name));
    let section = |key: &SeriesKey| key.name.split('.').next().unwrap_or_default().to_string();
    let is_one_section = tracks.iter().all(|track| Some(section(&track.key)) == first.map(section));
    let mut columns: Vec<Vec<String>> = Vec::new();
    for track in tracks {
        let label = labels(&track.key);
        let mut lines = Vec::new();
        if !is_one_name || label.is_empty() {
            let short = track.key.name.split_once('.').map_or(track.key.name.as_str(), |(_, rest)| rest);
            lines.extend(folded(if is_one_section { short } else { &track.key.name }, width));
        }
        if !label.is_empty() {
            lines.push(fit(&label, width));
        }
        columns.push(lines);
    }
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for lines in &mut columns {
        let missing = height - lines.len();
        lines.splice(0..0, std::iter::repeat_n(String::new(), missing));
    }
    columns
}

/// A name folded in front of its dots and underscores into lines of at most `width` characters.
fn folded(name: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !['.', '_'].contains(&letter) => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    for word in words {
        let word = fit(&word, width);
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() <= width => line.push_str(&word),
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_at_their_words() {
        assert_eq!(folded("received_bytes_per_second", 14), ["received_bytes", "_per_second"]);
        assert_eq!(folded("used_percent", 14), ["used_percent"]);
        assert_eq!(folded("abcdefghijkl", 5), ["abcd…"]);
    }

    #[test]
    fn columns_are_told_apart() {
        let track = |key: &str| Track { key: SeriesKey::parse(key), points: Vec::new() };
        let of = |keys: &[&str]| headings(&keys.iter().map(|key| track(key)).collect::<Vec<_>>(), 14);
        assert_eq!(of(&["disk.used_percent{mount=\"/\"}", "disk.used_percent{mount=\"/var\"}"]), [["/"], ["/var"]]);
        assert_eq!(
            of(&["network.received_bytes_per_second{interface=\"eth0\"}", "network.up{interface=\"eth0\"}"]),
            [vec!["received_bytes", "_per_second", "eth0"], vec!["", "up", "eth0"]]
        );
        assert_eq!(of(&["cpu.busy_percent", "load.one"]), [["cpu.busy", "_percent"], ["", "load.one"]]);
    }
}
