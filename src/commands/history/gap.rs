//! Gaps in the recorded history, with their causes.

use super::span::Span;
use crate::base::clock::parse;
use crate::model::annotation::Annotation;
use crate::query::periods::Row;

/// A span without samples.
pub struct Gap {
    /// Last sample before it, milliseconds since 1970.
    pub since_ms: i64,
    /// First sample after it, or the end of the span.
    pub until_ms: i64,
    /// Begin of the row before which it is shown: the gap may end within it.
    pub shown_ms: i64,
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
const NOTHING_SINCE: &str = "nothing since; is osmon run in your crontab?";
const UNKNOWN: &str = "no reason recorded";

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
    /// Annotations of the span, and of periods that overlap it.
    pub marks: &'a [&'a Annotation],
    /// First and last sample of a period of rolled-up points, milliseconds since 1970.
    pub samples: &'a dyn Fn(Row) -> Option<(i64, i64)>,
}

/// The gaps of a span.
pub fn find(span: &Span, recorded: &Recorded) -> Vec<Gap> {
    let Recorded { rows, before, marks, .. } = *recorded;
    let longest = (recorded.usual_ms * 5 / 2).max(SHORTEST_MS);
    let (begin, end) = (span.since.timestamp_millis(), span.until.timestamp_millis());
    let gap = |since_ms: i64, until_ms: i64, shown_ms: i64| Gap {
        since_ms,
        until_ms,
        shown_ms,
        reason: reason(since_ms, until_ms, marks),
    };
    let is_sample = |row: &Row| row.begin_ms == row.end_ms;
    let first_of =
        |row: Row| if is_sample(&row) { None } else { (recorded.samples)(row) }.map_or(row.begin_ms, |both| both.0);
    let last_of =
        |row: Row| if is_sample(&row) { None } else { (recorded.samples)(row) }.map_or(row.end_ms, |both| both.1);
    let (Some(first), Some(last)) = (rows.first().copied(), rows.last().copied()) else {
        // Asked for a part of a gap only.
        let is_within = before == Before::Recorded && recorded.is_continued;
        return if is_within { vec![gap(begin, end, end)] } else { Vec::new() };
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
        let head = gap(begin, first_ms, first.begin_ms);
        let reason = if before == Before::FirstDay { BEGAN.to_string() } else { head.reason };
        gaps.insert(0, Gap { reason, ..head });
    }
    if end - last_ms > longest * 2 {
        let tail = gap(last_ms, end, end);
        let is_unknown = tail.reason == UNKNOWN || span.until >= span.now;
        let reason = if recorded.is_continued || !is_unknown { tail.reason } else { NOTHING_SINCE.to_string() };
        gaps.push(Gap { reason, ..tail });
    }
    gaps
}

/// The usual time between samples at these times in milliseconds.
pub fn usual_ms(times: &[i64]) -> i64 {
    let mut distances: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
    distances.sort_unstable();
    // A few samples show the interval of osmon only when they agree; otherwise one minute is assumed.
    let agree = distances.first().zip(distances.last()).is_some_and(|(least, most)| *most <= least + least / 5);
    if distances.len() < 2 || (distances.len() < 5 && !agree) {
        return 60_000;
    }
    distances.get(distances.len() / 2).copied().unwrap_or(60_000)
}

/// The causes: annotations of periods that overlap the gap, and those made when it ended.
fn reason(since_ms: i64, until_ms: i64, marks: &[&Annotation]) -> String {
    // The annotating run started within the first minutes after the gap.
    let slack_ms = 120_000;
    let tells = |mark: &&&Annotation| {
        let time = |text: &str| parse(text).map(|time| time.timestamp_millis());
        let began = mark.since.as_deref().and_then(time);
        let ended = time(&mark.time).is_some_and(|at| match began {
            Some(began) => at > since_ms && began < until_ms,
            None => at > since_ms && at <= until_ms + slack_ms,
        });
        ended && mark.kind.explains_gap()
    };
    let texts: Vec<&str> = marks.iter().filter(tells).map(|mark| mark.text.as_str()).collect();
    if texts.is_empty() { UNKNOWN.to_string() } else { texts.join("; ") }
}
