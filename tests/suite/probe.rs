//! Recorded hosts: what a snapshot says of them.

use super::harness::Host;
use serde_json::Value;
use std::fs;

fn probe(host: &Host) -> Value {
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
fn without_a_terminal_it_is_silent_and_no_store_writes_nothing() {
    let host = Host::recorded("vm");
    let done = host.osmon(&["probe"]).ok();
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

/// The newest record of the `processes` stream.
fn processes(host: &Host) -> Value {
    serde_json::from_str(host.lines("processes").last().unwrap()).unwrap()
}

#[test]
fn what_no_listed_process_used_is_named() {
    let mut host = Host::recorded("vm");
    fs::write(host.root().join("proc/1204/io"), "read_bytes: 0\nwrite_bytes: 0\n").unwrap();
    probe(&host);
    host.advance(60, 50);
    host.replace("proc/1204/stat", "10 0 4000000 300000", "10 0 4003000 300000");
    fs::write(host.root().join("proc/1204/io"), "read_bytes: 600000\nwrite_bytes: 1200000\n").unwrap();
    host.replace("proc/stat", "processes 4321000", "processes 4321009");
    probe(&host);
    let record = processes(&host);
    let java = &record["process"][0];
    assert_eq!(
        (&java["cpu_percent"], &java["read_bytes_per_second"], &java["written_bytes_per_second"]),
        (&50.0.into(), &10_000.0.into(), &20_000.0.into())
    );
    assert_eq!(record["unexplained"]["cpu_percent"], 150.0, "four cores half busy are 200 %, of which java is 50");
    assert_eq!(record["unexplained"]["short_lived"], 9);
    let done = host.osmon(&["top", "--at", "2026-11-20T21:41:00Z"]).ok();
    assert!(done.out.contains("unexplained") && done.out.contains("java") && done.out.contains("150"), "{}", done.out);
    host.advance(3600, 10);
    let done = host.osmon(&["top", "--at", "1h ago", "--json"]).ok().json();
    assert_eq!(
        (&done["process"][0]["name"], &done["process"][0]["cpu_percent"], &done["process"][0]["unit"]),
        (&"java".into(), &50.0.into(), &"shop.service".into())
    );
    let done = host.osmon(&["top", "--since", "2h ago"]).ok();
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    let done = host.osmon(&["top", "--at", "3 moons ago"]);
    assert_eq!(done.code, 64);
    let done = host.osmon(&["top", "--at", "3d ago"]);
    assert!(done.code == 65 && done.err.contains("nothing was recorded within 10 min"), "{}", done.err);
}

#[test]
fn units_and_containers_have_the_names_people_know() {
    let cases = [
        (
            "vm",
            vec![
                "shop.service service",
                "postgresql@15-main.service service",
                "shop-cache docker",
                "nginx.service service",
            ],
        ),
        ("hybrid", vec!["old-shop docker", "ssh.service service"]),
        ("pi", vec!["web lxc"]),
        ("kube", vec!["default/web-7d9/nginx kubernetes", "kubelet.service service", "legacy lxc", "cache podman"]),
    ];
    for (name, expected) in cases {
        let host = Host::recorded(name);
        probe(&host);
        let record = processes(&host);
        let mut found: Vec<String> = record["unit"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| format!("{} {}", unit["unit"].as_str().unwrap(), unit["kind"].as_str().unwrap()))
            .collect();
        let mut expected: Vec<String> = expected.into_iter().map(str::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
    let host = Host::recorded("container");
    assert_eq!(probe(&host)["disk"].as_array().unwrap().len(), 2, "the root of a container and its volume");
}

#[test]
fn a_unit_s_share_is_over_the_interval() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(60, 10);
    let unit = "sys/fs/cgroup/system.slice/nginx.service";
    host.replace(&format!("{unit}/cpu.stat"), "usage_usec 10400000000", "usage_usec 10415000000");
    host.replace(&format!("{unit}/cpu.pressure"), "total=0\nfull", "total=6000000\nfull");
    host.replace(&format!("{unit}/memory.events"), "oom_kill 0", "oom_kill 2");
    probe(&host);
    let nginx = processes(&host)["unit"][0].clone();
    assert_eq!(
        (&nginx["unit"], &nginx["cpu_percent"], &nginx["cpu_stalled_percent"], &nginx["oom_kills"]),
        (&"nginx.service".into(), &25.0.into(), &10.0.into(), &2.into())
    );
}

#[test]
fn services_in_trouble_are_seen_and_told() {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nservices = [\"nginx\"]\n".to_string();
    let unit = |name: &str, state: &str, result: &str, restarts: u32| {
        format!(
            "Id={name}\nLoadState=loaded\nActiveState=failed\nSubState={state}\nResult={result}\nNRestarts={restarts}\n\n"
        )
    };
    let trouble =
        unit("backup.service", "failed", "exit-code", 0) + &unit("queue.service", "auto-restart", "signal", 7);
    host.write("systemctl-show", &(host.read("systemctl-show") + "\n" + &trouble));
    let states = |snapshot: &Value| -> Vec<String> {
        snapshot["service"]
            .as_array()
            .unwrap()
            .iter()
            .map(|service| {
                format!(
                    "{} {} {}",
                    service["service"].as_str().unwrap(),
                    service["state"].as_str().unwrap(),
                    service["failed"]
                )
            })
            .collect()
    };
    assert_eq!(
        states(&probe(&host)),
        ["nginx.service running false", "backup.service failed true", "queue.service auto-restart true"]
    );
    host.advance(60, 1);
    host.replace("systemctl-show", "NRestarts=3", "NRestarts=4");
    assert!(
        states(&probe(&host)).contains(&"shop.service running true".to_string()),
        "it runs, and it was restarted meanwhile"
    );
    let shown = host.read("systemctl-show");
    let without: Vec<&str> = shown
        .split("\n\n")
        .filter(|block| !block.contains("backup.service") && !block.contains("queue.service"))
        .collect();
    host.write("systemctl-show", &without.join("\n\n"));
    host.advance(60, 1);
    let snapshot = probe(&host);
    assert!(
        states(&snapshot).contains(&"backup.service gone true".to_string()),
        "failed, and collected: {:?}",
        states(&snapshot)
    );
    assert!(
        states(&snapshot).contains(&"shop.service running false".to_string()),
        "well again is still shown, or nobody would see it end"
    );
    let old = probe(&Host::recorded("old"));
    assert_eq!(old["probe"]["failed"]["service"], "this host does not run systemd");
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
fn command_lines_only_on_request_and_masked() {
    let mut host = Host::recorded("vm");
    fs::write(host.root().join("proc/1204/cmdline"), "java\0--password=hunter2\0-jar\0shop.jar\0").unwrap();
    probe(&host);
    assert!(!host.lines("processes").concat().contains("jar"));
    host.config = "[probe]\ncommand_lines = true\n".to_string();
    host.advance(60, 1);
    probe(&host);
    let all = host.lines("processes").concat();
    assert!(all.contains("java --password=*** -jar shop.jar") && !all.contains("hunter2"));
}

#[test]
fn what_cannot_be_true_is_left_out_and_counted() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(60, 10);
    host.replace("proc/1204/stat", "10 0 4000000 300000", "10 0 4100000 300000");
    host.replace("proc/diskstats", "vda 812345 1200 41234568", "vda 812345 1200 9999941234568");
    let snapshot = probe(&host);
    assert_eq!(snapshot["probe"]["discarded_values"], 2, "1667 % of four cores, and 80 TB in a minute");
    assert!(snapshot["disk_io"][0].get("read_bytes_per_second").is_none());
    let java = processes(&host)["process"]
        .as_array()
        .unwrap()
        .iter()
        .find(|process| process["name"] == "java")
        .cloned()
        .unwrap();
    assert!(java.get("cpu_percent").is_none(), "{java}");
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
fn processes_can_be_left_out() {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nprocesses = false\n".to_string();
    let snapshot = probe(&host);
    assert!(snapshot.get("process").is_none() && snapshot["cpu"]["cores"] == 4);
    assert!(host.lines("processes").is_empty());
    assert_eq!(host.osmon(&["run"]).ok().out, "");
}
