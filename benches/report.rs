//! Cost of the page with a year and with a day of history, its size, and its packed size.
//!
//! `cargo bench --bench report`. `-- --make DIR DAYS` leaves such a history behind for inspection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;
mod year;

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use harness::{Host, binary, repository};
use measure::{cost, row};
use osmon::base::clock::own_cpu_ms;
use osmon::crisis::State;
use osmon::model::locale::Locale;
use osmon::model::suppression::Suppressions;
use osmon::query::health::Health;
use osmon::query::notified::Notified;
use osmon::report::chart::chart_catalog::page_metrics;
use osmon::report::chart::limits::Limits;
use osmon::report::chart::range::{RANGES, Range};
use osmon::report::chart::range_charts::{Setting, draw};
use osmon::report::chart::series::{ALWAYS, Point, Series};
use osmon::report::page::data::PageData;
use osmon::report::page::options::PageOptions;
use osmon::report::page::outlook::Outlook;
use osmon::report::page::render::render;
use osmon::store::Store;
use osmon::store::block::{self, group};
use osmon::store::line::seal;
use osmon::store::query::Query;
use osmon::store::tier::Tier;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The minute of the measurements, and the end of the hour before the hours measured minute by minute.
const NOW: &str = "2026-11-20T21:40:30Z";
const BEFORE: &str = "2026-11-20T21:59:30Z";
/// Number of times the page is made in each of those minutes.
const TIMES: usize = 5;
/// Number of times two programs are run in turn.
const PAIRS: usize = 41;
/// Number of times a page is rendered.
const RENDERED: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--measure") => return measure::measure(&arguments[1..]),
        Some("--make") => {
            let host = Host::recorded("vm");
            return make(&host, Path::new(&arguments[1]), arguments[2].parse().unwrap(), NOW);
        }
        _ => {}
    }
    let host = Host::recorded("vm");
    let (year, day) = (host.path("year"), host.path("day"));
    make(&host, &year, 365, NOW);
    make(&host, &day, 1, NOW);
    let (of_year, of_day) = (graph(&host, &year, NOW), graph(&host, &day, NOW));
    println!("{:<58}{:>9}{:>9}{:>8}", "", "here", "limit", "ratio");
    let first = cost(&borrowed(&of_year)).0;
    // Consumers of days without rollups are rolled up by runs with no other work.
    let mut fills = 0;
    while is_behind(&year) && fills < 6000 {
        cost(&borrowed(&of_year));
        fills += 1;
    }
    cost(&borrowed(&of_day));
    let [(cpu, memory), (other, _)] = least(&borrowed(&of_year), &borrowed(&of_day));
    row("osmon graph, a year, CPU in all, limit 25 ms", cpu, 25.0, "ms");
    row("osmon graph, a year : a day of history, limit 1.05", cpu, other, "ms");
    row("data gathered to HTML text, 5 ranges, limit 8 ms", rendered(&year), 8.0, "ms");
    row("osmon graph, a year, peak memory : 32 MiB", memory / 1024.0, 32.0, "MiB");
    size(&fs::read_to_string(year.join("report.html")).unwrap());
    hours(&host, &year);
    println!("the very first page of a history of a year: {first:.0} ms; its processes were counted by {fills} runs");
}

/// Minimum CPU time and memory of two programs run in turn: other programs on this machine only increase both.
fn least(a: &[&str], b: &[&str]) -> [(f64, f64); 2] {
    let (mut first, mut second) = ((f64::INFINITY, f64::INFINITY), (f64::INFINITY, f64::INFINITY));
    for _ in 0..PAIRS {
        for (least, command) in [(&mut first, a), (&mut second, b)] {
            let (cpu, memory) = cost(command);
            *least = (least.0.min(cpu), least.1.min(memory));
        }
    }
    [first, second]
}

fn graph(host: &Host, data: &Path, now: &str) -> Vec<String> {
    let (root, data) = (host.root().display().to_string(), data.display().to_string());
    let parts = [binary("osmon"), "graph", "--root", &root, "--data-dir", &data, "--now", now];
    parts.iter().map(ToString::to_string).collect()
}

fn borrowed(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

fn is_behind(data: &Path) -> bool {
    !fs::read_to_string(data.join("rollups/progress.json")).unwrap().contains("\"fill_before\":\"\"")
}

fn size(page: &str) {
    let charts = page.matches("<section class='b c'").count();
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
    packed.write_all(page.as_bytes()).unwrap();
    println!("the page has {charts} charts");
    row("the page, limit 320 KB however many charts", page.len() as f64 / 1e3, 320.0, "KB");
    row("the page by gzip, limit 90 KB", packed.finish().unwrap().len() as f64 / 1e3, 90.0, "KB");
}

/// Every minute from the end of an hour on, across midnight too, to find the most expensive page. Each is made several
/// times from the same state, and the minimum counts.
fn hours(host: &Host, year: &Path) {
    let (mut snapshot, mut processes) =
        (year::Template::new(&last(host, "snapshots")), year::Template::new(&last(host, "processes")));
    let mut worst: (f64, String) = (0.0, String::new());
    let mut worst_close: f64 = 0.0;
    let begin: DateTime<Utc> = BEFORE.parse().unwrap();
    for minute in -18..130 {
        let now = begin + TimeDelta::minutes(minute);
        for (stream, template) in [("snapshots", &mut snapshot), ("processes", &mut processes)] {
            let path = year.join(stream).join(now.format("%Y-%m-%d.jsonl").to_string());
            let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
            file.write_all(seal(&template.record(now)).as_bytes()).unwrap();
        }
        let of_hour = (minute + 60) % 60;
        let command = graph(host, year, &now.to_rfc3339());
        if of_hour > 8 && of_hour < 58 {
            continue;
        }
        let kept = state(year);
        let first = cost(&borrowed(&command)).0;
        if of_hour == 1 {
            worst_close = worst_close.max(first);
        }
        let mut least = f64::INFINITY;
        for _ in 0..TIMES {
            kept.iter().for_each(|(path, content)| fs::write(path, content).unwrap());
            least = least.min(cost(&borrowed(&command)).0);
        }
        if std::env::var_os("EACH").is_some() {
            println!("{}: {first:.1} ms, again {least:.1} ms", now.format("%H:%M"));
        }
        if least > worst.0 {
            worst = (least, now.format("%H:%M").to_string());
        }
    }
    row(&format!("the dearest page of two hours and a midnight ({})", worst.1), worst.0, 25.0, "ms");
    row("the same with hours and days closed by it, limit 60 ms", worst_close, 60.0, "ms");
}

/// The caches of the page.
fn state(data: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(data.join("state")).unwrap().flatten().map(|entry| entry.path());
    let caches = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("report") || name.starts_with("recent")
    });
    caches.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// CPU milliseconds of rendering: from gathered data to text, with the charts of five ranges.
fn rendered(data: &Path) -> f64 {
    let now: DateTime<Utc> = NOW.parse().unwrap();
    let store = Store::new(data.to_path_buf());
    let locale = Locale::En;
    let series: Vec<(Range, Series)> = RANGES
        .into_iter()
        .map(|range| {
            let tier = match range.step_seconds {
                0 => Tier::Columns,
                300 => Tier::FiveMinutes,
                86_400 => Tier::Days,
                _ => Tier::Hours,
            };
            let since = now - TimeDelta::seconds(i64::from(range.seconds));
            let names = page_metrics(range.is_detailed()).chain([ALWAYS]).collect::<HashSet<_>>();
            let query = Query { is_wanted: &|name| names.contains(name), since, until: now };
            let mut series = Series::new(range.step_seconds);
            let step = i64::from(range.step_seconds.max(1)) * 1000;
            for (key, points) in store.points(tier, &query).unwrap().points {
                let points = if tier == Tier::Hours { group(points, step) } else { points };
                let drawn = |point: &block::Point| Point {
                    time: point.time_ms as f64 / 1e3 + f64::from(range.step_seconds) / 2.0,
                    min: point.min,
                    avg: point.avg,
                    max: point.max,
                };
                series.add(key, points.iter().map(drawn).collect());
            }
            (range, series)
        })
        .collect();
    let mut input = PageData {
        title: "web-01".to_string(),
        now,
        options: PageOptions {
            locale,
            is_public: false,
            style: String::new(),
            sections: ["tiles", "attention", "changed", "days", "charts", "who", "services"].map(String::from).to_vec(),
        },
        snapshot: serde_json::from_str(&store.last("snapshots", now).unwrap().unwrap()).unwrap(),
        processes: serde_json::from_str(&store.last("processes", now).unwrap().unwrap()).unwrap(),
        health: Health::assess(&State::default(), Ok(now), &Suppressions::default(), now),
        watch: osmon::query::watch::Watch::default(),
        age_seconds: 4e7,
        events: Vec::new(),
        marks: Vec::new(),
        repairs: Vec::new(),
        hour: Series::new(0),
        ranges: Vec::new(),
        has_day_later: false,
        first_range: "24h",
        outlook: Outlook::default(),
        days: osmon::report::page::status_bars::Bars::default(),
        who: Vec::new(),
        snapshots: None,
        history_since: None,
        stored_bytes: 0,
        cost_ms: 0.0,
        problems: Vec::new(),
        delivery: Vec::new(),
        forecast_rules: Vec::new(),
        notified: Notified::default(),
        no_recipient: false,
    };
    let limits = Limits::default();
    let setting = Setting { locale, limits: &limits, age_seconds: 4e7 };
    let times = (0..RENDERED).map(|_| {
        let begun = own_cpu_ms();
        let drawn = series.iter().map(|(range, series)| draw(range, now.timestamp() as f64, series, &setting).unwrap());
        input.ranges = drawn.collect();
        let page = render(&input).unwrap();
        assert!(page.matches("<section class='b c'").count() >= 40);
        own_cpu_ms() - begun
    });
    times.fold(f64::INFINITY, f64::min)
}

fn last(host: &Host, stream: &str) -> Value {
    let line = Store::new(host.data()).last(stream, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap().unwrap();
    serde_json::from_str(&line).unwrap()
}

fn make(host: &Host, data: &Path, days: i64, now: &str) {
    let archive = repository("data/sample/web-01.tar.gz").display().to_string();
    if !host.data().exists() {
        assert_eq!(host.osmon(&["restore", &archive]).code, 0);
    }
    year::make(data, days, &last(host, "snapshots"), &last(host, "processes"), now.parse().unwrap());
    year::keep(data, now.parse().unwrap());
}
