//! Consumers on a recorded host: processes, units, containers, services, and the unexplained rest.

use super::harness::Host;
use super::probe::probe;
use serde_json::Value;
use std::fs;

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
    assert!(done.out.lines().next().unwrap().contains("recorded 1 min of 2 h"), "{}", done.out);
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
        states(&snapshot).contains(&"backup.service gone false".to_string()),
        "unloaded, so it does not count as failed: {:?}",
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
fn processes_can_be_left_out() {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nprocesses = false\n".to_string();
    let snapshot = probe(&host);
    assert!(snapshot.get("process").is_none() && snapshot["cpu"]["cores"] == 4);
    assert!(host.lines("processes").is_empty());
    assert_eq!(host.osmon(&["run"]).ok().out, "");
}

#[test]
fn a_process_that_began_meanwhile_has_used_all_it_has_since() {
    let mut host = Host::recorded("vm");
    probe(&host);
    host.advance(60, 10);
    let make = |pid: u32, start: u64| {
        let stat = host.read("proc/1204/stat").replacen("1204", &pid.to_string(), 1);
        let fields: Vec<String> = stat
            .split(' ')
            .enumerate()
            .map(|(at, field)| if at == 21 { start.to_string() } else { field.to_string() })
            .collect();
        let stat = fields.join(" ").replace(" 4000000 300000 ", " 1200 600 ");
        fs::create_dir_all(host.root().join(format!("proc/{pid}"))).unwrap();
        host.write(&format!("proc/{pid}/stat"), &stat.replace("(java)", &format!("(p{pid})")));
        fs::write(host.root().join(format!("proc/{pid}/io")), "read_bytes: 600000\nwrite_bytes: 0\n").unwrap();
    };
    make(60_001, 356_613_000); // after the first snapshot, which was at 3566100.42 s
    make(60_002, 356_600_000); // before it, and idle until then
    host.replace("proc/stat", "processes 4321000", "processes 4321100");
    probe(&host);
    let record = processes(&host);
    let of = |name: &str| {
        record["process"].as_array().unwrap().iter().find(|process| process["name"] == name).cloned().unwrap()
    };
    assert_eq!(
        (&of("p60001")["cpu_percent"], &of("p60001")["read_bytes_per_second"]),
        (&30.0.into(), &10_000.0.into())
    );
    assert_eq!(
        (&of("p60002")["cpu_percent"], of("p60002").get("read_bytes_per_second")),
        (&30.0.into(), None),
        "when it read, nobody knows"
    );
    assert_eq!(record["unexplained"]["short_lived"], 100 - 61, "one new process of 61 threads was seen");
}
