//! What happened to the clock and the machine, and the notes of people, on the timeline.

use super::harness::{Host, skip, tool};
use super::run::{hold, hold_file};
use serde_json::Value;
use std::fs;
use std::process::Stdio;

const BOOT: &str = "fedcba98-0000-4000-8000-000000000002";

fn minutes(host: &mut Host, count: usize) {
    for _ in 0..count {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
}

/// A host that has been watched for two minutes.
fn watched() -> Host {
    let mut host = Host::recorded("vm");
    minutes(&mut host, 2);
    host
}

/// The host is started anew: so many seconds by the wall clock, up for so many.
fn reboot(host: &mut Host, seconds: i64, up: f64) {
    host.now += chrono::TimeDelta::seconds(seconds);
    host.write("proc/uptime", &format!("{up:.2} 0.00\n"));
    host.write("proc/sys/kernel/random/boot_id", &format!("{BOOT}\n"));
}

/// Writes a file of the host with the directories above it, last changed at a time.
fn put(host: &Host, file: &str, content: &[u8], changed: &str) {
    let path = host.root().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    tool("touch", &["-d", changed, path.to_str().unwrap()]).ok();
}

fn page(host: &Host) -> String {
    host.osmon(&["graph"]).ok();
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

/// A record of wtmp(5).
fn wtmp(kind: i16, user: &str, time: &str) -> Vec<u8> {
    let mut record = vec![0_u8; 384];
    record[..2].copy_from_slice(&kind.to_ne_bytes());
    record[44..44 + user.len()].copy_from_slice(user.as_bytes());
    let seconds = time.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp() as i32;
    record[340..344].copy_from_slice(&seconds.to_ne_bytes());
    record
}

#[test]
fn quiet_minutes_and_the_first_run_make_no_mark() {
    let mut host = Host::recorded("vm");
    put(&host, "var/lib/dpkg/status", b"x", "2026-11-01T00:00:00Z");
    put(&host, "var/log/wtmp", &wtmp(2, "reboot", "2026-11-20T21:00:00Z"), "2026-11-20T21:00:00Z");
    minutes(&mut host, 5);
    host.osmon(&["probe"]).ok();
    assert!(host.lines("events").is_empty(), "{:?}", host.marks());
    assert!(!host.data().join("state/marks.json").exists());
}

#[test]
fn a_clock_that_is_set() {
    let mut host = watched();
    host.advance(60, 10);
    host.now -= chrono::TimeDelta::hours(1);
    host.osmon(&["run"]).ok();
    assert_eq!(host.marks(), ["clock_step: Clock set back by 1 h"]);
    assert!(page(&host).contains("<span class=\"w plain\">clock</span> Clock set back by 1 h"));
    minutes(&mut host, 2);
    host.advance(60, 10);
    host.now += chrono::TimeDelta::hours(1);
    host.small("osmon-probe", &[]).ok();
    assert_eq!(host.marks()[1..], ["clock_step: Clock set forward by 1 h"]);
    let mark = &host.sections("mark")[1];
    assert_eq!((&mark["time"], mark.get("since")), (&"2026-11-20T21:46:00.000Z".into(), None));
    let page = page(&host);
    assert!(page.find("set forward by").unwrap() < page.find("set back by").unwrap(), "the newest first");
    assert_eq!(host.snapshots().len(), 6);
}

#[test]
fn a_host_that_slept() {
    let mut host = watched();
    host.write("suspended", "120\n");
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    host.write("suspended", "1920.5\n");
    host.advance(1860, 0);
    host.osmon(&["run"]).ok();
    assert_eq!(host.marks(), ["suspended: Suspended for 2 min", "suspended: Suspended for 30 min"]);
    let mark = &host.sections("mark")[1];
    assert_eq!((&mark["since"], &mark["duration_seconds"]), (&"2026-11-20T21:43:00.000Z".into(), &1800.5.into()));
}

#[test]
fn a_boot_and_what_is_known_of_the_end_before_it() {
    let (down, up) = ("2026-11-20T21:43:00Z", "2026-11-20T21:45:00Z");
    let micros = |time: &str| time.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros();
    let journal =
        |time: &str| format!("var/log/journal/0123abcd/system@{:016x}-00ff00ff00ff00ff.journal~", micros(time));
    let off = "the host was off or starting for 4 min";
    let (plain, cut) = (
        format!("reboot: Rebooted; {off}"),
        format!("power_loss: Power loss or reset: the host was not shut down in order; {off}"),
    );
    let orderly =
        [wtmp(2, "reboot", "2026-11-01T00:00:00Z"), wtmp(1, "shutdown", down), wtmp(2, "reboot", up)].concat();
    let sudden = [wtmp(2, "reboot", "2026-11-01T00:00:00Z"), wtmp(2, "reboot", up)].concat();
    let unclean = journal(up);
    type File<'a> = (&'a str, &'a [u8], &'a str);
    let cases: [(&[File], &String); 7] = [
        (&[], &plain),
        (&[("var/log/wtmp", &orderly, up)], &plain),
        (&[("var/log/wtmp", &sudden, up)], &cut),
        (&[(&unclean, b"", up)], &cut),
        (&[(&unclean, b"", up), ("var/log/wtmp", &orderly, up)], &plain),
        (&[(&journal("2026-11-20T21:30:00Z"), b"", up)], &plain),
        (&[("etc/machine-id", b"another\n", up), (&unclean, b"", up)], &plain),
    ];
    for (number, (files, expected)) in cases.into_iter().enumerate() {
        let mut host = watched();
        reboot(&mut host, 240, 50.0);
        for (file, content, changed) in files {
            put(&host, file, content, changed);
        }
        host.osmon(&["run"]).ok();
        minutes(&mut host, 2);
        assert_eq!(host.marks(), [expected.as_str()], "case {number}");
        let mark = &host.sections("mark")[0];
        assert_eq!((&mark["since"], &mark["duration_seconds"]), (&"2026-11-20T21:42:00.000Z".into(), &240.0.into()));
    }
}

#[test]
fn another_kernel_and_other_packages() {
    let mut host = Host::recorded("vm");
    put(&host, "var/lib/dpkg/status", b"", "2026-11-01T00:00:00Z");
    minutes(&mut host, 2);
    let upgrades: String = (0..8).map(|number| format!("2026-11-20 21:42:30 upgrade p{number}:amd64 1 2\n")).collect();
    let log = format!(
        "2026-10-30 10:00:00 upgrade old:amd64 1 2\n{upgrades}2026-11-20 21:42:31 install new:all <none> <b>3\n"
    );
    put(&host, "var/log/dpkg.log", log.as_bytes(), "2026-11-20T21:42:31Z");
    put(&host, "var/lib/dpkg/status", b"", "2026-11-20T21:42:32Z");
    minutes(&mut host, 2);
    put(&host, "var/lib/dpkg/status", b"", "2026-11-20T21:44:30Z");
    put(
        &host,
        "var/log/dpkg.log",
        &[log.as_bytes(), b"2026-11-20 21:44:29 install <i>x:all <none> <b>3\n"].concat(),
        "2026-11-20T21:44:30Z",
    );
    minutes(&mut host, 1);
    fs::remove_file(host.root().join("var/log/dpkg.log")).unwrap();
    put(&host, "var/lib/dpkg/status", b"", "2026-11-20T21:45:30Z");
    reboot(&mut host, 240, 50.0);
    host.replace("proc/sys/kernel/osrelease", "6.1.0-31-amd64", "6.1.0-32-amd64");
    host.osmon(&["run"]).ok();
    assert_eq!(
        host.marks(),
        [
            "package_change: Packages: p0 1 → 2, p1 1 → 2, p2 1 → 2, p3 1 → 2, p4 1 → 2, 4 more",
            "package_change: Packages: <i>x <b>3 installed",
            "reboot: Rebooted; the host was off or starting for 4 min",
            "kernel_change: Kernel 6.1.0-31-amd64 → 6.1.0-32-amd64",
            "package_change: Packages: the database of installed packages was changed",
        ]
    );
    let page = page(&host);
    assert!(page.contains("Packages: &#60;i&#62;x &#60;b&#62;3 installed") && !page.contains("<i>x"));
}

#[test]
fn minutes_without_a_run_are_told_with_their_reason() {
    let mut host = watched();
    host.advance(120, 10);
    host.osmon(&["run"]).ok();
    assert!(host.marks().is_empty(), "one that was late is none that was missed");
    host.advance(3 * 3600, 10);
    host.osmon(&["run"]).ok();
    let none = "osmon did not run, or could write nowhere; is cron running?";
    assert_eq!(host.marks(), [format!("missed_runs: No snapshot for 3 h: {none}")]);
    minutes(&mut host, 3);
    let mut child = hold(&host);
    for _ in 0..3 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    release(&mut child);
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(host.marks()[1..], ["missed_runs: No snapshot for 4 min: 3 runs found another osmon still at work"]);
}

fn release(child: &mut std::process::Child) {
    tool("pkill", &["-P", &child.id().to_string()]);
    child.kill().unwrap();
    child.wait().unwrap();
}

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

#[test]
fn a_note_is_kept_with_its_author_and_shown() {
    let mut host = watched();
    let mut command = host.command("osmon", &["note", "deployed", "<b>v3\u{202e}", "--json"]);
    let output = command.env("SUDO_USER", "anna").output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["mark"]["author"], &answer["mark"]["kind"]), (&"anna".into(), &"note".into()));
    host.advance(60, 10);
    assert_eq!(
        host.osmon(&["note", "disk\nreplaced", "--at", "21:30", "-v"]).ok().out,
        "noted for 2026-11-20 21:30: disk replaced\n"
    );
    assert_eq!(host.osmon(&["note", "silent under cron"]).ok().out, "");
    assert_eq!(host.marks(), ["note: deployed <b>v3\u{FFFD}", "note: disk replaced", "note: silent under cron"]);
    let marks = host.sections("mark");
    assert_eq!(
        (&marks[0]["time"], &marks[1]["time"]),
        (&"2026-11-20T21:42:00.000Z".into(), &"2026-11-20T21:30:00.000Z".into())
    );
    assert_eq!(marks[1]["author"].as_str(), Some(tool("id", &["-un"]).out.trim()));
    let page = page(&host);
    assert!(page.contains("<span class=\"w plain\">note</span> deployed &#60;b&#62;v3\u{FFFD} (anna)"));
    assert!(page.find("silent under").unwrap() < page.find("deployed").unwrap());
    assert!(page.find("deployed").unwrap() < page.find("disk replaced").unwrap());
    let long = "x".repeat(501);
    for (arguments, words) in [
        (&["note", &long][..], "the note has 501 characters, at most 500 are kept; make it shorter"),
        (&["note", " \n"], "the note is empty; write for example"),
        (&["note", "x", "--at", "soon"], "\"soon\" is not a time"),
        (&["note", "x", "--at", "2026-11-21"], "is in the future"),
        (&["note"], "TEXT"),
    ] {
        let done = host.osmon(arguments);
        assert_eq!((done.code, done.err.contains(words)), (64, true), "{words}: {}", done.err);
    }
    assert_eq!(host.marks().len(), 3);
}

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
    // Who only writes for a moment, a rebuild between two months, is waited for.
    for (held, limit) in [(turn, 0.1), (lock, 5.0)] {
        let mut child = hold_file(&held);
        host.advance(60, 10);
        // The quickest of some: another's load is not what is measured.
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
