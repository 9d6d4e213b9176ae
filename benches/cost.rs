//! The cost of osmon, as ratios to a floor or a peer measured in the same run, because absolute times mean nothing on a
//! machine that does other things too.
//!
//! `cargo bench --bench cost`. Peers (atop, sysstat, rrdtool) are left out where they are not installed. The probe is the
//! static binary that is released, built first by `contrib/release/build osmon-probe`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;

use harness::{Host, binary, repository};
use measure::{compare, cost, installed, row, year_of_minutes};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::LazyLock;

const PROCESSES: usize = 400;

/// The released probe; if it cannot be built, the one that cargo built for the bench.
static PROBE: LazyLock<String> = LazyLock::new(|| {
    let built = Command::new(repository("contrib/release/build")).arg("osmon-probe").status();
    if built.is_ok_and(|status| status.success()) {
        return repository("target/dist/bin/osmon-probe").display().to_string();
    }
    println!("contrib/release/build osmon-probe failed: the dynamic binary is measured");
    binary("osmon-probe").to_string()
});

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--floor") => floor(),
        Some("--measure") => measure::measure(&arguments[1..]),
        _ => bench(),
    }
}

fn bench() {
    println!("probe: {}\n{:<58}{:>9}{:>9}{:>8}", *PROBE, "", "here", "other", "ratio");
    probe();
    growth();
    run();
    for (name, file, limit) in [("osmon-probe", PROBE.as_str(), 3.0), ("osmon", binary("osmon"), 10.0)] {
        let size = fs::metadata(file).unwrap().len() as f64 / 1024.0 / 1024.0;
        row(&format!("size of {name}, limit {limit} MiB"), size, limit, "MiB");
    }
}

const PROC_FILES: [&str; 19] = [
    "stat",
    "loadavg",
    "meminfo",
    "vmstat",
    "pressure/cpu",
    "pressure/memory",
    "pressure/io",
    "self/mountinfo",
    "diskstats",
    "net/dev",
    "net/sockstat",
    "net/sockstat6",
    "net/snmp",
    "sys/fs/file-nr",
    "sys/net/netfilter/nf_conntrack_count",
    "sys/net/netfilter/nf_conntrack_max",
    "sys/kernel/hostname",
    "sys/kernel/random/boot_id",
    "self/maps",
];
const SYS_FILES: [&str; 3] = ["class/net/eth0/operstate", "class/net/eth0/speed", "fs/cgroup/cgroup.controllers"];
const SYS_DIRECTORIES: [&str; 6] =
    ["block", "class/hwmon", "class/thermal", "fs/cgroup/systemd", "fs/cgroup/memory", "fs/cgroup/memory"];

/// Only opens and reads the files that `osmon-probe` opens and reads.
fn floor() {
    let mut bytes = 0;
    let mut read = |path: &str| bytes += fs::read(path).map_or(0, |content| content.len());
    for name in PROC_FILES {
        read(&format!("/proc/{name}"));
    }
    for name in SYS_FILES {
        read(&format!("/sys/{name}"));
    }
    for name in SYS_DIRECTORIES {
        let names = fs::read_dir(format!("/sys/{name}")).into_iter().flatten().flatten();
        names.for_each(|entry| drop(std::hint::black_box(entry)));
    }
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        if entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            read(&format!("/proc/{}/stat", entry.file_name().to_string_lossy()));
        }
    }
    for _ in 0..10 {
        read("/proc/self/status");
        read("/proc/self/cgroup");
    }
    read("/etc/passwd");
    println!("{bytes}");
}

/// Idle processes that fill the host up to a given number. They end when this value is dropped.
struct Sleepers(Vec<Child>);
impl Sleepers {
    fn up_to(count: usize) -> Self {
        let there = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
            .count();
        Self((there..count).map(|_| Command::new("sleep").arg("600").spawn().unwrap()).collect())
    }
}
impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn probe() {
    let _sleepers = Sleepers::up_to(PROCESSES);
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let here = [PROBE.as_str(), "--data-dir", &data];
    cost(&here);
    let own = std::env::current_exe().unwrap().display().to_string();
    let [(cpu, memory), (floor_cpu, _)] = compare(&here, &[&own, "--floor"]);
    row(&format!("osmon-probe, {PROCESSES} processes : reading the same files, limit 1.25"), cpu, floor_cpu, "ms");
    row("osmon-probe, peak memory, limit 6 MiB", memory / 1024.0, 6.0, "MiB");
    peers(&data);
}

/// Other recorders, taking one sample of the same host.
fn peers(data: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("raw").display().to_string();
    let here = [PROBE.as_str(), "--data-dir", data];
    if installed("atop") {
        let _ = fs::remove_file(&file);
        let [(cpu, _), (peer, _)] = compare(&here, &["atop", "-w", &file, "1", "1"]);
        row("osmon-probe : atop -w f 1 1, limit 0.28", cpu, peer, "ms");
    } else {
        println!("atop is not installed: osmon-probe is not compared with it");
    }
    let sadc = "/usr/lib/sysstat/sadc";
    if Path::new(sadc).exists() {
        let activity = directory.path().join("sa").display().to_string();
        let config = directory.path().join("no-processes.toml").display().to_string();
        fs::write(&config, "[probe]\nprocesses = false\n").unwrap();
        let without = [PROBE.as_str(), "--data-dir", data, "--config", &config];
        let [(cpu, _), (peer, _)] = compare(&without, &[sadc, "-F", "-L", "-S", "ALL", "1", "1", &activity]);
        row("osmon-probe, processes off : sadc -S ALL 1 1, limit 0.7", cpu, peer, "ms");
    } else {
        println!("sysstat is not installed: osmon-probe is not compared with it");
    }
}

/// Recorded hosts of two sizes: the cost must not grow faster than the number of processes, interfaces, mounts or cores.
fn growth() {
    for (what, small, large) in
        [("processes", 500, 5000), ("interfaces", 50, 500), ("mounts", 100, 1000), ("cores", 26, 256)]
    {
        let [a, b] = [small, large].map(|count| {
            let host = Host::recorded("vm");
            enlarge(&host, what, count);
            let (root, data) = (host.root().display().to_string(), host.data().display().to_string());
            let now = host.now.to_rfc3339();
            let here = [PROBE.as_str(), "--root", &root, "--data-dir", &data, "--now", &now];
            let base = Host::recorded("vm");
            let (base_root, base_data) = (base.root().display().to_string(), base.data().display().to_string());
            let plain = [PROBE.as_str(), "--root", &base_root, "--data-dir", &base_data, "--now", &now];
            let [(cpu, _), (plain_cpu, _)] = compare(&here, &plain);
            (cpu - plain_cpu).max(0.01) / count as f64 * 1000.0
        });
        row(&format!("each of {large} {what} : each of {small}, limit 1.5"), b, a, "us");
    }
}

fn enlarge(host: &Host, what: &str, count: usize) {
    let root = host.root();
    let lines = |line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    match what {
        "processes" => {
            let stat = fs::read_to_string(root.join("proc/1204/stat")).unwrap();
            for pid in 100_000..100_000 + count {
                fs::create_dir_all(root.join(format!("proc/{pid}"))).unwrap();
                fs::write(root.join(format!("proc/{pid}/stat")), stat.replacen("1204", &pid.to_string(), 1)).unwrap();
            }
        }
        "interfaces" => host.write(
            "proc/net/dev",
            &(host.read("proc/net/dev")
                + &lines(&|number| format!("  veth{number}: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n"))),
        ),
        "mounts" => {
            host.write(
                "proc/self/mountinfo",
                &(host.read("proc/self/mountinfo")
                    + &lines(&|number| format!("900 28 9:{number} / /m{number} rw - ext4 /dev/x{number} rw\n"))),
            );
            host.write(
                "statvfs",
                &(host.read("statvfs") + &lines(&|number| format!("/m{number} 4096 1000000 500000 400000 1000 500\n"))),
            );
        }
        _ => {
            let stat = host.read("proc/stat");
            let rest: String = stat
                .lines()
                .filter(|line| !line.starts_with("cpu") || line.starts_with("cpu "))
                .map(|line| format!("{line}\n"))
                .collect();
            host.write(
                "proc/stat",
                &rest.replacen("intr", &(lines(&|number| format!("cpu{number} 1 2 3 4 5 0 7 8 0 0\n")) + "intr"), 1),
            );
        }
    }
}

fn run() {
    let mut host = Host::recorded("vm");
    for minute in 0..1440_u64 {
        host.advance(60, minute * 7 % 60);
        assert_eq!(host.small("osmon-probe", &[]).code, 0);
    }
    let data = host.data().display().to_string();
    let root = host.root().display().to_string();
    let now = (host.now + chrono::TimeDelta::seconds(60)).to_rfc3339();
    let here = [binary("osmon"), "run", "-v", "--root", &root, "--data-dir", &data, "--now", &now];
    let rrd = host.path("year.rrd");
    if !year_of_minutes(&rrd, &["RRA:AVERAGE:0.5:1:525600"]) {
        println!("rrdtool is not installed: osmon run is not compared");
        return;
    }
    let (picture, rrd) = (host.path("chart.png").display().to_string(), rrd.display().to_string());
    let line = format!("DEF:a={rrd}:v:AVERAGE");
    let other = [
        "rrdtool",
        "graph",
        &picture,
        "--start",
        "1763683200",
        "--end",
        "1795219200",
        "--width",
        "600",
        "--height",
        "170",
        &line,
        "LINE1:a#0000ff",
    ];
    let [(cpu, memory), (peer_cpu, _)] = compare(&here, &other);
    row("osmon run, a day of history : rrdtool graph, limit 2", cpu, peer_cpu, "ms");
    row("osmon run, peak memory : 64 MiB", memory / 1024.0, 64.0, "MiB");
}
