//! The tiles: the six numbers one looks at first.

use super::Input;
use super::series::Point;
use super::spark;
use crate::base::text::{fit, plural};
use crate::base::units::{bytes, short};
use crate::model::incident::Severity;
use serde_json::Value;

/// One tile.
pub struct Tile {
    pub label: String,
    pub value: String,
    pub unit: &'static str,
    pub note: String,
    /// `ok`, `warn` or `bad`.
    pub state: &'static str,
    pub spark: String,
}

/// The tiles for the newest snapshot; none without one.
pub fn tiles(input: &Input, snapshot: &Value) -> Vec<Tile> {
    let end = input.now.timestamp() as f64;
    let number = |path: &str| snapshot.pointer(path).and_then(Value::as_f64);
    let percent = |path: &str| number(path).map_or_else(|| "–".to_string(), short);
    let tile = |label: &str, value: String, unit, note: String, metrics: &[&str], points: &[Point]| Tile {
        label: label.to_string(),
        value,
        unit,
        note,
        state: state(input, metrics),
        spark: spark::path(points, end),
    };
    let mut tiles = vec![tile(
        "CPU",
        percent("/cpu/busy_percent"),
        "%",
        format!(
            "{}, {} % I/O wait",
            plural(number("/cpu/cores").unwrap_or(1.0) as usize, "core"),
            percent("/cpu/iowait_percent")
        ),
        &["cpu."],
        input.series.host("cpu.busy_percent"),
    )];
    if let Some(total) = number("/memory/total_bytes") {
        let used = number("/memory/used_bytes").unwrap_or_default();
        let note = format!("{} of {}", bytes(used), bytes(total));
        tiles.push(tile(
            "Memory",
            percent("/memory/used_percent"),
            "%",
            note,
            &["memory.", "swap."],
            input.series.host("memory.used_percent"),
        ));
    }
    let disks = snapshot["disk"].as_array().into_iter().flatten();
    if let Some((used, disk)) =
        disks.filter_map(|disk| Some((disk["used_percent"].as_f64()?, disk))).max_by(|a, b| a.0.total_cmp(&b.0))
    {
        let mount = disk["mount"].as_str().unwrap_or_default();
        let points = input
            .series
            .of("disk.used_percent")
            .find(|(label, _)| *label == mount)
            .map_or(&[] as &[Point], |(_, points)| points);
        let free = format!("{} free", bytes(disk["available_bytes"].as_f64().unwrap_or_default()));
        tiles.push(tile(&format!("Disk {}", fit(mount, 24)), short(used), "%", free, &["disk."], points));
    }
    let load = format!("{} in all", percent("/load/one"));
    tiles.push(tile(
        "Load per core",
        percent("/load/one_per_core"),
        "",
        load,
        &["load."],
        input.series.host("load.one_per_core"),
    ));
    let stalls = [("CPU", "cpu"), ("Memory", "memory"), ("I/O", "io")];
    let worst = stalls
        .iter()
        .filter_map(|(name, key)| Some((number(&format!("/pressure/{key}/some_avg60_percent"))?, *name, *key)));
    if let Some((value, name, key)) = worst.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let points = input.series.host(match key {
            "cpu" => "pressure.cpu.some_avg60_percent",
            "memory" => "pressure.memory.some_avg60_percent",
            _ => "pressure.io.some_avg60_percent",
        });
        tiles.push(tile(
            &format!("{name} pressure"),
            short(value),
            "%",
            "of the last minute waiting".to_string(),
            &["pressure."],
            points,
        ));
    }
    let note = format!(
        "{} running, {}",
        percent("/process/running"),
        plural(number("/process/zombies").unwrap_or(0.0) as usize, "zombie")
    );
    tiles.push(tile(
        "Processes",
        percent("/process/total"),
        "",
        note,
        &["process."],
        input.series.host("process.total"),
    ));
    tiles
}

/// How bad the open incidents of these metrics are.
fn state(input: &Input, metrics: &[&str]) -> &'static str {
    let open = input.open.iter().filter(|incident| metrics.iter().any(|prefix| incident.metric.starts_with(prefix)));
    match open.map(|incident| incident.severity).max() {
        None => "ok",
        Some(Severity::Warning) => "warn",
        Some(Severity::Critical) => "bad",
    }
}
