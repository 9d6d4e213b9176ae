//! What processes and units used, added up over records, and shown in 80 columns.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::base::units::{bytes, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::record::round;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many rows are shown.
const ROWS: usize = 15;

const PROCESS: &[Column] = &[
    ("CPU %", 6, true),
    ("CPU s", 7, true),
    ("Memory", 9, true),
    ("Disk I/O", 9, true),
    ("User", 9, false),
    ("Process", 15, false),
    ("Unit", 13, false),
];
const UNIT: &[Column] = &[
    ("CPU %", 6, true),
    ("CPU s", 7, true),
    ("Memory", 9, true),
    ("Disk I/O", 9, true),
    ("OOM", 4, true),
    ("Unit", 35, false),
];

/// What one process name or unit used.
#[derive(Debug, Default, Clone)]
struct Used {
    cpu_seconds: f64,
    memory_bytes: f64,
    io_bytes: f64,
    oom_kills: f64,
}

/// What everybody used over some records.
#[derive(Debug, Default)]
pub struct Usage {
    seconds: f64,
    /// By name, user and unit: pids differ, the culprit is the same.
    processes: BTreeMap<(String, String, String), Used>,
    units: BTreeMap<String, Used>,
    unexplained: Used,
    short_lived: f64,
}

impl Usage {
    /// Adds one record of the `processes` stream.
    pub fn add(&mut self, record: &Value) {
        let seconds = record["interval_seconds"].as_f64().unwrap_or(0.0);
        self.seconds += seconds;
        let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_string();
        // One name may stand several times in a record: its memory there is the sum, over records the highest sum.
        let mut memory: BTreeMap<(String, String, String), f64> = BTreeMap::new();
        for item in record["process"].as_array().into_iter().flatten() {
            let key = (text(item, "name"), text(item, "user"), text(item, "unit"));
            *memory.entry(key.clone()).or_default() += item["memory_bytes"].as_f64().unwrap_or(0.0);
            add(self.processes.entry(key).or_default(), item, seconds);
        }
        for (key, bytes) in memory {
            let used = self.processes.entry(key).or_default();
            used.memory_bytes = used.memory_bytes.max(bytes);
        }
        for item in record["unit"].as_array().into_iter().flatten() {
            let used = self.units.entry(text(item, "unit")).or_default();
            add(used, item, seconds);
            used.memory_bytes = used.memory_bytes.max(item["memory_bytes"].as_f64().unwrap_or(0.0));
        }
        add(&mut self.unexplained, &record["unexplained"], seconds);
        let memory = record["unexplained"]["memory_bytes"].as_f64().unwrap_or(0.0);
        self.unexplained.memory_bytes = self.unexplained.memory_bytes.max(memory);
        self.short_lived += record["unexplained"]["short_lived"].as_f64().unwrap_or(0.0);
    }

    /// How much time the records are over, in seconds.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Whether there was no record.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// All of it as JSON.
    pub fn to_json(&self) -> Value {
        let one = |used: &Used| json!({ "cpu_seconds": round(used.cpu_seconds), "cpu_percent": self.percent(used), "memory_bytes": used.memory_bytes, "io_bytes": used.io_bytes.round(), "oom_kills": used.oom_kills });
        let with = |mut value: Value, names: &[(&str, &str)]| {
            for (key, name) in names {
                value[*key] = json!(name);
            }
            value
        };
        let processes = sorted(&self.processes)
            .into_iter()
            .map(|((name, user, unit), used)| with(one(used), &[("name", name), ("user", user), ("unit", unit)]));
        let units = sorted(&self.units).into_iter().map(|(unit, used)| with(one(used), &[("unit", unit)]));
        let mut unexplained = one(&self.unexplained);
        unexplained["short_lived"] = json!(self.short_lived);
        json!({ "schema": 1, "seconds": round(self.seconds), "process": processes.collect::<Vec<_>>(), "unit": units.collect::<Vec<_>>(), "unexplained": unexplained })
    }

    /// Of one core, over all the records; `None` where they have no rates.
    fn percent(&self, used: &Used) -> Option<f64> {
        (self.seconds > 0.0).then(|| round(used.cpu_seconds / self.seconds * 100.0))
    }

    fn cells(&self, used: &Used) -> Vec<String> {
        let percent = self.percent(used).map_or_else(|| "–".to_string(), short);
        vec![percent, short(used.cpu_seconds), bytes(used.memory_bytes), bytes(used.io_bytes)]
    }
}

fn add(used: &mut Used, item: &Value, seconds: f64) {
    let number = |key: &str| item[key].as_f64().unwrap_or(0.0);
    used.cpu_seconds += number("cpu_percent") / 100.0 * seconds;
    used.io_bytes += (number("read_bytes_per_second") + number("written_bytes_per_second")) * seconds;
    used.oom_kills += number("oom_kills");
}

fn sorted<K>(all: &BTreeMap<K, Used>) -> Vec<(&K, &Used)> {
    let mut order: Vec<_> = all.iter().collect();
    order.sort_by(|a, b| {
        b.1.cpu_seconds.total_cmp(&a.1.cpu_seconds).then(b.1.memory_bytes.total_cmp(&a.1.memory_bytes))
    });
    order
}

/// A span that may be less than a second.
pub fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{} s", short(seconds)) } else { crate::base::units::duration(seconds) }
}

/// The table for people.
pub fn render(out: &Output, heading: &str, usage: &Usage) -> String {
    let mut lines = vec![out.paint(Style::Bold, heading), String::new(), out.paint(Style::Bold, &head(PROCESS))];
    for ((name, user, unit), used) in sorted(&usage.processes).into_iter().take(ROWS) {
        let mut cells = usage.cells(used);
        cells.extend([user.clone(), name.clone(), unit.clone()]);
        lines.push(row(PROCESS, &cells));
    }
    let short_lived =
        if usage.short_lived > 0.0 { format!(", {} short-lived tasks", usage.short_lived) } else { String::new() };
    let cells = usage.cells(&usage.unexplained);
    let columns: Vec<Column> = PROCESS.iter().take(3).copied().collect();
    lines.push(out.paint(Style::Dim, &format!("{}  unexplained{short_lived}", row(&columns, &cells))));
    if !usage.units.is_empty() {
        lines.extend([String::new(), out.paint(Style::Bold, &head(UNIT))]);
        for (unit, used) in sorted(&usage.units).into_iter().take(ROWS) {
            let mut cells = usage.cells(used);
            cells.extend([if used.oom_kills > 0.0 { short(used.oom_kills) } else { String::new() }, unit.clone()]);
            lines.push(row(UNIT, &cells));
        }
    }
    lines.join("\n")
}
