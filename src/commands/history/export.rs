//! History as one JSON object.

use super::recorded::History;
use crate::base::clock::stamp;
use crate::model::annotation::Annotation;
use crate::model::event::Event;
use crate::model::point::Point;
use crate::query::actions::Repair;
use anyhow::Result;
use chrono::DateTime;
use serde::Serialize;
use serde_json::{Map, Value};

fn time(time_ms: i64) -> String {
    stamp(DateTime::from_timestamp_millis(time_ms).unwrap_or_default())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    host: &'a str,
    since: String,
    until: String,
    /// Seconds between points; `null` for single samples.
    step_seconds: Option<u32>,
    metric: Vec<Metric<'a>>,
    gap: Vec<GapOut<'a>>,
    /// Parts of which finer values have expired.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coarser: Vec<Coarser>,
    mark: &'a [Annotation],
    event: &'a [Event],
    action: Vec<Value>,
}

#[derive(Serialize)]
struct Coarser {
    since: String,
    until: String,
    step_seconds: u32,
}

#[derive(Serialize)]
struct Metric<'a> {
    name: &'a str,
    labels: Map<String, Value>,
    point: Vec<Out>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Out {
    Sample { time: String, value: f64 },
    Rolled { time: String, min: f64, avg: f64, max: f64, count: u32 },
}

#[derive(Serialize)]
struct GapOut<'a> {
    since: String,
    until: String,
    seconds: f64,
    reason: &'a str,
}

pub fn json(history: &History) -> Result<String> {
    let is_raw = history.span.step.seconds().is_none();
    let point = |point: &Point| match is_raw && history.span.coarse_at(point.time_ms).is_none() {
        true => Out::Sample { time: time(point.time_ms), value: point.avg },
        false => {
            let Point { min, avg, max, count, .. } = *point;
            Out::Rolled { time: time(point.time_ms), min, avg, max, count }
        }
    };
    let metric = history.tracks.iter().map(|track| Metric {
        name: &track.key.name,
        labels: track.key.labels.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect(),
        point: track.points.iter().map(point).collect(),
    });
    let gap = history.gaps.iter().map(|gap| GapOut {
        since: time(gap.since_ms),
        until: time(gap.until_ms),
        seconds: (gap.until_ms - gap.since_ms) as f64 / 1e3,
        reason: &gap.reason,
    });
    let coarser = history.span.coarse.iter().map(|part| Coarser {
        since: time(part.begin_ms),
        until: time(part.end_ms),
        step_seconds: part.tier.step_seconds(),
    });
    Ok(serde_json::to_string(&Document {
        schema: 1,
        host: &history.host,
        since: stamp(history.span.since),
        until: stamp(history.span.until),
        step_seconds: history.span.step.seconds(),
        metric: metric.collect(),
        gap: gap.collect(),
        coarser: coarser.collect(),
        mark: &history.timeline.marks,
        event: &history.timeline.events,
        action: history.repairs.iter().rev().map(Repair::to_json).collect(),
    })?)
}
