//! Annotations of lost counters and of snapshots that could not be stored.

use super::annotations::{minutes, page, put, reboot, watched};
use super::harness::{Host, skip, tool};
use serde_json::Value;
use std::fs;

#[test]
fn without_the_counters_the_history_tells_what_was() {
    for lost in [None, Some("{\"wall_seconds\":17"), Some("")] {
        let mut host = watched();
        let counters = host.data().join("state/probe.json");
        match lost {
            None => fs::remove_file(counters).unwrap(),
            Some(content) => fs::write(counters, content).unwrap(),
        }
        reboot(&mut host, 240, 50.0);
        host.replace("proc/sys/kernel/osrelease", "-31-", "-32-");
        host.osmon(&["run"]).ok();
        assert_eq!(host.marks().len(), 2, "{lost:?}: {:?}", host.marks());
    }
}

#[test]
fn counters_of_an_older_osmon_make_no_false_mark() {
    let mut host = Host::recorded("vm");
    put(&host, "var/lib/dpkg/status", b"", "2026-11-01T00:00:00Z");
    host.write("suspended", "5000\n");
    minutes(&mut host, 2);
    let file = host.data().join("state/probe.json");
    let mut counters: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(counters["counters"].as_object_mut().unwrap().remove("change").is_some());
    fs::write(&file, counters.to_string()).unwrap();
    put(&host, "var/lib/dpkg/status", b"", "2026-11-02T00:00:00Z");
    minutes(&mut host, 3);
    assert!(host.marks().is_empty(), "{:?}", host.marks());
}

#[test]
fn a_crash_before_the_counters_were_kept_shows_a_mark_once() {
    let mut host = watched();
    let file = host.data().join("state/probe.json");
    let before = fs::read(&file).unwrap();
    host.advance(60, 10);
    host.now += chrono::TimeDelta::hours(1);
    host.osmon(&["run"]).ok();
    fs::write(&file, before).unwrap();
    minutes(&mut host, 1);
    let marks = host.sections("mark");
    assert_eq!((marks.len(), &marks[0]["id"]), (2, &marks[1]["id"]));
    assert_eq!(page(&host).matches("Clock set forward by 1 h").count(), 1);
    host.osmon(&["graph"]).ok();
}

#[test]
fn a_snapshot_whose_counters_could_not_be_kept_leaves_no_gap() {
    let mut host = watched();
    let file = host.data().join("state/probe.json");
    let before = fs::read(&file).unwrap();
    minutes(&mut host, 5);
    fs::write(&file, before).unwrap();
    minutes(&mut host, 1);
    assert!(host.marks().is_empty(), "{:?}", host.marks());
}

#[test]
fn what_could_not_be_stored_is_told_by_the_first_that_can() {
    let mut host = watched();
    fs::rename(host.day_file("snapshots"), host.path("aside")).unwrap();
    fs::create_dir(host.day_file("snapshots")).unwrap();
    for _ in 0..12 {
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).code, 74);
    }
    host.advance(60, 10);
    assert_eq!(host.small("osmon-probe", &[]).code, 74);
    assert!(host.data().join("state/marks.json").exists() && host.marks().is_empty());
    fs::remove_dir(host.day_file("snapshots")).unwrap();
    fs::rename(host.path("aside"), host.day_file("snapshots")).unwrap();
    minutes(&mut host, 2);
    assert_eq!(host.marks(), ["not_stored: 13 snapshots could not be stored: Is a directory"]);
    let mark = &host.sections("mark")[0];
    assert_eq!(
        (&mark["since"], &mark["time"]),
        (&"2026-11-20T21:43:00.000Z".into(), &"2026-11-20T21:56:00.000Z".into())
    );
    for leftover in ["state/marks.json", "state/marks.json.1"] {
        assert!(!host.data().join(leftover).exists(), "{leftover} is forgotten");
    }
}

#[test]
fn a_mark_that_could_not_be_appended_waits() {
    let mut host = watched();
    fs::create_dir_all(host.day_file("events")).unwrap();
    host.now += chrono::TimeDelta::hours(1);
    for _ in 0..2 {
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).code, 74);
    }
    assert_eq!(host.snapshots().len(), 4, "the snapshots are stored");
    fs::remove_dir(host.day_file("events")).unwrap();
    minutes(&mut host, 2);
    assert_eq!(host.marks(), ["clock_step: Clock set forward by 1 h"]);
}

#[test]
fn a_full_disk_is_told_when_there_is_room_again() {
    let mut host = Host::recorded("vm");
    fs::create_dir_all(host.data()).unwrap();
    let data = host.data().display().to_string();
    if tool("mount", &["-t", "tmpfs", "-o", "size=4m", "tmpfs", &data]).code != 0 {
        return skip("a full disk", "a tmpfs cannot be mounted here");
    }
    minutes(&mut host, 2);
    let filler = host.data().join("filler");
    tool("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=512"]);
    for _ in 0..30 {
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).code, 74);
    }
    fs::remove_file(filler).unwrap();
    host.advance(60, 10);
    let done = host.osmon(&["run"]);
    let (marks, stored, leftover) =
        (host.marks(), host.snapshots().len(), host.data().join("state/marks.json").exists());
    tool("umount", &[&data]).ok();
    assert_eq!((done.code, leftover), (0, false), "{}", done.err);
    // Now and then there was room for a snapshot. Each minute is stored or counted as not stored.
    let counted: usize = marks
        .iter()
        .map(|mark| {
            let (count, rest) = mark.strip_prefix("not_stored: ").unwrap().split_once(' ').unwrap();
            assert!(rest.ends_with("could not be stored: No space left on device"), "{mark}");
            count.parse::<usize>().unwrap()
        })
        .sum();
    assert_eq!((counted + stored, counted > 10), (33, true), "{marks:?}");
}
