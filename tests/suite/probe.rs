//! Snapshots of recorded hosts.

use super::harness::Host;
use serde_json::Value;
use std::fs;

pub fn probe(host: &Host) -> Value {
    host.small("osmon-probe", &["--json"]).ok().json()
}

#[test]
fn a_virtual_machine_whole() {
    let mut host = Host::recorded("vm");
    let first = probe(&host);
    assert_eq!(first["interval_seconds"], Value::Null);
    assert_eq!(first["probe"]["remark"][0], "first snapshot: rates begin with the next one");
    host.advance(60, 25);
    host.replace("proc/diskstats", "254       0 vda 812345 1200 41234568", "254       0 vda 812945 1200 41357448");
    host.replace("proc/net/dev", "eth0: 48000000000 52000000", "eth0: 48000600000 52000600");
    host.replace("proc/1204/stat", "10 0 4000000 300000", "10 0 4003000 300000");
    let second = probe(&host);
    assert_eq!(second["interval_seconds"], 60.0);
    assert_eq!((&second["cpu"]["busy_percent"], &second["cpu"]["cores"]), (&25.0.into(), &4.into()));
    assert_eq!(second["load"]["one_per_core"], 0.205);
    assert_eq!(second["memory"]["used_percent"], 57.696);
    assert_eq!(second["swap"]["used_percent"], 5.517);
    assert_eq!(second["pressure"]["io"]["full_avg10_percent"], 0.42);
    let mounts: Vec<_> =
        second["disk"].as_array().unwrap().iter().map(|disk| disk["mount"].as_str().unwrap()).collect();
    assert_eq!(mounts, ["/", "/run", "/var"], "network, image and repeated mounts are left out");
    assert_eq!(second["disk"][2]["used_percent"], 79.129);
    assert_eq!(
        (&second["disk_io"][0]["device"], &second["disk_io"][0]["read_bytes_per_second"]),
        (&"vda".into(), &1_048_576.0.into())
    );
    assert_eq!(second["disk_io"].as_array().unwrap().len(), 2, "whole disks only");
    assert_eq!(second["network"][0]["received_bytes_per_second"], 10_000.0);
    assert_eq!(
        (&second["process"]["total"], &second["process"]["zombies"], &second["process"]["threads"]),
        (&14.into(), &1.into(), &74.into())
    );
    assert_eq!((&second["session"][0]["user"], &second["session"][0]["from"]), (&"anna".into(), &"10.0.0.5".into()));
    assert_eq!(second["system"]["distribution"], "Debian GNU/Linux 12 (bookworm)");
    assert_eq!((&second["file_handle"]["used"], &second["file_handle"]["limit"]), (&4160.into(), &1_626_112.into()));
    assert_eq!(
        (&second["tcp"]["in_use"], &second["tcp"]["established"], &second["udp"]["in_use"]),
        (&47.into(), &31.into(), &10.into())
    );
    assert_eq!((&second["conntrack"]["used_percent"], &second["clock"]["synchronized"]), (&1.239.into(), &true.into()));
    assert_eq!(
        (&second["temperature"][1]["sensor"], &second["temperature"][1]["celsius"]),
        (&"coretemp Core 0".into(), &45.5.into())
    );
    assert_eq!(
        (&second["fan"][0]["rotations_per_minute"], &second["maintenance"]["reboot_needed"]),
        (&1180.0.into(), &true.into())
    );
    assert_eq!((&second["memory"]["oom_kills"], &second["swap"]["out_bytes_per_second"]), (&0.into(), &0.0.into()));
    let processes: Value = serde_json::from_str(&host.lines("processes")[1]).unwrap();
    let top = &processes["process"][0];
    assert_eq!(
        (&top["name"], &top["user"], &top["unit"], &top["cpu_percent"]),
        (&"java".into(), &"anna".into(), &"shop.service".into(), &50.0.into())
    );
}

#[test]
fn an_old_kernel_says_what_it_cannot_tell() {
    let snapshot = probe(&Host::recorded("old"));
    assert_eq!(snapshot["probe"]["failed"]["pressure"], "not supported by this kernel");
    assert!(snapshot.get("pressure").is_none() && snapshot.get("swap").is_none());
    assert_eq!(snapshot["memory"]["used_percent"], 55.327, "estimated, for there is no MemAvailable");
    let disks = snapshot["disk"].as_array().unwrap();
    assert_eq!((&disks[1]["mount"], &disks[1]["read_only_by_kernel"]), (&"/data".into(), &true.into()));
    assert_eq!(
        (&disks[2]["read_only"], &disks[2]["read_only_by_kernel"], disks[2].get("used_percent")),
        (&true.into(), &false.into(), None),
        "an image is always full"
    );
    assert_eq!(snapshot["session"][0]["user"], "root");
}

#[test]
fn hostile_names_break_nothing() {
    let snapshot = probe(&Host::recorded("hostile"));
    let host = snapshot["host"].as_str().unwrap();
    assert!(host.contains("<script>") && !host.contains('\u{1b}'), "{host}");
    assert_eq!(snapshot["disk"].as_array().unwrap().len(), 6, "each is found again by its raw path");
    assert_eq!(snapshot["process"]["total"], 10, "a broken stat file is passed over");
    assert!(snapshot["pressure"].get("memory").is_none());
}

#[test]
fn a_counter_that_fell_is_a_gap_and_a_reboot_is_said() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(60, 10);
    host.replace("proc/net/dev", "eth0: 48000000000", "eth0: 1000");
    let snapshot = probe(&host);
    assert!(snapshot["network"][0].get("received_bytes_per_second").is_none(), "{}", snapshot["network"]);
    assert_eq!(snapshot["cpu"]["busy_percent"], 10.0);
    host.advance(60, 10);
    host.write("proc/sys/kernel/random/boot_id", "another\n");
    host.write("proc/uptime", "30.00 1.00\n");
    let snapshot = probe(&host);
    assert!(snapshot["cpu"].get("busy_percent").is_none());
    assert_eq!(snapshot["probe"]["remark"][0], "first snapshot after a boot: rates begin with the next one");
}

#[test]
fn counters_of_days_ago_are_not_used() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(2 * 86_400, 90);
    assert_eq!(probe(&host)["interval_seconds"], Value::Null);
}

#[test]
fn for_a_crontab_it_is_silent_and_no_store_writes_nothing() {
    let host = Host::recorded("vm");
    let done = host.small("osmon-probe", &[]).ok();
    assert_eq!(done.out, "");
    let other = Host::recorded("vm");
    assert!(other.osmon(&["probe", "--no-store", "-v"]).ok().out.contains("Memory       57.7 %"));
    assert!(!other.data().exists());
}

#[test]
fn the_table_fits_80_columns() {
    for name in ["vm", "old", "hostile"] {
        let mut host = Host::recorded(name);
        host.osmon(&["probe"]);
        host.advance(60, 50);
        for line in host
            .osmon(&["probe", "-v"])
            .ok()
            .out
            .lines()
            .filter(|line| !line.contains('·') && !line.starts_with("note"))
        {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn this_very_host_can_be_measured() {
    let directory = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(super::harness::binary("osmon-probe"))
        .arg("--json")
        .arg("--data-dir")
        .arg(directory.path())
        .output()
        .unwrap();
    let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(snapshot["probe"]["remark"][0].as_str().unwrap().contains("250 ms"));
    assert!(snapshot["cpu"]["busy_percent"].is_number() && snapshot["process"]["total"].as_u64().unwrap() > 0);
    assert!(snapshot["disk"].as_array().unwrap().iter().any(|disk| disk["mount"] == "/"), "{}", snapshot["disk"]);
}

#[test]
fn more_than_the_link_can_carry_is_no_traffic() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(60, 1);
    host.replace("proc/net/dev", "eth0: 48000000000", "eth0: 248000000000");
    let snapshot = probe(&host);
    assert!(snapshot["network"][0].get("received_bytes_per_second").is_none(), "3.3 GB/s over 10 Gbit/s");
    assert_eq!(snapshot["probe"]["discarded_values"], 1);
    assert_eq!(
        (&snapshot["network"][0]["up"], &snapshot["network"][0]["speed_bits_per_second"]),
        (&true.into(), &10_000_000_000_u64.into())
    );
}

#[test]
fn a_recording_waits_for_nothing_and_knows_no_other_host() {
    for file in ["proc/1/stat", "proc/stat", "proc/uptime", "statvfs", "systemctl-show", "adjtimex", "proc/1204/io"] {
        let host = Host::recorded("vm");
        let path = host.root().join(file);
        let _ = fs::remove_file(&path);
        super::harness::tool("mkfifo", &[path.to_str().unwrap()]).ok();
        let started = std::time::Instant::now();
        let snapshot = probe(&host);
        assert!(started.elapsed().as_secs() < 3, "{file}");
        if file == "proc/uptime" {
            assert_eq!(snapshot["uptime"]["seconds"], 0.0, "not this host's");
        }
    }
    let host = Host::recorded("vm");
    fs::remove_dir_all(host.root().join("proc")).unwrap();
    let done = host.osmon(&["probe"]);
    assert!(done.code == 65 && done.err.contains("is no recorded host"), "{}", done.err);
}

#[test]
fn who_is_idle_and_what_runs_the_host() {
    let host = Host::recorded("vm");
    fs::create_dir_all(host.root().join("dev/pts")).unwrap();
    let terminal = host.root().join("dev/pts/0");
    fs::write(&terminal, "").unwrap();
    super::harness::tool("touch", &["-d", "2026-11-20T21:30:00Z", terminal.to_str().unwrap()]).ok();
    fs::create_dir_all(host.root().join("sys/class/dmi/id")).unwrap();
    fs::write(host.root().join("sys/class/dmi/id/sys_vendor"), "QEMU\n").unwrap();
    let snapshot = probe(&host);
    assert_eq!(
        (&snapshot["session"][0]["idle_seconds"], &snapshot["system"]["virtualization"]),
        (&600.into(), &"kvm".into())
    );
    let host = Host::recorded("container");
    fs::write(host.root().join(".dockerenv"), "").unwrap();
    assert_eq!(probe(&host)["system"]["virtualization"], "docker");
}

#[test]
fn a_counter_of_32_bits_wraps_on_a_32_bit_kernel_only() {
    for (arch, expected) in [("armv7l", Some(10_000.0)), ("aarch64", None)] {
        let mut host = Host::recorded("pi");
        host.write("proc/sys/kernel/arch", arch);
        host.replace("proc/net/dev", "eth0: 48000000000", "eth0: 4294867296");
        probe(&host);
        host.advance(60, 1);
        host.replace("proc/net/dev", "eth0: 4294867296", "eth0: 500000");
        assert_eq!(probe(&host)["network"][0]["received_bytes_per_second"].as_f64(), expected, "{arch}");
    }
}

#[test]
fn mount_points_that_differ_late_are_two() {
    for shared in [1, 60, 78, 79, 80, 81, 130, 1000] {
        let host = Host::recorded("vm");
        let points = ["a", "b"].map(|end| format!("/{}{end}/mount", "v".repeat(shared)));
        let (mut mounts, mut spaces) = (host.read("proc/self/mountinfo"), host.read("statvfs"));
        for (number, point) in points.iter().enumerate() {
            mounts += &format!("4{number} 28 259:{number} / {point} rw shared:1 - ext4 /dev/nvme{number}n1 rw\n");
            spaces += &format!("{point} 4096 2000000 20000 {number}20000 100000 90000\n");
        }
        host.write("proc/self/mountinfo", &mounts);
        host.write("statvfs", &spaces);
        let snapshot = host.osmon(&["probe", "--json"]).ok().json();
        let found: Vec<&str> =
            snapshot["disk"].as_array().unwrap().iter().map(|disk| disk["mount"].as_str().unwrap()).collect();
        assert!(points.iter().all(|point| found.contains(&point.as_str())), "{found:?}");
    }
}
