//! The current rules on past data: the same events as live, nothing written, and external series.

use super::harness::Host;
use super::history::record;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::process::Stdio;

fn events(out: &str) -> Vec<String> {
    let events = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events
        .map(|event| {
            format!(
                "{} {} {}",
                event["kind"].as_str().unwrap(),
                event["severity"].as_str().unwrap(),
                event["time"].as_str().unwrap()
            )
        })
        .collect()
}

/// Every file below a directory with its content.
fn content(host: &Host) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (mut found, mut todo) = (Vec::new(), vec![host.data()]);
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => todo.push(path),
                path => found.push((path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_replay_tells_what_was_told_live() {
    let mut host = Host::recorded("vm");
    // Without a recipient the events would be marked as not notified.
    host.config = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n".to_string();
    for busy in [&[5; 3][..], &[97; 9], &[5; 8], &[85; 8], &[97; 8], &[5; 8]].concat() {
        host.advance(60, busy);
        host.osmon(&["run"]).ok();
    }
    let live = host.sections("event");
    let known = content(&host);
    let done = host.osmon(&["detect-crisis", "--dry-run", "--since", "2h", "--json"]).ok();
    let played: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let plain = |events: &[Value]| -> Vec<Value> {
        let without = events.iter().cloned().map(|mut event| {
            event.as_object_mut().unwrap().remove("evidence");
            event
        });
        without.collect()
    };
    assert_eq!(plain(&played), plain(&live));
    assert_eq!(live.len(), 5, "critical, over, warning, critical, over");
    let table = host.osmon(&["detect-crisis", "--dry-run"]).ok().out;
    assert!(table.contains("cpu         CPU                     2      1      3      2"), "{table}");
    assert!(table.ends_with("3 alerts in 7 d, and 2 recoveries\n"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    host.config = "[rule.cpu]\nfor = \"30m\"\ncritical_for = \"30m\"\n".to_string();
    let table = host.osmon(&["detect-crisis", "--dry-run"]).ok().out;
    assert!(table.ends_with("0 alerts in 7 d, and 0 recoveries\n"), "other rules: {table}");
    assert_eq!(content(&host), known, "nothing is written");
}

#[test]
fn days_follow_each_other_and_sealed_ones_count() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.disk]\nenabled = false\n".to_string();
    // Eight days, every day from 23:50 to 00:10 at 97 %.
    record(&host, "2026-11-12T21:40:00Z", 8 * 1440, &|minute| {
        let of_day = (minute + 21 * 60 + 40) % 1440;
        Some(if !(10..1430).contains(&of_day) { 97.0 } else { 5.0 })
    });
    host.osmon(&["graph"]).ok();
    assert!(host.data().join("snapshots/2026-11-14.jsonl.gz").exists());
    let done = host.osmon(&["detect-crisis", "--dry-run", "--since", "2026-11-01", "--json"]).ok();
    let found = events(&done.out);
    assert_eq!(found.len(), 16, "{found:?}");
    assert_eq!(found[0], "fired critical 2026-11-12T23:55:00.000Z");
    assert!(found[1].starts_with("recovered critical 2026-11-13T00:1"), "over midnight: {}", found[1]);
    let done = host.osmon(&["detect-crisis", "--dry-run", "--since", "2026-11-20T12:00:00Z"]).ok();
    assert!(done.out.contains("0 alerts"), "{}", done.out);
    let done = host.osmon(&["detect-crisis", "--dry-run", "--since", "soon"]);
    assert_eq!(done.code, 3);
}

#[test]
fn a_foreign_series_of_any_spacing() {
    let host = Host::recorded("vm");
    let file = host.path("series.csv");
    let path = file.to_str().unwrap();
    let replay = |flags: &[&str]| {
        host.osmon(&[&["detect-crisis", "--replay", path, "--metric", "cpu.busy_percent"], flags].concat())
    };
    // A minute, five minutes, an hour apart: an hour and more at 97 %.
    for step in [60, 300, 3600] {
        let mut text = "timestamp,value\n".to_string();
        for at in (0..12 * 3600).step_by(step) {
            let value = if (4 * 3600..6 * 3600).contains(&at) { 97 } else { 5 };
            text.push_str(&format!("{},{value}\n", 1_795_132_800 + at));
        }
        fs::write(&file, text).unwrap();
        let found = events(&replay(&["--json"]).ok().out);
        assert_eq!(
            found,
            [
                "fired critical 2026-11-20T04:05:00.000Z",
                "reminded critical 2026-11-20T05:05:00.000Z",
                "recovered critical 2026-11-20T06:05:00.000Z"
            ],
            "{step}"
        );
    }
    fs::write(&file, "2026-11-20 00:00:00,1\nbad line\n2026-11-20T00:01:00Z,x\n2026-11-20 00:02:00,2\n").unwrap();
    let done = replay(&[]);
    assert_eq!(done.code, 0);
    assert!(done.err.contains("line 2 is no timestamp,value: bad line") && done.err.contains("line 3"), "{}", done.err);
    assert!(done.out.contains("2 values of cpu.busy_percent") && done.out.contains("0 alerts"), "{}", done.out);
    let wrong = host.osmon(&["detect-crisis", "--replay", path, "--metric", "cpu.busy_percemt"]);
    assert!(wrong.code == 3 && wrong.err.contains("no rule watches cpu.busy_percemt"), "{}", wrong.err);
    assert_eq!(host.osmon(&["detect-crisis", "--replay", path]).code, 3);
    fs::write(&file, "nothing\n").unwrap();
    assert_eq!(replay(&[]).code, 3);
    assert!(!host.data().exists(), "nothing is written");
}

#[test]
fn labels_and_standard_input() {
    let host = Host::recorded("vm");
    let metric = "disk.used_percent{mount=\"/srv\"}";
    let mut command = host.command("osmon-detect-crisis", &["--replay", "-", "--metric", metric, "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = (0..10).map(|minute| format!("2026-11-20 03:{minute:02}:00,99\n")).collect();
    child.stdin.take().unwrap().write_all(lines.concat().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(events(&text), ["fired critical 2026-11-20T03:02:00.000Z"]);
    assert!(text.contains("File system /srv"), "{text}");
}
