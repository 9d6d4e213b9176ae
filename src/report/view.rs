//! What the template shows, as words: no template decides anything.

use super::Input;
use super::backend::SCALE;
use super::chart::{self, Frame};
use super::charts::{CHARTS, Spec, lines};
use super::series::Point;
use crate::base::clock::{local_short, parse};
use crate::base::text::{fit, plural};
use crate::base::units::{bytes, duration, metric_value, short};
use crate::model::event::{Event, Kind, is_flag};
use crate::model::incident::{Incident, Severity};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::ops::Range;

/// The first line of the page.
pub struct Verdict {
    pub word: &'static str,
    /// `ok`, `warn`, `bad`, `unknown` or `plain`.
    pub state: &'static str,
    pub rest: String,
}

/// A problem that is open.
pub struct Attention {
    pub state: &'static str,
    pub title: String,
    pub value: String,
    pub limit: String,
    pub since: String,
    pub who: String,
    pub id: String,
}

/// Something that happened.
pub struct Happened {
    pub time: String,
    pub state: &'static str,
    pub word: &'static str,
    pub text: String,
}

/// A chart with its table.
pub struct Chart {
    pub number: usize,
    pub title: &'static str,
    pub unit: &'static str,
    pub svg: String,
    pub description: String,
    pub rows: Vec<Row>,
}

/// A line of a chart in numbers.
pub struct Row {
    pub class: usize,
    pub name: String,
    pub now: String,
    pub min: String,
    pub avg: String,
    pub max: String,
}

/// A process that used much.
pub struct Process {
    pub name: String,
    pub pid: String,
    pub user: String,
    pub unit: String,
    pub cpu: String,
    pub memory: String,
}

/// A snapshot older than this says nothing about the present, in seconds.
const STALE_SECONDS: i64 = 180;

pub fn verdict(input: &Input, taken: Option<DateTime<Utc>>) -> Verdict {
    let Some(taken) = taken else {
        return Verdict { word: "Unknown", state: "unknown", rest: "no snapshot yet".to_string() };
    };
    let age = (input.now - taken).num_seconds();
    if age > STALE_SECONDS {
        return Verdict {
            word: "Unknown",
            state: "unknown",
            rest: format!("no snapshot for {}", duration(age as f64)),
        };
    }
    let since = input.open.iter().map(|incident| incident.since).min();
    let count = plural(input.open.len(), "open problem");
    let rest =
        since.map(|since| format!("{count} since {} ({})", local_short(since, input.now), lasted(since, input.now)));
    match input.open.first().map(|incident| incident.severity) {
        None if !input.unmeasured.is_empty() => Verdict {
            word: "Unknown",
            state: "unknown",
            rest: format!("not measured: {}", input.unmeasured.join("; ")),
        },
        None => Verdict { word: "Healthy", state: "ok", rest: last_ended(input) },
        Some(Severity::Warning) => Verdict { word: "Degraded", state: "warn", rest: rest.unwrap_or_default() },
        Some(Severity::Critical) => Verdict { word: "Critical", state: "bad", rest: rest.unwrap_or_default() },
    }
}

fn lasted(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    duration((now - since).num_milliseconds() as f64 / 1e3)
}

/// "no open problems", and which was the last.
fn last_ended(input: &Input) -> String {
    let last = input.events.iter().find(|event| event.kind == Kind::Recovered);
    match last.and_then(|event| Some((event, parse(&event.time)?))) {
        Some((event, time)) => {
            format!(
                "no open problems; the last: {}, {} ago, lasted {}",
                event.title,
                lasted(time, input.now),
                duration(event.duration_seconds)
            )
        }
        None => "no open problems".to_string(),
    }
}

/// `events`: the newest first.
pub fn attention(incident: &Incident, events: &[Event], now: DateTime<Utc>) -> Attention {
    let flag = is_flag(&incident.metric, incident.limit);
    let evidence =
        events.iter().filter(|event| event.incident == incident.id).find_map(|event| event.evidence.as_ref());
    Attention {
        state: if incident.severity == Severity::Critical { "bad" } else { "warn" },
        title: incident.title.clone(),
        value: if flag { String::new() } else { metric_value(&incident.metric, incident.value) },
        limit: if flag { String::new() } else { format!("limit {}", metric_value(&incident.metric, incident.limit)) },
        since: format!(
            "since {} · {}{}",
            local_short(incident.since, now),
            lasted(incident.since, now),
            if incident.recovering { " · recovering" } else { "" }
        ),
        who: fit(&evidence.map(|evidence| evidence.who(3)).unwrap_or_default(), 200),
        id: incident.id.clone(),
    }
}

/// The span that is drawn: a day, or on a young host the shortest of some that holds all there is.
pub fn span(input: &Input) -> (Range<f64>, &'static str) {
    let end = input.now.timestamp() as f64;
    let age = input.series.first().map_or(0.0, |first| end - first);
    let spans = [
        (900.0, "15 minutes"),
        (1800.0, "30 minutes"),
        (3600.0, "1 hour"),
        (10_800.0, "3 hours"),
        (21_600.0, "6 hours"),
        (43_200.0, "12 hours"),
    ];
    let (seconds, words) = spans.into_iter().find(|(seconds, _)| age <= *seconds).unwrap_or((86_400.0, "24 hours"));
    (end - seconds..end, words)
}

/// Every chart that has something to show.
pub fn charts(input: &Input, time: &Range<f64>) -> Result<Vec<Chart>> {
    let marks = super::happened::times(input);
    let mut charts = Vec::new();
    let newest = input.series.last().unwrap_or_default();
    for spec in &CHARTS {
        let lines = lines(spec, &input.series);
        if lines.is_empty() {
            continue;
        }
        let frame =
            Frame { time: time.clone(), gap_seconds: input.series.gap_seconds(), marks: &marks, unit: spec.unit };
        let svg = chart::draw(&lines, &frame)?;
        let rows: Vec<Row> =
            lines.iter().enumerate().map(|(class, (name, points))| row(class, name, spec, points, newest)).collect();
        let description = rows
            .iter()
            .map(|row| format!("{} now {}, highest {}", row.name, row.now, row.max))
            .collect::<Vec<_>>()
            .join("; ");
        charts.push(Chart { number: charts.len(), title: spec.title, unit: unit(spec), svg, description, rows });
    }
    Ok(charts)
}

/// Width and height of a chart's drawing.
pub fn view_box() -> (u32, u32) {
    (chart::SIZE.0 * SCALE, chart::SIZE.1 * SCALE)
}

fn unit(spec: &Spec) -> &'static str {
    use super::charts::Unit;
    match spec.unit {
        Unit::Percent => "%",
        Unit::SmallPercent => "% of a minute in which somebody waited",
        Unit::BytesPerSecond => "per second",
        Unit::Number if spec.title == "Temperature" => "°C",
        Unit::Number => "",
    }
}

/// `newest`: a value older than the newest snapshot is not the present one; the thing is gone.
fn row(class: usize, name: &str, spec: &Spec, points: &[Point], newest: f64) -> Row {
    let values = || points.iter().map(|point| point.1);
    let show = |value: f64| if value.is_finite() { chart::label(spec.unit, value) } else { "–".to_string() };
    Row {
        class,
        name: fit(name, 40),
        now: show(points.last().filter(|point| point.0 >= newest).map_or(f64::NAN, |point| point.1)),
        min: show(values().fold(f64::INFINITY, f64::min)),
        avg: show(values().sum::<f64>() / points.len() as f64),
        max: show(values().fold(f64::NEG_INFINITY, f64::max)),
    }
}

/// A unit or container that used much.
pub struct Unit {
    pub name: String,
    pub kind: String,
    pub cpu: String,
    pub memory: String,
    pub io: String,
}

pub fn units(record: &Value) -> Vec<Unit> {
    let list = record["unit"].as_array().into_iter().flatten();
    let number = |unit: &Value, key: &str| unit[key].as_f64();
    let units = list.map(|unit| Unit {
        name: unit["unit"].as_str().unwrap_or_default().to_string(),
        kind: unit["kind"].as_str().unwrap_or_default().to_string(),
        cpu: number(unit, "cpu_percent").map_or_else(|| "–".to_string(), short),
        memory: number(unit, "memory_bytes").map_or_else(|| "–".to_string(), bytes),
        io: number(unit, "read_bytes_per_second")
            .map(|read| bytes(read + number(unit, "written_bytes_per_second").unwrap_or(0.0)))
            .map_or_else(|| "–".to_string(), |rate| format!("{rate}/s")),
    });
    units.collect()
}

/// What the listed processes leave over, in words.
pub fn unexplained(record: &Value) -> String {
    let part = &record["unexplained"];
    let cpu = part["cpu_percent"].as_f64().map(|cpu| format!("{} % of a core", short(cpu)));
    let lived = part["short_lived"]
        .as_f64()
        .filter(|count| *count > 0.0)
        .map(|count| format!("{count} tasks began and ended unseen"));
    let words: Vec<String> = cpu.into_iter().chain(lived).collect();
    if words.is_empty() { String::new() } else { format!("Not explained by these: {}", words.join("; ")) }
}

pub fn processes(record: &Value) -> Vec<Process> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_string();
    let list = record["process"].as_array().into_iter().flatten();
    list.map(|process| Process {
        name: text(process, "name"),
        pid: text(process, "pid"),
        user: text(process, "user"),
        unit: text(process, "unit"),
        cpu: process["cpu_percent"].as_f64().map_or_else(|| "–".to_string(), short),
        memory: process["memory_bytes"].as_f64().map_or_else(|| "–".to_string(), bytes),
    })
    .collect()
}
