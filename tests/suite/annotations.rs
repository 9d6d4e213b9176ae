//! Annotations: changes of the clock, reboots, missed runs, packages and kernels.

use super::harness::{Host, tool};
use super::run::hold;
use std::fs;

const BOOT: &str = "fedcba98-0000-4000-8000-000000000002";

pub fn minutes(host: &mut Host, count: usize) {
    for _ in 0..count {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
}

/// A host that has been watched for two minutes.
pub fn watched() -> Host {
    let mut host = Host::recorded("vm");
    minutes(&mut host, 2);
    host
}

/// Reboots the host: `seconds` later by the wall clock, and `up` seconds after the boot.
pub fn reboot(host: &mut Host, seconds: i64, up: f64) {
    host.now += chrono::TimeDelta::seconds(seconds);
    host.write("proc/uptime", &format!("{up:.2} 0.00\n"));
    host.write("proc/sys/kernel/random/boot_id", &format!("{BOOT}\n"));
}

/// Writes a file of the host with the directories above it, last changed at a time.
pub fn put(host: &Host, file: &str, content: &[u8], changed: &str) {
    let path = host.root().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    tool("touch", &["-d", changed, path.to_str().unwrap()]).ok();
}

pub fn page(host: &Host) -> String {
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
    assert!(page(&host).contains("<span class=\"w plain\">clock</span> <span>Clock set back by 1 h"));
    minutes(&mut host, 2);
    host.advance(60, 10);
    host.now += chrono::TimeDelta::hours(1);
    host.small("osmon-probe", &[]).ok();
    assert_eq!(
        host.marks()[1..],
        [
            "clock_step: The clock was 1 h behind for 3 min; 3 snapshots are stored under 2026-11-20 20:43 UTC to 2026-11-20 20:45 UTC"
        ]
    );
    let mark = &host.sections("mark")[1];
    assert_eq!((&mark["time"], mark.get("since")), (&"2026-11-20T21:46:00.000Z".into(), None));
    let page = page(&host);
    assert!(page.find("1 h behind for 3 min").unwrap() < page.find("set back by").unwrap(), "the newest first");
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
        format!("power_loss: Power loss or reset: the host was not shut down cleanly; {off}"),
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
            "package_change: Packages: the package database changed",
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
    let none = "osmon did not run or could not write; is cron running?";
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
    assert_eq!(host.marks()[1..], ["missed_runs: No snapshot for 4 min: 3 runs found another osmon still running"]);
}

pub fn release(child: &mut std::process::Child) {
    tool("pkill", &["-P", &child.id().to_string()]);
    child.kill().unwrap();
    child.wait().unwrap();
}
