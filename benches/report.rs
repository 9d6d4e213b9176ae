//! What the page costs with a year of history and with a day of it, how large it is, and how much of that is packed.
//!
//! `cargo bench --bench report`. `-- --make DIR DAYS` leaves such a history behind, to be looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;
mod year;

use flate2::Compression;
use flate2::write::GzEncoder;
use harness::{Host, binary, repository};
use measure::{compare, cost, row};
use osmon::store::Store;
use osmon::store::retain::Limits;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The minute in which everything is measured.
const NOW: &str = "2026-11-20T21:40:30Z";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--measure") => return measure::measure(&arguments[1..]),
        Some("--make") => {
            let host = Host::recorded("vm");
            return make(&host, Path::new(&arguments[1]), arguments[2].parse().unwrap());
        }
        _ => {}
    }
    let host = Host::recorded("vm");
    let (year, day) = (host.path("year"), host.path("day"));
    make(&host, &year, 365);
    make(&host, &day, 1);
    let (root, year, day) = (host.root(), year.display().to_string(), day.display().to_string());
    let root = root.display().to_string();
    let command = |data: &str| -> Vec<String> {
        let parts = [binary("osmon"), "graph", "--root", &root, "--data-dir", data, "--now", NOW];
        parts.iter().map(ToString::to_string).collect()
    };
    fn borrowed(command: &[String]) -> Vec<&str> {
        command.iter().map(String::as_str).collect()
    }
    println!("{:<58}{:>9}{:>9}{:>8}", "", "here", "limit", "ratio");
    // The first of an hour draws the long ranges; days of processes are counted one by one.
    cost(&borrowed(&command(&year)));
    for kept in ["report-ranges.json", "report-days.json"] {
        fs::remove_file(Path::new(&year).join("state").join(kept)).unwrap();
    }
    let first = cost(&borrowed(&command(&year))).0;
    let (of_year, of_day) = (command(&year), command(&day));
    let [(cpu, memory), (other, _)] = compare(&borrowed(&of_year), &borrowed(&of_day));
    row("osmon graph, a year, CPU in all, limit 25 ms", cpu, 25.0, "ms");
    row("osmon graph, a year : a day of history, limit 1.05", cpu, other, "ms");
    row("osmon graph, a year, the first of an hour", first, 25.0, "ms");
    row("osmon graph, a year, peak memory : 32 MiB", memory / 1024.0, 32.0, "MiB");
    let page = fs::read_to_string(Path::new(&year).join("report.html")).unwrap();
    let charts = page.matches("<section class='b c'").count();
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(page.as_bytes()).unwrap();
    println!("the page has {charts} charts");
    row("the page, limit 320 KB with 40 charts", page.len() as f64 / 1e3, 8.0 * charts as f64, "KB");
    row(
        "the page by gzip, limit 90 KB with 40 charts",
        packed.finish().unwrap().len() as f64 / 1e3,
        2.25 * charts as f64,
        "KB",
    );
}

fn make(host: &Host, data: &Path, days: i64) {
    let archive = repository("data/sample/web-01.tar.gz").display().to_string();
    if !host.data().exists() {
        assert_eq!(host.osmon(&["restore", &archive]).code, 0);
    }
    let last = |stream: &str| -> Value {
        let line = Store::new(host.data()).last(stream, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    };
    year::make(data, days, &last("snapshots"), &last("processes"), NOW.parse().unwrap());
    let kept = Limits {
        snapshot_days: 400,
        process_days: 400,
        event_days: 0,
        five_minute_days: 9,
        hour_days: 400,
        max_bytes: 0,
        min_free_bytes: 0,
    };
    Store::new(data.to_path_buf()).retain(NOW.parse().unwrap(), &kept).unwrap();
}
