//! A snapshot as a table of 80 columns, the most important values first.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

mod components;
mod summary;
mod view;

use super::beyond::Beyond;
use crate::base::clock::{local_short, parse};
use crate::base::text::{fit, plural};
use crate::base::units::{duration, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::snapshot::Snapshot;
use serde_json::Value;
use view::{View, percent, plain, size, text};

/// The whole table for a snapshot and its processes, both as JSON, and its values beyond limits.
pub fn render(out: &Output, snapshot: &str, processes: &str, beyond: &[Beyond]) -> String {
    let parse_json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (snapshot, processes) = (parse_json(snapshot), parse_json(processes));
    let view = View { out, snapshot: &snapshot, beyond };
    let mut blocks = vec![format!("{}\n{}", summary::heading(&view), summary::verdict(&view)), summary::summary(&view)];
    blocks.push(view.list("disk", "File system", DISK, |disk| {
        let inodes = disk.get("inodes_used_percent").and_then(Value::as_f64).map(short).unwrap_or_default();
        let state = if disk["read_only"] == true { READ_ONLY } else { "" };
        vec![
            format!("{}{state}", text(disk, "mount")),
            percent(disk, "used_percent"),
            size(disk, "used_bytes"),
            size(disk, "available_bytes"),
            size(disk, "total_bytes"),
            inodes,
        ]
    }));
    blocks.push(view.list("disk_io", "Disk", DISK_IO, |disk| {
        vec![
            text(disk, "device"),
            percent(disk, "busy_percent"),
            size(disk, "read_bytes_per_second"),
            size(disk, "written_bytes_per_second"),
            plain(disk, "reads_per_second"),
            plain(disk, "writes_per_second"),
        ]
    }));
    blocks.push(view.list("network", "Interface", NETWORK, |net| {
        vec![
            text(net, "interface"),
            size(net, "received_bytes_per_second"),
            size(net, "sent_bytes_per_second"),
            plain(net, "errors_per_second"),
            plain(net, "dropped_per_second"),
        ]
    }));
    blocks.push(components::table(&view));
    blocks.push(view.processes(&processes));
    blocks.push(view.list("session", "Logged in", SESSION, |session| {
        let since = parse(&text(session, "since"))
            .zip(parse(&text(&snapshot, "time")))
            .map(|(since, now)| local_short(since, now));
        let idle = session["idle_seconds"].as_f64().map(duration).unwrap_or_default();
        vec![text(session, "user"), text(session, "terminal"), text(session, "from"), since.unwrap_or_default(), idle]
    }));
    blocks.push(view.remarks());
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n")
}

const DISK: &[Column] = &[
    ("", 34, false),
    ("Used %", 6, true),
    ("Used", 8, true),
    ("Free", 8, true),
    ("Size", 8, true),
    ("Inodes", 6, true),
];
const DISK_IO: &[Column] = &[
    ("", 28, false),
    ("Busy %", 6, true),
    ("Read/s", 9, true),
    ("Write/s", 9, true),
    ("Reads", 7, true),
    ("Writes", 7, true),
];
const NETWORK: &[Column] =
    &[("", 28, false), ("Received/s", 11, true), ("Sent/s", 11, true), ("Errors/s", 8, true), ("Drops/s", 8, true)];
const SESSION: &[Column] =
    &[("", 16, false), ("Terminal", 10, false), ("From", 20, false), ("Since", 16, false), ("Idle", 10, true)];
const PROCESS: &[Column] = &[
    ("CPU %", 6, true),
    ("Memory", 9, true),
    ("PID", 8, true),
    ("User", 12, false),
    ("Process", 16, false),
    ("Unit", 19, false),
];

/// Behind the name of a file system that is mounted read-only.
const READ_ONLY: &str = " (read-only)";
/// Maximum number of rows of one kind.
const ROWS: usize = 20;

impl View<'_> {
    fn list(
        &self,
        section: &str,
        title: &'static str,
        columns: &[Column],
        cells: impl Fn(&Value) -> Vec<String>,
    ) -> String {
        let items = self.snapshot[section].as_array().into_iter().flatten();
        let rows: Vec<String> = items
            .map(|item| {
                let cells = cells(item);
                let style = cells.first().and_then(|name| self.style(section, name.trim_end_matches(READ_ONLY)));
                self.painted(style, &row(columns, &cells))
            })
            .collect();
        if rows.is_empty() {
            return String::new();
        }
        let more = rows.len().saturating_sub(ROWS);
        let more = if more > 0 { format!("\n… and {more} more: osmon probe --json") } else { String::new() };
        let rows = rows.get(..ROWS).unwrap_or(&rows).join("\n");
        let mut named = columns.to_vec();
        if let Some(first) = named.first_mut() {
            first.0 = title;
        }
        format!("{}\n{rows}{more}", self.out.paint(Style::Bold, &head(&named)))
    }

    fn processes(&self, processes: &Value) -> String {
        let count = |name: &str| self.number(&format!("/process/{name}")).unwrap_or_default();
        let others: Vec<String> = ["running", "blocked", "stopped", "zombies"]
            .into_iter()
            .filter(|name| count(name) > 0.0)
            .map(|name| format!("{} {name}", count(name)))
            .collect();
        let all = self
            .number("/process/total")
            .map_or_else(|| "Visible processes".to_string(), |all| counted(all, "process"));
        let total = format!("{all} ({})", [others, vec![counted(count("threads"), "thread")]].concat().join(", "));
        let rows = processes["process"].as_array().into_iter().flatten().map(|process| {
            row(
                PROCESS,
                &[
                    percent(process, "cpu_percent"),
                    size(process, "memory_bytes"),
                    text(process, "pid"),
                    text(process, "user"),
                    text(process, "name"),
                    text(process, "unit"),
                ],
            )
        });
        let left = processes["unexplained"]["cpu_percent"].as_f64();
        let left = left.map(|cpu| {
            self.out.paint(Style::Dim, &format!("{:>6}  unexplained: used by none of these; see osmon top", short(cpu)))
        });
        let lines: Vec<String> =
            [total, self.out.paint(Style::Bold, &head(PROCESS))].into_iter().chain(rows).chain(left).collect();
        lines.join("\n")
    }

    fn remarks(&self) -> String {
        let remarks = self.snapshot["probe"]["remark"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(ToString::to_string);
        let failed = self.snapshot["probe"]["failed"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, reason)| format!("{name}: {}", reason.as_str().unwrap_or_default()));
        let lines: Vec<String> =
            remarks.chain(failed).map(|line| self.out.paint(Style::Dim, &self.out.fold("note: ", &line))).collect();
        lines.join("\n")
    }
}

/// `1 process`, `387 processes`, `2 threads`.
fn counted(count: f64, word: &str) -> String {
    match word {
        "process" if count != 1.0 => format!("{count} processes"),
        _ => plural(count as usize, word),
    }
}

/// A snapshot in one line: `CPU 12 %, memory 57 %, fullest disk / 61 %, load 0.42, 387 processes`.
pub fn one_line(snapshot: &Snapshot) -> String {
    let percent = |name: &str| snapshot.value(name).map(short);
    let disks = snapshot.values("disk.used_percent").filter_map(|(labels, value)| Some((labels.first()?, value)));
    let fullest = disks.max_by(|a, b| a.1.total_cmp(&b.1));
    let parts = [
        percent("cpu.busy_percent").map(|value| format!("CPU {value} %")),
        percent("memory.used_percent").map(|value| format!("memory {value} %")),
        fullest.map(|((_, mount), value)| format!("{} {} %", fit(mount, 20), short(value))),
        percent("load.one").map(|value| format!("load {value}")),
        snapshot.value("process.total").map(|value| counted(value, "process")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
