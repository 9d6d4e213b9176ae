//! Markers in the charts of a range, shared by all of them: incidents as spans with a flag, reboots, changes and notes.

use crate::base::clock::parse;
use crate::base::sort::SmallSort;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::event::Event;
use crate::model::incident::{Incident, Severity};
use crate::report::chart::layout::{PLOT, x_of};
use crate::report::chart::range_charts::RangeCharts;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

/// Flags nearer than this, in units of the backend, are one with a number.
const NEAR: i32 = 40;
/// Height of the flags of incidents, of reboots and changes, and of notes; and of the numbers above the plot.
const HEIGHTS: [u32; 3] = [PLOT.1 + 12, PLOT.1 + PLOT.3 - 14, PLOT.1 + PLOT.3 - 44];
const NUMBERS: u32 = 13;

/// An incident within a range.
struct Span {
    /// Positions of begin and end.
    x: Range<i32>,
    /// It began within the range.
    has_begin: bool,
    /// `bad`, `warn` or `plain`.
    state: &'static str,
}

/// The markers of a range as SVG: those inside the plots, and the numbers above them.
pub fn markers(events: &[Event], open: &[Incident], marks: &[Annotation], drawn: &RangeCharts) -> (String, String) {
    let time = drawn.from..drawn.to;
    let spans = spans(events, open, &time);
    let (mut out, mut numbers) = (String::new(), String::new());
    // Writing to a String cannot fail.
    for state in ["warn", "bad"] {
        let of_state = spans.iter().filter(|span| span.state == state).map(|span| span.x.clone());
        for x in union(of_state.collect()) {
            let width = x.end - x.start;
            let _ =
                write!(out, "<path class='sp al {state}' d='M{} {}h{width}v{}h-{width}z'/>", x.start, PLOT.1, PLOT.3);
        }
    }
    let mut begins: Vec<(i32, &str)> =
        spans.iter().filter(|span| span.has_begin).map(|span| (span.x.start, span.state)).collect();
    begins.arrange_by_key(|(x, state)| (*x, rank(state)));
    while let Some((first, _)) = begins.first().copied() {
        let count = begins.iter().take_while(|(x, _)| x - first < NEAR).count();
        let cluster: Vec<(i32, &str)> = begins.drain(..count).collect();
        let state = cluster.iter().map(|(_, state)| *state).min_by_key(|state| rank(state)).unwrap_or("plain");
        let (top, height, at) = (PLOT.1, PLOT.3, HEIGHTS[0]);
        let _ = write!(out, "<path class='m al {state}' d='M{first} {top}v{height}'/>");
        let _ = write!(out, "<path class='fg al {state}' d='M{first} {at}h0'/>");
        if count > 1 {
            let _ = write!(numbers, "<text class='fn al {state}' x={first} y={NUMBERS}>{count}</text>");
        }
    }
    out.push_str(&of_marks(marks, &time));
    (out, numbers)
}

fn rank(state: &str) -> usize {
    ["bad", "warn", "plain"].iter().position(|known| *known == state).unwrap_or(3)
}

/// Lines and glyphs of annotations; of several of a kind at the same place one.
fn of_marks(marks: &[Annotation], time: &Range<f64>) -> String {
    let mut places: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for mark in marks {
        let Some(seconds) = parse(&mark.time).map(|time| time.timestamp() as f64) else { continue };
        let glyph = match mark.kind {
            AnnotationKind::Note => "no",
            AnnotationKind::Reboot | AnnotationKind::PowerLoss => "rb",
            _ => "ch",
        };
        if (time.start..=time.end).contains(&seconds) {
            places.entry(glyph).or_default().insert(x_of(seconds, time) / 12 * 12);
        }
    }
    let mut out = String::new();
    for (glyph, places) in places {
        let kind = if glyph == "no" { "no" } else { "ch" };
        let at = if glyph == "no" { HEIGHTS[2] } else { HEIGHTS[1] };
        let (mut lines, mut dots) = (String::new(), String::new());
        for x in places {
            // Writing to a String cannot fail.
            let _ = write!(lines, "M{x} {}v{}", PLOT.1, PLOT.3);
            let _ = write!(dots, "M{x} {at}h0");
        }
        let line = if glyph == "rb" { "m rl" } else { "m" };
        let _ =
            write!(out, "<path class='{line} {kind} plain' d='{lines}'/><path class='g{glyph} {kind}' d='{dots}'/>");
        if glyph != "no" {
            let _ = write!(out, "<path class='gi {kind}' d='{dots}'/>");
        }
    }
    out
}

/// The incidents of a range. One without an end lasts to the end of the range.
fn spans(events: &[Event], open: &[Incident], time: &Range<f64>) -> Vec<Span> {
    struct Found {
        since: f64,
        until: Option<f64>,
        state: &'static str,
    }
    let seconds = |text: &str| parse(text).map(|time| time.timestamp() as f64);
    let state = |severity: Severity, is_information: bool| match severity {
        _ if is_information => "plain",
        Severity::Critical => "bad",
        Severity::Warning => "warn",
    };
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for incident in open {
        let since = incident.since.timestamp() as f64;
        found.insert(&incident.id, Found { since, until: None, state: state(incident.severity, incident.information) });
    }
    for event in events {
        let (Some(since), Some(at)) = (seconds(&event.since), seconds(&event.time)) else { continue };
        let worst = state(event.severity, event.information);
        let known = found.entry(&event.incident).or_insert(Found { since, until: None, state: worst });
        if rank(worst) < rank(known.state) {
            known.state = worst;
        }
        known.since = known.since.min(since);
        if event.is_over() {
            known.until = Some(at);
        }
    }
    let inside = found.into_values().filter_map(|found| {
        let until = found.until.unwrap_or(time.end).min(time.end);
        (until >= time.start && found.since <= time.end).then(|| Span {
            x: x_of(found.since.max(time.start), time)..x_of(until, time),
            has_begin: found.since >= time.start,
            state: found.state,
        })
    });
    inside.collect()
}

/// Spans without overlaps.
fn union(mut spans: Vec<Range<i32>>) -> Vec<Range<i32>> {
    spans.arrange_by_key(|span| span.start);
    let mut out: Vec<Range<i32>> = Vec::new();
    for span in spans.into_iter().filter(|span| span.end > span.start) {
        match out.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_are_tinted_once() {
        assert_eq!(union(vec![40..50, 0..10, 5..20, 20..30, 45..45]), [0..30, 40..50]);
        assert!(union(Vec::new()).is_empty());
    }
}
