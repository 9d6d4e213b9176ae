//! Cost of years of history, as ratios to sysstat, rrdtool and gzip measured in the same run.
//!
//! `cargo bench --bench history`. A peer is skipped if it is not installed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;
mod year;

use harness::{Host, binary, repository};
use measure::{compare, installed, row};
use osmon::store::retain::used_bytes;
use osmon::store::{SNAPSHOTS, Store};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The open day at the time of the measurements.
const NOW: &str = "2026-11-20T21:40:30Z";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--measure") {
        return measure::measure(&arguments[1..]);
    }
    let host = Host::recorded("vm");
    let (snapshot, processes) = sample(&host);
    let begun = Instant::now();
    let (year, day) = (host.path("year"), host.path("day"));
    year::make(&year, 365, &snapshot, &processes, NOW.parse().unwrap());
    println!("a year of history was made in {:.0} s", begun.elapsed().as_secs_f64());
    year::make(&day, 1, &snapshot, &processes, NOW.parse().unwrap());
    for data in [&year, &day] {
        year::keep(data, NOW.parse().unwrap());
    }
    println!("{:<58}{:>9}{:>9}{:>8}", "", "here", "other", "ratio");
    // First: the runs below all happen in the same minute, and their snapshots would be findings.
    verify(&year);
    size(&year);
    replay(&host, &year);
    run(&host, &year, &day);
    raw_day(&host, &year);
    year_by_hours(&host, &year);
}

/// The last records of the sample data.
fn sample(host: &Host) -> (Value, Value) {
    let archive = repository("data/sample/web-01.tar.gz").display().to_string();
    assert_eq!(host.osmon(&["restore", &archive]).code, 0);
    let last = |stream: &str| {
        let store = Store::new(host.data());
        let line = store.last(stream, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    };
    (last("snapshots"), last("processes"))
}

fn osmon<'a>(data: &'a str, root: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&[binary("osmon")], arguments, &["--root", root, "--data-dir", data, "--now", NOW]].concat()
}

fn run(host: &Host, year: &Path, day: &Path) {
    let root = host.root().display().to_string();
    let (year, day) = (year.display().to_string(), day.display().to_string());
    let (of_year, of_day) = (osmon(&year, &root, &["run", "-v"]), osmon(&day, &root, &["run", "-v"]));
    let [(cpu, memory), (other, _)] = compare(&of_year, &of_day);
    row("osmon run, a year : a day of history, limit 1.05", cpu, other, "ms");
    row("osmon run, a year, peak memory : 64 MiB", memory / 1024.0, 64.0, "MiB");
    let (rrd, picture) = (host.path("year.rrd"), host.path("chart.png").display().to_string());
    if !measure::year_of_minutes(&rrd, &["RRA:AVERAGE:0.5:1:525600"]) {
        println!("rrdtool is not installed: osmon run is not compared with it");
        return;
    }
    let line = format!("DEF:a={}:v:AVERAGE", rrd.display());
    let graph = ["rrdtool", "graph", &picture, "--start", "1763683200", "--end", "1795219200", "--width", "600"];
    let graph = [&graph[..], &["--height", "170", &line, "LINE1:a#0000ff"]].concat();
    let [(cpu, _), (other, _)] = compare(&of_year, &graph);
    row("osmon run, a year : rrdtool graph of a year, limit 0.5", cpu, other, "ms");
}

fn size(year: &Path) {
    let sealed: u64 = fs::read_dir(year.join(SNAPSHOTS))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".gz"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    row("bytes of a sealed snapshot, limit 400", sealed as f64 / (365.0 * 1440.0), 400.0, "B");
    row("a year on the disk, limit 350 MB", used_bytes(year) as f64 / 1e6, 350.0, "MB");
}

/// Replays the rules over a year of minutes, by wall time because it reads in several threads. The floor is gzip, which
/// inflates the same days in one thread.
fn replay(host: &Host, year: &Path) {
    let (root, data) = (host.root().display().to_string(), year.display().to_string());
    let replay = osmon(&data, &root, &["detect-crisis", "--dry-run", "--since", "366d"]);
    let inflate = format!("gzip -dc {data}/snapshots/*.gz | wc -c");
    let seconds = |command: &[&str]| {
        let begun = Instant::now();
        assert!(Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).status().unwrap().success());
        begun.elapsed().as_secs_f64()
    };
    let (here, floor) = (seconds(&replay), seconds(&["sh", "-c", &inflate]));
    row("replay of a year through the rules, limit 60 s", here, 60.0, "s");
    row("replay of a year : gzip -d of its days", here, floor, "s");
}

/// A day of samples of one metric, against sadf on a day of sysstat's file.
fn raw_day(host: &Host, year: &Path) {
    let (root, data) = (host.root().display().to_string(), year.display().to_string());
    let here = osmon(&data, &root, &["history", "cpu.busy_percent", "--since", "1d"]);
    let file = host.path("sa").display().to_string();
    // sadc takes its times from the clock: 1,440 samples of one second take as much work to read.
    let sadc = "/usr/lib/sysstat/sadc";
    if !Path::new(sadc).exists() || !installed("sadf") {
        println!("sysstat is not installed: osmon history is not compared with sadf");
        return;
    }
    let made = day_of_sysstat(sadc, &file);
    let [(cpu, memory), (other, _)] = compare(&here, &["sadf", "-j", &file, "--", "-u"]);
    row(&format!("history of a day : sadf -j -- -u of {made} samples, limit 0.3"), cpu, other, "ms");
    let [(cpu, _), (other, _)] = compare(&here, &["sadf", "-j", &file, "--", "-A"]);
    row(&format!("history of a day : sadf -j -- -A of {made} samples"), cpu, other, "ms");
    row("history of a day, peak memory : 20 MiB", memory / 1024.0, 20.0, "MiB");
}

/// A file of 1,440 samples: sadc is started once per sample, as by cron.
fn day_of_sysstat(sadc: &str, file: &str) -> usize {
    for _ in 0..1440 {
        let status = Command::new(sadc).args(["-S", "XALL", "1", "1", file]).stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
    }
    1440
}

fn year_by_hours(host: &Host, year: &Path) {
    let (root, data) = (host.root().display().to_string(), year.display().to_string());
    let asked = ["history", "cpu.busy_percent", "--since", "1y", "--step", "1h", "--format", "csv"];
    let here = osmon(&data, &root, &asked);
    let rrd = host.path("hours.rrd");
    let archives =
        ["RRA:AVERAGE:0.5:60:8800", "RRA:MIN:0.5:60:8800", "RRA:MAX:0.5:60:8800", "RRA:AVERAGE:0.5:1:525600"];
    if !measure::year_of_minutes(&rrd, &archives) {
        println!("rrdtool is not installed: a year by hours is not compared with it");
        return;
    }
    let rrd = rrd.display().to_string();
    // The hourly output of history takes three calls of rrdtool.
    let fetch = |step: &str, of: &str| format!("rrdtool fetch {rrd} {of} -r {step} -s 1763683200 -e 1795219200");
    let three = format!("{}; {}; {}", fetch("3600", "AVERAGE"), fetch("3600", "MIN"), fetch("3600", "MAX"));
    let [(cpu, memory), (other, _)] = compare(&here, &["sh", "-c", &three]);
    row("a year by hours : rrdtool fetch of AVERAGE, MIN and MAX, limit 1", cpu, other, "ms");
    let [(cpu, _), (other, _)] = compare(&here, &["sh", "-c", &fetch("3600", "AVERAGE")]);
    row("a year by hours : rrdtool fetch of AVERAGE alone", cpu, other, "ms");
    let [(cpu, _), (other, _)] = compare(&here, &["sh", "-c", &fetch("60", "AVERAGE")]);
    row("a year by hours : rrdtool fetch of a year by minutes", cpu, other, "ms");
    row("a year by hours, peak memory : 20 MiB", memory / 1024.0, 20.0, "MiB");
}

/// Verifies every file, against zcat of the sealed ones; the limit is twice its time.
fn verify(year: &Path) {
    let data = year.display().to_string();
    let here = [binary("osmon"), "verify", "--data-dir", &data, "--now", NOW];
    let files = format!("find {data} -name '*.gz' -print0 | xargs -0 zcat");
    let (cpu, memory) = measure::cost(&here);
    let (other, _) = measure::cost(&["sh", "-c", &files]);
    row("osmon verify of a year : zcat of the same files, limit 2", cpu, other, "ms");
    row("osmon verify, peak memory : 20 MiB", memory / 1024.0, 20.0, "MiB");
}
