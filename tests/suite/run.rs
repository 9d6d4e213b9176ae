//! The whole minute.

use super::harness::{Host, binary, wait};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn silent_when_all_is_well_and_everything_is_there() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).ok().out, "");
    }
    let times: Vec<String> =
        host.snapshots().iter().map(|snapshot| snapshot["time"].as_str().unwrap().to_string()).collect();
    assert_eq!(times, ["2026-11-20T21:41:00.000Z", "2026-11-20T21:42:00.000Z", "2026-11-20T21:43:00.000Z"]);
    assert!(fs::read_to_string(host.data().join("report.html")).unwrap().contains("<h1>OK</h1>"));
    assert!(host.data().join("reserve").exists());
}

#[test]
fn by_hand_it_shows_what_it_did() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    host.advance(60, 10);
    let out = host.osmon(&["run", "-v"]).ok().out;
    for part in [
        "osmon · web-01 · 2026-11-20 21:41 +00:00",
        "measured",
        "verdict   WARNING: 1 open problem",
        "WARNING  Memory 57.7 % (limit 50 %)",
        "no alert recipient configured",
        "report.html",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    assert_eq!(host.osmon(&["run", "--json"]).ok().json()["verdict"], "degraded");
}

#[test]
fn a_sick_host_is_no_failed_run() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\ncritical = 50\nwarning = 40\nfor = \"0s\"\n".to_string();
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(host.events(), ["fired critical Memory"]);
}

/// Holds the lock of a data directory as a run that hangs would.
pub fn hold(host: &Host) -> std::process::Child {
    fs::create_dir_all(host.data()).unwrap();
    hold_file(&host.data().join("lock"))
}

pub fn hold_file(lock: &std::path::Path) -> std::process::Child {
    let child = Command::new("flock")
        .arg(lock)
        .args(["-c", "echo held; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait(10, || (!super::harness::tool("flock", &["-n", lock.to_str().unwrap(), "true"]).code.eq(&0)).then_some(()))
        .unwrap();
    child
}

#[test]
fn a_second_run_at_the_same_time_is_skipped_silently_counted_and_the_fifth_is_told() {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/false\"\n".to_string();
    let mut child = hold(&host);
    for run in 1..=5 {
        host.advance(60, 10);
        let done = host.osmon(&["run"]);
        if run < 5 {
            assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", ""), "run {run}");
        } else {
            assert!(done.err.contains("5 runs in a row found another osmon still running"), "{}", done.err);
        }
    }
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 1);
    // flock and its sleep are one group of two: end the one that was started here, the other ends with the lock file's.
    super::harness::tool("pkill", &["-P", &child.id().to_string()]);
    child.kill().unwrap();
    child.wait().unwrap();
    host.config.clear();
    host.advance(60, 10);
    let done = host.osmon(&["run"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(host.snapshots().last().unwrap()["probe"]["skipped_runs"], 5);
    assert_eq!(host.events().len(), 2, "{:?}", host.events());
}

#[test]
fn a_small_binary_waits_for_the_lock_and_then_says_who_has_it() {
    let host = Host::recorded("vm");
    let mut child = hold(&host);
    let done = host.small("osmon-probe", &[]);
    assert_eq!(done.code, 75);
    assert!(done.err.contains("another osmon holds the lock for more than 10 s"), "{}", done.err);
    super::harness::tool("pkill", &["-P", &child.id().to_string()]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_needs_no_environment_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(binary("osmon"))
        .arg("run")
        .arg("--data-dir")
        .arg(directory.path().join("d"))
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.len(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(0), 0, "")
    );
    assert!(directory.path().join("d/report.html").exists());
}
