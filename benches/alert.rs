//! Cost of a digest of 10,000 queued alerts in one mail, compared with reading and moving the same files.
//!
//! `cargo bench --bench alert`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;
#[allow(dead_code)]
#[path = "../tests/suite/scripted_server.rs"]
mod scripted_server;

use harness::{Host, binary};
use measure::{cost, row};
use scripted_server::{Behavior, ScriptedServer};
use serde_json::json;
use std::fs;
use std::path::Path;

const ALERTS: usize = 10_000;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--measure", command @ ..] => {
            measure::measure(&command.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        ["--floor", directory] => floor(Path::new(directory)),
        _ => digest(),
    }
}

/// The floor: only reads and moves the files that a digest reads and moves.
fn floor(directory: &Path) {
    let sent = directory.join("sent");
    fs::create_dir_all(&sent).unwrap();
    let mut bytes = 0;
    for entry in fs::read_dir(directory.join("new")).unwrap().flatten() {
        bytes += fs::read(entry.path()).unwrap().len();
        fs::rename(entry.path(), sent.join(entry.file_name())).unwrap();
    }
    assert!(bytes > ALERTS * 500);
}

fn fill(outbox: &Path) {
    let _ = fs::remove_dir_all(outbox);
    fs::create_dir_all(outbox.join("new")).unwrap();
    for number in 0..ALERTS {
        let (incident, kind) = (format!("disk-{}", number / 2), if number % 2 == 0 { "fired" } else { "recovered" });
        let minute = number * 600 / ALERTS;
        let value: Vec<_> =
            (0..10).map(|at| json!({ "time": "2026-11-20T21:40:00.000Z", "value": 90.0 + f64::from(at) })).collect();
        let event = json!({
            "id": format!("{incident}.{}", number % 2 + 1), "incident": incident, "kind": kind, "severity": "critical",
            "time": format!("2026-11-20T{:02}:{:02}:00.000Z", 10 + minute / 60, minute % 60), "host": "web-01", "rule": "disk",
            "title": format!("File system /srv/{number}"), "metric": format!("disk.used_percent{{mount=\"/srv/{number}\"}}"),
            "value": 98.2, "limit": 98.0, "above": true, "since": "2026-11-20T10:00:00.000Z", "duration_seconds": 600.0,
            "evidence": { "resource": "io", "value": value, "process": [{ "name": "nginx", "user": "www-data", "io_bytes_per_second": 1e6 }] },
        });
        fs::write(outbox.join("new").join(format!("{incident}.{}-{kind}.json", number % 2 + 1)), event.to_string())
            .unwrap();
    }
}

fn digest() {
    println!("{:<58}{:>9}{:>9}{:>8}", "", "here", "limit", "ratio");
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nper_hour = 0\nper_day = 0\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
        server.port
    );
    let outbox = host.data().join("outbox");
    let own = std::env::current_exe().unwrap().display().to_string();
    let (mut here, mut floor, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        fill(&outbox);
        let command = host.command("osmon-send-alert", &[]);
        let arguments: Vec<String> = std::iter::once(binary("osmon-send-alert").to_string())
            .chain(command.get_args().map(|argument| argument.to_string_lossy().into_owned()))
            .collect();
        let (cpu, peak) = cost(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(server.arrived().len(), round + 1, "one digest");
        assert_eq!(fs::read_dir(outbox.join("sent")).unwrap().count(), ALERTS);
        here.push(cpu);
        memory.push(peak / 1024.0);
        fill(&outbox);
        floor.push(cost(&[&own, "--floor", outbox.to_str().unwrap()]).0);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (here, floor, memory) = (median(&mut here), median(&mut floor), median(&mut memory));
    row(&format!("{ALERTS} queued alerts, one digest, CPU, limit 1 s"), here, 1000.0, "ms");
    row("the same : reading and moving the files", here, floor, "ms");
    row("the same, peak memory, limit 30 MiB", memory, 30.0, "MiB");
    let size = server.arrived().last().unwrap().text.len() as f64 / 1024.0;
    println!("the digest has {size:.0} KiB");
}
