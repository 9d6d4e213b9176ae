//! osmon verify: finds damage of every kind without disturbing other processes.

use super::harness::{Done, Host, skip, tool};
use osmon::store::line::seal;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub const OLD: &str = "2026-11-18";
pub const TODAY: &str = "2026-11-20";

pub fn record(time: &str, host: &str, boot: &str, boottime: f64) -> String {
    seal(&format!(
        "{{\"schema\":1,\"time\":\"{time}\",\"host\":\"{host}\",\"boot_id\":\"{boot}\",\"boottime_seconds\":{boottime},\"interval_seconds\":60.0,\"load\":{{\"one\":0.5}},\"probe\":{{\"cpu_ms\":2.5}}}}"
    ))
}

/// The records of a few minutes in two hours.
pub fn minutes(day: &str) -> Vec<String> {
    let times = [("03", 58), ("03", 59), ("04", 0), ("04", 1)];
    (0..4)
        .zip(times)
        .map(|(at, (hour, minute))| {
            record(&format!("{day}T{hour}:{minute:02}:00.000Z"), "web-01", "a", 60.0 * f64::from(at))
        })
        .collect()
}

pub fn put(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A host with a small open day and, optionally, a sealed one with its rollups.
pub fn host(with_sealed: bool) -> Host {
    let host = Host::recorded("vm");
    put(&host.data().join(format!("snapshots/{TODAY}.jsonl")), minutes(TODAY).concat().as_bytes());
    if with_sealed {
        put(&host.data().join(format!("snapshots/{OLD}.jsonl")), minutes(OLD).concat().as_bytes());
        host.osmon(&["store", "rebuild"]).ok();
        assert!(sealed(&host).exists());
    }
    assert_eq!(verify(&host), Vec::<String>::new());
    host
}

pub fn sealed(host: &Host) -> PathBuf {
    host.data().join(format!("snapshots/{OLD}.jsonl.gz"))
}

/// The kinds that verify finds.
#[track_caller]
pub fn verify(host: &Host) -> Vec<String> {
    let done = host.osmon(&["verify", "--json"]);
    let json = done.json();
    let kinds: Vec<String> = json["finding"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(done.code, if kinds.is_empty() { 0 } else { 65 }, "{}{}", done.out, done.err);
    kinds
}

#[track_caller]
pub fn repair(host: &Host) -> Done {
    let done = host.osmon(&["repair"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert_eq!(verify(host), Vec::<String>::new(), "{}", done.out);
    done
}

/// Intact records of a day, wherever they are.
pub fn records(host: &Host, day: &str) -> Vec<String> {
    let text = |path: PathBuf, program: &str| tool(program, &[path.to_str().unwrap()]).out;
    let plain = text(host.data().join(format!("snapshots/{day}.jsonl")), "cat");
    let sealed = text(host.data().join(format!("snapshots/{day}.jsonl.gz")), "zcat");
    let lines = sealed.lines().chain(plain.lines()).filter(|line| serde_json::from_str::<Value>(line).is_ok());
    lines.map(|line| format!("{line}\n")).collect()
}

/// Number of snapshots of the sealed day found by reading each hour.
pub fn found_by_hour(host: &Host) -> usize {
    let store = osmon::store::Store::new(host.data());
    let hour = |hour: &str| format!("{OLD}T{hour}:00:00Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let of =
        |begin| store.read("snapshots", begin, begin + chrono::TimeDelta::minutes(59), &mut |_| ()).unwrap().records;
    of(hour("03")) + of(hour("04"))
}

fn aside(host: &Host, name: &str) -> Vec<u8> {
    fs::read(host.data().join("damaged").join(name)).unwrap_or_default()
}

#[test]
fn a_day_that_was_cut_anywhere_is_found_or_is_whole() {
    let host = host(false);
    let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..=whole.len()).filter(|at| *at == 0 || whole[at - 1] == b'\n').collect();
    for cut in (0..whole.len()).filter(|at| at % 7 == 0 || ends.iter().any(|end| at.abs_diff(*end) < 3)) {
        fs::write(&path, &whole[..cut]).unwrap();
        let is_clean = ends.contains(&cut) || ends.contains(&(cut + 1));
        assert_eq!(verify(&host).is_empty(), is_clean, "cut at {cut}");
        if !is_clean {
            repair(&host);
            let kept = *ends.iter().filter(|end| **end <= cut).max().unwrap();
            assert_eq!(fs::read(&path).unwrap_or_default(), &whole[..kept]);
            assert_eq!(aside(&host, &format!("snapshots/{TODAY}.jsonl")), [&whole[kept..cut], b"\n"].concat());
            let _ = fs::remove_dir_all(host.data().join("damaged"));
        }
    }
}

#[test]
fn a_state_file_that_was_cut_anywhere_stops_nothing() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    assert_eq!(verify(&host), Vec::<String>::new());
    for name in ["crisis.json", "probe.json"] {
        let path = host.data().join("state").join(name);
        let whole = fs::read(&path).unwrap();
        let step = (whole.len() / 25).max(1);
        for cut in (0..whole.len()).step_by(step) {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(verify(&host), ["damaged_state"], "{name} cut at {cut}");
            assert_eq!(host.osmon(&["graph"]).code, 0);
            repair(&host);
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).code, 0);
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn zeros_at_the_end_and_a_line_of_100_mb_cost_themselves_only() {
    let mut host = host(false);
    let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let whole = fs::read(&path).unwrap();
    put(&path, &[whole.as_slice(), &[0; 4096]].concat());
    assert_eq!(verify(&host), ["damaged_line"]);
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    repair(&host);
    assert!(fs::read(&path).unwrap().starts_with(&whole));
    let whole = fs::read(&path).unwrap();
    put(&path, &[whole.as_slice(), &vec![b'x'; 100_000_000], b"\n", &whole[..0]].concat());
    let done = host.osmon(&["verify"]);
    assert_eq!(done.code, 65);
    assert!(done.out.contains("line 6: 1 damaged line: 1 snapshot lost (since 2026-11-20T"), "{}", done.out);
    repair(&host);
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert_eq!(aside(&host, &format!("snapshots/{TODAY}.jsonl")).len(), 4097 + 100_000_001, "all of it is kept");
}

#[test]
fn ten_thousand_damaged_lines_are_one_line() {
    let host = host(false);
    let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let whole = fs::read_to_string(&path).unwrap();
    put(&path, (whole + &"{\"broken\":1}\n".repeat(10_000)).as_bytes());
    let done = host.osmon(&["verify"]);
    assert_eq!(
        done.out,
        format!(
            "snapshots/{TODAY}.jsonl line 5: 10000 damaged lines: 10000 snapshots lost (since {TODAY}T04:01:00.000Z)\n4 records in 1 file, 1 finding; osmon repair sets them aside and rebuilds what can be derived\n"
        )
    );
    assert!(host.osmon(&["repair", "--dry-run"]).ok().out.contains("would set the damaged parts aside"));
    assert_eq!(verify(&host), ["damaged_line"], "a dry run does nothing");
    repair(&host);
}

#[test]
fn what_is_no_regular_file_is_found_makes_nobody_wait_and_is_set_aside() {
    for make in ["mkdir", "mkfifo", "link"] {
        let mut host = host(false);
        let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
        let elsewhere = host.path("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        match make {
            "link" => std::os::unix::fs::symlink(&elsewhere, &path).unwrap(),
            program => drop(tool(program, &[path.to_str().unwrap()]).ok()),
        }
        let started = std::time::Instant::now();
        assert_eq!(verify(&host), ["not_regular"], "{make}");
        host.advance(60, 10);
        host.osmon(&["run"]);
        assert!(started.elapsed().as_secs() < 25, "{make} made somebody wait");
        repair(&host);
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
        assert_eq!(records(&host, TODAY).len(), if make == "link" { 5 } else { 1 }, "recording goes on");
    }
    skip("a file that cannot be read", "root may read everything");
}

#[test]
fn a_clock_that_was_set_back_and_a_new_name_are_remarks() {
    let host = host(false);
    let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let lines = [
        record(&format!("{TODAY}T05:00:00.000Z"), "web-01", "a", 1000.0),
        record(&format!("{TODAY}T04:30:00.000Z"), "web-01", "a", 1060.0),
        record(&format!("{TODAY}T04:31:00.000Z"), "web-02", "a", 1120.0),
    ];
    put(&path, lines.concat().as_bytes());
    let done = host.osmon(&["verify", "-v"]).ok();
    assert!(
        done.out.contains("the clock was set back, 1 time") && done.out.contains("web-01 and web-02"),
        "{}",
        done.out
    );
}

#[test]
fn a_day_after_tomorrow_is_a_remark_and_stays() {
    let mut host = host(false);
    put(&host.data().join("snapshots/2027-11-20.jsonl"), minutes("2027-11-20").concat().as_bytes());
    let said = host.osmon(&["verify", "-v"]).ok().out;
    assert!(said.contains("after tomorrow: the clock was wrong"), "{said}");
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    host.osmon(&["repair"]).ok();
    let kept = fs::read(host.data().join("snapshots/2027-11-20.jsonl")).unwrap();
    assert_eq!(kept, minutes("2027-11-20").concat().as_bytes());
}

#[test]
fn nothing_to_read_and_nothing_to_write() {
    let mut host = host(true);
    let path = host.data().display().to_string();
    if tool("mount", &["--bind", &path, &path]).code == 0 {
        if tool("mount", &["-o", "remount,ro,bind", &path]).code == 0 {
            assert_eq!(verify(&host), Vec::<String>::new(), "read-only");
        }
        tool("umount", &[&path]).ok();
    } else {
        skip("a read-only directory", "nothing can be mounted here");
    }
    fs::remove_dir_all(host.data()).unwrap();
    assert_eq!(host.osmon(&["verify"]).code, 74);
    assert_eq!(host.osmon(&["repair"]).code, 74);
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(verify(&host), Vec::<String>::new());
}
