//! The recorded history of the selected metrics in a span.

use super::gap::{self, Before, Gap};
use super::span::Span;
use crate::base::text;
use crate::context::Context;
use crate::model::exposition::series::ExposedSeries;
use crate::model::metric::{Selector, SeriesKey};
use crate::model::point::Point;
use crate::query::timeline::{self, Timeline};
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
    /// Series of a selected name whose labels were not selected.
    pub others: Vec<SeriesKey>,
}

impl History {
    /// Time of the first point in milliseconds since 1970.
    pub fn first_ms(&self) -> i64 {
        let firsts = self.tracks.iter().filter_map(|track| track.points.first());
        firsts.map(|point| point.time_ms).min().unwrap_or(i64::MAX)
    }

    /// Returns whether the first point is more than 90 minutes later than `since`.
    pub fn begins_late(&self, since: DateTime<Utc>) -> bool {
        self.first_ms() > since.timestamp_millis().saturating_add(5_400_000)
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

/// A metric of every snapshot: its times are the times of snapshots.
const ALWAYS: &str = "probe.cpu_ms";

/// Reads the selected series of a span. Damage becomes a warning.
pub fn read(context: &Context, span: Span, selectors: &[Selector]) -> Result<History> {
    let is_wanted =
        |name: &str| name == ALWAYS || selectors.iter().any(|selector| Selector::pattern_fits(&selector.name, name));
    let tier = span.step.tier(span.since, span.now);
    let answer = context.store.points(tier, &Query { is_wanted: &is_wanted, since: span.since, until: span.until })?;
    if let Some(place) = &answer.reading.first_damage {
        let damaged = text::plural(answer.reading.damaged, "damaged line");
        context.out.warn(&format!("{damaged} passed over, the first in {place}; osmon repair sets them aside"));
    }
    for (file, reason) in &answer.reading.unreadable {
        context.out.warn(&format!("{} could not be read: {reason}", file.display()));
    }
    let timeline = timeline::read(context, span.since, span.until)?;
    let (mut tracks, mut times, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (key, points) in answer.points {
        let points = span.step.group(points);
        if key.name == ALWAYS {
            times = points.iter().map(|point| point.time_ms).collect();
        }
        if selectors.iter().any(|selector| selector.selects(&key)) {
            tracks.push(Track { key, points });
        } else if key.name != ALWAYS {
            others.push(key);
        }
    }
    let gaps = gap::find(&times, &span, &timeline.marks, recorded_before(context, &span)?);
    Ok(History { host: host(context, span.until), span, tracks, gaps, timeline, others })
}

/// Finds the records before the span.
fn recorded_before(context: &Context, span: &Span) -> Result<Before> {
    let Some(first) = context.store.first_day(SNAPSHOTS)? else { return Ok(Before::Unrecorded) };
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
