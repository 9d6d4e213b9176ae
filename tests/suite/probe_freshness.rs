//! What has to happen again and again: `[freshness.NAME]`.

use super::harness::{Host, tool};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn minutes(host: &mut Host, count: u32) {
    for _ in 0..count {
        host.advance(60, 5);
        host.small("osmon-probe", &[]).ok();
        host.small("osmon-detect-crisis", &[]);
    }
}

/// Writes a file of that size and time.
fn file(host: &Host, path: &str, bytes: usize, time: &str) {
    let file = host.root().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "x".repeat(bytes)).unwrap();
    assert_eq!(tool("touch", &["-d", time, file.to_str().unwrap()]).code, 0);
}

fn fresh(host: &Host, name: &str) -> Value {
    let snapshot = host.osmon(&["probe", "--json", "--no-store"]).json();
    let all = snapshot["freshness"].as_array().unwrap();
    all.iter().find(|element| element["name"] == name).unwrap().clone()
}

#[test]
fn the_newest_file_that_counts_gives_the_age() {
    let mut host = Host::recorded("vm");
    file(&host, "backup/db-1.gz", 2000, "2026-11-20T03:40:00Z");
    file(&host, "backup/db-2.gz", 2000, "2026-11-20T15:40:00Z");
    file(&host, "backup/db-3.gz", 10, "2026-11-20T20:40:00Z");
    file(&host, "backup/.db-4.gz", 5000, "2026-11-20T21:00:00Z");
    file(&host, "backup/notes", 5, "2026-11-20T21:39:00Z");
    file(&host, "backup/empty", 0, "2026-11-20T21:39:00Z");
    file(&host, "backup/tomorrow", 5, "2026-11-22T03:00:00Z");
    file(&host, "backup/daily.0/x", 5, "2026-11-20T21:00:00Z");
    tool("touch", &["-d", "2026-11-19T21:40:00Z", host.root().join("backup/daily.0").to_str().unwrap()]);
    let hours = |hours: f64| Some(hours * 3600.0);
    let entries = [
        ("one", "path = \"/backup/db-1.gz\"", hours(18.0), false, "18 h old, at most 1 d"),
        ("pattern", "path = \"/backup/db-*.gz\"", hours(1.0), false, "1 h old, at most 1 d"),
        ("large", "path = \"/backup/db-*.gz\"\nmin_size = \"1 KiB\"", hours(6.0), false, "6 h old, at most 1 d"),
        ("hourly", "path = \"/backup/db-2.gz\"\nmax_age = \"1h\"", hours(6.0), true, "6 h old, at most 1 h"),
        ("snapshots", "path = \"/backup/daily.*\"\nmax_age = \"2d\"", hours(24.0), false, "1 d old, at most 2 d"),
        ("empty", "path = \"/backup/empty\"", None, true, "missing: the file has only 0 bytes"),
        ("gone", "path = \"/backup/nothing\"", None, true, "missing: nothing does not exist"),
        ("nowhere", "path = \"/nowhere/*\"", None, true, "missing: the directory nowhere does not exist"),
        ("unlike", "path = \"/backup/*.zip\"", None, true, "missing: no file matches *.zip"),
        (
            "future",
            "path = \"/backup/tomorrow\"",
            None,
            false,
            "cannot be determined: dated in the future: 2026-11-22T03:00:00.000Z",
        ),
    ];
    for (name, keys, ..) in &entries {
        let max_age = if keys.contains("max_age") { "" } else { "max_age = \"24h\"\n" };
        host.config += &format!("[freshness.{name}]\n{keys}\n{max_age}");
    }
    for (name, keys, age, overdue, state) in entries {
        let found = fresh(&host, name);
        assert_eq!((found["age_seconds"].as_f64(), &found["overdue"]), (age, &overdue.into()), "{keys}");
        assert_eq!(found["state"], state, "{keys}");
    }
    assert_eq!(fresh(&host, "large")["size_bytes"], 2000);
    assert_eq!(fresh(&host, "hourly")["age_percent"], 600.0);
    // A directory stands for the files in it, without those in the making.
    host.config = "[freshness.all]\npath = \"/backup\"\nmin_size = \"1 KiB\"\nmax_age = \"1d\"\n".to_string();
    assert_eq!(fresh(&host, "all")["age_seconds"].as_f64(), hours(6.0));
}

#[test]
fn a_backup_that_stops_is_told_and_ends() {
    let mut host = Host::recorded("vm");
    host.config = "[freshness.backup]\npath = \"/backup/*.gz\"\nmax_age = \"1h\"\n".to_string();
    file(&host, "backup/a.gz", 10, "2026-11-20T20:50:00Z");
    minutes(&mut host, 10);
    assert_eq!(host.events(), Vec::<String>::new());
    minutes(&mut host, 7);
    assert_eq!(host.events(), ["fired critical backup is overdue"]);
    let fired = host.sections("event").pop().unwrap();
    assert!(fired["evidence"]["fact"][0].as_str().unwrap().starts_with("State: 1 h 6 min old, at most 1 h"), "{fired}");
    file(&host, "backup/b.gz", 10, "2026-11-20T21:57:00Z");
    minutes(&mut host, 4);
    assert_eq!(host.events().pop().as_deref(), Some("recovered critical backup is overdue"));
    // What was deleted is missing, however fresh it was.
    fs::remove_dir_all(host.root().join("backup")).unwrap();
    minutes(&mut host, 7);
    assert_eq!(host.events().pop().as_deref(), Some("fired critical backup is overdue"));
    let state = host.snapshots().pop().unwrap()["freshness"][0]["state"].as_str().unwrap().to_string();
    assert!(state.starts_with("missing: the directory backup does not exist; the last one is "), "{state}");
}

#[test]
fn a_command_says_when_it_last_succeeded() {
    let mut host = Host::recorded("vm");
    host.config = "[freshness.a]\ncommand = [\"/usr/bin/last-backup\"]\nevery = \"5m\"\nmax_age = \"2h\"\n[freshness.b]\ncommand = [\"/usr/bin/last-sync\"]\nmax_age = \"2h\"\n".to_string();
    host.write("freshness-a", "2026-11-20T21:00:00Z\n");
    host.write("freshness-b", "no idea\n");
    minutes(&mut host, 1);
    let states = |host: &Host| {
        let last = host.snapshots().pop().unwrap();
        let all = last["freshness"].as_array().unwrap().iter();
        all.map(|element| element["state"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(states(&host), ["41 min old, at most 2 h", "not asked yet"], "one command a minute");
    minutes(&mut host, 1);
    let unknown = "cannot be determined: the command printed no time, but \"no idea\"";
    assert_eq!(states(&host), ["42 min old, at most 2 h", unknown]);
    // It is asked every five minutes.
    host.write("freshness-a", "1795210800\n");
    minutes(&mut host, 3);
    assert_eq!(states(&host)[0], "45 min old, at most 2 h");
    minutes(&mut host, 1);
    assert_eq!(states(&host)[0], "6 min old, at most 2 h".replace("6 min", &age_at(&host, 1_795_210_800)));
    // A command that fails leaves what was known; what is not known for an hour is overdue.
    fs::remove_file(host.root().join("freshness-a")).unwrap();
    minutes(&mut host, 66);
    assert!(
        states(&host)[0].ends_with("at most 2 h; cannot be determined now: the command failed"),
        "{:?}",
        states(&host)
    );
    let events = host.events();
    assert!(events.contains(&"fired critical b is overdue".to_string()), "{events:?}");
    // After a reboot the last success is still known.
    host.write("proc/sys/kernel/random/boot_id", "00000001-0000-0000-0000-000000000000\n");
    host.write("proc/uptime", "5.00 0.00\n");
    minutes(&mut host, 1);
    assert!(states(&host)[0].contains("old, at most 2 h"), "{:?}", states(&host));
}

fn age_at(host: &Host, time: i64) -> String {
    osmon::base::units::duration((host.now.timestamp() - time) as f64)
}

#[test]
fn a_command_that_others_can_change_is_not_started() {
    let directory = tempfile::tempdir().unwrap();
    let (program, config) = (directory.path().join("last"), directory.path().join("osmon.toml"));
    fs::write(&program, "#!/bin/sh\nenv > \"$0.env\"\ndate +%s\n").unwrap();
    let text = format!("[freshness.job]\ncommand = [\"{}\"]\nmax_age = \"1h\"\n", program.display());
    fs::write(&config, text).unwrap();
    let probe = |mode: u32| {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = std::process::Command::new(super::harness::binary("osmon"));
        command.args(["probe", "--json", "--no-store", "--config"]).arg(&config).arg("--data-dir");
        let output = command.arg(directory.path().join("data")).env_clear().env("SECRET", "hunter2").output().unwrap();
        let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
        snapshot["freshness"][0]["state"].as_str().unwrap().to_string()
    };
    let refused = probe(0o777);
    assert!(refused.contains("others than its owner may write to"), "{refused}");
    assert!(!program.with_extension("env").exists());
    assert_eq!(probe(0o755), "0 s old, at most 1 h");
    assert!(!fs::read_to_string(program.with_extension("env")).unwrap().contains("SECRET"));
    // Nor is any that a file names which everybody can write.
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    let mut command = std::process::Command::new(super::harness::binary("osmon"));
    let output = command.args(["config", "check", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("freshness.job.command") && said.contains("so decide what is run"), "{said}");
}
