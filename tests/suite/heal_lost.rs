//! What a lost or damaged state of repairs no longer tells is restored from their records, and neither is without the other.

use super::harness::Host;
use super::heal::{actions, calls, host, minute};
use serde_json::Value;
use std::fs;

/// The guards that refuse the first possible action.
fn refused(host: &Host) -> Vec<String> {
    let json = host.osmon(&["heal", "--explain", "--json"]).json();
    let refused = json["considered"][0]["refused"].as_array().cloned().unwrap_or_default();
    refused.iter().map(|refusal| refusal["guard"].as_str().unwrap().to_string()).collect()
}

fn state(host: &Host, name: &str) -> std::path::PathBuf {
    host.data().join("state").join(name)
}

fn damage(host: &Host) {
    ["heal.json", "heal.json.1"].iter().for_each(|name| fs::write(state(host, name), "{").unwrap());
}

fn lose(host: &Host) {
    ["heal.json", "heal.json.1"].iter().for_each(|name| drop(fs::remove_file(state(host, name))));
}

fn saved(host: &Host) -> Value {
    serde_json::from_slice(&fs::read(state(host, "heal.json")).unwrap()).unwrap()
}

#[test]
fn a_pause_over_a_damaged_state_renews_no_budget() {
    let mut host = host("");
    for _ in 0..8 {
        minute(&mut host, 97);
    }
    damage(&host);
    assert!(refused(&host).contains(&"budget".to_string()), "an explanation says so, too");
    host.osmon(&["heal", "--pause", "2h", "--because", "test"]);
    host.osmon(&["heal", "--resume"]).ok();
    minute(&mut host, 97);
    minute(&mut host, 97);
    assert_eq!(calls(&host), 3);
}

#[test]
fn a_lost_action_is_still_verified_and_what_was_given_up_stays_so() {
    let mut host = host("");
    minute(&mut host, 97);
    lose(&host);
    minute(&mut host, 5);
    assert_eq!(actions(&host), ["intent -", "result done", "verified done"]);
    let repaired = |host: &Host| saved(host)["targets"][0]["repaired"].as_array().map_or(0, Vec::len);
    assert_eq!(repaired(&host), 1);
    lose(&host);
    minute(&mut host, 5);
    assert_eq!((repaired(&host), &saved(&host)["targets"][0]["attempts"]), (1, &Value::from(0)));
    let mut host = self::host("");
    for _ in 0..60 {
        minute(&mut host, 97);
    }
    let before = refused(&host);
    assert_eq!(before, ["gave-up", "budget"]);
    lose(&host);
    assert_eq!(refused(&host), before);
    let target = saved_target(&host);
    host.osmon(&["heal", "--release", &target]).ok();
    lose(&host);
    assert_eq!(refused(&host), Vec::<String>::new(), "a release is not forgotten either");
}

fn saved_target(host: &Host) -> String {
    let last: Value = serde_json::from_str(host.lines("actions").last().unwrap()).unwrap();
    last["action"]["target"]["name"].as_str().unwrap().to_string()
}

#[test]
fn the_generation_before_is_completed_by_what_was_recorded_since() {
    let mut host = host("");
    let before = fs::read(state(&host, "heal.json")).unwrap();
    minute(&mut host, 97);
    fs::write(state(&host, "heal.json.1"), before).unwrap();
    fs::write(state(&host, "heal.json"), "{").unwrap();
    host.advance(60, 5);
    host.osmon(&["run"]);
    assert_eq!(actions(&host), ["intent -", "result done", "verified done"]);
    let target = saved(&host)["targets"][0].clone();
    assert_eq!((target["acted"].as_array().map(Vec::len), target["attempts"].as_u64()), (Some(1), Some(0)), "{target}");
}

#[test]
fn lost_attempts_age_by_the_time_since_boot() {
    let mut host = host("");
    for _ in 0..8 {
        minute(&mut host, 97);
    }
    lose(&host);
    host.now += chrono::TimeDelta::days(2);
    let refused = refused(&host);
    assert!(refused.contains(&"budget".to_string()), "no step of the clock ages them: {refused:?}");
}

#[test]
fn a_result_that_cannot_be_recorded_is_concluded_by_the_next_run() {
    let mut host = host("");
    let (stream, aside) = (host.data().join("actions"), host.path("aside"));
    let spoil = format!("mv {} {}; touch {}; echo called", stream.display(), aside.display(), stream.display());
    host.config = host.config.replace("echo called", &spoil);
    host.advance(60, 97);
    assert_ne!(host.osmon(&["run"]).code, 0);
    assert_eq!(calls(&host), 1);
    assert!(!saved(&host)["targets"][0]["pending"].is_null(), "it is not concluded without a record");
    fs::remove_file(&stream).unwrap();
    fs::rename(&aside, &stream).unwrap();
    minute(&mut host, 5);
    assert_eq!(actions(&host), ["intent -", "result interrupted"]);
    minute(&mut host, 5);
    assert_eq!(actions(&host).last().unwrap(), "verified done");
    assert_eq!(calls(&host), 1);
}

/// A pause that looks over to a clock that is wrong is back with the right time.
#[test]
fn a_pause_outlasts_a_wrong_clock() {
    let mut host = host("");
    host.osmon(&["heal", "--pause", "2h", "--because", "test"]).ok();
    host.advance(60, 97);
    let right = host.now;
    host.now += chrono::TimeDelta::days(9);
    host.osmon(&["run"]);
    host.now = right;
    for _ in 0..8 {
        minute(&mut host, 97);
    }
    assert_eq!((calls(&host), refused(&host).contains(&"paused".to_string())), (0, true));
}

/// A process that does not end and a start limit that was reset are remembered, too. The records say so here.
#[test]
fn processes_that_do_not_end_and_start_limits_are_restored() {
    let mut host = host("");
    minute(&mut host, 97);
    let path = fs::read_dir(host.data().join("actions")).unwrap().next().unwrap().unwrap().path();
    let changed = host.lines("actions").into_iter().map(|line| {
        let body = line.split(",\"crc32\"").next().unwrap();
        let body = body.replace("\"outcome\":{", "\"outcome\":{\"is_final\":true,\"start_limit_reset\":true,");
        let process = "\"target\":{\"process\":{\"pid\":4711,\"start_ticks\":17},";
        let body = body.replace("\"target\":{", process);
        format!("{body},\"crc32\":\"{:08x}\"}}\n", crc32fast::hash(body.as_bytes()))
    });
    fs::write(path, changed.collect::<String>()).unwrap();
    lose(&host);
    minute(&mut host, 97);
    let state = saved(&host);
    assert_eq!(state["unkillable"], serde_json::json!([{"pid": 4711, "start_ticks": 17}]), "{state}");
    assert!(!state["targets"][0]["start_limit_reset"].is_null(), "{state}");
    lose(&host);
    host.write("proc/sys/kernel/random/boot_id", "another\n");
    host.write("proc/uptime", "600.00 0.00\n");
    minute(&mut host, 97);
    let state = saved(&host);
    assert!(state["unkillable"].is_null(), "of another boot: {state}");
    assert_eq!(state["targets"][0]["acted"].as_array().map(Vec::len), Some(2), "both attempts count: {state}");
}
