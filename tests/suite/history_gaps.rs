//! `osmon history`: gaps with their reason, and the notes of a time.

use super::harness::Host;
use super::history::{history, record};
use chrono::TimeDelta;

#[test]
fn gaps_have_a_reason() {
    let mut host = Host::recorded("vm");
    host.advance(60, 10);
    host.osmon(&["run", "-v"]).ok();
    host.advance(3 * 3600, 10);
    host.osmon(&["run", "-v"]).ok();
    host.osmon(&["note", "deployed v3"]).ok();
    let done = history(&host, &["load.one", "--since", "6h"]).ok();
    assert!(done.out.contains("21:41 No snapshot for 3 h: ") && done.out.contains("cron running?"), "{}", done.out);
    assert!(done.out.contains("21:41 recording began") && !done.out.contains("no reason"), "{}", done.out);
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    assert!(done.out.contains("note: deployed v3"), "{}", done.out);
    let json = history(&host, &["load.one", "--since", "6h", "--json"]).ok().json();
    assert_eq!(json["gap"][0]["seconds"], 10_800.0);
    host.now += TimeDelta::minutes(30);
    let done = history(&host, &["load.one", "--since", "6h"]).ok();
    assert!(done.out.contains("no data for 30 min: nothing since; see osmon schedule"), "{}", done.out);
}

#[test]
fn a_part_of_a_gap_has_its_reason_and_true_length() {
    let mut host = Host::recorded("vm");
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    host.advance(3 * 3600, 10);
    host.osmon(&["run"]).ok();
    // From 21:41 to 00:41.
    for asked in [
        &["--at", "2026-11-20 23:00"][..],
        &["--since", "2026-11-20 22:00", "--until", "2026-11-20 23:00"],
        &["--since", "2026-11-20 21:30", "--until", "2026-11-20 22:00"],
        &["--since", "2026-11-20 23:00"],
    ] {
        let done = history(&host, &[&["load.one"], asked].concat()).ok();
        assert!(done.out.contains("No snapshot for 3 h: "), "{asked:?}: {}", done.out);
        let json = history(&host, &[&["load.one", "--json"], asked].concat()).ok().json();
        assert!(json["gap"].as_array().unwrap().iter().any(|gap| gap["reason"].as_str().unwrap().contains("3 h")));
    }
    assert!(history(&host, &["--at", "2026-11-20 23:00"]).ok().out.contains("No snapshot for 3 h: "), "at a glance");
    assert_eq!(history(&host, &["load.onee", "--at", "2026-11-20 23:00"]).code, 65, "a metric that does not exist");
    // After the last sample, at every step.
    host.now += TimeDelta::hours(25);
    for step in ["raw", "5m", "1h", "6h", "1d"] {
        let json = history(&host, &["load.one", "--since", "2026-11-21", "--step", step, "--json"]).ok().json();
        let gap = json["gap"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (gap["since"].as_str(), gap["seconds"].as_f64()),
            (Some("2026-11-21T00:41:00.000Z"), Some(90_000.0)),
            "{step}"
        );
        assert_eq!(gap["reason"], "nothing since; see osmon schedule", "{step}");
    }
}

#[test]
fn a_gap_within_coarse_points_begins_and_ends_at_samples() {
    let host = Host::recorded("vm");
    record(&host, "2026-11-14T00:00:00Z", 9580, &|minute| (!(3333..6666).contains(&minute)).then_some(1.0));
    for step in ["raw", "5m", "1h", "6h", "1d"] {
        let json = history(&host, &["cpu.busy_percent", "--since", "2026-11-14", "--step", step, "--json"]).ok().json();
        let gap = &json["gap"][0];
        let ends = (gap["since"].as_str().unwrap(), gap["until"].as_str().unwrap());
        assert_eq!(ends, ("2026-11-16T07:32:00.000Z", "2026-11-18T15:06:00.000Z"), "{step}");
    }
}

#[test]
fn notes_are_found_by_the_time_they_speak_of() {
    let mut host = Host::recorded("vm");
    record(&host, "2026-11-15T00:00:00Z", 8000, &|_| Some(1.0));
    host.advance(60, 10);
    host.osmon(&["note", "moved the rack", "--at", "2026-11-16 10:00"]).ok();
    let marks = |asked: &[&str]| {
        let json = history(&host, &[&["cpu.busy_percent", "--json"], asked].concat()).ok().json();
        json["mark"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mark| mark["text"].as_str().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(marks(&["--at", "2026-11-16"]), ["moved the rack"]);
    assert_eq!(marks(&["--at", "2026-11-16 10:02"]), ["moved the rack"]);
    assert_eq!(marks(&["--at", "2026-11-17"]), [""; 0]);
    assert_eq!(marks(&["--since", "2026-11-20"]), [""; 0], "not by the time it was written");
}

/// Recording stopped days ago: the span ends now, at every step.
#[test]
fn the_gap_after_the_last_record_lasts_until_now() {
    let host = Host::recorded("vm");
    record(&host, "2026-11-18T00:00:00Z", 120, &|_| Some(5.0));
    for step in ["raw", "5m", "1h", "6h", "1d"] {
        let json = history(&host, &["cpu.busy_percent", "--since", "2026-11-17", "--step", step, "--json"]).ok().json();
        let gap = json["gap"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(gap["since"], "2026-11-18T01:59:00.000Z", "{step}");
        assert_eq!(gap["until"], json["until"], "{step}");
        assert!(json["until"].as_str().unwrap().starts_with("2026-11-20T21:4"), "{step}: {}", json["until"]);
    }
}

/// What was recorded since the backup is gone, and nobody has to look at cron for it.
#[test]
fn a_restore_is_told_at_once_and_asks_for_no_schedule() {
    let mut host = Host::recorded("vm");
    for _ in 0..5 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    let archive = host.path("b.tar.gz").display().to_string();
    host.osmon(&["backup", &archive]).ok();
    for _ in 0..40 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    host.osmon(&["restore", &archive]).ok();
    let restored = "no data for 40 min: Restored from a backup of web-01 made at 2026-11-20 21:45 UTC";
    let told = |host: &Host| {
        let out = history(host, &["load.one", "--since", "2h"]).ok().out.replace("\n  ", " ");
        assert!(out.contains(restored) && !out.contains("schedule") && !out.contains("cron"), "{out}");
    };
    told(&host);
    host.osmon(&["run"]).ok();
    told(&host);
}
