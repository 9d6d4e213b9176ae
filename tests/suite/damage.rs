//! Damaged files, stepped clocks and kill -9: nothing acknowledged is lost.

use super::harness::{Host, binary, skip, tool};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

fn append(path: &std::path::Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

pub fn minute(host: &mut Host) -> super::harness::Done {
    host.advance(60, 10);
    host.osmon(&["run"])
}

#[test]
fn a_half_written_last_line_costs_itself_only() {
    let mut host = Host::recorded("vm");
    minute(&mut host).ok();
    let whole = fs::read(host.day_file("snapshots")).unwrap();
    // What a power cut half a minute later leaves behind.
    let before = host.now.format("%Y-%m-%dT%H:%M:").to_string();
    let torn = String::from_utf8(whole).unwrap().replace(&format!("{before}00"), &format!("{before}30"));
    append(&host.day_file("snapshots"), &torn.as_bytes()[..torn.len() / 2]);
    minute(&mut host).ok();
    let good: Vec<bool> =
        host.lines("snapshots").iter().map(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).collect();
    assert_eq!(good, [true, false, true]);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("1 damaged line passed over") && page.contains("line 2"), "the page says so");
    assert!(page.contains("2 snapshots in the last 24 h"));
}

#[test]
fn a_day_file_of_garbage_stops_nothing() {
    let mut host = Host::recorded("vm");
    let garbage: Vec<u8> = (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for stream in ["snapshots", "events", "processes"] {
        append(&host.day_file(stream), &garbage);
    }
    minute(&mut host).ok();
    minute(&mut host).ok();
    assert_eq!(host.osmon(&["detect-crisis"]).code, 0);
    assert!(fs::read_to_string(host.data().join("report.html")).unwrap().contains("2 snapshots in the last 24 h"));
}

#[test]
fn a_damaged_state_is_set_aside_and_the_one_before_is_used() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    minute(&mut host).ok();
    minute(&mut host).ok();
    for (number, content) in [b"".as_slice(), &[0; 500], b"{\"schema\":1,", b"[1,2]"].into_iter().enumerate() {
        fs::write(host.data().join("state/crisis.json"), content).unwrap();
        let done = minute(&mut host);
        assert_eq!(done.code, 0);
        assert!(
            number > 0 || done.err.contains("crisis.json: is empty, as after a power cut; set aside as"),
            "{}",
            done.err
        );
    }
    assert_eq!(host.events(), ["fired warning Memory"], "the incident goes on, it does not begin again");
    let aside = fs::read_dir(host.data().join("state"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("corrupt"))
        .count();
    assert_eq!(aside, 4);
}

#[test]
fn a_data_directory_that_cannot_be_made_or_written_is_said_with_a_way_out() {
    let host = Host::recorded("vm");
    fs::write(host.data(), "a file").unwrap();
    let done = host.osmon(&["probe"]);
    assert_eq!(done.code, 73);
    assert!(done.err.contains("data is a file; choose another with --data-dir DIR"), "{}", done.err);
    let done = host.osmon(&["run", "-v"]);
    assert_eq!(done.code, 73);
    assert!(
        done.out.contains("measured") && done.out.contains("WARNING: no open problems; the last run failed"),
        "it still measures and judges: {}",
        done.out
    );
    assert_eq!(done.err.matches("cannot be written").count(), 1, "{}", done.err);
}

#[test]
fn what_is_no_regular_file_is_left_alone_and_waits_for_nobody() {
    let mut host = Host::recorded("vm");
    minute(&mut host).ok();
    let fifo = host.path("fifo");
    tool("mkfifo", &[fifo.to_str().unwrap()]).ok();
    for out in ["/dev/null", fifo.to_str().unwrap(), host.data().to_str().unwrap()] {
        let done = host.osmon(&["graph", "--out", out]);
        assert_eq!(done.code, 64, "{out}");
        assert!(done.err.contains("no page is written to"), "{}", done.err);
    }
    assert_eq!(tool("test", &["-c", "/dev/null"]).code, 0);
    let (target, link) = (host.path("page.html"), host.path("link.html"));
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    host.osmon(&["graph", "--out", link.to_str().unwrap()]).ok();
    assert!(
        link.symlink_metadata().unwrap().is_symlink() && fs::read_to_string(&target).unwrap().contains("<h1>OK</h1>")
    );
    for file in
        ["state/crisis.json", "state/probe.json", "lock", "snapshots/2026-11-20.jsonl", "events/2026-11-20.jsonl"]
    {
        let path = host.data().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        tool("mkfifo", &[path.to_str().unwrap()]).ok();
        let started = std::time::Instant::now();
        host.osmon(&["run"]);
        host.osmon(&["detect-crisis"]);
        assert!(started.elapsed().as_secs() < 25, "{file} made somebody wait");
        fs::remove_file(&path).ok();
    }
    let mut command = Command::new(binary("osmon"));
    let done = command.args(["config", "check", "--config", fifo.to_str().unwrap()]).output().unwrap();
    assert_eq!(done.status.code(), Some(78));
}

#[test]
fn a_host_that_cannot_be_measured_is_not_healthy() {
    let host = Host::recorded("vm");
    fs::remove_file(host.root().join("proc/stat")).unwrap();
    let done = host.osmon(&["run", "-v"]);
    assert!(done.err.contains("could not measure cpu: No such file"), "{}", done.err);
    assert!(done.out.contains("UNKNOWN: not measured: cpu"), "{}", done.out);
    assert_eq!(host.osmon(&["detect-crisis"]).code, 3);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("<h1>Unknown</h1>") && page.contains("not measured: cpu"));
}

#[test]
fn an_ordinary_user_may_not_write_where_root_writes() {
    if tool("id", &["-u"]).out.trim() != "0" {
        return skip("another user's directory", "this is no root");
    }
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let binary = directory.path().join("osmon-probe");
    fs::copy(super::harness::binary("osmon-probe"), &binary).unwrap();
    tool("chmod", &["755", directory.path().to_str().unwrap()]).ok();
    let data = directory.path().join("data").display().to_string();
    let done = tool(
        "setpriv",
        &["--reuid=65534", "--regid=65534", "--clear-groups", binary.to_str().unwrap(), "--data-dir", &data],
    );
    assert_eq!(done.code, 77, "{}", done.err);
    assert!(done.err.contains("make it writable or choose another with --data-dir DIR"), "{}", done.err);
}

#[test]
fn a_clock_that_is_a_year_off_is_said_and_loses_nothing() {
    let mut host = Host::recorded("vm");
    minute(&mut host).ok();
    let right = host.now;
    host.now += chrono::TimeDelta::days(365);
    host.boottime(60.0);
    let shown = host.osmon(&["probe", "-v"]).ok().out;
    assert!(
        shown.contains("the clock was set forward by 364 d 23 h")
            || shown.contains("the clock was set forward by 365 d"),
        "{shown}"
    );
    host.now = right + chrono::TimeDelta::seconds(60);
    host.advance(60, 10);
    let snapshot = host.osmon(&["probe", "--json"]).ok().json();
    assert!(snapshot["probe"]["clock_step_seconds"].as_f64().unwrap() < -31_000_000.0, "{}", snapshot["probe"]);
    assert_eq!(snapshot["interval_seconds"], 60.0, "the rates are over the clock that does not step");
    minute(&mut host).ok();
    assert_eq!(host.snapshots().len(), 3);
    assert!(fs::read_to_string(host.data().join("report.html")).unwrap().contains("<h1>OK</h1>"));
}

/// `kill -9` at many moments: the moments are spread over the whole run, not left to luck.
#[test]
fn kill_9_at_any_moment_loses_nothing_that_was_acknowledged() {
    let host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    let mut acknowledged = 1;
    let run = |directory: &std::path::Path| {
        let mut command = Command::new(binary("osmon"));
        command
            // As by hand: from cron, a run within a second of the last one leaves it at that.
            .args(["run", "-v"])
            .arg("--data-dir")
            .arg(directory)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let directory = host.path("killed");
    let started = std::time::Instant::now();
    assert!(run(&directory).status().unwrap().success());
    assert!(run(&directory).status().unwrap().success());
    acknowledged += 1;
    let whole = started.elapsed() / 2;
    for moment in 0..200_u32 {
        let mut child = run(&directory).spawn().unwrap();
        std::thread::sleep(whole * moment / 200);
        let _ = child.kill();
        if child.wait().unwrap().success() {
            acknowledged += 1;
        }
    }
    assert!(run(&directory).status().unwrap().success(), "the next run works");
    acknowledged += 1;
    let mut good = 0;
    for entry in fs::read_dir(directory.join("snapshots")).unwrap().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap();
        good += text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
        assert!(text.ends_with('\n'));
    }
    assert!(good + 1 >= acknowledged, "{good} readable, {acknowledged} acknowledged");
    let leftover = fs::read_dir(directory.join("state"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("corrupt"))
        .count();
    assert_eq!(leftover, 0, "no state file was damaged");
}
