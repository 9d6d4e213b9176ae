//! A snapshot as a table of 80 columns, the most important values first.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::base::clock::{local_minute, local_short, parse, zone_name};
use crate::base::text::{fit, plural};
use crate::base::units::{bytes, duration, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::snapshot::Snapshot;
use serde_json::Value;

/// The whole table for a snapshot and its processes, both as JSON.
pub fn render(out: &Output, snapshot: &str, processes: &str) -> String {
    let parse_json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (snapshot, processes) = (parse_json(snapshot), parse_json(processes));
    let view = View { out, snapshot: &snapshot };
    let mut blocks = vec![view.heading(), view.summary()];
    blocks.push(view.list("disk", "File system", DISK, |disk| {
        let inodes = disk.get("inodes_used_percent").and_then(Value::as_f64).map(short).unwrap_or_default();
        let state = if disk["read_only"] == true { " (read-only)" } else { "" };
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

/// Maximum number of rows of one kind.
const ROWS: usize = 20;

struct View<'a> {
    out: &'a Output,
    snapshot: &'a Value,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_string()
}
fn percent(value: &Value, key: &str) -> String {
    value[key].as_f64().map(short).unwrap_or_else(|| "–".to_string())
}
fn plain(value: &Value, key: &str) -> String {
    percent(value, key)
}
fn size(value: &Value, key: &str) -> String {
    value[key].as_f64().map(bytes).unwrap_or_else(|| "–".to_string())
}

impl View<'_> {
    fn number(&self, path: &str) -> Option<f64> {
        self.snapshot.pointer(path).and_then(Value::as_f64)
    }

    fn heading(&self) -> String {
        let time = parse(&text(self.snapshot, "time"));
        let uptime = self.number("/uptime/seconds").map(|seconds| format!("up {}", duration(seconds)));
        let cores = self.number("/cpu/cores").map(|cores| plural(cores as usize, "core"));
        let parts = [
            time.map(|time| format!("{} {}", local_minute(time), zone_name(time))),
            uptime,
            cores,
            Some(text(&self.snapshot["system"], "distribution")).filter(|name| !name.is_empty()),
        ];
        let host = self.out.paint(Style::Bold, &text(self.snapshot, "host"));
        format!("{host}   {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    fn summary(&self) -> String {
        let share =
            |name: &str| self.number(&format!("/cpu/{name}_percent")).map(|value| format!("{name} {}", short(value)));
        let mut lines = Vec::new();
        let mut line = |name: &str, value: String, rest: String| {
            lines.push(format!("{name:<10}{value:>9}   {rest}").trim_end().to_string());
        };
        let shares: Vec<String> = ["user", "system", "iowait", "steal"].into_iter().filter_map(share).collect();
        line("CPU", self.percent("/cpu/busy_percent"), shares.join("  "));
        let load: Vec<String> = ["one", "five", "fifteen"]
            .iter()
            .filter_map(|name| self.number(&format!("/load/{name}")))
            .map(short)
            .collect();
        line(
            "Load",
            self.number("/load/one_per_core").map(short).unwrap_or_default(),
            match self.snapshot.pointer("/load/of") {
                Some(_) => format!("of the whole host: {} over 1, 5, 15 min", load.join(", ")),
                None => format!("per core; {} over 1, 5, 15 min", load.join(", ")),
            },
        );
        if let Some(total) = self.number("/memory/total_bytes") {
            let get = |name: &str| self.number(&format!("/memory/{name}")).map_or_else(|| "–".to_string(), bytes);
            let huge = self.number("/memory/huge_pages_bytes").filter(|huge| *huge > 0.0);
            let huge = huge.map(|huge| format!(", {} in huge pages", bytes(huge))).unwrap_or_default();
            line(
                "Memory",
                self.percent("/memory/used_percent"),
                format!("{} of {}, {} available{huge}", get("used_bytes"), bytes(total), get("available_bytes")),
            );
        }
        if let Some(total) = self.number("/swap/total_bytes") {
            line(
                "Swap",
                self.percent("/swap/used_percent"),
                self.number("/swap/used_bytes")
                    .map_or_else(|| bytes(total), |used| format!("{} of {}", bytes(used), bytes(total))),
            );
        }
        let stall = |name: &str| {
            self.number(&format!("/pressure/{name}/some_avg10_percent")).map(|value| format!("{name} {}", short(value)))
        };
        let stalls: Vec<String> = ["cpu", "memory", "io"].into_iter().filter_map(stall).collect();
        if !stalls.is_empty() {
            line("Pressure", String::new(), format!("{}   % of 10 s spent waiting", stalls.join("  ")));
        }
        if let Some(services) = self.number("/systemd/services") {
            line("Services", short(services), self.troubled());
        }
        if let Some((celsius, sensor)) = self.hottest() {
            line("Hottest", format!("{} °C", short(celsius)), sensor);
        }
        lines.join("\n")
    }

    /// Services that failed or restart in a loop.
    fn troubled(&self) -> String {
        let services = self.snapshot["service"].as_array().into_iter().flatten();
        let failed: Vec<String> = services
            .filter(|service| service["failed"] == true)
            .map(|service| format!("{} ({})", text(service, "service"), text(service, "state")))
            .collect();
        if failed.is_empty() { "none failed".to_string() } else { fit(&format!("failed: {}", failed.join(", ")), 56) }
    }

    fn hottest(&self) -> Option<(f64, String)> {
        let sensors = self.snapshot["temperature"].as_array().into_iter().flatten();
        let values = sensors.filter_map(|sensor| Some((sensor["celsius"].as_f64()?, text(sensor, "sensor"))));
        values.max_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn percent(&self, path: &str) -> String {
        self.number(path).map_or_else(|| "–".to_string(), |value| format!("{} %", short(value)))
    }

    fn list(
        &self,
        section: &str,
        title: &'static str,
        columns: &[Column],
        cells: impl Fn(&Value) -> Vec<String>,
    ) -> String {
        let rows: Vec<String> =
            self.snapshot[section].as_array().into_iter().flatten().map(|item| row(columns, &cells(item))).collect();
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
            .map_or_else(|| "Visible processes".to_string(), |all| format!("{all} processes"));
        let total = format!("{all} ({})", [others, vec![format!("{} threads", count("threads"))]].concat().join(", "));
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
            self.out.paint(
                Style::Dim,
                &format!("{:>6}  of a core is used by none of these: osmon top says more", short(cpu)),
            )
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
            remarks.chain(failed).map(|line| self.out.paint(Style::Dim, &format!("note: {line}"))).collect();
        lines.join("\n")
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
        snapshot.value("process.total").map(|value| format!("{value} processes")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
