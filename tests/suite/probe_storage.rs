//! Arrays and Btrfs: what is measured, when an alert fires, and what it says. The recordings are composed after md(4), the
//! kernel's md.c and a real Btrfs.

use super::harness::Host;
use serde_json::{Value, json};
use std::fs;

const COMPLETE: &str = "Personalities : [raid1]
md0 : active raid1 sdb1[1] sda1[0]
      1048512 blocks super 1.2 [2/2] [UU]

unused devices: <none>
";
const FAILED: &str = "md0 : active raid1 sdb1[1](F) sda1[0]
      1048512 blocks super 1.2 [2/1] [U_]
";
const REBUILDING: &str = "md0 : active raid1 sdc1[2] sda1[0]
      1048512 blocks super 1.2 [2/1] [U_]
      [==>..................]  recovery = 12.6% (132352/1048064) finish=0.6min speed=22058K/sec
";
const CHECK: &str = "md0 : active raid1 sdb1[1] sda1[0]
      1048512 blocks super 1.2 [2/2] [UU]
      [>....................]  check =  3.1% (30274624/976630464) finish=99.5min speed=158426K/sec
";

/// Writes a file of a recorded host, with its directories.
pub fn put(host: &Host, file: &str, content: &str) {
    fs::create_dir_all(host.root().join(file).parent().unwrap()).unwrap();
    host.write(file, content);
}

/// Runs for some minutes.
pub fn minutes(host: &mut Host, count: u32) {
    for _ in 0..count {
        host.advance(60, 5);
        let done = host.osmon(&["run"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
}

pub fn probe(host: &Host) -> Value {
    host.small("osmon-probe", &["--json"]).ok().json()
}

/// The facts of the last event of a rule.
pub fn facts(host: &Host, kind: &str) -> String {
    let events = host.sections("event");
    let event = events.iter().rev().find(|event| event["kind"] == kind).unwrap();
    event["evidence"]["fact"].to_string()
}

/// Arrays and pools of every kind, for the list of metrics.
pub fn everything(host: &Host) {
    put(host, "proc/mdstat", CHECK);
    put(host, "sys/block/md0/md/mismatch_cnt", "0\n");
    put(host, "sys/block/dm-0/dm/name", "vg-pool-tpool\n");
    put(host, "sys/block/dm-0/dm/uuid", "LVM-x-tpool\n");
    put(host, "dmsetup-status", DMSETUP);
    put(host, "proc/spl/kstat/zfs/tank/state", "ONLINE\n");
    put(host, "zpool-list", "tank\t1000000000\t400000000\n");
    put(
        host,
        "zpool-status",
        "  pool: tank\n state: ONLINE\nconfig:\n\n\tNAME STATE READ WRITE CKSUM\n\ttank ONLINE 0 0 0\n",
    );
    put(
        host,
        "smartctl-scan",
        r#"{"devices":[{"name":"/dev/sda","type":"scsi"},{"name":"/dev/nvme0","type":"nvme"}]}"#,
    );
    put(host, "smartctl-sda", &ata(0, 0));
    put(host, "smartctl-nvme0", NVME);
    btrfs(host, 0, 500);
}

pub const DMSETUP: &str =
    "vg-pool-tpool: 0 209715200 thin-pool 1 406/4160 819200/1638400 - rw discard_passdown queue_if_no_space - 1024
vg-home: 0 8388608 linear
mpatha: 0 209715200 multipath 2 0 0 0 2 1 A 0 1 2 8:16 A 0 0 1 E 0 1 2 8:32 A 0 0 1
vg-lv: 0 1638400 raid raid1 2 AA 1638400/1638400 idle 0 0 -
";
pub const NVME: &str = r#"{"model_name": "Samsung SSD 980", "serial_number": "S64D", "smart_status": {"passed": true},
    "nvme_smart_health_information_log": {"critical_warning": 0, "available_spare": 100, "percentage_used": 3, "media_errors": 0},
    "temperature": {"current": 38}, "power_on_time": {"hours": 100}}"#;

/// A hard disk with so many reallocated and pending sectors.
pub fn ata(reallocated: u32, pending: u32) -> String {
    json!({"model_name": "WDC WD40EFRX", "serial_number": "WD-1", "smart_status": {"passed": true}, "rotation_rate": 5400,
        "temperature": {"current": 34, "op_limit_max": 60}, "power_on_time": {"hours": 41000},
        "ata_smart_attributes": {"table": [
            {"id": 5, "name": "Reallocated_Sector_Ct", "value": 200, "raw": {"value": reallocated, "string": reallocated.to_string()}},
            {"id": 197, "name": "Current_Pending_Sector", "value": 200, "raw": {"value": pending, "string": pending.to_string()}},
            {"id": 198, "name": "Offline_Uncorrectable", "value": 200, "raw": {"value": 0, "string": "0"}}]}})
    .to_string()
}

/// A Btrfs of two devices of 10 GB at `/srv`, with that many write errors, and used metadata in MiB of 1 GiB.
fn btrfs(host: &Host, errors: u32, used_mib: u64) {
    let directory = "sys/fs/btrfs/4b1b9f54-0f5e-4f0c-8a3b-0f7c0d2a9a11";
    put(host, "sys/fs/btrfs/features/raid1c34", "0\n");
    put(host, &format!("{directory}/label"), "data\n");
    for (id, name) in [(1, "sdx1"), (2, "sdy1")] {
        put(host, &format!("{directory}/devices/{name}/size"), "20971520\n");
        let errors = if id == 2 { errors } else { 0 };
        let stats = format!("write_errs {errors}\nread_errs 0\nflush_errs 0\ncorruption_errs 0\ngeneration_errs 0\n");
        put(host, &format!("{directory}/devinfo/{id}/error_stats"), &stats);
        put(host, &format!("{directory}/devinfo/{id}/missing"), "0\n");
    }
    let gib = 1_u64 << 30;
    // Both devices are allocated whole: 2 × 10 GiB.
    for (kind, total, used, on_devices) in
        [("data", 8 * gib, 4 * gib, 16 * gib), ("metadata", gib, used_mib << 20, 2 * gib), ("system", gib, 0, 2 * gib)]
    {
        for (name, value) in [("total_bytes", total), ("bytes_used", used), ("disk_total", on_devices)] {
            put(host, &format!("{directory}/allocation/{kind}/{name}"), &format!("{value}\n"));
        }
    }
    put(host, &format!("{directory}/allocation/global_rsv_size"), "67108864\n");
    let mounts = host.read("proc/self/mountinfo");
    if !mounts.contains("/srv ") {
        let line = "99 1 0:50 / /srv rw,noatime shared:1 - btrfs /dev/sdx1 rw,space_cache=v2,subvolid=5,subvol=/\n";
        host.write("proc/self/mountinfo", &(mounts + line));
    }
}

#[test]
fn a_host_without_arrays_and_pools_has_no_sections_and_no_reasons() {
    let host = Host::recorded("vm");
    let snapshot = probe(&host);
    for section in ["raid", "btrfs", "zfs_pool", "thin_pool", "multipath", "disk_health"] {
        assert!(snapshot.get(section).is_none() && snapshot["probe"]["failed"].get(section).is_none(), "{section}");
    }
}

#[test]
fn a_lost_member_is_critical_a_rebuild_a_warning_and_a_check_nothing() {
    let mut host = Host::recorded("vm");
    put(&host, "proc/mdstat", COMPLETE);
    minutes(&mut host, 2);
    put(&host, "proc/mdstat", CHECK);
    put(&host, "sys/block/md0/md/mismatch_cnt", "128\n");
    minutes(&mut host, 4);
    assert_eq!(host.events(), [""; 0], "a monthly check, and mismatches of a mirror");
    put(&host, "proc/mdstat", FAILED);
    minutes(&mut host, 4);
    assert_eq!(host.events(), ["fired critical RAID md0 is degraded"]);
    let said = facts(&host, "fired");
    let explained = host.osmon(&["explain", "raid:md0"]).ok().out;
    assert!(explained.contains("Facts when it fired") && explained.contains("sdb1 failed"), "{explained}");
    for part in ["degraded: 1 of 2 members missing", "sdb1 failed", "mdadm --manage /dev/md0"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    put(&host, "proc/mdstat", REBUILDING);
    minutes(&mut host, 2);
    let array = &probe(&host)["raid"][0];
    let expected = json!({"array": "md0", "state": "degraded: 1 of 2 members missing, rebuilding (12.6 %)", "level": "raid1",
        "inactive": false, "members": 2, "missing_members": 1, "failed_members": 0, "spare_members": 0,
        "rebuilding": true, "parity": false, "sync_percent": 12.6});
    assert_eq!(array, &expected);
    put(&host, "proc/mdstat", COMPLETE);
    minutes(&mut host, 5);
    let events = host.events();
    assert!(events.last().unwrap().starts_with("recovered"), "{events:?}");
    let raid = host.snapshots().iter().rev().find_map(|line| line.get("raid").cloned()).unwrap();
    assert_eq!(raid[0]["state"], "active");
}

#[test]
fn arrays_that_begin_with_a_rebuild_spares_containers_and_levels_without_redundancy() {
    let mut host = Host::recorded("vm");
    let arrays = "md1 : active raid5 sdc1[3] sdb1[1] sda1[0]
      2096128 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]
      \tresync=DELAYED
md2 : active raid1 sdf1[2] sde1[1](F) sdd1[0]
      1048512 blocks super 1.2 [2/2] [UU]
md3 : active raid0 sdh[1](F) sdg[0]
      8380416 blocks super 1.2 512k chunks
md4 : inactive sdj[0](S)
      2094080 blocks super 1.2
md127 : inactive sdk[1](S) sdl[0](S)
      5928 blocks super external:imsm
";
    put(&host, "proc/mdstat", arrays);
    minutes(&mut host, 4);
    let mut events = host.events();
    events.sort();
    let expected = [
        "fired critical RAID md3 is degraded",
        "fired critical RAID md4 does not run",
        "fired warning RAID md1 is degraded",
        "fired warning RAID md2 has a failed device",
    ];
    assert_eq!(events, expected);
    let arrays = probe(&host)["raid"].as_array().unwrap().len();
    assert_eq!(arrays, 4, "a container is no array");
}

#[test]
fn mismatches_of_a_check_are_judged_and_those_of_a_resync_or_repair_are_not() {
    let mut host = Host::recorded("vm");
    let array = "md5 : active raid6 sdd1[3] sdc1[2] sdb1[1] sda1[0]
      2096128 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/4] [UUUU]
";
    let pass = |action: &str| format!("{array}      [==>..................]  {action} = 12.6% (132352/1048064)\n");
    put(&host, "sys/block/md5/md/mismatch_cnt", "65536\n");
    for (status, last) in
        [(pass("resync"), "resync"), (array.into(), "resync"), (pass("check"), "check"), (array.into(), "repair")]
    {
        put(&host, "proc/mdstat", &status);
        put(&host, "sys/block/md5/md/last_sync_action", &format!("{last}\n"));
        minutes(&mut host, 4);
        assert!(probe(&host)["raid"][0].get("mismatches").is_none(), "{last}: {status}");
    }
    assert_eq!(host.events(), [""; 0]);
    put(&host, "sys/block/md5/md/last_sync_action", "check\n");
    minutes(&mut host, 4);
    assert_eq!(host.events(), ["fired warning RAID md5 has inconsistent parity"]);
}

#[test]
fn a_btrfs_keeps_its_name_when_its_mounts_change_their_order() {
    let host = Host::recorded("vm");
    btrfs(&host, 0, 500);
    let mounts = host.read("proc/self/mountinfo").replace(" / /srv ", " / /aaa ");
    let first = mounts.lines().find(|line| line.contains(" /aaa ")).unwrap().to_string();
    let second = first.replace(" /aaa ", " /bbb ");
    for (earlier, later) in [(&first, &second), (&second, &first)] {
        host.write("proc/self/mountinfo", &mounts.replace(&first, &format!("{earlier}\n{later}")));
        assert_eq!(probe(&host)["btrfs"][0]["mount"], "/aaa");
    }
}

#[test]
fn btrfs_tells_device_errors_and_metadata_that_cannot_grow() {
    let mut host = Host::recorded("vm");
    btrfs(&host, 0, 500);
    minutes(&mut host, 3);
    assert_eq!(host.events(), [""; 0]);
    let found = &probe(&host)["btrfs"][0];
    assert_eq!(
        (&found["mount"], &found["label"], &found["state"]),
        (&json!("/srv"), &json!("data"), &json!("no errors"))
    );
    assert_eq!((&found["unallocated_bytes"], &found["metadata_used_percent"]), (&json!(0), &json!(55.469)));
    btrfs(&host, 3, 960);
    minutes(&mut host, 4);
    let mut events = host.events();
    events.sort();
    assert_eq!(events, ["fired critical Btrfs metadata of /srv", "fired warning Btrfs /srv has device errors"]);
    let said = host.sections("event").iter().map(|event| event["evidence"]["fact"].to_string()).collect::<String>();
    for part in ["device 2: 3 write errors", "btrfs device stats --reset /srv", "btrfs balance start -dusage=10 /srv"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    put(&host, "sys/fs/btrfs/4b1b9f54-0f5e-4f0c-8a3b-0f7c0d2a9a11/devinfo/2/missing", "1\n");
    minutes(&mut host, 4);
    assert!(
        host.events().iter().any(|event| event == "fired critical Btrfs /srv lacks a device"),
        "{:?}",
        host.events()
    );
    let found = &probe(&host)["btrfs"][0];
    assert!(found.get("metadata_used_percent").is_none(), "the size of a missing device is not known: {found}");
}

#[test]
fn the_page_has_a_row_for_each_and_one_broken_file_costs_no_other() {
    let mut host = Host::recorded("vm");
    everything(&host);
    put(&host, "sys/fs/btrfs/4b1b9f54-0f5e-4f0c-8a3b-0f7c0d2a9a11/devinfo/1/error_stats", "write_errs \u{0}\n\u{fffd}");
    minutes(&mut host, 2);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    for part in
        ["RAID array", "md0", "being checked (3.1 %)", "Btrfs", "/srv", "vg-pool-tpool", "mpatha", "tank", "nvme0"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(probe(&host)["btrfs"][0]["device_errors"], 0);
}
