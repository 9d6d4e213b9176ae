//! Metrics as a table: a summary with a sparkline each, then rows.

use super::gap::BEGAN;
use super::recorded::{History, Track};
use super::summary::{SUMMARY, headings, rows};
use crate::alert::ended;
use crate::base::clock::{local_minute, parse};
use crate::base::sort::SmallSort;
use crate::base::text::plural;
use crate::base::units::{duration, metric_value};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, WIDTH, fold, head, row};
use crate::model::event::{EventKind, is_flag};
use crate::model::locale::Locale;
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of metrics with columns of their own; more are only summarised.
const COLUMNS_MAX: usize = 5;
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
    lines.extend(rows(history));
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
    let times: BTreeSet<i64> = tracks.iter().flat_map(|track| track.points.iter().map(|point| point.time_ms)).collect();
    let time = history.span.width(times.iter().copied()).max(5);
    let width = ((WIDTH - time) / tracks.len() - 2).min(24);
    let columns: Vec<Column> =
        std::iter::once(("TIME", time, false)).chain(tracks.iter().map(|_| ("", width, true))).collect();
    let titles = headings(tracks, width);
    let height = titles.first().map_or(0, Vec::len);
    for at in 0..height {
        let first = if at + 1 == height { "TIME" } else { "" };
        let line = titles.iter().map(|title| title.get(at).cloned().unwrap_or_default());
        let cells: Vec<String> = std::iter::once(first.to_string()).chain(line).collect();
        lines.push(out.paint(Style::Dim, &row(&columns, &cells)));
    }
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
        if event.kind == EventKind::Recovered {
            lines.push((time(&event.time), ended(event, Locale::En)));
            continue;
        }
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
    lines.arrange_by_key(|line| line.0);
    let at = |time| {
        let day = || local_minute(DateTime::from_timestamp_millis(time).unwrap_or_default());
        if history.span.step.is_days() { day() } else { history.span.write(time) }
    };
    let wrapped = lines.into_iter().flat_map(|(time, text)| fold(&format!("── {} {text}", at(time))));
    wrapped.map(|line| out.paint(Style::Warn, &line)).collect()
}
