//! From breach to recovery, minute by minute, through the binaries.

use super::harness::Host;

/// One minute of cron with the small binaries; the exit code of detect-crisis.
fn minute(host: &mut Host, busy: u64) -> i32 {
    host.advance(60, busy);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]).code
}

#[test]
fn cpu_load_is_raised_once_and_recovers_once() {
    let mut host = Host::recorded("vm");
    assert_eq!(minute(&mut host, 0), 0);
    let codes: Vec<i32> = (0..8).map(|_| minute(&mut host, 97)).collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 2, 2, 2], "five minutes of breach, then CRITICAL");
    let done = host.osmon(&["detect-crisis", "-v"]);
    assert!(done.out.contains("CRITICAL  CPU 97 % (limit 95 %) since 21:42, 7 min"), "{}", done.out);
    let codes: Vec<i32> = (0..7).map(|_| minute(&mut host, 5)).collect();
    assert_eq!(codes, [1, 1, 1, 1, 1, 0, 0], "not critical any more, and over after five minutes of being well");
    assert_eq!(host.events(), ["fired critical CPU", "recovered critical CPU"]);
}

#[test]
fn a_disk_a_read_only_disk_and_an_odd_name() {
    let mut host = Host::recorded("old");
    host.config =
        "[rule.disk]\nwarning = 50\nwarning_clear = 45\nfor = \"1m\"\n[rule.load]\nenabled = false\n".to_string();
    assert_eq!(minute(&mut host, 5), 2, "a file system that went read-only is told at once");
    minute(&mut host, 5);
    assert_eq!(
        host.events(),
        ["fired critical File system /data switched to read-only", "fired warning File system /data"]
    );
    let mut host = Host::recorded("hostile");
    (0..4).for_each(|_| {
        minute(&mut host, 5);
    });
    assert_eq!(host.events(), ["fired critical File system /mnt/<img src=x onerror=alert(1)>"]);
}

#[test]
fn without_fresh_data_nothing_is_well() {
    let mut host = Host::recorded("vm");
    let done = host.small("osmon-detect-crisis", &[]);
    assert_eq!(done.code, 3);
    let expected = format!("osmon-detect-crisis: no snapshot in {}; run osmon probe first\n", host.data().display());
    assert_eq!(done.err, expected);
    minute(&mut host, 0);
    host.advance(600, 0);
    let done = host.small("osmon-detect-crisis", &[]);
    assert_eq!((done.code, done.err.contains("10 min old")), (3, true), "{}", done.err);
    assert_eq!(host.small("osmon-detect-crisis", &["--nonsense"]).code, 3, "a usage error is UNKNOWN, not CRITICAL");
}

#[test]
fn judging_the_same_snapshot_twice_counts_it_once() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.cpu]\nfor = \"1m\"\ncritical_for = \"1m\"\n".to_string();
    minute(&mut host, 0);
    minute(&mut host, 97);
    for _ in 0..5 {
        assert_eq!(host.small("osmon-detect-crisis", &[]).code, 0);
    }
    assert_eq!(minute(&mut host, 97), 2);
    assert_eq!(host.events().len(), 1);
}

#[test]
fn the_verdict_as_json() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    minute(&mut host, 0);
    let json = host.osmon(&["detect-crisis", "--json"]).json();
    assert_eq!(
        (&json["verdict"], &json["exit"], &json["incident"][0]["id"]),
        (&"degraded".into(), &1.into(), &"memory-1795210860".into())
    );
}

#[test]
fn what_is_silenced_is_in_the_history_and_told_when_the_silence_ends() {
    let mut host = Host::recorded("vm");
    host.config =
        "[alert]\nto = [\"root@localhost\"]\n[rule.cpu]\nfor = \"0s\"\ncritical_for = \"0s\"\nmessage = \"{value} of {limit}, look at top\"\n"
            .to_string();
    minute(&mut host, 0);
    host.osmon(&["silence", "cpu", "--for", "4m", "--because", "load test"]).ok();
    let queued = |host: &Host| {
        let mut names: Vec<String> = std::fs::read_dir(host.path("data/outbox/new"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    for _ in 0..3 {
        assert_eq!(minute(&mut host, 97), 2, "silenced, and critical all the same");
    }
    assert_eq!((host.events(), queued(&host)), (vec!["fired critical CPU".to_string()], vec![]));
    let muted = host.sections("event")[0]["muted"].as_str().unwrap().to_string();
    assert!(muted.starts_with("silenced by ") && muted.ends_with(": load test"), "{muted}");
    minute(&mut host, 97);
    let waiting = queued(&host);
    assert!(waiting.len() == 1 && waiting[0].ends_with(".2-settled.json"), "{waiting:?}");
    host.osmon(&["graph"]).ok();
    let page = std::fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("97 % of 95 %, look at top") && page.contains(&format!("(not notified: {muted})")));
}

#[test]
fn a_rule_that_makes_no_sense_is_refused_with_its_key() {
    let mut host = Host::recorded("vm");
    for (rule, key) in [
        ("reaches = 100.0\nwarning = 5.0", "reaches"),
        ("reaches = 100.0", "within"),
        ("reaches = 100.0\nper = \"1h\"\nwithin = \"1h\"", "both"),
        ("within = \"1h\"\nwarning = 5.0", "needs"),
        ("reaches = 100.0\nwithin = \"1h\"\ncritical_within = \"8h\"", "must be above"),
        ("per = \"1s\"\nwarning = 5.0", "from 1m to 7d"),
        ("warning = 5.0\nbetween = \"8\"", "08:00-20:00"),
        ("warning = 5.0\ndays = \"someday\"", "mon-fri"),
    ] {
        host.config = format!("[rule.x]\nmetric = \"disk.used_percent\"\n{rule}\n");
        let done = host.osmon(&["config", "check"]);
        assert!(done.code == 78 && (done.out.clone() + &done.err).contains(key), "{rule}: {} {}", done.out, done.err);
    }
    host.config = "[rule.no-data]\nmetric = \"disk.used_percent\"\nwarning = 5.0\n".to_string();
    assert_eq!(host.osmon(&["config", "check"]).code, 78);
}
