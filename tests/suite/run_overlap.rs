//! Runs that start while another is at work.

use super::annotations::{release, watched};
use super::harness::{Host, skip, tool};
use super::run::{hold, hold_file};
use std::fs;
use std::process::Stdio;

#[test]
fn of_fifty_runs_at_once_one_works() {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/false\"\n".to_string();
    for minute in 1..=6_usize {
        host.advance(60, 10);
        let runs: Vec<_> = (0..50)
            .map(|_| host.command("osmon", &["run"]))
            .map(|mut run| run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            assert_eq!((output.status.code(), text.as_str()), (Some(0), ""));
        }
        assert_eq!(host.snapshots().len(), minute, "one snapshot a minute");
    }
    let snapshots = host.snapshots();
    assert!(snapshots.iter().all(|snapshot| snapshot["probe"].get("skipped_runs").is_none()), "no minute was skipped");
    assert!(host.lines("events").is_empty(), "{:?}", host.lines("events"));
    assert!(fs::read_dir(host.data().join("outbox/new")).map_or(0, Iterator::count) == 0, "no alert");
    let lines = host.lines("snapshots").len() + host.lines("processes").len();
    assert_eq!(lines, 12, "nothing is damaged, nothing stands twice");
}

#[test]
fn a_run_that_finds_another_at_work_is_gone_at_once() {
    let mut host = watched();
    let (turn, lock) = (host.data().join("run.lock"), host.data().join("lock"));
    // A process that writes only for a moment, such as a rebuild between two months, is waited for.
    for (held, limit) in [(turn, 0.1), (lock, 5.0)] {
        let mut child = hold_file(&held);
        host.advance(60, 10);
        // The fastest of several runs, to exclude other load.
        let quickest = (0..if limit < 1.0 { 10 } else { 1 }).map(|_| {
            let started = std::time::Instant::now();
            host.osmon(&["run"]).ok();
            started.elapsed().as_secs_f64()
        });
        let quickest = quickest.reduce(f64::min).unwrap();
        release(&mut child);
        assert!(quickest < limit, "{}: {quickest} s", held.display());
    }
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(host.snapshots().last().unwrap()["probe"]["skipped_runs"], 2);
}

#[test]
fn many_runs_that_are_skipped_at_once_are_one_minute() {
    let mut host = watched();
    host.config = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/false\"\n".to_string();
    let mut child = hold(&host);
    let waiting = |host: &Host| fs::read_dir(host.data().join("outbox/new")).map_or(0, Iterator::count);
    for minute in 1..=5 {
        host.advance(60, 10);
        let runs: Vec<_> = (0..20)
            .map(|_| host.command("osmon", &["run"]))
            .map(|mut run| run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        let outputs = runs.into_iter().map(|run| run.wait_with_output().unwrap());
        let told: Vec<String> = outputs
            .filter(|output| !output.stderr.is_empty() || !output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
            .collect();
        let expected = if minute < 5 { (0, 0) } else { (1, 1) };
        assert_eq!((told.len(), waiting(&host)), expected, "minute {minute}: {told:?}");
    }
    release(&mut child);
    host.config.clear();
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(host.snapshots().last().unwrap()["probe"]["skipped_runs"], 5);
    assert_eq!(host.events().len(), 2);
}

/// A server that accepts connections and never answers: the last step of a run waits for it.
fn silent_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    url
}

#[test]
fn a_step_that_passed_its_limit_keeps_the_locks_until_the_process_ends() {
    let mut host = watched();
    host.config = format!("[alert]\nheartbeat_url = \"{}\"\n", silent_server());
    host.advance(60, 10);
    let run = host.command("osmon", &["run"]);
    let (lock, day) = (host.data().join("lock"), host.day_file("snapshots"));
    let stored = host.snapshots().len();
    // The first sync of the day's file takes longer than the step that stores may last.
    let mut traced = std::process::Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-P"]).arg(&day);
    traced.args(["-e", "inject=fdatasync:delay_enter=12000000:when=1"]).arg(run.get_program()).args(run.get_args());
    traced.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = traced.spawn() else { return skip("an abandoned step", "there is no strace") };
    // Until the step is abandoned its locks are held in any case.
    std::thread::sleep(std::time::Duration::from_millis(4500));
    if child.try_wait().unwrap().is_some() {
        return skip("an abandoned step", "strace cannot trace here");
    }
    let is_free = || tool("flock", &["-n", lock.to_str().unwrap(), "true"]).code == 0;
    assert!(!is_free(), "the abandoned step may still write");
    host.advance(60, 10);
    let skipped = host.osmon(&["run", "-v"]).ok();
    assert!(skipped.out.contains("is skipped"), "{}", skipped.out);
    let ended = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(error.contains("store: did not finish within 3 s; abandoned"), "{error}");
    assert!(is_free(), "nothing holds the lock after the process has ended");
    host.config.clear();
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    let snapshots = host.snapshots();
    assert!(snapshots.len() > stored);
    assert_eq!(snapshots.last().unwrap()["probe"]["skipped_runs"], 1);
}
