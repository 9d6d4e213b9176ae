//! Pools, multipath devices and the health of disks: programs that run rarely, and what an alert says.

use super::harness::Host;
use super::probe_storage::{DMSETUP, NVME, ata, everything, facts, minutes, probe, put};
use serde_json::{Value, json};
use std::fs;

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
    let damaged = faulted.replace("FAULTED 3 1 0", "ONLINE 0 0 0") + "\nerrors: 2 data errors, use '-v' for a list\n";
    put(&host, "zpool-status", &damaged);
    minutes(&mut host, 9);
    let said = host.events();
    assert!(said.contains(&"fired critical ZFS pool tank has damaged data".to_string()), "{said:?}");
    let said = host.sections("event").iter().map(|event| event["evidence"]["fact"].to_string()).collect::<String>();
    for part in ["path sdc failed", "sdb: faulted, 3 read errors, 1 write errors", "zpool status -v tank", "lvextend"] {
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

const SCAN: &str = r#"{"devices":[{"name":"/dev/sda","type":"scsi"},{"name":"/dev/nvme0","type":"nvme"}]}"#;

/// Runs three times within an hour and a bit, so that all disks are read again.
fn hour(host: &mut Host) {
    for _ in 0..3 {
        host.advance(1220, 5);
        assert_eq!(host.osmon(&["run"]).code, 0);
    }
}

fn disks(host: &Host) -> Vec<Value> {
    let last = host.snapshots().last().unwrap().clone();
    last["disk_health"].as_array().cloned().unwrap_or_default()
}

#[test]
fn errors_before_a_crash_are_new_after_the_boot_also_when_the_disk_has_another_name() {
    let mut host = Host::recorded("vm");
    everything(&host);
    minutes(&mut host, 2);
    host.write("proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
    host.write("proc/uptime", "30.00 0.00\n");
    put(&host, "smartctl-scan", &SCAN.replace("/dev/sda", "/dev/sdb"));
    put(&host, "smartctl-sdb", &ata(8, 0));
    minutes(&mut host, 1);
    let found = disks(&host);
    assert_eq!((found.len(), &found[1]["device"], &found[1]["new_errors"]), (2, &json!("sdb"), &json!(8)));
    minutes(&mut host, 4);
    assert!(host.events().contains(&"fired warning Disk sdb reports new errors".to_string()), "{:?}", host.events());
    assert_eq!(disks(&host)[1]["new_errors"], 0, "counted once");
}

#[test]
fn a_disk_that_drops_off_is_told_and_keeps_its_alert() {
    let mut host = Host::recorded("vm");
    everything(&host);
    put(&host, "smartctl-sda", &ata(0, 2));
    // A disk for backups, at USB, that is unplugged later.
    let interface = host.root().join("sys/devices/usb2/2-1");
    put(&host, "sys/devices/usb2/2-1/host6/target6/6:0/model", "Elements\n");
    put(&host, "sys/devices/usb2/2-1/uevent", "DEVTYPE=usb_interface\nDRIVER=uas\n");
    fs::create_dir_all(host.root().join("sys/block/sdu")).unwrap();
    std::os::unix::fs::symlink(interface.join("host6/target6/6:0"), host.root().join("sys/block/sdu/device")).unwrap();
    put(&host, "smartctl-sdu", &ata(0, 0).replace("WD-1", "WD-2"));
    put(&host, "smartctl-scan", &SCAN.replace("]", r#",{"name":"/dev/sdu","type":"sat"}]"#));
    minutes(&mut host, 4);
    assert_eq!(
        (disks(&host).len(), host.events()),
        (3, vec!["fired warning Disk sda has unreadable sectors".to_string()])
    );
    put(&host, "smartctl-scan", "smartctl: cannot allocate memory\n");
    hour(&mut host);
    assert_eq!(disks(&host).len(), 3, "a list that is not understood changes nothing");
    put(&host, "smartctl-scan", r#"{"devices":[{"name":"/dev/nvme0","type":"nvme"}]}"#);
    hour(&mut host);
    minutes(&mut host, 4);
    let found = disks(&host);
    let states: Vec<_> =
        found.iter().map(|disk| (disk["device"].as_str().unwrap(), disk["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("nvme0", "no problems"), ("sda", "no longer found")]);
    assert_eq!(host.events()[1..], ["fired warning Disk sda is no longer found"]);
    assert!(facts(&host, "fired").contains("WDC WD40EFRX, serial number WD-1"));
    // It comes back by another name.
    put(&host, "smartctl-scan", &SCAN.replace("/dev/sda", "/dev/sdb"));
    put(&host, "smartctl-sdb", &ata(1, 0));
    hour(&mut host);
    let found = disks(&host);
    assert_eq!((found.len(), &found[1]["device"], &found[1]["missing"]), (2, &json!("sdb"), &json!(false)));
}
