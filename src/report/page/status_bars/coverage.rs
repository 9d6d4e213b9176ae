//! Recorded time: spans, and how much of each was recorded.

use crate::base::sort::SmallSort;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Days as `2026-11-20`, UTC.
pub type Days = BTreeSet<String>;

/// Time that a sample stands for, in seconds.
const SAMPLE_SECONDS: f64 = 60.0;

/// A span and how much of it was recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Begin, Unix time in seconds.
    pub begin: i64,
    /// End, Unix time in seconds: an hour later, or a day where hours are no longer kept.
    pub end: i64,
    /// Recorded part, in seconds.
    pub seconds: f64,
}

impl Span {
    /// A span of `length` seconds with a number of samples, one a minute.
    pub fn of(begin: i64, length: i64, samples: u32) -> Self {
        Self { begin, end: begin + length, seconds: (f64::from(samples) * SAMPLE_SECONDS).min(length as f64) }
    }
}

/// Spans in chronological order, without overlaps.
#[derive(Debug, Clone, Default)]
pub struct Coverage(Vec<Span>);

impl Coverage {
    /// From spans in any order.
    pub fn new(mut spans: Vec<Span>) -> Self {
        spans.arrange_by_key(|span| span.begin);
        Self(spans)
    }

    /// Returns whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Begin of the first span, Unix time in seconds.
    pub fn begin(&self) -> Option<i64> {
        self.0.first().map(|span| span.begin)
    }

    /// The spans that begin on these days.
    pub fn of_days(&self, days: &Days) -> Self {
        let day = |span: &Span| DateTime::from_timestamp(span.begin, 0).map(|time| time.format("%Y-%m-%d").to_string());
        Self(self.0.iter().filter(|span| day(span).is_some_and(|day| days.contains(&day))).copied().collect())
    }

    /// The spans between two times; a span that exceeds them counts in proportion.
    pub fn between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Span> {
        let (from, until) = (from.timestamp(), until.timestamp());
        let first = self.0.partition_point(|span| span.end <= from);
        let spans = self.0.get(first..).unwrap_or_default().iter().take_while(|span| span.begin < until);
        let part = |span: &Span| {
            let (begin, end) = (span.begin.max(from), span.end.min(until));
            let share = (end - begin) as f64 / (span.end - span.begin).max(1) as f64;
            Span { begin, end, seconds: span.seconds * share }
        };
        spans.map(part).filter(|part| part.seconds > 0.0).collect()
    }
}
