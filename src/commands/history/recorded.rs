//! The recorded history of the selected metrics in a span.

use super::gap::{self, Before, Gap};
use super::samples::{ALWAYS, first_after, last_before, samples_of};
use super::span::{Span, Step};
use crate::base::clock::parse;
use crate::base::text;
use crate::context::Context;
use crate::model::exposition::series::ExposedSeries;
use crate::model::metric::{Selector, SeriesKey};
use crate::model::point::Point;
use crate::model::record::time_of;
use crate::query::actions::{self, Repair};
use crate::query::periods::{self, Request, Row};
use crate::query::timeline::{self, Timeline};
use crate::query::{clock, incidents};
use crate::store::SNAPSHOTS;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

/// A series and its points.
pub struct Track {
    /// Identity of the series.
    pub key: SeriesKey,
    /// Points in order of time.
    pub points: Vec<Point>,
}

/// The selected history.
pub struct History {
    /// Host that recorded it.
    pub host: String,
    /// Span and step.
    pub span: Span,
    /// The selected series.
    pub tracks: Vec<Track>,
    /// Spans in which nothing was recorded.
    pub gaps: Vec<Gap>,
    /// Events and annotations of the span.
    pub timeline: Timeline,
    /// Repairs of the span, the newest first.
    pub repairs: Vec<Repair>,
    /// Series of a selected name whose labels were not selected.
    pub others: Vec<SeriesKey>,
}

impl History {
    /// The finest step that is kept when all points are coarser than was asked for.
    pub fn kept_step(&self) -> Option<Step> {
        let points = || self.tracks.iter().flat_map(|track| &track.points);
        let finest = self.span.coarse.iter().map(|part| part.tier.step_seconds()).min()?;
        let is_coarse = points().all(|point| self.span.coarse_at(point.time_ms).is_some());
        (is_coarse && points().next().is_some()).then_some(Step::Seconds(finest))
    }

    /// Returns whether points are rollups rather than single samples.
    pub fn is_rolled(&self) -> bool {
        self.span.step.seconds().is_some()
    }

    /// The series in exposition form.
    pub fn exposed(&self) -> Vec<ExposedSeries<'_>> {
        self.tracks.iter().map(|track| ExposedSeries { key: &track.key, points: &track.points }).collect()
    }
}

/// Reads the selected series of a span. Damage becomes a warning.
pub fn read(context: &Context, mut span: Span, selectors: &[Selector]) -> Result<History> {
    let is_wanted =
        |name: &str| name == ALWAYS || selectors.iter().any(|selector| Selector::pattern_fits(&selector.name, name));
    let step_ms = i64::from(span.step.seconds().unwrap_or(0)) * 1000;
    let request = Request {
        is_wanted: &is_wanted,
        since: span.since,
        until: span.until,
        now: span.now,
        step_ms,
        local: &span.local,
    };
    let answer = periods::read(&context.store, &request)?;
    if let Some(place) = &answer.reading.first_damage {
        let damaged = text::plural(answer.reading.damaged, "damaged line");
        context.out.warn(&format!("{damaged} passed over, the first in {place}; osmon repair sets them aside"));
    }
    for (file, reason) in &answer.reading.unreadable {
        context.out.warn(&format!("{} could not be read: {reason}", file.display()));
    }
    let timeline = timeline::read(context, span.since, span.until)?;
    let repairs = actions::read(context, span.since, span.until, usize::MAX, &|_| true)?;
    let (mut tracks, mut times, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (key, points) in answer.points {
        if key.name == ALWAYS {
            times = points.iter().map(|point| point.time_ms).collect();
        }
        if selectors.iter().any(|selector| selector.selects(&key)) {
            tracks.push(Track { key, points });
        } else if key.name != ALWAYS {
            others.push(key);
        }
    }
    span.coarse = answer.parts.iter().filter(|part| part.is_coarse).copied().collect();
    // A part without points has no cells.
    span.utc_days = answer.parts.into_iter().filter(|part| part.tier == Tier::Days && part.cell_ms > 1).collect();
    let rows: Vec<Row> = times.iter().map(|time| row_at(&answer.rows, *time)).collect();
    let newest = context.store.last(SNAPSHOTS, context.now.wall)?;
    let newest = newest.as_deref().and_then(time_of).and_then(parse);
    let is_sampled = step_ms == 0 && span.coarse.is_empty();
    let mut gaps = gap::find(
        &span,
        &gap::Recorded {
            rows: &rows,
            before: recorded_before(context, &span)?,
            is_continued: newest.is_some_and(|newest| newest > span.until),
            usual_ms: match is_sampled {
                true => gap::usual_ms(&times),
                false => (incidents::state(context).spacing.seconds() * 1e3) as i64,
            },
            last_before: &|| last_before(&context.store, span.since),
            first_after: &|| first_after(&context.store, span.until, newest?),
            samples: &|row| samples_of(&context.store, row),
        },
    );
    gap::explain(&mut gaps, context, &span, &timeline)?;
    Ok(History { host: host(context, span.until), span, tracks, gaps, timeline, repairs, others })
}

/// The row that begins at a time; a sample has none.
fn row_at(rows: &[Row], time_ms: i64) -> Row {
    let at = rows.binary_search_by_key(&time_ms, |row| row.begin_ms).ok();
    at.and_then(|at| rows.get(at)).copied().unwrap_or(Row { begin_ms: time_ms, end_ms: time_ms })
}

/// Finds the records before the span.
fn recorded_before(context: &Context, span: &Span) -> Result<Before> {
    let month = span.since.format("%Y-%m").to_string();
    // Days under a false date are no beginning.
    let trust = clock::trust(context);
    let months = context.store.periods(Tier::Days)?.1;
    if months.iter().find(|month| trust.noticed(month).is_none()).is_some_and(|first| *first < month) {
        return Ok(Before::Recorded);
    }
    let Some(first) = clock::first_day(context)? else { return Ok(Before::Unrecorded) };
    let day = span.since.format("%F").to_string();
    if first != day {
        return Ok(if first < day { Before::Recorded } else { Before::Unrecorded });
    }
    let midnight = span.since.with_time(NaiveTime::MIN).single().unwrap_or(span.since);
    // Five-minute steps that ended before the span: single samples would be read from the records of the whole day.
    let until = span.since - TimeDelta::minutes(5);
    let query = Query { is_wanted: &|name| name == ALWAYS, since: midnight, until };
    let is_empty = context.store.points(Tier::FiveMinutes, &query)?.points.is_empty();
    Ok(if is_empty { Before::FirstDay } else { Before::Recorded })
}

/// The first sample of all, without those under a false date; the begin of its period where samples have expired.
pub fn began(context: &Context) -> Result<Option<DateTime<Utc>>> {
    let trust = clock::trust(context);
    let first = context.store.begins()?.into_iter().find(|(name, _)| trust.noticed(name).is_none());
    let Some((_, begin)) = first else { return Ok(None) };
    let until = context.now.wall.max(begin);
    let sample = first_after(&context.store, begin - TimeDelta::milliseconds(1), until);
    Ok(sample.and_then(DateTime::from_timestamp_millis).or(Some(begin)))
}

/// Name of the host that recorded the history, which may differ from this host.
fn host(context: &Context, until: DateTime<Utc>) -> String {
    #[derive(Deserialize)]
    struct Header {
        host: String,
    }
    let last = |time| context.store.last(SNAPSHOTS, time).ok().flatten();
    // Rollups hold no host name: if the snapshots have expired, the newest remaining one is used.
    let newest = last(until).or_else(|| last(context.now.wall));
    let recorded = newest.and_then(|line| serde_json::from_str::<Header>(&line).ok()).map(|header| header.host);
    recorded.unwrap_or_else(|| context.root.host_name())
}
