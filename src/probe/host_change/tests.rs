//! Annotations by tables of earlier and present states.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const BOOT: &str = "0123456789abcdef";
const BEGIN: i64 = 1_795_000_000;

/// A host with complete data, at a number of seconds after the start on each clock.
fn known(wall: f64, boottime: f64, suspended: f64) -> HostState {
    HostState {
        wall: DateTime::from_timestamp_millis(BEGIN * 1000 + (wall * 1e3) as i64).unwrap(),
        boottime_seconds: 5000.0 + boottime,
        boot_id: BOOT.to_string(),
        host: "web-01".to_string(),
        kernel: "6.1.0-30".to_string(),
        interval_seconds: Some(60.0),
        suspended_seconds: Some(suspended),
        packages: DateTime::from_timestamp(BEGIN - 1000, 0),
    }
}

fn found_with(before: &HostState, now: &HostState, gap: GapContext) -> Vec<String> {
    let nowhere = tempfile::tempdir().unwrap();
    annotations(&Root::new(Some(nowhere.path())), before, now, gap).into_iter().map(|mark| mark.text).collect()
}

fn found(before: &HostState, now: &HostState) -> Vec<String> {
    found_with(before, now, GapContext::default())
}

#[test]
fn in_the_same_boot() {
    type Case = ((f64, f64, f64), &'static [&'static str]);
    let cases: [Case; 13] = [
        ((60.0, 60.0, 0.0), &[]),
        ((61.9, 60.0, 0.0), &[]),
        ((58.1, 60.0, 0.0), &[]),
        ((62.5, 60.0, 0.0), &["Clock set forward by 3 s"]),
        ((-3540.0, 60.0, 0.0), &["Clock set back by 1 h"]),
        ((3660.0, 60.0, 0.0), &["Clock set forward by 1 h"]),
        // Slewed by the kernel for three hours: not set.
        ((10_865.0, 10_860.0, 10_800.0), &["Suspended for 3 h"]),
        ((60.0, 60.0, 0.9), &[]),
        ((26_460.0, 26_460.0, 26_400.0), &["Suspended for 7 h 20 min"]),
        ((150.0, 150.0, 0.0), &[]),
        ((151.0, 151.0, 0.0), &["No snapshot for 2 min: osmon did not run or could not write; is cron running?"]),
        ((1000.0, 1000.0, 900.0), &["Suspended for 15 min"]),
        (
            (8000.0, 4400.0, 3600.0),
            &[
                "Suspended for 1 h",
                "Clock set forward by 1 h",
                "No snapshot for 13 min: osmon did not run or could not write; is cron running?",
            ],
        ),
    ];
    for ((wall, boottime, suspended), expected) in cases {
        assert_eq!(found(&known(0.0, 0.0, 0.0), &known(wall, boottime, suspended)), expected, "{wall} {boottime}");
    }
}

#[test]
fn what_is_not_known_is_not_claimed() {
    let old = HostState { host: String::new(), suspended_seconds: None, packages: None, ..known(0.0, 0.0, 0.0) };
    assert!(found(&old, &known(60.0, 60.0, 5000.0)).is_empty(), "the first run of a newer osmon");
    assert!(found(&old, &known(9000.0, 9000.0, 9000.0)).is_empty(), "it may have slept");
    assert_eq!(found(&old, &known(9000.0, 9000.0, 0.0)).len(), 1, "it never slept");
    assert!(found(&known(0.0, 0.0, 0.0), &known(-60.0, -60.0, 0.0)).is_empty(), "the clock that cannot fall");
    let other = HostState { host: "db-02".to_string(), boot_id: "other".to_string(), ..known(600.0, -4900.0, 0.0) };
    assert_eq!(found(&known(0.0, 0.0, 0.0), &other), ["Rebooted; the host was off or starting for 10 min"]);
    let nameless = HostState { boot_id: "other".to_string(), kernel: String::new(), ..known(240.0, -4940.0, 0.0) };
    assert_eq!(found(&known(0.0, 0.0, 0.0), &nameless), ["Rebooted; the host was off or starting for 4 min"]);
}

#[test]
fn a_boot_explains_its_gap() {
    let boot = |wall: f64, up: f64| HostState {
        boot_id: "fedcba9876543210".to_string(),
        kernel: "6.1.0-31".to_string(),
        ..known(wall, up - 5000.0, 0.0)
    };
    let kernel = "Kernel 6.1.0-30 → 6.1.0-31";
    let cases = [
        (240.0, 40.0, "Rebooted; the host was off or starting for 4 min"),
        (7200.0, 3600.0, "Rebooted; the host was off or starting for 1 h, then up for 1 h without a snapshot"),
        (-600.0, 40.0, "Rebooted"),
        (600.0, 3600.0, "Rebooted"),
    ];
    for (wall, up, text) in cases {
        assert_eq!(found(&known(0.0, 0.0, 0.0), &boot(wall, up)), [text, kernel], "{wall} {up}");
    }
    let without = |wall: f64, up: f64| HostState { boot_id: String::new(), ..known(wall, up - 5000.0, 0.0) };
    assert_eq!(found(&without(0.0, 5000.0), &without(60.0, 30.0)).len(), 1, "a kernel that names no boot");
}

#[test]
fn a_gap_with_a_reason() {
    let (before, now) = (known(0.0, 0.0, 0.0), known(600.0, 600.0, 0.0));
    let gap = |skipped_runs, until: Option<f64>| GapContext {
        skipped_runs,
        until_boottime_seconds: until.map(|until| until + 5000.0),
    };
    assert_eq!(
        found_with(&before, &now, gap(9, None)),
        ["No snapshot for 10 min: 9 runs found another osmon still running"]
    );
    assert!(found_with(&before, &now, gap(0, Some(540.0))).is_empty(), "osmon was there and could not store");
    assert_eq!(found_with(&before, &now, gap(0, Some(60.0))).len(), 1);
    let seldom = HostState { interval_seconds: Some(300.0), ..before };
    assert!(found(&seldom, &now).is_empty(), "a crontab of every five minutes");
}

#[test]
fn the_same_change_found_again_has_the_same_id_and_another_has_another() {
    let nowhere = tempfile::tempdir().unwrap();
    let ids = |before: &HostState, now: &HostState| -> Vec<String> {
        annotations(&Root::new(Some(nowhere.path())), before, now, GapContext::default())
            .into_iter()
            .map(|mark| mark.id)
            .collect()
    };
    let before = known(0.0, 0.0, 0.0);
    assert_eq!(ids(&before, &known(3600.0, 60.0, 0.0)), ids(&before, &known(3660.0, 120.0, 0.0)));
    assert_eq!(ids(&before, &known(3600.0, 60.0, 0.0)), ["clock_step-01234567-5000000-01234567"]);
    assert_ne!(ids(&before, &known(3600.0, 60.0, 0.0)), ids(&known(0.0, 60.0, 0.0), &known(3600.0, 120.0, 0.0)));
}
