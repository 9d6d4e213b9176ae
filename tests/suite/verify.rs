//! Damage of every kind: verify finds it, repair sets it aside, and everything else goes on meanwhile.

use super::harness::{Done, Host, skip, tool};
use osmon::store::line::seal;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const OLD: &str = "2026-11-18";
const TODAY: &str = "2026-11-20";

fn record(time: &str, host: &str, boot: &str, boottime: f64) -> String {
    seal(&format!(
        "{{\"schema\":1,\"time\":\"{time}\",\"host\":\"{host}\",\"boot_id\":\"{boot}\",\"boottime_seconds\":{boottime},\"interval_seconds\":60.0,\"load\":{{\"one\":0.5}},\"probe\":{{\"cpu_ms\":2.5}}}}"
    ))
}

/// The records of a few minutes in two hours.
fn minutes(day: &str) -> Vec<String> {
    let times = [("03", 58), ("03", 59), ("04", 0), ("04", 1)];
    (0..4)
        .zip(times)
        .map(|(at, (hour, minute))| {
            record(&format!("{day}T{hour}:{minute:02}:00.000Z"), "web-01", "a", 60.0 * f64::from(at))
        })
        .collect()
}

fn put(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A host with a small open day and, when wanted, a sealed one with its rollups.
fn host(with_sealed: bool) -> Host {
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

fn sealed(host: &Host) -> PathBuf {
    host.data().join(format!("snapshots/{OLD}.jsonl.gz"))
}

/// The kinds that verify finds.
#[track_caller]
fn verify(host: &Host) -> Vec<String> {
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
fn repair(host: &Host) -> Done {
    let done = host.osmon(&["repair"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert_eq!(verify(host), Vec::<String>::new(), "{}", done.out);
    done
}

/// Intact records of a day, wherever they are.
fn records(host: &Host, day: &str) -> Vec<String> {
    let text = |path: PathBuf, program: &str| tool(program, &[path.to_str().unwrap()]).out;
    let plain = text(host.data().join(format!("snapshots/{day}.jsonl")), "cat");
    let sealed = text(host.data().join(format!("snapshots/{day}.jsonl.gz")), "zcat");
    let lines = sealed.lines().chain(plain.lines()).filter(|line| serde_json::from_str::<Value>(line).is_ok());
    lines.map(|line| format!("{line}\n")).collect()
}

/// How many snapshots of the sealed day are found by who asks for their hour.
fn found_by_hour(host: &Host) -> usize {
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
fn a_sealed_day_that_was_cut_or_flipped_anywhere_is_found_and_repaired() {
    let host = host(true);
    let whole = fs::read(sealed(&host)).unwrap();
    let rollups = host.path("rollups");
    tool("cp", &["-a", host.data().join("rollups").to_str().unwrap(), rollups.to_str().unwrap()]).ok();
    let all = records(&host, OLD);
    let mut kept = 0;
    let damaged: Vec<(String, Vec<u8>)> = (0..whole.len())
        .map(|cut| (format!("cut at {cut}"), whole[..cut].to_vec()))
        .chain((0..whole.len()).map(|at| {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            (format!("flipped at {at}"), flipped)
        }))
        .collect();
    for (number, (what, content)) in damaged.into_iter().enumerate() {
        fs::write(sealed(&host), content).unwrap();
        let found = verify(&host);
        if found.is_empty() {
            assert_eq!(records(&host, OLD), all, "{what}: nothing is lost, so nothing is wrong");
            assert_eq!(found_by_hour(&host), 4, "{what}: who asks for an hour finds it");
            continue;
        }
        // Each is found; every eighth is repaired, which syncs to the disk again and again.
        if number % 8 != 0 {
            continue;
        }
        repair(&host);
        let left = records(&host, OLD);
        assert!(left.iter().all(|line| all.contains(line)), "{what}");
        kept += usize::from(!left.is_empty());
        let _ = fs::remove_dir_all(host.data().join("damaged"));
        fs::remove_dir_all(host.data().join("rollups")).unwrap();
        tool("cp", &["-a", rollups.to_str().unwrap(), host.data().to_str().unwrap()]).ok();
    }
    assert!(kept > whole.len() / 8, "what can be read is kept: {kept} of {}", whole.len() / 4);
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
fn records_that_are_intact_and_wrong_are_found_and_put_right() {
    let lines = minutes(TODAY);
    let other = |at: usize| record(&format!("{TODAY}T04:0{at}:00.000Z"), "db-01", "b", 900.0 + at as f64);
    let earlier = minutes("2026-11-19");
    let future = record("2027-11-20T04:00:00.000Z", "web-01", "a", 999.0);
    let cases: [(&str, Vec<&String>, usize); 5] = [
        ("wrong_order", vec![&lines[0], &lines[2], &lines[1], &lines[3]], 4),
        ("repeated", vec![&lines[0], &lines[1], &lines[1], &lines[2], &lines[3]], 4),
        (
            "mixed_hosts",
            vec![&lines[0], &other(2), &lines[1], &other(3), &lines[2], &lines[3]]
                .into_iter()
                .map(|line| &*Box::leak(Box::new(line.clone())))
                .collect(),
            4,
        ),
        ("misplaced", vec![&lines[0], &earlier[0], &lines[1], &lines[2], &lines[3]], 4),
        ("misplaced", vec![&lines[0], &future, &lines[1], &lines[2], &lines[3]], 4),
    ];
    for (kind, content, left) in cases {
        let host = host(false);
        let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
        put(&path, content.iter().map(|line| line.as_str()).collect::<String>().as_bytes());
        assert_eq!(verify(&host), [kind]);
        repair(&host);
        assert_eq!(records(&host, TODAY), lines, "{kind}");
        assert_eq!(records(&host, TODAY).len(), left);
        if kind == "misplaced" && content.contains(&&earlier[0]) {
            assert_eq!(records(&host, "2026-11-19"), [earlier[0].clone()], "it is where it belongs");
        }
    }
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
fn a_day_after_tomorrow_is_set_aside() {
    let mut host = host(false);
    put(&host.data().join("snapshots/2027-11-20.jsonl"), minutes("2027-11-20").concat().as_bytes());
    assert_eq!(verify(&host), ["future"]);
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    repair(&host);
    assert_eq!(aside(&host, "snapshots/2027-11-20.jsonl"), minutes("2027-11-20").concat().as_bytes());
}

#[test]
fn rollups_that_are_gone_wrong_or_damaged_are_made_anew() {
    let host = host(true);
    let month = |tier: &str| host.data().join(format!("rollups/{tier}/2026-11.jsonl.gz"));
    let whole = fs::read(month("1h")).unwrap();
    for (what, content) in [("nothing", None), ("cut", Some(&whole[..whole.len() / 2])), ("empty", Some(&whole[..0]))] {
        match content {
            None => fs::remove_file(month("1h")).unwrap(),
            Some(content) => fs::write(month("1h"), content).unwrap(),
        }
        assert!(!verify(&host).is_empty(), "{what}");
        repair(&host);
        assert_eq!(fs::read(month("1h")).unwrap(), whole, "{what}");
    }
    let late = record(&format!("{OLD}T05:00:00.000Z"), "web-01", "a", 3600.0);
    let content = fs::read(sealed(&host)).unwrap();
    put(
        &sealed(&host),
        &[content, osmon::store::member::pack(&format!("{OLD}T05"), late.as_bytes()).unwrap()].concat(),
    );
    assert_eq!(verify(&host), ["rollup_wrong", "rollup_wrong"], "1h and 1d");
    repair(&host);
    fs::remove_dir_all(host.data().join("rollups")).unwrap();
    assert_eq!(verify(&host), ["rollup_missing"; 3]);
    repair(&host);
}

#[test]
fn a_repair_that_was_killed_can_be_done_again() {
    let host = host(true);
    let whole = fs::read(sealed(&host)).unwrap();
    let mut broken = whole.clone();
    let middle = whole.len() / 3;
    broken[middle] ^= 0x40;
    let today = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let lines = minutes(TODAY);
    for moment in 0..40_u64 {
        fs::write(sealed(&host), &broken).unwrap();
        fs::write(&today, [&lines[0], &lines[2], &lines[1], &minutes("2026-11-19")[0]].map(String::as_str).concat())
            .unwrap();
        let mut child = host.command("osmon", &["repair", "-q"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(moment));
        let _ = child.kill();
        child.wait().unwrap();
        host.osmon(&["repair"]);
        assert_eq!(verify(&host), Vec::<String>::new(), "killed after {moment} ms");
        assert_eq!(records(&host, TODAY), lines[..3], "killed after {moment} ms");
        assert_eq!(records(&host, "2026-11-19").len(), 1, "killed after {moment} ms");
        let _ = fs::remove_file(host.data().join("snapshots/2026-11-19.jsonl"));
    }
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

/// What an hour came to is still known when its snapshots are not: no repair and no rebuild forgets it.
#[test]
fn rollups_outlive_their_snapshots_and_a_loss_is_told_until_it_was_noted() {
    let host = host(true);
    // Another sealed day before it, so that the one that goes lies between two.
    let earlier = "2026-11-17";
    put(&host.data().join(format!("snapshots/{earlier}.jsonl")), minutes(earlier).concat().as_bytes());
    host.osmon(&["store", "rebuild"]).ok();
    let of_day = || {
        let asked = ["history", "load.one", "--at", OLD, "--step", "1h", "--json"];
        host.osmon(&asked).ok().json()["metric"][0]["point"].clone()
    };
    let before = of_day();
    assert_eq!(before.as_array().map(Vec::len), Some(2));
    fs::remove_file(sealed(&host)).unwrap();
    assert_eq!(verify(&host), ["snapshots_missing"]);
    let done = host.osmon(&["verify"]);
    assert!(done.out.contains("all 4 snapshots of 2026-11-18 are gone"), "{}", done.out);
    repair(&host);
    host.osmon(&["store", "rebuild"]).ok();
    assert_eq!(of_day(), before);
    // A member that is damaged later is a loss of its own, and its hour stays in the rollups too.
    let path = host.data().join(format!("snapshots/{earlier}.jsonl.gz"));
    let content = fs::read(&path).unwrap();
    put(&path, &content[..content.len() - 40]);
    assert!(!verify(&host).is_empty());
    repair(&host);
    let asked = ["history", "load.one", "--at", earlier, "--step", "1h", "--json"];
    let points = host.osmon(&asked).ok().json()["metric"][0]["point"].clone();
    assert_eq!(points.as_array().map(Vec::len), Some(2), "{points}");
}
