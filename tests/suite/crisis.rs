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
    assert_eq!(done.err, "osmon-detect-crisis: no snapshot yet; run osmon probe first\n");
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
