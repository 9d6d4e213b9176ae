//! Golden files: the output of `osmon-probe` on every recorded host, byte for byte.
//!
//! An intended change is written with `OSMON_UPDATE_GOLDEN=1 cargo test --test suite probe_golden::` and reviewed as a
//! diff.

use super::harness::{Host, repository};
use std::fs;

const HOSTS: [&str; 7] = ["container", "hostile", "hybrid", "kube", "old", "pi", "vm"];

/// The CPU time of the probe itself differs in each run.
fn without_cpu_time(json: &str) -> String {
    let key = "\"cpu_ms\":";
    let at = json.find(key).unwrap() + key.len();
    let end = at + json[at..].find([',', '}']).unwrap();
    format!("{}0{}", &json[..at], &json[end..])
}

/// Three snapshots a minute apart, counters moving, and the processes of each.
fn recording(name: &str) -> String {
    let mut host = Host::recorded(name);
    let mut lines = Vec::new();
    for minute in 0..3 {
        lines.push(without_cpu_time(host.small("osmon-probe", &["--json"]).ok().out.trim_end()));
        host.advance(60, 25);
        if name == "vm" {
            move_counters(&host, minute);
        }
    }
    lines.extend(host.lines("processes"));
    lines.join("\n") + "\n"
}

fn move_counters(host: &Host, minute: u64) {
    let replace = |file: &str, from: u64, step: u64| {
        host.replace(file, &(from + minute * step).to_string(), &(from + (minute + 1) * step).to_string());
    };
    replace("proc/diskstats", 41_234_568, 122_880);
    replace("proc/net/dev", 48_000_000_000, 600_000);
    replace("proc/1204/stat", 4_000_000, 3000);
    replace("proc/stat", 4_321_000, 9);
    replace("sys/fs/cgroup/system.slice/nginx.service/cpu.stat", 10_400_000_000, 15_000_000);
}

#[test]
fn snapshots_of_recorded_hosts_are_byte_identical() {
    let directory = repository("tests/fixtures/golden/probe");
    for name in HOSTS {
        let (file, found) = (directory.join(format!("{name}.jsonl")), recording(name));
        if std::env::var_os("OSMON_UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&file, found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap();
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{name}");
    }
}
