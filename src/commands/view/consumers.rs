//! Consumers as a table of 80 columns and as JSON.

use crate::base::units::{bytes, duration, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::consumers::{Consumers, Usage, ranked};
use crate::model::evidence::Resource;
use crate::model::record::round;
use serde_json::{Value, json};

/// Number of rows shown in each table.
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

/// All consumers as JSON, the highest CPU time first.
pub fn to_json(consumers: &Consumers) -> Value {
    let amounts = |usage: &Usage, names: &[(&str, &str)]| {
        let mut value = json!({
            "cpu_seconds": round(usage.cpu_seconds), "cpu_percent": consumers.cpu_percent(usage),
            "memory_bytes": usage.memory_bytes, "io_bytes": usage.io_bytes.round(), "oom_kills": usage.oom_kills,
        });
        if let Some(members) = value.as_object_mut() {
            members.extend(names.iter().map(|(key, name)| ((*key).to_string(), json!(name))));
        }
        value
    };
    let programs = ranked(&consumers.programs, Resource::Cpu);
    let processes: Vec<Value> = programs
        .into_iter()
        .map(|(program, usage)| {
            let names = [("name", &*program.name), ("user", &*program.user), ("unit", &*program.unit)];
            amounts(usage, &names)
        })
        .collect();
    let units = ranked(&consumers.units, Resource::Cpu);
    let units: Vec<Value> = units.into_iter().map(|(unit, usage)| amounts(usage, &[("unit", unit)])).collect();
    let mut unexplained = amounts(&consumers.unexplained, &[]);
    if let Some(members) = unexplained.as_object_mut() {
        members.insert("short_lived".to_string(), json!(consumers.short_lived));
    }
    json!({
        "schema": 1, "seconds": round(consumers.seconds), "process": processes, "unit": units,
        "other": amounts(&consumers.other, &[]), "unexplained": unexplained,
    })
}

/// A duration that may be less than a second.
pub fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{} s", short(seconds)) } else { duration(seconds) }
}

/// The tables for people.
pub fn render(out: &Output, heading: &str, consumers: &Consumers) -> String {
    let cells = |usage: &Usage| {
        let percent = consumers.cpu_percent(usage).map_or_else(|| "–".to_string(), short);
        vec![percent, short(usage.cpu_seconds), bytes(usage.memory_bytes), bytes(usage.io_bytes)]
    };
    let mut lines = vec![out.paint(Style::Bold, heading), String::new(), out.paint(Style::Bold, &head(PROCESS))];
    for (program, usage) in ranked(&consumers.programs, Resource::Cpu).into_iter().take(ROWS) {
        let mut cells = cells(usage);
        cells.extend([program.user.clone(), program.name.clone(), program.unit.clone()]);
        lines.push(row(PROCESS, &cells));
    }
    if consumers.other.cpu_seconds > 0.0 {
        let mut cells = cells(&consumers.other);
        cells.truncate(2);
        cells.extend(["–".to_string(), bytes(consumers.other.io_bytes)]);
        let columns: Vec<Column> = PROCESS.iter().take(4).copied().collect();
        lines.push(out.paint(Style::Dim, &format!("{}  other processes", row(&columns, &cells))));
    }
    let short_lived = if consumers.short_lived > 0.0 {
        format!(", {} short-lived tasks", consumers.short_lived)
    } else {
        String::new()
    };
    let columns: Vec<Column> = PROCESS.iter().take(3).copied().collect();
    let unexplained = row(&columns, &cells(&consumers.unexplained));
    lines.push(out.paint(Style::Dim, &format!("{unexplained}  unexplained{short_lived}")));
    if !consumers.units.is_empty() {
        lines.extend([String::new(), out.paint(Style::Bold, &head(UNIT))]);
        for (unit, usage) in ranked(&consumers.units, Resource::Cpu).into_iter().take(ROWS) {
            let mut cells = cells(usage);
            cells.extend([if usage.oom_kills > 0.0 { short(usage.oom_kills) } else { String::new() }, unit.clone()]);
            lines.push(row(UNIT, &cells));
        }
    }
    lines.join("\n")
}
