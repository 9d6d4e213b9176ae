//! Memory, processes and load as odd kernels and containers say them.

use super::harness::Host;
use super::probe::probe;
use serde_json::{Value, json};

/// Replaces numbers of `/proc/meminfo`, in KiB; a line that is not there is added, and one without a number removed.
fn meminfo(host: &Host, changes: &[(&str, Option<u64>)]) {
    let text = host.read("proc/meminfo");
    let is_changed = |line: &str| changes.iter().any(|(name, _)| line.split(':').next() == Some(name));
    let mut lines: Vec<String> = text.lines().filter(|line| !is_changed(line)).map(ToString::to_string).collect();
    lines.extend(changes.iter().filter_map(|(name, value)| Some(format!("{name}: {} kB", (*value)?))));
    host.write("proc/meminfo", &(lines.join("\n") + "\n"));
}

fn put(host: &Host, file: &str, content: impl AsRef<[u8]>) {
    let path = host.root().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn a_line_that_is_not_needed_costs_nothing() {
    let host = Host::recorded("vm");
    let expected = probe(&host)["memory"].clone();
    let text = host.read("proc/meminfo");
    let mangled = [
        format!("        total:    used:    free:  shared: buffers:  cached:\nMem:  26 13 12 0 4 9\n{text}"),
        format!("{text}NewThing:   12 pages\nCommitted_AS: -12 kB\nUnaccepted:\n:\n\u{0}\n"),
        text.lines().filter(|line| !line.starts_with("Vmalloc")).map(|line| format!("{line}\n")).collect(),
        text.replace(" kB", ""),
        text.replace('\n', " \r\n"),
    ];
    for text in mangled {
        host.write("proc/meminfo", &text);
        assert_eq!(probe(&host)["memory"], expected, "{text}");
    }
}

#[test]
fn available_memory_is_what_can_be_true() {
    let of = |changes: &[(&str, Option<u64>)]| {
        let host = Host::recorded("vm");
        let base = [("MemTotal", 1_000_000), ("MemFree", 50_000), ("Cached", 30_000), ("Buffers", 0), ("Shmem", 0)];
        meminfo(&host, &base.map(|(name, value)| (name, Some(value))));
        meminfo(&host, &["SReclaimable", "KReclaimable", "Active(file)", "Inactive(file)"].map(|name| (name, None)));
        meminfo(&host, changes);
        probe(&host)["memory"]["used_percent"].clone()
    };
    assert_eq!(of(&[("MemAvailable", Some(5_000_000))]), 92.0, "that of the host of an LXC container");
    assert_eq!(of(&[("MemAvailable", Some(900_000))]), 92.0);
    assert_eq!(of(&[("MemAvailable", Some(40_000))]), 96.0);
    assert_eq!(of(&[("MemAvailable", Some(100_000))]), 90.0, "kernels count more than these lines have");
    assert_eq!(
        of(&[("MemAvailable", None), ("Cached", Some(700_000)), ("Shmem", Some(650_000))]),
        90.0,
        "a full tmpfs"
    );
    assert_eq!(of(&[("MemAvailable", None), ("MemFree", Some(5_000_000))]), Value::Null);
}

#[test]
fn huge_pages_are_shown_and_not_judged() {
    let mut host = Host::recorded("vm");
    let sizes = [("MemTotal", 791_674_880), ("MemFree", 16_000_000), ("MemAvailable", 17_000_000)];
    meminfo(&host, &sizes.map(|(name, value)| (name, Some(value))));
    let pool =
        [("HugePages_Total", 720), ("HugePages_Free", 700), ("Hugepagesize", 1_048_576), ("Hugetlb", 754_974_720)];
    meminfo(&host, &pool.map(|(name, value)| (name, Some(value))));
    for _ in 0..6 {
        host.osmon(&["run"]);
        host.advance(60, 5);
    }
    assert!(!host.events().iter().any(|event| event.contains("Memory")), "{:?}", host.events());
    let memory = probe(&host)["memory"].clone();
    assert_eq!(memory["huge_pages_bytes"], 754_974_720_u64 * 1024);
    assert_eq!(memory["huge_pages_free_bytes"], 700_u64 << 30);
    assert!((50.0..60.0).contains(&memory["used_percent"].as_f64().unwrap()), "{memory}");
}

#[test]
fn swap_that_cannot_be_is_absent_with_a_reason() {
    let host = Host::recorded("vm");
    for free in [u64::MAX, 99_999_999_999] {
        meminfo(&host, &[("SwapFree", Some(free))]);
        let snapshot = probe(&host);
        assert_eq!((&snapshot["swap"]["used_percent"], &snapshot["swap"]["used_bytes"]), (&Value::Null, &Value::Null));
        assert!(snapshot["swap"]["total_bytes"].as_u64().unwrap() > 0);
        assert!(snapshot["probe"]["discarded"]["swap free"].is_string(), "{}", snapshot["probe"]);
    }
}

#[test]
fn a_counter_of_vmstat_that_falls_is_a_gap_alone() {
    let mut host = Host::recorded("vm");
    host.write("proc/vmstat", "oom_kill 5\npgmajfault 1000\npswpin 10\npswpout 10\n");
    probe(&host);
    host.advance(60, 5);
    host.write("proc/vmstat", "oom_kill 3\npgmajfault 1060\npswpin 18446744073709551615\npswpout 70\n");
    let snapshot = probe(&host);
    assert_eq!(
        (&snapshot["memory"]["oom_kills"], &snapshot["memory"]["major_faults_per_second"]),
        (&Value::Null, &json!(1.0))
    );
    assert_eq!(
        (&snapshot["swap"]["in_bytes_per_second"], &snapshot["swap"]["out_bytes_per_second"]),
        (&Value::Null, &json!(4096.0))
    );
    let discarded = snapshot["probe"]["discarded"].as_object().unwrap();
    assert!(discarded.contains_key("memory oom_kill") && discarded.contains_key("memory pswpin"), "{discarded:?}");
}

#[test]
fn inside_lxc_the_load_is_that_of_the_host() {
    let load = |virtualization: &str, tasks: &str| {
        let host = Host::recorded("vm");
        put(&host, "run/systemd/container", virtualization);
        put(&host, "sys/fs/cgroup/pids.current", "40\n");
        host.write("proc/loadavg", &format!("64.00 60.00 58.00 9/{tasks} 4000\n"));
        let load = probe(&host)["load"].clone();
        [load["of"].clone(), load["one"].clone(), load["one_per_core"].clone()]
    };
    assert_eq!(load("lxc", "9000"), [json!("host"), json!(64.0), Value::Null]);
    assert_eq!(load("lxc", "45"), [Value::Null, json!(64.0), json!(16.0)], "lxcfs -l");
    assert_eq!(
        load("docker", "9000"),
        [json!("host"), json!(64.0), json!(16.0)],
        "the cores are those of the host, too"
    );
}

#[test]
fn hidden_processes_are_not_counted_as_none() {
    let host = Host::recorded("vm");
    let visible = probe(&host)["process"]["threads"].as_u64().unwrap();
    let mounts = host.read("proc/self/mountinfo");
    let hide = |option: &str| {
        host.write("proc/self/mountinfo", &mounts.replace("- proc proc rw", &format!("- proc proc rw{option}")));
    };
    host.write("proc/loadavg", "0.50 0.40 0.30 1/812 1234\n");
    for option in [",hidepid=1", ",hidepid=2,gid=4", ",hidepid=invisible", ",hidepid=ptraceable"] {
        hide(option);
        let snapshot = probe(&host);
        assert_eq!(snapshot["process"], json!({"threads": 812}), "{option}");
        let reason = snapshot["probe"]["failed"]["processes"].as_str().unwrap();
        assert!(reason.contains("hidepid") && reason.contains(&format!("{visible} of 812 threads")), "{reason}");
    }
    hide(",hidepid=off");
    assert_eq!(probe(&host)["process"]["threads"], visible);
    // Root sees them all.
    hide(",hidepid=2");
    host.write("proc/loadavg", &format!("0.50 0.40 0.30 1/{visible} 1234\n"));
    assert_eq!(probe(&host)["process"]["threads"], visible);
}

#[test]
fn impossible_numbers_of_a_process_cost_nothing_else() {
    let host = Host::recorded("vm");
    let total = probe(&host)["process"]["total"].as_u64().unwrap();
    let stat = |pid: u32, user: &str, rss: &str| {
        let text = format!("{pid} (x{pid}) S 1 1 1 0 -1 0 1 2 3 4 {user} 2 0 0 20 0 1 0 900 1000000 {rss} 9 1 1\n");
        put(&host, &format!("proc/{pid}/stat"), text);
    };
    stat(9001, "-1", "5");
    stat(9002, "1", "-1");
    stat(9003, "18446744073709551615", "99999999999");
    let snapshot = probe(&host);
    assert_eq!(snapshot["process"]["total"], total + 3);
    assert!(snapshot["probe"]["discarded"]["process x9003 pid 9003.memory"].is_string(), "{}", snapshot["probe"]);
}

#[test]
fn many_cgroups_of_one_slice_leave_the_others() {
    let host = Host::recorded("vm");
    let usage =
        |path: &str, memory: u64| put(&host, &format!("sys/fs/cgroup/{path}/memory.current"), format!("{memory}\n"));
    (0..1200).for_each(|number| usage(&format!("a.slice/x{number:04}.service"), 1000));
    usage("a.slice", 9_000_000_000_000);
    usage("system.slice/large.service", 8_000_000_000_000);
    probe(&host);
    let record: Value = serde_json::from_str(host.lines("processes").last().unwrap()).unwrap();
    let units: Vec<(&str, &str)> = record["unit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| (unit["unit"].as_str().unwrap(), unit["kind"].as_str().unwrap()))
        .collect();
    assert!(units.contains(&("a.slice", "slice")) && units.contains(&("large.service", "service")), "{units:?}");
}
