//! Pools, multipath devices and the health of disks: programs that run rarely, and what an alert says.

use super::harness::Host;
use super::probe_storage::{DMSETUP, NVME, ata, everything, facts, minutes, probe, put};
use serde_json::json;

#[test]
fn a_full_thin_pool_lost_paths_and_a_degraded_pool_are_told_within_five_minutes() {
    let mut host = Host::recorded("vm");
    everything(&host);
    minutes(&mut host, 3);
    assert_eq!(host.events(), [""; 0], "all is well");
    let status =
        DMSETUP.replace("819200/", "1600000/").replace("8:32 A 0", "8:32 F 3").replace("raid1 2 AA", "raid1 2 AD");
    put(&host, "dmsetup-status", &status);
    put(&host, "sys/dev/block/8:32/uevent", "MAJOR=8\nMINOR=32\nDEVNAME=sdc\nDEVTYPE=disk\n");
    put(&host, "proc/spl/kstat/zfs/tank/state", "DEGRADED\n");
    let faulted = "  pool: tank\n state: DEGRADED\nconfig:\n\n\tNAME STATE READ WRITE CKSUM\n\ttank DEGRADED 0 0 0\n\t  sdb FAULTED 3 1 0\n";
    put(&host, "zpool-status", faulted);
    minutes(&mut host, 2);
    assert_eq!(host.events(), [""; 0], "commands are not run each minute, and a state has to last");
    minutes(&mut host, 7);
    let mut events = host.events();
    events.sort();
    let expected = [
        "fired critical RAID vg-lv is degraded",
        "fired critical Thin pool vg-pool-tpool",
        "fired critical ZFS pool tank is degraded",
        "fired warning Paths to mpatha failed",
        "fired warning ZFS pool tank has errors",
    ];
    assert_eq!(events, expected);
    let said = host.sections("event").iter().map(|event| event["evidence"]["fact"].to_string()).collect::<String>();
    for part in ["path sdc failed", "sdb faulted 3 read errors, 1 write errors", "zpool status -v tank", "lvextend"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn disks_are_read_once_an_hour_and_never_woken() {
    let mut host = Host::recorded("vm");
    everything(&host);
    minutes(&mut host, 2);
    put(&host, "smartctl-sda", &ata(8, 2));
    minutes(&mut host, 3);
    assert_eq!(probe(&host)["disk_health"][1]["reallocated_sectors"], 0, "within the hour");
    for _ in 0..3 {
        host.advance(1200, 5);
        host.osmon(&["run"]);
    }
    let read = |host: &Host| host.snapshots().last().unwrap()["disk_health"][1].clone();
    let disk = read(&host);
    assert_eq!(
        (&disk["new_errors"], &disk["pending_sectors"], &disk["age_seconds"]),
        (&json!(8), &json!(2), &json!(0.0))
    );
    minutes(&mut host, 4);
    assert_eq!(read(&host)["new_errors"], 0, "counted once");
    let mut events = host.events();
    events.sort();
    assert_eq!(events, ["fired warning Disk sda has unreadable sectors", "fired warning Disk sda reports new errors"]);
    let said = facts(&host, "fired");
    for part in
        ["WDC WD40EFRX, serial number WD-1", "2 unreadable sectors, 8 reallocated sectors", "smartctl -a /dev/sda"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    // It falls asleep, then cannot be asked: its values stay, with their age.
    put(
        &host,
        "smartctl-sda",
        r#"{"smartctl":{"messages":[{"string":"Device is in STANDBY mode, exit(2)"}],"exit_status":2}}"#,
    );
    for _ in 0..3 {
        host.advance(1200, 5);
        host.osmon(&["run"]);
    }
    let disk = read(&host);
    assert_eq!((&disk["state"], &disk["reallocated_sectors"]), (&json!("asleep"), &json!(8)));
    assert!(disk["age_seconds"].as_f64().unwrap() > 3600.0, "{disk}");
}

#[test]
fn a_disk_that_predicts_its_failure_is_critical_and_a_missing_right_is_said() {
    let mut host = Host::recorded("vm");
    everything(&host);
    put(&host, "smartctl-nvme0", &NVME.replace("\"critical_warning\": 0", "\"critical_warning\": 4"));
    let refused = "Smartctl open device: /dev/sda failed: Permission denied";
    put(&host, "smartctl-sda", &json!({"smartctl": {"messages": [{"string": refused}]}}).to_string());
    minutes(&mut host, 4);
    assert_eq!(host.events(), ["fired critical Disk nvme0 predicts its failure"]);
    assert!(facts(&host, "fired").contains("reliability degraded"));
    let snapshot = probe(&host);
    assert_eq!(snapshot["probe"]["failed"]["disk_health"], refused);
    assert_eq!(snapshot["disk_health"].as_array().unwrap().len(), 1);
}
