//! Rules over what is unusual: they find what the reference implementation finds, learn by themselves, and are shown calmly.

use super::harness::Host;
use super::history::record;
use osmon::crisis::unusual::{QUIET, Series};
use series::{BEGIN, Form, recorded, series};
use std::fmt::Write as _;
use std::fs;

#[path = "unusual/series.rs"]
mod series;

/// Seconds at which an incident begins.
fn begins(form: &Form) -> Vec<u64> {
    let (mut memory, mut found, mut quiet) = (Series::default(), Vec::new(), QUIET);
    for (second, value) in series(form) {
        let Some(closed) = memory.add((BEGIN + second) as f64, value) else { continue };
        if closed.finding(0.0, true, true).is_none() {
            quiet += 1;
            continue;
        }
        if quiet >= QUIET {
            found.push(second);
        }
        quiet = 0;
    }
    found
}

#[test]
fn the_detector_finds_what_was_recorded_of_every_generated_series() {
    let recorded = recorded();
    assert!(recorded.len() == 40 && recorded.iter().map(|(_, times)| times.len()).sum::<usize>() > 200);
    for (form, times) in recorded {
        assert_eq!(begins(&form), times, "{form:?}");
    }
}

/// A replay of a series as the events that begin incidents, in seconds since [`BEGIN`].
fn replayed(host: &Host, form: &Form, metric: &str) -> Vec<u64> {
    let mut text = "timestamp,value\n".to_string();
    for (second, value) in series(form) {
        let time = chrono::DateTime::from_timestamp((BEGIN + second) as i64, 0).unwrap();
        writeln!(text, "{},{value}", time.format("%Y-%m-%d %H:%M:%S")).unwrap();
    }
    let file = host.path("series.csv");
    fs::write(&file, text).unwrap();
    let name = file.display().to_string();
    let done = host.osmon(&["detect-crisis", "--replay", &name, "--metric", metric, "--json"]).ok();
    let mut found = Vec::new();
    for line in done.out.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["kind"] == "fired" {
            let time = chrono::DateTime::parse_from_rfc3339(event["time"].as_str().unwrap()).unwrap();
            found.push(time.timestamp() as u64 - BEGIN);
        }
    }
    found
}

#[test]
fn a_replay_finds_the_same_with_values_half_an_hour_apart_and_a_number_instead_of_true() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.mine]\nmetric = \"app.things\"\noptional = true\nunusual = 4.0\n".to_string();
    for (form, times) in recorded().into_iter().filter(|(form, _)| form.step == 1800 && form.shape == "daily") {
        assert_eq!(replayed(&host, &form, "app.things"), times, "{form:?}");
        assert_eq!(replayed(&host, &form, "process.total"), times, "the shipped rule: {form:?}");
        host.config =
            "[rule.mine]\nmetric = \"app.things\"\noptional = true\nunusual = true\nfloor = 1e9\n".to_string();
        assert_eq!(replayed(&host, &form, "app.things"), Vec::<u64>::new(), "nothing is worth a word: {form:?}");
        host.config = "[rule.mine]\nmetric = \"app.things\"\noptional = true\nunusual = true\n".to_string();
    }
}

const NIGHT: &str = "2026-11-04T21:00:00Z";

#[test]
fn what_is_recorded_is_recalled_and_what_is_unusual_is_shown_without_a_problem() {
    let mut host = Host::recorded("vm");
    host.config =
        "[rule.cpu]\nenabled = false\n[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n"
            .to_string();
    record(&host, NIGHT, 16 * 1440 + 30, &|_| Some(5.0));
    host.osmon(&["graph"]).ok();
    let run = |host: &mut Host, busy: u64| {
        host.advance(60, busy);
        host.osmon(&["run"]).ok();
    };
    // The first run knows no use of the CPU yet; history is recalled once an hour.
    (0..2).for_each(|_| run(&mut host, 5));
    host.advance(1800, 5);
    run(&mut host, 5);
    let said = host.osmon(&["detect-crisis", "-v"]).out;
    assert!(!said.contains("cpu_unusual"), "it knows the CPU from the history: {said}");
    (0..12).for_each(|_| run(&mut host, 60));
    assert_eq!(host.events(), ["fired warning CPU unusually busy"]);
    let event = &host.sections("event")[0];
    assert_eq!(event["muted"], "notifications are off for this rule");
    let message = event["message"].as_str().unwrap();
    assert!(message.contains("higher than") && message.contains(" %"), "{message}");
    let explained = host.osmon(&["explain", "cpu_unusual"]).ok().out;
    let is_explained =
        explained.contains("higher than") && explained.contains("after 3 h 20 min without another unusual");
    assert!(is_explained && !explained.contains("limit 0"), "{explained}");
    let status = host.osmon(&["status"]);
    assert_eq!(status.code, 0, "{}", status.out);
    assert!(status.out.starts_with("OK ") && status.out.contains("; unusual: CPU unusually busy"), "{}", status.out);
    let json = host.osmon(&["status", "--json"]).out;
    assert!(json.contains("\"incident\":[]") && json.contains("\"unusual\":[{\"id\":\"cpu_unusual-"), "{json}");
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("CPU unusually busy") && page.contains("No open problems"));
    // A renamed rule asks the same memory; the old one ends.
    host.config
        .push_str("[rule.cpu_unusual]\nenabled = false\n[rule.busy]\nmetric = \"cpu.busy_percent\"\nunusual = 3\n");
    (0..6).for_each(|_| run(&mut host, 60));
    assert_eq!(host.events()[1..], ["recovered warning CPU unusually busy", "fired warning busy"]);
    assert_eq!(host.osmon(&["status"]).code, 1, "a rule that notifies is no mere information");
}

#[test]
fn it_says_what_it_still_learns_and_a_lost_memory_is_no_failure() {
    let mut host = Host::recorded("vm");
    for _ in 0..2 {
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    let said = host.osmon(&["detect-crisis", "-v"]).out;
    assert!(said.contains("cpu_unusual, ") && said.contains("learning what is usual, 0 of 24 h"), "{said}");
    let state = host.data().join("state");
    for (name, size) in [("unusual.bin", 64 * 1024), ("unusual-groups.bin", 4 * 1024)] {
        assert!(fs::metadata(state.join(name)).unwrap().len() < size, "{name}");
        fs::write(state.join(name), "damaged\n").unwrap();
    }
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert!(fs::read(state.join("unusual.bin")).unwrap().starts_with(b"{\"schema\":1,"));
}
