//! The identity of the host: names that change, copies, moves, and two hosts in one directory.

use super::annotations::{minutes, page, reboot};
use super::harness::{Host, repository, tool};
use std::fs;

const MACHINES: [&str; 2] = ["0123456789abcdef0123456789abcdef\n", "fedcba9876543210fedcba9876543210\n"];
const BOOTS: [&str; 4] = [
    "aaaaaaaa-0000-4000-8000-000000000001",
    "bbbbbbbb-0000-4000-8000-000000000002",
    "cccccccc-0000-4000-8000-000000000003",
    "dddddddd-0000-4000-8000-000000000004",
];

fn name(host: &Host, name: &str) {
    host.write("proc/sys/kernel/hostname", &format!("{name}\n"));
}

fn machine(host: &Host, id: &str) {
    fs::create_dir_all(host.root().join("etc")).unwrap();
    host.write("etc/machine-id", id);
}

fn boot(host: &Host, id: &str, up: f64) {
    host.write("proc/sys/kernel/random/boot_id", &format!("{id}\n"));
    host.write("proc/uptime", &format!("{up:.2} 0.00\n"));
}

/// A host of that name and machine that has been watched for some minutes.
fn watched(own: &str, id: &str) -> Host {
    let mut host = Host::recorded("vm");
    name(&host, own);
    if !id.is_empty() {
        machine(&host, id);
    }
    minutes(&mut host, 3);
    host
}

/// The kinds of the marks so far.
fn kinds(host: &Host) -> Vec<String> {
    host.marks().iter().map(|mark| mark.split(':').next().unwrap().to_string()).collect()
}

#[test]
fn a_name_that_comes_late_or_changes_loses_no_boot() {
    let names: [&[&str]; 4] = [
        &["localhost", "web-01"],
        &["web-01", "web-01.example.org"],
        &["dhcp-17", "dhcp-18", "dhcp-23"],
        &["web-01", "localhost", "web-01"],
    ];
    for (names, id) in names.into_iter().flat_map(|names| ["", MACHINES[0], "uninitialized\n"].map(|id| (names, id))) {
        let mut host = watched(names[0], id);
        for (number, id) in BOOTS.into_iter().enumerate() {
            reboot(&mut host, 240, 50.0);
            boot(&host, id, 50.0);
            for own in names {
                name(&host, own);
                host.osmon(&["run"]).ok();
                minutes(&mut host, 2);
            }
            let boots = kinds(&host).iter().filter(|kind| *kind == "reboot").count();
            assert_eq!(boots, number + 1, "{names:?} {id:?}: {:?}", host.marks());
        }
        let renamed = kinds(&host).iter().filter(|kind| *kind == "renamed").count();
        assert!(renamed < names.len(), "each name once: {:?}", host.marks());
        assert_eq!(kinds(&host).len(), BOOTS.len() + renamed, "{:?}", host.marks());
        let snapshots = host.snapshots().len();
        host.osmon(&["repair"]).ok();
        assert_eq!(host.snapshots().len(), snapshots);
    }
}

#[test]
fn a_new_name_is_told_once() {
    let mut host = watched("web-01", MACHINES[0]);
    name(&host, "shop-01");
    minutes(&mut host, 3);
    assert_eq!(host.marks(), ["renamed: Renamed from web-01 to shop-01"]);
    name(&host, "web-01");
    minutes(&mut host, 2);
    assert_eq!(kinds(&host), ["renamed"]);
    let history = host.osmon(&["history", "cpu.busy_percent", "--since", "1h"]).ok().out;
    assert!(page(&host).contains("Renamed from web-01 to shop-01"), "{history}");
}

/// Gives the data directory to another host, which has been up for a while.
fn copied(host: &mut Host, own: &str, id: &str, boot_id: &str, up: f64) {
    name(host, own);
    if !id.is_empty() {
        machine(host, id);
    }
    boot(host, boot_id, up);
    host.replace("proc/stat", "btime ", "btime 1");
}

#[test]
fn a_copied_history_is_continued_without_its_rates_boots_and_incidents() {
    let clone = MACHINES[0];
    for (own, id, old) in
        [("web-01", MACHINES[1], clone), ("db-01", MACHINES[1], clone), ("web-01", "", ""), ("web-01", clone, clone)]
    {
        let mut host = Host::recorded("vm");
        host.config = "[rule.cpu]\nwarning = 85\nfor = \"0s\"\nclear_for = \"0s\"\n".to_string();
        name(&host, "db-01");
        if !old.is_empty() {
            machine(&host, old);
        }
        minutes(&mut host, 2);
        host.advance(60, 99);
        host.osmon(&["run"]);
        assert_eq!(host.osmon(&["detect-crisis"]).code, 2, "an incident is open");
        host.advance(1200, 10);
        copied(&mut host, own, id, BOOTS[0], 9_000_000.0);
        host.osmon(&["run"]).ok();
        let text = match own {
            "db-01" => "continued: Continues on another machine of the same name, db-01, from here".to_string(),
            _ => format!("continued: Continues the history of db-01 on {own} from here"),
        };
        assert_eq!(host.marks(), [text.as_str()]);
        let snapshot = host.snapshots().pop().unwrap();
        assert!(snapshot["interval_seconds"].is_null() && snapshot["cpu"]["busy_percent"].is_null(), "{snapshot}");
        minutes(&mut host, 3);
        assert_eq!(host.marks(), [text.as_str()], "once");
        assert_eq!(host.events().len(), 1, "the incident of the other host is not ours: {:?}", host.events());
        host.osmon(&["detect-crisis"]).ok();
        let history =
            host.osmon(&["history", "cpu.busy_percent", "--since", "2026-11-20T21:41:30Z", "--step", "raw"]).ok().out;
        assert!(history.contains("21:42") && history.contains("22:05"), "{history}");
        let words = history.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(text.split_once(": ").unwrap().1), "the reason of the gap: {history}");
        let incidents = host.osmon(&["incidents"]).ok().out;
        assert!(incidents.contains("0 open") || !incidents.contains(" open"), "{incidents}");
        assert!(page(&host).contains(text.split_once(": ").unwrap().1));
        let state = fs::read_to_string(host.data().join("state/host.json")).unwrap();
        assert!(MACHINES.iter().all(|id| !state.contains(id.trim())), "no machine id is exposed: {state}");
    }
}

#[test]
fn two_hosts_in_one_directory_are_told_and_nothing_is_removed() {
    for id in [MACHINES[1], ""] {
        let mut host = watched("web-01", if id.is_empty() { "" } else { MACHINES[0] });
        let own = host.read("proc/sys/kernel/random/boot_id");
        for at in 0..5 {
            let up: f64 = host.read("proc/uptime").split(' ').next().unwrap().parse().unwrap();
            host.now += chrono::TimeDelta::seconds(20);
            copied(&mut host, "db-01", id, BOOTS[1], 9_000_000.0 + f64::from(at) * 60.0);
            host.osmon(&["run"]).ok();
            host.now += chrono::TimeDelta::seconds(40);
            copied(&mut host, "web-01", if id.is_empty() { "" } else { MACHINES[0] }, own.trim(), up + 60.0);
            host.osmon(&["run"]).ok();
        }
        let told = "shared: Two hosts record here by turns, db-01 and web-01: give each a data directory of its own";
        assert_eq!(host.marks(), ["continued: Continues the history of web-01 on db-01 from here", told]);
        let found = host.osmon(&["verify"]);
        assert!(found.code == 65 && found.out.contains("two hosts record here by turns"), "{}", found.out);
        let snapshots = host.snapshots();
        host.osmon(&["repair"]);
        assert_eq!(host.snapshots(), snapshots);
    }
}

#[test]
fn a_first_run_and_an_older_history_make_no_mark() {
    for version in ["1", "2"] {
        let mut host = Host::recorded("vm");
        fs::create_dir_all(host.data()).unwrap();
        let archive = repository("tests/fixtures/store").join(version).join("data.tar.gz").display().to_string();
        tool("tar", &["-xzf", &archive, "-C", host.data().to_str().unwrap()]).ok();
        assert!(!host.data().join("state/host.json").exists());
        host.advance(
            ("2026-11-21T00:11:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - host.now).num_seconds(),
            10,
        );
        machine(&host, MACHINES[0]);
        let before = host.marks();
        minutes(&mut host, 2);
        assert_eq!(host.marks(), before, "version {version}");
        copied(&mut host, "web-09", MACHINES[1], BOOTS[0], 5000.0);
        minutes(&mut host, 2);
        assert_eq!(kinds(&host).last().unwrap(), "continued");
    }
    let host = watched("localhost", "uninitialized\n");
    assert!(host.marks().is_empty());
}

#[test]
fn a_data_directory_that_was_moved_behind_a_link_goes_on() {
    let mut host = watched("web-01", MACHINES[0]);
    fs::rename(host.data(), host.path("disk")).unwrap();
    std::os::unix::fs::symlink("disk", host.data()).unwrap();
    minutes(&mut host, 2);
    let moved =
        |host: &Host| host.marks().iter().filter(|mark| mark.contains("The data directory was moved from")).count();
    assert_eq!((moved(&host), host.snapshots().len()), (1, 5));
    minutes(&mut host, 2);
    for part in ["snapshots", "state"] {
        fs::rename(host.data().join(part), host.path(part)).unwrap();
        std::os::unix::fs::symlink(format!("../{part}"), host.data().join(part)).unwrap();
    }
    minutes(&mut host, 2);
    assert_eq!((kinds(&host).len(), host.snapshots().len()), (1, 9), "{:?}", host.marks());
    // The disk is not mounted.
    fs::rename(host.path("snapshots"), host.path("away")).unwrap();
    host.advance(60, 10);
    let lost = host.osmon(&["run"]);
    assert!(lost.code != 0 && lost.err.contains("which does not exist"), "{}", lost.err);
    fs::rename(host.path("away"), host.path("snapshots")).unwrap();
    minutes(&mut host, 1);
    assert_eq!(host.snapshots().len(), 10);
    fs::rename(host.path("disk"), host.path("away")).unwrap();
    host.advance(60, 10);
    for command in ["run", "probe", "history"] {
        let lost = host.osmon(&[command]);
        assert!(lost.code != 0 && lost.err.contains("which does not exist"), "{command}: {} {}", lost.out, lost.err);
        assert!(!host.path("disk").exists(), "{command} begins no other history");
    }
    fs::rename(host.path("away"), host.path("disk")).unwrap();
    host.advance(60, 10);
    host.osmon(&["run"]);
    minutes(&mut host, 1);
    assert!(host.snapshots().len() >= 11);
    assert_eq!(moved(&host), 1, "{:?}", host.marks());
}

#[test]
fn a_restored_backup_is_told_with_its_host_and_time() {
    for other in [false, true] {
        let mut host = watched("db-01", MACHINES[0]);
        host.osmon(&["backup", host.path("b.tar.gz").to_str().unwrap()]).ok();
        minutes(&mut host, 7);
        if other {
            fs::remove_dir_all(host.data()).unwrap();
            copied(&mut host, "web-01", MACHINES[1], BOOTS[0], 9_000_000.0);
        }
        host.osmon(&["restore", host.path("b.tar.gz").to_str().unwrap()]).ok();
        minutes(&mut host, 3);
        let restored = "restored: Restored from a backup of db-01 made at 2026-11-20 21:43 UTC";
        let continued = "continued: Continues the history of db-01 on web-01 from here";
        assert_eq!(host.marks(), if other { vec![restored, continued] } else { vec![restored] });
        assert!(!host.data().join("state/marks.json").exists());
        let history = host.osmon(&["history", "load.one", "--since", "2026-11-20T21:40:00Z", "--step", "raw"]).ok().out;
        assert!(history.contains("Restored from a backup of db-01"), "{history}");
        assert_eq!(host.osmon(&["verify"]).ok().code, 0);
    }
}

#[test]
fn a_history_that_begins_where_nothing_is_mounted_is_said() {
    let warns = |fstab: &str, is_mounted: bool, is_first: bool| {
        let mut host = Host::recorded("vm");
        let point = fs::canonicalize(host.root().parent().unwrap()).unwrap();
        let point = point.to_str().unwrap().to_string();
        if !is_first {
            minutes(&mut host, 1);
        }
        fs::create_dir_all(host.root().join("etc")).unwrap();
        host.write("etc/fstab", &fstab.replace("POINT", &point));
        if is_mounted {
            let mounts = host.read("proc/self/mountinfo");
            host.write("proc/self/mountinfo", &format!("{mounts}90 28 259:9 / {point} rw shared:1 - ext4 /dev/x rw\n"));
        }
        host.advance(60, 10);
        let done = host.osmon(&["run"]);
        assert_eq!(done.code, 0, "{}", done.err);
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).err, "", "once");
        done.err.contains("nothing is mounted on")
    };
    assert!(warns("UUID=1 / ext4 defaults 0 1\nUUID=2\tPOINT ext4 noatime 0 2\n", false, true));
    assert!(!warns("UUID=2 POINT/ ext4 noatime 0 2\n", true, true), "mounted");
    assert!(!warns("# UUID=2 POINT ext4\nUUID=3 POINT-2 ext4\nUUID=4 / ext4\nbroken\n", false, true), "others");
    assert!(!warns("UUID=2 POINT ext4 noatime 0 2\n", false, false), "there is a history");
}
