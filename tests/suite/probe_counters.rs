//! Counters of odd hosts: each value is right, left out with a reason, or absent, and costs no other.

use super::harness::Host;
use serde_json::{Value, json};
use std::fs;

fn write(host: &Host, file: &str, content: &str) {
    let path = host.root().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn probe(host: &mut Host) -> Value {
    host.now += chrono::TimeDelta::seconds(60);
    host.boottime(60.0);
    host.small("osmon-probe", &["--json"]).ok().json()
}

fn stat(host: &Host, cores: &[(u32, &str)], sum: &str, rest: &str) {
    let cores: String = cores.iter().map(|(core, ticks)| format!("cpu{core} {ticks}\n")).collect();
    write(host, "proc/stat", &format!("nonsense\ncpu  {sum}\n{cores}intr 1 x\nctxt 1\nbtime -3600\n{rest}\n"));
}

/// Second snapshot of a host whose `/proc/stat` goes from `before` to `now`, on one core with the number 3.
fn cpu(before: &str, now: &str) -> Value {
    let mut host = Host::recorded("vm");
    stat(&host, &[(3, before)], before, "processes 1");
    probe(&mut host);
    stat(&host, &[(3, now)], now, "processes -1948031333");
    probe(&mut host)
}

#[test]
fn a_broken_mode_costs_its_own_share() {
    let before = "1000 0 500 80000 100 0 0 500 0 0";
    for (now, gone) in [
        ("1060 0 560 85880 100 0 0 9007199254740992 0 0", "steal"),
        ("1060 0 560 85880 100 0 0 400 0 0", "steal"),
        ("31536000000 0 560 85880 100 0 0 500 0 0", "user"),
        ("1060 0 560 1400 100 0 0 500 0 0", "idle"),
        ("1060 0 560 85880 x 0 0 500 0 0", "iowait"),
    ] {
        let found = cpu(before, now);
        let busy = found["cpu"]["busy_percent"].as_f64().unwrap();
        assert!((1.9..2.1).contains(&busy), "{now}: {busy}");
        assert!(found["cpu"][format!("{gone}_percent")].is_null(), "{now}");
        assert_eq!(found["cpu"]["core"][0]["core"], "3", "{now}");
        let noted = &found["probe"]["discarded"][format!("cpu.{gone}_ticks")];
        assert_eq!(noted.is_string(), gone != "iowait", "{now}: {noted}");
        assert!(found["cpu"]["forks_per_second"].is_null() && found["load"]["one_per_core"].is_number());
    }
    let small = cpu(before, "1060 0 560 85880 98 0 0 500 0 0");
    assert_eq!((&small["cpu"]["busy_percent"], &small["probe"]["discarded"]), (&json!(2.0), &Value::Null));
}

#[test]
fn without_cores_there_is_no_load_per_core() {
    let mut host = Host::recorded("vm");
    stat(&host, &[], "1 2 3 4", "");
    let found = probe(&mut host);
    assert!(
        found["load"]["one"].is_number() && found["load"]["one_per_core"].is_null() && found["cpu"]["cores"].is_null()
    );
    write(&host, "sys/devices/system/cpu/online", "0-2,7\n");
    write(&host, "proc/loadavg", "x 8.00 -1 1/2 3\n");
    let found = probe(&mut host);
    assert_eq!((&found["cpu"]["cores"], &found["load"]["five_per_core"]), (&json!(4), &json!(2.0)));
    assert!(found["load"]["one"].is_null() && found["load"]["fifteen"].is_null());
}

fn net(host: &Host, interfaces: &[(&str, u64)]) {
    let lines: String = interfaces
        .iter()
        .map(|(name, bytes)| format!("  {name}: {bytes} 9000 0 0 0 0 0 0 1000 10 0 0 0 0 0 0\n"))
        .collect();
    write(host, "proc/net/dev", &format!("a\nb\n{lines}"));
}

#[test]
fn only_a_cable_bounds_the_traffic() {
    let mut host = Host::recorded("vm");
    for (name, speed) in [("tun0", "10"), ("vnet0", "10"), ("veth9a1b", "10000"), ("eth0", "1000"), ("eth1", "65535")] {
        write(&host, &format!("sys/class/net/{name}/speed"), speed);
    }
    let names = ["tun0", "vnet0", "veth9a1b", "eth0", "eth1"];
    net(&host, &names.map(|name| (name, 1_000_000)));
    probe(&mut host);
    write(&host, "sys/class/net/eth0/speed", "100\n");
    // 1 Gbit/s until the link became slower; an impossible rate comes a minute later.
    net(
        &host,
        &[
            ("tun0", 301_000_000),
            ("vnet0", 301_000_000),
            ("veth9a1b", 120_001_000_000),
            ("eth0", 6_001_000_000),
            ("eth1", 0),
        ],
    );
    let found = probe(&mut host);
    let of = |found: &Value, name: &str| {
        let list = found["network"].as_array().unwrap().clone();
        list.into_iter().find(|interface| interface["interface"] == name).unwrap()
    };
    for (name, rate) in [("tun0", 5e6), ("vnet0", 5e6), ("veth9a1b", 2e9), ("eth0", 1e8)] {
        assert_eq!(of(&found, name)["received_bytes_per_second"].as_f64(), Some(rate), "{name}");
        assert_eq!(of(&found, name)["speed_bits_per_second"].is_null(), name != "eth0", "{name}");
    }
    let eth1 = of(&found, "eth1");
    assert!(eth1["received_bytes_per_second"].is_null() && eth1["speed_bits_per_second"].is_null());
    assert_eq!(eth1["sent_bytes_per_second"], 0.0, "one counter that fell costs no other");
    assert_eq!(found["probe"]["discarded"]["network eth1.received_bytes"], "fell from 1000000 to 0");
    net(&host, &[("eth0", 12_001_000_000)]);
    let found = probe(&mut host);
    assert!(of(&found, "eth0")["received_bytes_per_second"].is_null());
    assert_eq!(found["probe"]["discarded_values"], 1);
}

#[test]
fn counters_of_disks() {
    let cases = [
        (
            "1000 0 80000 500 2000 0 160000 900 0 1200",
            "868082074056920076 0 80008 500 2000 0 160000 900 0 1200",
            "reads",
        ),
        ("1000 0 80000 500 2000 0 160000 900 0 4294960000", "1500 0 80000 500 2000 0 160000 900 0 52704", ""),
        ("1000 0 80000 500 2000 0 160000 900 0 1200", "1500 0 80000 500 2000 0 160000 900 -1 1200", "in_flight"),
        (
            "1000 0 80000 500 2000 0 160000 900 0 1200",
            "1500 0 80000 500 2000 0 160000 900 4294967295 1200",
            "in_flight",
        ),
        ("1000 0 80000 500 2000 0 160000 900 0 1200", "1 0 8 5 2 0 16 9 0 12", "*"),
    ];
    for (before, now, gone) in cases {
        let mut host = Host::recorded("vm");
        fs::remove_dir_all(host.root().join("sys/block")).unwrap();
        let line = |numbers: &str| format!("x\n 8 1 sda1 5 6 7 8\n 8 0 sda {numbers} 1400\n 8 2 sda2 {numbers} 1400\n");
        write(&host, "proc/diskstats", &line(before));
        probe(&mut host);
        write(&host, "proc/diskstats", &line(now));
        let found = probe(&mut host);
        let disks = found["disk_io"].as_array().unwrap();
        assert_eq!(disks.len(), 1, "{now}: partitions are no disks");
        let value = |name: &str| disks[0][name].as_f64();
        assert_eq!(value("reads_per_second").is_none(), gone == "reads" || gone == "*", "{now}");
        assert_eq!(value("writes_per_second").is_none(), gone == "*", "{now}");
        assert_eq!(value("in_flight").is_none(), gone == "in_flight", "{now}");
        if gone.is_empty() {
            assert_eq!(value("busy_percent"), Some(100.0));
        }
        assert_eq!(found["probe"]["discarded_values"].as_u64().unwrap_or(0), u64::from(!gone.is_empty()), "{now}");
    }
}

#[test]
fn a_transfer_through_layers_counts_once() {
    let mut host = Host::recorded("vm");
    let directory = host.root().join("sys/block");
    fs::remove_dir_all(&directory).unwrap();
    for below in ["sda", "dm-0/slaves/dm-1", "dm-1/slaves/sda2", "dm-1/dm"] {
        fs::create_dir_all(directory.join(below)).unwrap();
    }
    write(&host, "sys/block/dm-0/dm/name", "vg0-home\n");
    let unit = "sys/fs/cgroup/system.slice/nginx.service";
    for bytes in [0_u64, 600_000_000] {
        let sectors = bytes / 512;
        let io = ["8:0", "253:0", "253:1"].map(|id| format!("{id} rbytes=0 wbytes={bytes} rios=0 wios=9\n"));
        write(&host, &format!("{unit}/io.stat"), &io.concat());
        let disk = |id: &str| format!("{id} 1 0 8 1 1 0 {sectors} 1 0 1 1\n");
        write(&host, "proc/diskstats", &["8 0 sda", "8 2 sda2", "253 0 dm-0", "253 1 dm-1"].map(disk).concat());
        probe(&mut host);
    }
    let found = host.snapshots().pop().unwrap();
    let disks: Vec<_> =
        found["disk_io"].as_array().unwrap().iter().map(|disk| (&disk["device"], &disk["on"])).collect();
    let (none, text) = (Value::Null, |name: &str| json!(name));
    assert_eq!(disks, [(&text("sda"), &none), (&text("vg0-home"), &text("dm-1")), (&text("dm-1"), &text("sda"))]);
    let record: Value = serde_json::from_str(host.lines("processes").last().unwrap()).unwrap();
    let units = record["unit"].as_array().unwrap();
    let nginx = units.iter().find(|unit| unit["unit"] == "nginx.service").unwrap();
    assert_eq!(nginx["written_bytes_per_second"], 10_000_000.0);
    // The history adds up disks: 10 MB, not 30 MB.
    let table = host.osmon(&["history", "--since", "1h"]).ok().out;
    let cells = |start: &str| -> Vec<String> {
        let line = table.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
        line.split_whitespace().map(str::to_string).collect()
    };
    let at = cells("TIME").iter().position(|title| title == "WRITE").unwrap();
    assert_eq!(cells("highest")[at], "9.54M", "{table}");
}
