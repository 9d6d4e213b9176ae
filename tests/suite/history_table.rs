//! `osmon history`: tables keep the names of metrics, and values whole; labels give way.

use super::harness::Host;
use super::history::history;
use super::report::sample;

fn table(host: &Host, arguments: &[&str]) -> String {
    let done = history(host, arguments).ok();
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    done.out
}

#[test]
fn a_family_names_every_metric() {
    let host = sample();
    let network = table(&host, &["network", "--at", "yesterday"]);
    for name in ["received_bytes", "sent_bytes", "received_packets", "errors", "dropped", "speed_bits"] {
        assert!(network.contains(&format!("\nnetwork.{name}_per_second\n  eth0 ")), "no {name}: {network}");
    }
    assert!(network.contains("\nnetwork.up{interface=\"eth0\"} "), "short enough for one line: {network}");
    assert!(network.contains(" 10 Gbit/s"), "{network}");
    assert!(!network.contains('…'), "neither a name nor a value is cut: {network}");
    let disks = table(&host, &["disk", "--at", "yesterday"]);
    assert!(disks.contains("\ndisk.available_bytes\n  / ") && disks.contains("\n  /var "), "{disks}");
}

#[test]
fn columns_are_headed_by_name_and_label() {
    let host = sample();
    let asked = ["network.received_bytes_per_second", "network.sent_bytes_per_second", "cpu.busy_percent", "load.one"];
    let rows = table(&host, &[&asked[..], &["--step", "1h"]].concat());
    let heads: Vec<&str> = rows.lines().skip_while(|line| !line.contains("network.") || line.contains('▁')).collect();
    let head = heads.join("\n");
    for part in ["cpu.busy", "received", "_per_second", "eth0", "load.one"] {
        assert!(head.contains(part), "no {part}: {rows}");
    }
    let time = rows.lines().find(|line| line.starts_with("TIME")).unwrap();
    assert!(time.contains("eth0") && time.contains("load.one"), "labels are next to the values: {rows}");
    let mounts = table(&host, &["disk.used_percent", "--step", "1h"]);
    let head = mounts.lines().find(|line| line.starts_with("TIME")).unwrap();
    assert_eq!(head.split_whitespace().collect::<Vec<_>>(), ["TIME", "/", "/run", "/var"], "{mounts}");
}
