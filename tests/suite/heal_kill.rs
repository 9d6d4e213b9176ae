//! `kill -9` at each system call of a repair: afterwards it is either not begun or accounted for, and never done twice.

use super::harness::{Host, copy, skip};
use super::heal::{calls, host};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

/// The calls that change files, and the one that starts the command.
const CALLS: [&str; 12] = [
    "write",
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "linkat",
    "flock",
    "clone3",
    "openat",
];

/// `osmon heal` on a host, killed before the n-th of a system call.
fn killed(host: &Host, call: &str, nth: usize) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(host.path("log"));
    command.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:signal=KILL:when={nth}")]);
    let heal = host.command("osmon", &["heal"]);
    command.arg(heal.get_program()).args(heal.get_args()).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
    command.output().unwrap()
}

/// Phases and statuses by action.
fn by_action(host: &Host) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in host.lines("actions") {
        let record: Value = serde_json::from_str(&line).unwrap();
        let action = &record["action"];
        let status = action["outcome"]["status"].as_str().unwrap_or("-");
        let text = format!("{} {status}", action["phase"].as_str().unwrap());
        found.entry(action["id"].as_str().unwrap().to_string()).or_default().push(text);
    }
    found
}

#[test]
fn a_repair_killed_at_any_call_is_not_begun_or_accounted_for() {
    let mut host = host("");
    host.advance(60, 97);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("kills at each call of a repair", "no strace");
    }
    let pristine = host.path("pristine");
    copy(&host.data(), &pristine);
    // The counters go back with the clock: a kernel counts no more ticks than there was time for.
    let (uptime, stat) = (host.read("proc/uptime"), host.read("proc/stat"));
    let (mut kills, mut begun, now) = (0, 0, host.now);
    for call in CALLS {
        for nth in 1.. {
            fs::remove_dir_all(host.data()).unwrap();
            copy(&pristine, &host.data());
            let _ = fs::remove_file(host.path("calls"));
            host.write("proc/uptime", &uptime);
            host.write("proc/stat", &stat);
            host.now = now;
            let done = killed(&host, call, nth);
            if done.status.success() {
                break;
            }
            kills += 1;
            let what = format!("{call} {nth}");
            let first = calls(&host);
            assert!(first <= 1, "{what}: done {first} times");
            // The next run, at the same moment: what may have been done is not done again.
            host.osmon(&["heal"]).ok();
            let after = calls(&host);
            let state: Value = serde_json::from_slice(&fs::read(host.data().join("state/heal.json")).unwrap()).unwrap();
            let counted = state["targets"][0]["acted"].as_array().map_or(0, Vec::len);
            assert!(after <= 1, "{what}: done {after} times, {first} before");
            assert_eq!(counted, 1, "{what}: it counts once: {state}");
            assert!(state["targets"][0]["pending"].is_null(), "{what}: nothing is open: {state}");
            let actions = by_action(&host);
            assert_eq!(actions.len(), 1, "{what}: {actions:?}");
            for phases in actions.values() {
                let results = phases.iter().filter(|phase| phase.starts_with("result")).count();
                assert_eq!(results, 1, "{what}: one result: {phases:?}");
                let is_interrupted = phases.iter().any(|phase| phase == "result interrupted");
                assert!(after == 1 || is_interrupted, "{what}: {phases:?}, called {after} times");
                begun += usize::from(is_interrupted);
            }
            // And it is verified like any other.
            host.advance(60, 5);
            host.osmon(&["run"]).ok();
            let last = by_action(&host).into_values().next().unwrap().pop();
            assert_eq!(last.as_deref(), Some("verified done"), "{what}");
        }
    }
    println!("{kills} kills, {begun} interrupted actions");
    assert!(kills > 30 && begun > 5, "{kills} kills, {begun} interrupted");
}
