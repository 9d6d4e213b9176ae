//! Compares `data/metrics.toml` with the metrics of the recorded hosts, and with the generated page.

use super::harness::{Host, repository};
use osmon::model::catalogue;
use osmon::model::metric::Label;
use osmon::model::walk::walk;
use std::collections::BTreeMap;
use std::fs;

/// Every metric of two minutes of a host, in all its streams, with the key of its label.
fn measured(name: &str, found: &mut BTreeMap<String, String>) {
    let mut host = Host::recorded(name);
    host.config = "[probe]\nservices = [\"nginx\"]\n".to_string();
    host.config +=
        "[process.java]\nmatch = \"java\"\nat_most = 9\n[freshness.notes]\npath = \"/etc/passwd\"\nmax_age = \"1d\"\n";
    host.config += "[heal.x]\nrule = \"service\"\nmatch = \"nginx.service\"\naction = \"restart\"\n";
    fs::create_dir_all(host.data().join("state")).unwrap();
    fs::write(host.data().join("state/skipped"), "2026-11-20T21:39:30.000Z\n").unwrap();
    if name == "vm" {
        let healed = r#"{"schema":1,"targets":[{"entry":"x","kind":"restart","target":"nginx.service","attempts":1}]}"#;
        fs::write(host.data().join("state/heal.json"), healed).unwrap();
        fs::create_dir_all(host.root().join("dev/pts")).unwrap();
        fs::write(host.root().join("dev/pts/0"), "").unwrap();
        super::harness::tool("touch", &["-d", "2026-11-20T21:30:00Z", host.root().join("dev/pts/0").to_str().unwrap()])
            .ok();
        fs::write(host.root().join("proc/1204/io"), "read_bytes: 1000000\nwrite_bytes: 2000000\n").unwrap();
        fs::create_dir_all(host.root().join("proc/1204/fd/0")).unwrap();
        fs::create_dir_all(host.root().join("sys/block/dm-9/slaves/vda")).unwrap();
        let disks = fs::read_to_string(host.root().join("proc/diskstats")).unwrap();
        fs::write(host.root().join("proc/diskstats"), disks + " 253 9 dm-9 1 0 8 1 1 0 8 1 0 1 1\n").unwrap();
        fs::write(host.root().join("proc/1204/limits"), "Max open files   1024   4096   files\n").unwrap();
    }
    if name == "pi" {
        super::probe_storage::everything(&host);
    }
    super::harness::tool("touch", &["-d", "2026-11-20T21:30:00Z", host.root().join("etc/passwd").to_str().unwrap()]);
    if name == "vm" {
        super::probe_limits::compose(&host, 0);
    }
    host.osmon(&["run"]);
    host.advance(60, 20);
    host.now += chrono::TimeDelta::days(1);
    if name == "vm" {
        super::probe_limits::compose(&host, 1);
        host.replace("proc/diskstats", "812345 1200 41234568 400123", "812945 1200 41357448 401123");
        host.replace("proc/net/dev", "eth0: 48000000000", "eth0: 968000000000");
        fs::write(host.root().join("proc/1204/io"), "read_bytes: 9000000\nwrite_bytes: 6000000\n").unwrap();
        host.replace("proc/1204/stat", "10 0 4000000 300000", "10 0 4003000 300000");
    }
    host.osmon(&["probe"]);
    let mut add = |metric: &str, labels: &[Label], _: f64| {
        found.insert(metric.to_string(), labels.first().map(|(key, _)| key.clone()).unwrap_or_default());
    };
    for stream in ["snapshots", "processes"] {
        for entry in fs::read_dir(host.data().join(stream)).unwrap().flatten() {
            for line in fs::read_to_string(entry.path()).unwrap().lines() {
                walk(line, &mut add).unwrap();
            }
        }
    }
}

#[test]
fn every_metric_is_listed_and_every_listed_one_is_measured() {
    let mut found = BTreeMap::new();
    for name in ["vm", "old", "hybrid", "pi", "container", "kube", "hostile"] {
        measured(name, &mut found);
    }
    let listed: BTreeMap<String, String> =
        catalogue::METRICS.iter().map(|metric| (metric.name.to_string(), metric.label.to_string())).collect();
    let unlisted: Vec<_> = found.iter().filter(|(name, label)| listed.get(*name) != Some(label)).collect();
    assert!(unlisted.is_empty(), "measured, and not in data/metrics.toml (or with another label): {unlisted:?}");
    let unmeasured: Vec<_> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(unmeasured.is_empty(), "in data/metrics.toml, and measured on no recorded host: {unmeasured:?}");
}

#[test]
fn the_unit_is_at_the_end_of_the_name() {
    let endings = [
        ("percent", "_percent"),
        ("bytes per second", "_bytes_per_second"),
        ("bytes", "_bytes"),
        ("milliseconds", "_ms"),
        ("bits per second", "_bits_per_second"),
    ];
    for entry in catalogue::METRICS {
        for (unit, ending) in endings {
            assert_eq!(entry.unit == unit, entry.name.ends_with(ending), "{} is in {}", entry.name, entry.unit);
        }
        assert!(entry.help.len() > 5 && !entry.source.is_empty(), "{}", entry.name);
    }
}

/// `OSMON_TEST_WRITE=1 cargo test` rewrites the page.
#[test]
fn the_page_is_made_from_the_list() {
    let path = repository("docs/metrics.md");
    if std::env::var_os("OSMON_TEST_WRITE").is_some() {
        fs::write(&path, catalogue::to_markdown()).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap() == catalogue::to_markdown(),
        "docs/metrics.md is not what data/metrics.toml says: OSMON_TEST_WRITE=1 cargo test"
    );
}

#[test]
fn a_rule_that_watches_nothing_is_an_error_unless_it_says_so() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 1\nfor = \"0s\"\n".to_string();
    let memory = host.config.clone();
    let rules = "[rule.x]\nmetric = \"cpu.bussy_percent\"\nwarning = 1\n[rule.y]\nmetric = 'disk.used_percent{device=\"x\"}'\nwarning = 1\n[rule.z]\nmetric = \"app.things\"\nwarning = 1\n[rule.disk]\nonly_if = \"disk.free > 1\"\n";
    host.config += rules;
    let done = host.osmon(&["config", "check"]);
    assert_eq!(done.code, 78);
    let expected = [
        "5:1: rule.x.metric: nothing that osmon measures is called \"cpu.bussy_percent\"; did you mean \"cpu.busy_percent\"?\n",
        "8:1: rule.y.metric: disk.used_percent has no label \"device\"; it has \"mount\"\n",
        "11:1: rule.z.metric: nothing that osmon measures is called \"app.things\"; if another program supplies it, set optional = true\n",
        "14:1: rule.disk.only_if: nothing that osmon measures is called \"disk.free\"",
    ];
    for line in expected {
        assert_eq!(done.err.matches(line).count(), 1, "{line}: {}", done.err);
    }
    assert_eq!(done.err.lines().count(), expected.len(), "{}", done.err);
    // A run goes on with everything else.
    let done = host.osmon(&["run", "-v"]);
    assert!(done.code == 78 && done.err.contains("; going on with the rest of the configuration"), "{}", done.err);
    assert!(done.out.contains("WARNING") && done.out.contains("Memory"), "{}", done.out);
    host.advance(60, 1);
    host.osmon(&["run"]);
    host.advance(60, 1);
    assert_eq!(host.osmon(&["run"]).err, "", "once");
    host.config = memory + &rules.replace("metric =", "optional = true\nmetric =") + "optional = true\n";
    host.osmon(&["config", "check"]).ok();
    host.config = "[rule.x]\nmetric = \"plugin.queue.length\"\nwarning = 1\n".to_string();
    host.osmon(&["config", "check"]).ok();
}
