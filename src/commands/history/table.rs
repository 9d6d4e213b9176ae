//! Metrics as a table: a summary with a sparkline each, then rows.

use super::gap::BEGAN;
use super::recorded::{History, Track};
use crate::base::clock::{local_minute, parse};
use crate::base::text::plural;
use crate::base::units::{duration, metric_value};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, WIDTH, fold, head, row};
use crate::model::event::is_flag;
use crate::model::point::Point;
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of metrics with columns of their own; more are only summarised.
const COLUMNS_MAX: usize = 5;
const SUMMARY: &[Column] =
    &[("METRIC", 30, false), ("MIN", 9, true), ("AVERAGE", 9, true), ("MAX", 9, true), ("", 15, false)];
const SPARK: usize = 15;
const NAME: usize = 30;
const BAR: usize = 24;

pub fn render(out: &Output, history: &History) -> String {
    let heading = format!("{} · {}", out.paint(Style::Bold, &history.host), history.span.words());
    if history.tracks.is_empty() {
        // The span is a part of a gap.
        let mut lines = vec![heading, String::new()];
        lines.extend(annotation_lines(out, history, i64::MIN, i64::MAX));
        return lines.join("\n");
    }
    let mut lines = vec![heading, String::new(), out.paint(Style::Dim, &head(SUMMARY))];
    lines.extend(history.tracks.iter().map(|track| summary(history, track)));
    lines.push(String::new());
    match history.tracks.as_slice() {
        [track] => one(out, history, track, &mut lines),
        tracks if tracks.len() <= COLUMNS_MAX => several(out, history, tracks, &mut lines),
        tracks => {
            lines.extend(annotation_lines(out, history, i64::MIN, i64::MAX));
            lines.push(out.paint(
                Style::Dim,
                &format!(
                    "{}; name up to {COLUMNS_MAX} of them for rows, or use --format csv",
                    plural(tracks.len(), "metric")
                ),
            ));
        }
    }
    lines.join("\n")
}

/// Combines all points.
pub fn total(points: &[Point]) -> Option<Point> {
    let (first, rest) = points.split_first()?;
    let mut total = *first;
    rest.iter().for_each(|point| total.merge(point));
    Some(total)
}

fn summary(history: &History, track: &Track) -> String {
    let full = track.key.to_string();
    let Some(total) = total(&track.points) else { return full };
    let value = |value: f64| metric_value(&track.key.name, value);
    // The end of a long name is kept: it contains the label.
    let length = full.chars().count();
    let name = match length > NAME {
        true => format!("…{}", full.chars().skip(length - NAME + 1).collect::<String>()),
        false => full,
    };
    let cells = [name, value(total.min), value(total.avg), value(total.max), spark(history, track)];
    row(SUMMARY, &cells)
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

fn one(out: &Output, history: &History, track: &Track, lines: &mut Vec<String>) {
    let is_raw = history.span.step.seconds().is_none();
    let time = ("TIME", history.span.width(track.points.iter().map(|point| point.time_ms)).max(5), false);
    let columns: Vec<Column> = if is_raw {
        vec![time, ("VALUE", 11, true), ("", BAR, false)]
    } else {
        vec![time, ("AVERAGE", 11, true), ("MIN", 11, true), ("MAX", 11, true), ("", BAR, false)]
    };
    lines.push(out.paint(Style::Dim, &head(&columns)));
    let top = if track.key.name.ends_with("_percent") {
        100.0
    } else {
        track.points.iter().map(|point| point.avg).fold(0.0, f64::max)
    };
    let low = track.points.iter().map(|point| point.avg).fold(0.0, f64::min);
    let value = |value: f64| metric_value(&track.key.name, value);
    let mut before = i64::MIN;
    for point in &track.points {
        lines.extend(annotation_lines(out, history, before, point.time_ms));
        before = point.time_ms;
        let mut cells = vec![history.span.write(point.time_ms), value(point.avg)];
        if !is_raw {
            cells.extend([value(point.min), value(point.max)]);
        }
        cells.push(bar(point.avg, low, top));
        lines.push(row(&columns, &cells));
    }
    lines.extend(annotation_lines(out, history, before, i64::MAX));
}

/// A bar from 0 to the value; that of a negative value ends where the others begin. `low` is at most 0.
fn bar(value: f64, low: f64, top: f64) -> String {
    if top <= low {
        return String::new();
    }
    let cell = |value: f64| ((value - low) / (top - low) * BAR as f64).round().clamp(0.0, BAR as f64) as usize;
    let (from, to) = (cell(value.min(0.0)), cell(value.max(0.0)));
    format!("{}{}", " ".repeat(from), "▇".repeat(to - from))
}

fn several(out: &Output, history: &History, tracks: &[Track], lines: &mut Vec<String>) {
    let titles: Vec<String> = tracks.iter().map(|track| title(track, tracks)).collect();
    let times: BTreeSet<i64> = tracks.iter().flat_map(|track| track.points.iter().map(|point| point.time_ms)).collect();
    let time = history.span.width(times.iter().copied()).max(5);
    let width = ((WIDTH - time) / tracks.len() - 2).min(24);
    // The end of a name is more specific than its beginning.
    let tail = |text: &str| text.chars().skip(text.chars().count().saturating_sub(width)).collect::<String>();
    let titles: Vec<String> = titles.iter().map(|title| tail(title)).collect();
    let columns: Vec<Column> =
        std::iter::once(("TIME", time, false)).chain(titles.iter().map(|_| ("", width, true))).collect();
    let cells: Vec<String> = std::iter::once("TIME".to_string()).chain(titles).collect();
    lines.push(out.paint(Style::Dim, &row(&columns, &cells)));
    let by_time: Vec<BTreeMap<i64, f64>> =
        tracks.iter().map(|track| track.points.iter().map(|point| (point.time_ms, point.avg)).collect()).collect();
    let mut before = i64::MIN;
    for time in times {
        lines.extend(annotation_lines(out, history, before, time));
        before = time;
        let values = tracks.iter().zip(&by_time).map(|(track, points)| {
            points.get(&time).map_or_else(|| "–".to_string(), |value| metric_value(&track.key.name, *value))
        });
        let cells: Vec<String> = std::iter::once(history.span.write(time)).chain(values).collect();
        lines.push(row(&columns, &cells));
    }
    lines.extend(annotation_lines(out, history, before, i64::MAX));
}

/// The distinguishing part of a metric: its labels where they differ, otherwise its name.
fn title(track: &Track, tracks: &[Track]) -> String {
    let same_name = tracks.iter().all(|other| other.key.name == track.key.name);
    match track.key.labels.last() {
        Some((_, label)) if same_name => label.clone(),
        Some((_, label)) => format!("{label} {}", track.key.name.rsplit('.').next().unwrap_or_default()),
        None => track.key.name.clone(),
    }
}

/// Gaps, annotations and incidents after one time and up to another, as lines between the rows.
pub fn annotation_lines(out: &Output, history: &History, after_ms: i64, until_ms: i64) -> Vec<String> {
    let within = |time: i64| time > after_ms && time <= until_ms;
    let mut lines: Vec<(i64, String)> = Vec::new();
    for part in history.span.coarse.iter().filter(|part| within(part.begin_ms)) {
        let until = local_minute(DateTime::from_timestamp_millis(part.end_ms).unwrap_or_default());
        let step = duration(f64::from(part.tier.step_seconds()));
        lines.push((part.begin_ms, format!("by {step} until {until}: finer values have expired")));
    }
    for gap in history.gaps.iter().filter(|gap| within(gap.shown_ms)) {
        let seconds = (gap.until_ms - gap.since_ms) as f64 / 1e3;
        // The reason says how long it was.
        let is_whole = gap.reason.starts_with("No snapshot for");
        lines.push(match &*gap.reason {
            BEGAN => (gap.until_ms, BEGAN.to_string()),
            reason if is_whole => (gap.since_ms, reason.to_string()),
            reason => (gap.since_ms, format!("no data for {}: {reason}", duration(seconds))),
        });
    }
    let time = |text: &str| parse(text).map_or(0, |time| time.timestamp_millis());
    for mark in history.timeline.marks.iter().filter(|mark| within(time(&mark.time))) {
        if history.gaps.iter().any(|gap| gap.reason.contains(&mark.text)) {
            continue;
        }
        let by = mark.author.as_ref().map_or_else(String::new, |author| format!(" ({author})"));
        lines.push((time(&mark.time), format!("{}: {}{by}", mark.kind.word(), mark.text)));
    }
    for event in history.timeline.events.iter().filter(|event| within(time(&event.time))) {
        let value = match is_flag(event.metric.split('{').next().unwrap_or_default(), event.limit) {
            true => String::new(),
            false => format!(" at {}", metric_value(&event.metric, event.value)),
        };
        let (severity, kind) = (event.severity.word(), event.kind.word());
        lines.push((time(&event.time), format!("{severity} {kind}: {}{value}", event.title)));
    }
    for repair in history.repairs.iter().filter(|repair| within(time(&repair.action.since))) {
        lines.push((time(&repair.action.since), format!("repair: {}", repair.sentence().english())));
    }
    lines.sort_by_key(|line| line.0);
    let at = |time| {
        let day = || local_minute(DateTime::from_timestamp_millis(time).unwrap_or_default());
        if history.span.step.is_days() { day() } else { history.span.write(time) }
    };
    let wrapped = lines.into_iter().flat_map(|(time, text)| fold(&format!("── {} {text}", at(time))));
    wrapped.map(|line| out.paint(Style::Warn, &line)).collect()
}
