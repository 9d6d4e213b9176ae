//! Gaps in the recorded history, with their causes.

use super::span::Span;
use crate::base::clock::parse;
use crate::base::sort::SmallSort;
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::pipeline::annotations;
use crate::query::periods::Row;
use crate::query::timeline::{self, Timeline};
use anyhow::Result;
use chrono::DateTime;

/// A span without samples.
pub struct Gap {
    /// Last sample before it, milliseconds since 1970.
    pub since_ms: i64,
    /// First sample after it, or the end of the span.
    pub until_ms: i64,
    /// Begin of the row before which it is shown: the gap may end within it.
    pub shown_ms: i64,
    /// The last sample before it and the first after it, which may lie outside of the span: these decide what its reason is.
    ends_ms: (i64, i64),
    /// The reason if none is among the annotations.
    otherwise: &'static str,
    /// The reason, if known.
    pub reason: String,
}

/// Records before a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Samples.
    Recorded,
    /// Nothing; recording began on the day the span begins.
    FirstDay,
    /// Nothing; recording began on a later day.
    Unrecorded,
}

/// The reason of the gap before the first sample of all.
pub const BEGAN: &str = "recording began";
/// The reason of the gap after the last sample of all.
const NOTHING_SINCE: &str = "nothing since; see osmon schedule";
const UNKNOWN: &str = "no reason recorded";
/// The annotating run started within the first minutes after the gap.
const SLACK_MS: i64 = 120_000;

/// Longer than the usual delay between two snapshots.
const SHORTEST_MS: i64 = 150_000;
/// Number of gaps of rolled-up points whose ends are searched among the samples.
const SEARCHED_MAX: usize = 20;

/// The records in and around a span.
pub struct Recorded<'a> {
    /// The periods with samples, in order; of a single sample, begin and end are its time.
    pub rows: &'a [Row],
    /// Before the span.
    pub before: Before,
    /// There are samples after the span.
    pub is_continued: bool,
    /// Usual time between samples in milliseconds.
    pub usual_ms: i64,
    /// The last sample before the span, milliseconds since 1970.
    pub last_before: &'a dyn Fn() -> Option<i64>,
    /// The first sample after the span.
    pub first_after: &'a dyn Fn() -> Option<i64>,
    /// First and last sample of a period of rolled-up points, milliseconds since 1970.
    pub samples: &'a dyn Fn(Row) -> Option<(i64, i64)>,
}

/// The gaps of a span, without their reasons.
pub fn find(span: &Span, recorded: &Recorded) -> Vec<Gap> {
    let Recorded { rows, before, .. } = *recorded;
    let longest = (recorded.usual_ms * 5 / 2).max(SHORTEST_MS);
    let (begin, end) = (span.since.timestamp_millis(), span.until.timestamp_millis());
    let gap = |since_ms: i64, until_ms: i64, shown_ms: i64| Gap {
        since_ms,
        until_ms,
        shown_ms,
        ends_ms: (since_ms, until_ms),
        otherwise: UNKNOWN,
        reason: String::new(),
    };
    // The day on which recording began may have samples before the span.
    let last_before = || (recorded.last_before)().filter(|_| before != Before::Unrecorded);
    let first_after = || (recorded.first_after)().filter(|_| recorded.is_continued);
    let is_sample = |row: &Row| row.begin_ms == row.end_ms;
    let first_of =
        |row: Row| if is_sample(&row) { None } else { (recorded.samples)(row) }.map_or(row.begin_ms, |both| both.0);
    let last_of =
        |row: Row| if is_sample(&row) { None } else { (recorded.samples)(row) }.map_or(row.end_ms, |both| both.1);
    let (Some(first), Some(last)) = (rows.first().copied(), rows.last().copied()) else {
        // Asked for a part of a gap only.
        if before == Before::Unrecorded || !recorded.is_continued {
            return Vec::new();
        }
        let (last, next) = (last_before(), first_after());
        let ends_ms = (last.unwrap_or(begin), next.unwrap_or(end));
        let is_within = before == Before::Recorded || last.is_some();
        return if is_within { vec![Gap { ends_ms, ..gap(begin, end, end) }] } else { Vec::new() };
    };
    let pairs = rows.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
    let is_gap = |(row, next): &(Row, Row)| {
        let least = if is_sample(row) || is_sample(next) { longest + longest / 10 } else { 0 };
        next.begin_ms - row.end_ms > least
    };
    let between: Vec<(Row, Row)> = pairs.filter(is_gap).collect();
    let unsearched = between.len().saturating_sub(SEARCHED_MAX);
    let mut gaps: Vec<Gap> = between
        .into_iter()
        .enumerate()
        .map(|(number, (row, next))| match number < unsearched {
            true => gap(row.end_ms, next.begin_ms, next.begin_ms),
            false => gap(last_of(row), first_of(next), next.begin_ms),
        })
        .collect();
    let (first_ms, last_ms) = (first_of(first), last_of(last));
    if before != Before::Unrecorded && first_ms - begin > longest * 2 {
        let last = last_before();
        let otherwise = if before == Before::FirstDay && last.is_none() { BEGAN } else { UNKNOWN };
        let ends_ms = (last.unwrap_or(begin), first_ms);
        gaps.insert(0, Gap { ends_ms, otherwise, ..gap(begin, first_ms, first.begin_ms) });
    }
    if end - last_ms > longest * 2 {
        let otherwise = if recorded.is_continued { UNKNOWN } else { NOTHING_SINCE };
        let ends_ms = (last_ms, first_after().unwrap_or(end));
        gaps.push(Gap { ends_ms, otherwise, ..gap(last_ms, end, end) });
    }
    gaps
}

/// Tells the gaps of a span their reasons, from the timeline of the span or, where they reach beyond it, of the gaps.
///
/// # Errors
/// When the events cannot be listed.
pub fn explain(gaps: &mut [Gap], context: &Context, span: &Span, timeline: &Timeline) -> Result<()> {
    let (begin, end) = (span.since.timestamp_millis(), span.until.timestamp_millis());
    let since = gaps.iter().map(|gap| gap.ends_ms.0).fold(begin, i64::min);
    let until = gaps.iter().map(|gap| gap.ends_ms.1 + SLACK_MS).fold(end, i64::max);
    let time = |time_ms: i64| DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    let wider = match (since, until) == (begin, end) {
        true => None,
        false => Some(timeline::read(context, time(since), time(until))?),
    };
    let known = wider.as_ref().unwrap_or(timeline);
    // A restore is recorded by the next run.
    let queued = annotations::queued(&context.store);
    let marks: Vec<&Annotation> = known.marks.iter().chain(&known.ended_later).chain(&queued).collect();
    let restores: Vec<&Annotation> =
        marks.iter().copied().filter(|mark| mark.kind == AnnotationKind::Restored).collect();
    for gap in gaps {
        let (since_ms, until_ms) = gap.ends_ms;
        let is_last = gap.otherwise == NOTHING_SINCE && span.until >= span.now;
        let told = match gap.otherwise {
            BEGAN => None,
            // Only what replaced the records explains why there are none up to now.
            _ if is_last => reason(since_ms, until_ms, &restores),
            _ => reason(since_ms, until_ms, &marks),
        };
        gap.reason = told.unwrap_or(gap.otherwise.to_string());
    }
    Ok(())
}

/// The usual time between samples at these times in milliseconds.
pub fn usual_ms(times: &[i64]) -> i64 {
    let mut distances: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
    distances.arrange();
    // A few samples show the interval of osmon only when they agree; otherwise one minute is assumed.
    let agree = distances.first().zip(distances.last()).is_some_and(|(least, most)| *most <= least + least / 5);
    if distances.len() < 2 || (distances.len() < 5 && !agree) {
        return 60_000;
    }
    distances.get(distances.len() / 2).copied().unwrap_or(60_000)
}

/// The causes: annotations of periods that overlap the gap, and those made when it ended.
fn reason(since_ms: i64, until_ms: i64, marks: &[&Annotation]) -> Option<String> {
    let tells = |mark: &&&Annotation| {
        let time = |text: &str| parse(text).map(|time| time.timestamp_millis());
        let began = mark.since.as_deref().and_then(time);
        let ended = time(&mark.time).is_some_and(|at| match began {
            Some(began) => at > since_ms && began < until_ms,
            None => at > since_ms && at <= until_ms + SLACK_MS,
        });
        ended && mark.kind.explains_gap()
    };
    let texts: Vec<&str> = marks.iter().filter(tells).map(|mark| mark.text.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}
