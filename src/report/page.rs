//! The page itself.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use super::tiles::{Tile, tiles};
use super::view::{
    Attention, Chart, Happened, Process, Unit, Verdict, attention, charts, processes, span, unexplained, units,
    verdict, view_box,
};
use super::{Input, happened, spark};
use crate::base::clock::{local_minute, parse, zone_name};
use crate::base::text::{clean, plural};
use crate::base::units::{duration, short};
use anyhow::Result;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'a str,
    style_hash: String,
    script: &'a str,
    script_hash: String,
    host: String,
    heading: String,
    verdict: Verdict,
    facts: String,
    taken_ms: i64,
    taken: String,
    zone: String,
    tiles: Vec<Tile>,
    spark_size: (u32, u32),
    open: Vec<Attention>,
    events: Vec<Happened>,
    span: &'static str,
    charts: Vec<Chart>,
    box_size: (u32, u32),
    processes: Vec<Process>,
    unexplained: String,
    units: Vec<Unit>,
    problems: &'a [String],
    nobody_told: bool,
    footer: String,
}

/// How many events the page lists.
const EVENTS_MAX: usize = 20;

/// The page as HTML, whole and self-contained.
///
/// # Errors
/// When a chart or the template cannot be rendered: a bug.
pub fn render(input: &Input) -> Result<String> {
    let json =
        |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let (snapshot, record) = (json(&input.snapshot), json(&input.processes));
    let taken = snapshot["time"].as_str().and_then(parse);
    let verdict = verdict(input, taken);
    let (time, words) = span(input);
    let heading = match input.open.len() {
        0 => format!("{}: {}", verdict.word, clean(&input.title, 80)),
        count => format!("{}: {}", plural(count, "problem"), clean(&input.title, 80)),
    };
    let silent = snapshot["probe"]["failed"].as_object().into_iter().flatten().filter_map(|(name, reason)| {
        let reason = reason.as_str().filter(|reason| reason.contains("did not answer"))?;
        Some(format!("Not measured: {name}: {reason}"))
    });
    let problems: Vec<String> = input.problems.iter().cloned().chain(silent).collect();
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        host: clean(&input.title, 80),
        heading,
        facts: facts(&snapshot),
        taken_ms: taken.map_or(0, |time| time.timestamp_millis()),
        taken: taken.map(local_minute).unwrap_or_default(),
        zone: zone_name(input.now),
        tiles: if snapshot.is_null() { Vec::new() } else { tiles(input, &snapshot) },
        spark_size: spark::SIZE,
        open: input.open.iter().map(|incident| attention(incident, &input.events, input.now)).collect(),
        events: happened::list(input, EVENTS_MAX),
        span: words,
        charts: charts(input, &time)?,
        box_size: view_box(),
        processes: processes(&record),
        unexplained: unexplained(&record),
        units: units(&record),
        problems: &problems,
        nobody_told: input.nobody_told,
        footer: footer(input, &snapshot),
        verdict,
    };
    Ok(page.render()?)
}

/// For the Content-Security-Policy: only this very text is allowed to act.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn facts(snapshot: &Value) -> String {
    let text = |key: &str| snapshot["system"][key].as_str().filter(|text| !text.is_empty()).map(ToString::to_string);
    let number = |path: &str| snapshot.pointer(path).and_then(Value::as_f64);
    let parts = [
        number("/uptime/seconds").map(|seconds| format!("up {}", duration(seconds))),
        text("distribution"),
        text("kernel").map(|kernel| format!("Linux {kernel}")),
        number("/cpu/cores").map(|cores| plural(cores as usize, "core")),
        number("/memory/total_bytes").map(crate::base::units::bytes),
        snapshot["session"]
            .as_array()
            .filter(|sessions| !sessions.is_empty())
            .map(|sessions| format!("{} logged in", sessions.len())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn footer(input: &Input, snapshot: &Value) -> String {
    let cost = snapshot["probe"]["cpu_ms"].as_f64().map(|ms| format!("the last probe took {} ms of CPU", short(ms)));
    let failed = snapshot["probe"]["failed"].as_object().into_iter().flatten();
    let absent: Vec<String> =
        failed.map(|(name, reason)| format!("{name}: {}", reason.as_str().unwrap_or_default())).collect();
    let remarks =
        snapshot["probe"]["remark"].as_array().into_iter().flatten().filter_map(Value::as_str).map(ToString::to_string);
    let parts = [
        Some(format!("osmon {}", env!("CARGO_PKG_VERSION"))),
        Some(format!("{} in the last 24 h", plural(input.series.len(), "snapshot"))),
        input.history_since.as_ref().map(|day| format!("history since {day}")),
        cost,
        (!absent.is_empty()).then(|| format!("not measured: {}", absent.join("; "))),
    ];
    parts.into_iter().flatten().chain(remarks).collect::<Vec<_>>().join(" · ")
}
