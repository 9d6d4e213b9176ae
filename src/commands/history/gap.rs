//! Gaps in the recorded history, with their causes.

use super::span::Span;
use crate::base::clock::parse;
use crate::model::annotation::Annotation;

/// A span without samples.
pub struct Gap {
    /// Last sample before it, milliseconds since 1970.
    pub since_ms: i64,
    /// First sample after it, or the end of the span.
    pub until_ms: i64,
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

/// Longer than the usual delay between two snapshots.
const SHORTEST_MS: i64 = 150_000;

/// The gaps between samples at these times, milliseconds since 1970.
pub fn find(times: &[i64], span: &Span, marks: &[Annotation], before: Before) -> Vec<Gap> {
    let usual = usual_ms(times, span);
    let longest = if span.step.seconds().is_some() { usual } else { (usual * 5 / 2).max(SHORTEST_MS) };
    let end = span.until.timestamp_millis();
    let mut gaps: Vec<Gap> = times
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
        .filter(|(since, until)| until - since > longest + longest / 10)
        // A rolled-up point covers the span up to its end.
        .map(|(since, until)| (if span.step.seconds().is_some() { since + usual } else { since }, until))
        .map(|(since_ms, until_ms)| Gap { since_ms, until_ms, reason: reason(since_ms, until_ms, usual, marks) })
        .collect();
    let begin = span.since.timestamp_millis();
    if let Some(first) =
        times.first().filter(|first| before != Before::Unrecorded && **first - begin > longest.max(SHORTEST_MS) * 2)
    {
        let reason = match before {
            Before::FirstDay => BEGAN.to_string(),
            _ => reason(begin, *first, usual, marks),
        };
        gaps.insert(0, Gap { since_ms: begin, until_ms: *first, reason });
    }
    if let Some(last) = times.last()
        && end - last > longest.max(SHORTEST_MS) * 2
    {
        let is_now = span.until >= span.now;
        let reason = if is_now {
            "nothing since; is osmon run in your crontab?".to_string()
        } else {
            reason(*last, end, usual, marks)
        };
        gaps.push(Gap { since_ms: *last, until_ms: end, reason });
    }
    gaps
}

fn usual_ms(times: &[i64], span: &Span) -> i64 {
    if let Some(step) = span.step.seconds() {
        return i64::from(step) * 1000;
    }
    let mut distances: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).collect();
    distances.sort_unstable();
    // A few samples show the interval of osmon only when they agree; otherwise one minute is assumed.
    let agree = distances.first().zip(distances.last()).is_some_and(|(least, most)| *most <= least + least / 5);
    if distances.len() < 2 || (distances.len() < 5 && !agree) {
        return 60_000;
    }
    distances.get(distances.len() / 2).copied().unwrap_or(60_000)
}

/// The cause, from the annotations made when the gap ended.
fn reason(since_ms: i64, until_ms: i64, step_ms: i64, marks: &[Annotation]) -> String {
    // The annotating run started within the first step after the gap.
    let slack_ms = step_ms.max(120_000);
    let tells = |mark: &&Annotation| {
        let time = |text: &str| parse(text).map(|time| time.timestamp_millis());
        let ended = time(&mark.time).is_some_and(|at| at > since_ms && at <= until_ms + slack_ms);
        ended && mark.kind.explains_gap()
    };
    let texts: Vec<&str> = marks.iter().filter(tells).map(|mark| mark.text.as_str()).collect();
    if texts.is_empty() { "no reason recorded".to_string() } else { texts.join("; ") }
}
