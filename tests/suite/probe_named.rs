//! Processes watched by name, the clock, and entropy.

use super::harness::Host;
use serde_json::Value;
use std::fs;

/// Ten minutes of a host on which only what is configured here is judged.
fn minutes(host: &mut Host, count: u32) {
    for _ in 0..count {
        host.advance(60, 5);
        host.small("osmon-probe", &[]).ok();
        host.small("osmon-detect-crisis", &[]);
    }
}

/// Adds or replaces a process.
fn process(host: &Host, pid: u32, name: &str, state: char, ticks: u64, start: u64, arguments: &str) {
    let directory = host.root().join(format!("proc/{pid}"));
    fs::create_dir_all(&directory).unwrap();
    let threads = if name == "worker" { 1 } else { 2 };
    let stat = format!(
        "{pid} ({name}) {state} 1 {pid} {pid} 0 -1 4194560 1000 0 10 0 {ticks} 0 0 0 20 0 {threads} 0 {start} 104857600 1000 1 1\n"
    );
    fs::write(directory.join("stat"), stat).unwrap();
    fs::write(directory.join("status"), "Uid:\t33\t33\t33\t33\n").unwrap();
    fs::write(directory.join("cgroup"), "0::/system.slice/queue.service\n").unwrap();
    fs::write(directory.join("cmdline"), arguments.replace(' ', "\0") + "\0").unwrap();
}

fn named<'a>(snapshot: &'a Value, name: &str) -> &'a Value {
    let all = snapshot["named_process"].as_array().unwrap();
    all.iter().find(|element| element["process"] == name).unwrap()
}

fn probe(host: &Host) -> Value {
    host.osmon(&["probe", "--json"]).json()
}

#[test]
fn processes_are_found_by_name_command_line_and_user() {
    let mut host = Host::recorded("vm");
    process(&host, 7001, "python3", 'S', 10, 355_000_000, "/usr/bin/python3 /srv/shop/worker.py --fast");
    process(&host, 7002, "python3", 'S', 10, 355_000_000, "/usr/bin/python3 /srv/other.py");
    process(&host, 7003, "postgres-export", 'S', 10, 355_000_000, "/opt/postgres-exporter --x");
    process(&host, 7004, "a) R 1 (b", 'S', 10, 355_000_000, "x");
    process(&host, 7005, "worker", 'Z', 10, 355_000_000, "");
    // Its first thread has ended, the other works.
    process(&host, 7007, "threads", 'Z', 10, 355_000_000, "");
    // The kernel cuts names off; the interpreter of a script stands before it, and a title may replace all.
    process(&host, 7008, "nightly-reports", 'S', 10, 355_000_000, "/bin/bash -x /srv/nightly-reports.sh now");
    process(&host, 7009, "image-converter", 'S', 10, 355_000_000, "converter: idle");
    process(&host, 7006, "worker", 'S', 10, 355_000_000, "worker");
    let entries = [
        ("web", "match = \"nginx\"", 3),
        ("any", "match = \"post*\"", 3),
        ("long", "match = \"postgres-exporter\"", 1),
        ("cut", "match = \"postgres-export\"", 1),
        ("script", "command_line = \"*/worker.py *\"", 1),
        ("both", "match = \"python3\"\ncommand_line = \"*other.py\"", 1),
        ("forged", "match = \"a) R 1 (b\"", 1),
        ("zombie", "match = \"worker\"", 1),
        ("user", "match = \"worker\"\nuser = \"www-data\"", 1),
        ("uid", "match = \"worker\"\nuser = \"33\"", 1),
        ("stranger", "match = \"worker\"\nuser = \"root\"", 0),
        ("part", "match = \"ngin\"", 0),
        ("kernel", "match = \"kthreadd\"", 1),
        ("none", "match = \"mysqld\"", 0),
        ("threads", "match = \"threads\"", 1),
        ("shebang", "match = \"nightly-reports.sh\"", 1),
        ("other", "match = \"nightly-reports.py\"", 0),
        ("title", "match = \"image-converter-pool\"", 1),
    ];
    host.config = entries.map(|(name, keys, _)| format!("[process.{name}]\n{keys}\n")).concat();
    for processes in [true, false] {
        let config = format!("{}[probe]\nprocesses = {processes}\n", host.config);
        let before = std::mem::replace(&mut host.config, config);
        let snapshot = probe(&host);
        host.config = before;
        for (name, keys, count) in entries {
            assert_eq!(named(&snapshot, name)["count"], count, "{keys} with processes = {processes}");
        }
    }
}

#[test]
fn sums_are_over_the_processes_of_the_name() {
    let mut host = Host::recorded("vm");
    host.config = "[process.queue]\nmatch = \"queue\"\n[process.web]\nmatch = \"nginx\"\n".to_string();
    let uptime = 356_610_042;
    for (pid, start) in [(7001, uptime - 360_000), (7002, uptime - 6_000)] {
        process(&host, pid, "queue", 'S', 100, start, "queue");
        for fd in 0..5 {
            fs::create_dir_all(host.root().join(format!("proc/{pid}/fd/{fd}"))).unwrap();
        }
        let limit = if pid == 7001 { "unlimited" } else { "20" };
        fs::write(host.root().join(format!("proc/{pid}/limits")), format!("Max open files   {limit}   4096   files\n"))
            .unwrap();
    }
    let first = probe(&host);
    assert_eq!(named(&first, "queue")["cpu_percent"], Value::Null, "there is no earlier snapshot");
    host.advance(60, 5);
    // One used 6 s of CPU, one ended, one began 30 s ago and used 3 s.
    process(&host, 7001, "queue", 'S', 700, uptime - 360_000, "queue");
    fs::remove_dir_all(host.root().join("proc/7002")).unwrap();
    process(&host, 7003, "queue", 'S', 300, uptime + 3_000, "queue");
    let second = probe(&host);
    let queue = named(&second, "queue");
    assert_eq!((&queue["count"], &queue["threads"], &queue["memory_bytes"]), (&2.into(), &4.into(), &8_192_000.into()));
    assert_eq!(queue["cpu_percent"], 15.0);
    assert_eq!((&queue["oldest_seconds"], &queue["newest_seconds"]), (&3660.0.into(), &30.0.into()));
    assert_eq!(queue["open_files"], Value::Null, "of one process they may not be read");
    assert_eq!((queue["unit"].as_str(), queue["state"].as_str()), (Some("queue.service"), Some("running")));
    let files = named(&first, "queue");
    assert_eq!((&files["open_files"], &files["open_files_used_percent"]), (&10.into(), &25.0.into()));
    assert_eq!(named(&second, "web")["count"], 3, "a neighbour is untouched");
    // With a counter that fell the sum is not known.
    host.advance(60, 5);
    process(&host, 7001, "queue", 'S', 1, uptime - 360_000, "queue");
    let third = probe(&host);
    assert_eq!(named(&third, "queue")["cpu_percent"], Value::Null);
    assert!(third["probe"]["discarded"]["named_process queue pid 7001.ticks"].as_str().unwrap().starts_with("fell"));
}

#[test]
fn a_process_that_uses_many_cores_is_believed_where_the_kernel_names_none() {
    let mut host = Host::recorded("vm");
    host.config = "[process.queue]\nmatch = \"queue\"\n".to_string();
    let stat: String = host
        .read("proc/stat")
        .lines()
        .filter(|line| !line.starts_with("cpu"))
        .map(|line| format!("{line}\n"))
        .collect();
    host.write("proc/stat", &stat);
    let _ = fs::remove_file(host.root().join("sys/devices/system/cpu/online"));
    process(&host, 7001, "queue", 'S', 100, 355_000_000, "queue");
    probe(&host);
    host.advance(60, 5);
    process(&host, 7001, "queue", 'S', 24_100, 355_000_000, "queue");
    assert_eq!(named(&probe(&host), "queue")["cpu_percent"], 400.0);
}

#[test]
fn too_few_and_too_many_are_told_and_end() {
    let mut host = Host::recorded("vm");
    host.config = "[process.queue]\nmatch = \"queue\"\nat_least = 2\nat_most = 3\n[process.telnet]\nmatch = \"in.telnetd\"\nat_most = 0\n".to_string();
    let run = |host: &Host, pids: &[u32]| {
        (7001..7010).for_each(|pid| drop(fs::remove_dir_all(host.root().join(format!("proc/{pid}")))));
        pids.iter().for_each(|pid| process(host, *pid, "queue", 'S', 10, 355_000_000, "queue"));
    };
    run(&host, &[7001, 7002]);
    minutes(&mut host, 10);
    assert_eq!(host.events(), Vec::<String>::new());
    run(&host, &[]);
    minutes(&mut host, 4);
    let fired = host.sections("event").pop().unwrap();
    assert_eq!(
        (fired["severity"].as_str(), fired["title"].as_str()),
        (Some("critical"), Some("queue processes missing"))
    );
    let fact = fired["evidence"]["fact"][0].as_str().unwrap();
    assert!(fact.starts_with("State: 0 running, at least 2 required; last seen 3 min ago in queue.service"), "{fact}");
    let config = host.config.clone();
    host.config += "[report]\nlanguage = \"fr\"\n";
    assert_eq!(host.osmon(&["report"]).code, 0);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    host.config = config;
    let words = "0 actifs, 2 au moins requis ; vu pour la dernière fois il y a 4 min dans queue.service";
    assert!(page.contains(words) && page.contains("queue <span class=\"q\">Processus surveillé</span>"));
    run(&host, &[7001, 7002, 7003, 7004]);
    minutes(&mut host, 8);
    run(&host, &[7001, 7002, 7003]);
    minutes(&mut host, 8);
    process(&host, 7010, "in.telnetd", 'S', 1, 355_000_000, "in.telnetd");
    minutes(&mut host, 8);
    assert_eq!(
        host.events(),
        [
            "fired critical queue processes missing",
            "recovered critical queue processes missing",
            "fired warning Too many queue processes",
            "recovered warning Too many queue processes",
            "fired warning Too many telnet processes",
        ]
    );
}

#[test]
fn hidden_processes_are_no_missing_ones() {
    let mut host = Host::recorded("vm");
    host.config = "[process.web]\nmatch = \"nginx\"\n".to_string();
    minutes(&mut host, 3);
    for pid in ["1", "812", "813", "814"] {
        fs::remove_dir_all(host.root().join("proc").join(pid)).unwrap();
    }
    minutes(&mut host, 4);
    let last = host.snapshots().pop().unwrap();
    assert_eq!(last["named_process"].as_array().map(Vec::len), Some(0));
    assert!(last["probe"]["failed"]["named_process"].as_str().unwrap().contains("hidepid"));
    assert!(!host.events().iter().any(|event| event.contains("Too few")), "{:?}", host.events());
}

#[test]
fn a_clock_that_is_off_is_told() {
    let mut host = Host::recorded("vm");
    minutes(&mut host, 2);
    let clock = host.snapshots().pop().unwrap()["clock"].clone();
    assert_eq!(
        (&clock["synchronized"], &clock["offset_ms"], &clock["max_error_ms"]),
        (&true.into(), &0.25.into(), &18.5.into())
    );
    assert_eq!(clock["state"], "0.25 ms ahead of its source (kernel)");
    // chronyd leaves nothing to the kernel; it is asked every five minutes.
    fs::create_dir_all(host.root().join("run/chrony")).unwrap();
    host.write("run/chrony/chronyd.pid", "1\n");
    let tracking = |seconds: &str| format!("C0A80001,192.0.2.1,2,1795143600.1,{seconds},0,0,0,0,0,0,0,64.5,Normal\n");
    host.write("chronyc-tracking", &tracking("-0.75"));
    minutes(&mut host, 1);
    host.write("chronyc-tracking", &tracking("0.001"));
    minutes(&mut host, 4);
    let offsets = |host: &Host| {
        let all = host.snapshots().into_iter().skip(2).map(|snapshot| snapshot["clock"]["offset_ms"].as_f64());
        all.collect::<Vec<_>>()
    };
    assert_eq!(offsets(&host), [Some(750.0); 5]);
    minutes(&mut host, 1);
    assert_eq!(offsets(&host).pop(), Some(Some(1.0)));
    host.write("chronyc-tracking", &tracking("6.5"));
    minutes(&mut host, 25);
    let fired = host.sections("event").pop().unwrap();
    assert_eq!(
        (fired["severity"].as_str(), fired["title"].as_str()),
        (Some("critical"), Some("Clock differs from its source"))
    );
    assert_eq!(fired["evidence"]["fact"][0], "State: 6500 ms behind its source (chrony)");
    // Without an answer the offset is absent, with the reason, and the rest is there.
    fs::remove_file(host.root().join("chronyc-tracking")).unwrap();
    minutes(&mut host, 6);
    let last = host.snapshots().pop().unwrap();
    assert_eq!((&last["clock"]["offset_ms"], &last["clock"]["synchronized"]), (&Value::Null, &true.into()));
    assert!(last["probe"]["failed"]["clock"].as_str().unwrap().starts_with("chronyc"));
}

#[test]
fn entropy_is_measured_where_programs_wait_for_it() {
    let with = |release: &str| {
        let host = Host::recorded("vm");
        host.write("proc/sys/kernel/osrelease", release);
        host.write("proc/sys/kernel/random/entropy_avail", "12\n");
        probe(&host)["entropy"]["available_bits"].as_u64()
    };
    assert_eq!(
        ["3.10.0-1160.el7", "5.4.0-150-generic", "5.6.0", "5.10.0-30", "6.1.0-31"].map(with),
        [Some(12), Some(12), None, None, None]
    );
    let mut host = Host::recorded("old");
    host.write("proc/sys/kernel/random/entropy_avail", "12\n");
    minutes(&mut host, 13);
    assert!(host.events().contains(&"fired warning Entropy used up".to_string()), "{:?}", host.events());
}
