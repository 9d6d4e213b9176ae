//! Limits of units and containers, tables and queues of the kernel, memory errors, hung processes, NFS.

use super::harness::{Host, copy};
use super::probe::probe;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;

/// Writes files below the root of a host, with their directories.
pub fn files(host: &Host, files: &[(&str, &str)]) {
    for (file, content) in files {
        fs::create_dir_all(host.root().join(file).parent().unwrap()).unwrap();
        host.write(file, content);
    }
}

/// Gives the host what this file is about; `minute` moves its counters.
pub fn compose(host: &Host, minute: u64) {
    let shop = |file: &str| format!("sys/fs/cgroup/system.slice/shop.service/{file}");
    let throttled = format!("usage_usec 90000000\nnr_periods {0}\nnr_throttled {0}\n", 300 * minute);
    let netstat = format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {0} {0}\n", 600 * minute);
    let dev = format!(
        "  lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: {} 1 0 0 0 0 0 0 {} 1 0 0 0 0 0 0\n",
        60_000 * minute,
        6000 * minute
    );
    let nfs = format!(
        "device nas:/x mounted on /x with fstype nfs4\n\txprt:\ttcp 0 0 1 0 0 {0} {0} 0\n\tper-op statistics\n\tREAD: {0} {0} 0 0 0 0 0 {1} 0\n",
        60 * minute,
        300 * minute
    );
    let owned: Vec<(String, String)> = vec![
        (shop("memory.max"), "2000000000\n".into()),
        (shop("memory.current"), "1990000000\n".into()),
        (shop("memory.stat"), "anon 1000000000\ninactive_file 400000000\nactive_file 90000000\n".into()),
        (shop("pids.max"), "100\n".into()),
        (shop("pids.current"), "90\n".into()),
        (shop("cpu.max"), "50000 100000\n".into()),
        (shop("cpu.stat"), throttled),
        ("proc/sys/kernel/pid_max".into(), "32768\n".into()),
        ("proc/sys/kernel/threads-max".into(), "1000\n".into()),
        ("proc/net/netstat".into(), netstat),
        ("proc/net/softnet_stat".into(), format!("000000ff {:08x} 00000001\n", 0x60 * minute)),
        ("proc/net/stat/nf_conntrack".into(), "entries drop early_drop\n1 0a 01\n".into()),
        ("sys/devices/system/edac/mc/mc0/ce_count".into(), format!("{}\n", 12 * minute)),
        ("sys/devices/system/edac/mc/mc0/ue_count".into(), "0\n".into()),
        ("proc/net/rpc/nfs".into(), "net 0 0 0 0\n".into()),
        ("proc/self/mountstats".into(), nfs),
        ("proc/1204/net/dev".into(), dev),
    ];
    let all: Vec<(&str, &str)> = owned.iter().map(|(file, content)| (file.as_str(), content.as_str())).collect();
    files(host, &all);
    let container = fs::read_dir(host.root().join("sys/fs/cgroup/system.slice")).unwrap().flatten();
    let docker = container.map(|entry| entry.path()).find(|path| path.to_str().unwrap().contains("/docker-")).unwrap();
    fs::write(docker.join("cgroup.procs"), "1204\n").unwrap();
    for (pid, namespace) in [(1, "net:[1]"), (1204, "net:[2]")] {
        fs::create_dir_all(host.root().join(format!("proc/{pid}/ns"))).unwrap();
        let _ = symlink(namespace, host.root().join(format!("proc/{pid}/ns/net")));
    }
}

fn element<'a>(snapshot: &'a Value, section: &str, identity: &str) -> &'a Value {
    let elements = snapshot[section].as_array().unwrap_or_else(|| panic!("no {section}: {snapshot}"));
    let is_it = |element: &&Value| element.as_object().unwrap().values().any(|value| value == identity);
    elements.iter().find(is_it).unwrap_or_else(|| panic!("no {identity}: {elements:?}"))
}

/// `count` minutes of the whole pipeline.
pub fn minutes(host: &mut Host, count: u64, mut each: impl FnMut(&Host, u64)) {
    for minute in 0..count {
        each(host, minute);
        host.osmon(&["run"]);
        host.advance(60, 5);
    }
}

/// The facts of the newest event with any.
pub fn facts(host: &Host) -> Vec<String> {
    let of = |event: Value| event["evidence"]["fact"].as_array().cloned();
    let facts = host.sections("event").into_iter().rev().find_map(of).unwrap_or_default();
    facts.iter().map(|fact| fact.as_str().unwrap().to_string()).collect()
}

pub fn fired(host: &Host) -> Vec<String> {
    host.events().into_iter().filter_map(|event| event.strip_prefix("fired ").map(ToString::to_string)).collect()
}

#[test]
fn every_value_of_a_minute() {
    let mut host = Host::recorded("vm");
    compose(&host, 0);
    probe(&host);
    host.advance(60, 5);
    compose(&host, 1);
    let snapshot = probe(&host);
    let shop = element(&snapshot, "limit", "shop.service");
    let values =
        |element: &Value, names: &[&str]| names.iter().map(|name| element[*name].as_f64().unwrap()).collect::<Vec<_>>();
    let names =
        ["memory_bytes", "memory_used_percent", "tasks_used_percent", "cpu_limit_cores", "cpu_throttled_percent"];
    assert_eq!(values(shop, &names), [1.5e9, 75.0, 90.0, 0.5, 50.0], "page cache is no memory in use");
    assert_eq!(snapshot["task"]["limit"], 1000);
    let names = ["listen_overflows_per_second", "backlog_packets_per_second", "untracked_packets_per_second"];
    assert_eq!(values(&snapshot["drop"], &names), [10.0, 1.6, 0.0]);
    let mc0 = element(&snapshot, "memory_error", "mc0");
    assert_eq!(
        (values(mc0, &["corrected", "uncorrected"]), &mc0["state"]),
        (vec![12.0, 0.0], &"12 corrected, 0 uncorrected".into())
    );
    let nfs = element(&snapshot, "nfs", "/x");
    assert_eq!(
        (values(nfs, &["latency_ms", "operations_per_second"]), &nfs["not_responding"]),
        (vec![5.0, 1.0], &false.into())
    );
    let cache = element(&snapshot, "container", "shop-cache");
    assert_eq!(values(cache, &["received_bytes_per_second", "sent_bytes_per_second"]), [1000.0, 100.0]);
}

#[test]
fn the_container_of_osmon_at_its_limit_is_seen_although_the_host_has_memory() {
    let mut host = Host::recorded("container");
    let own = [
        ("sys/fs/cgroup/memory.max", "536870912\n"),
        ("sys/fs/cgroup/memory.current", "533000000\n"),
        ("sys/fs/cgroup/memory.events", "oom 5\noom_kill 5\n"),
    ];
    files(&host, &own);
    minutes(&mut host, 8, |_, _| {});
    assert_eq!(fired(&host), ["critical Memory limit of this container"]);
    assert_eq!(
        facts(&host),
        [
            "508 MiB of 512 MiB used, without caches that can be dropped",
            "5 processes killed at the memory limit since the unit started"
        ]
    );
    // Cache up to the limit is what every container has.
    files(&host, &[("sys/fs/cgroup/memory.stat", "inactive_file 300000000\nactive_file 100000000\n")]);
    minutes(&mut host, 7, |_, _| {});
    assert!(
        host.events().contains(&"recovered critical Memory limit of this container".to_string()),
        "{:?}",
        host.events()
    );
}

#[test]
fn limits_of_version_1_and_of_slices_are_read_and_those_that_are_none_are_not() {
    let host = Host::recorded("hybrid");
    let base = "sys/fs/cgroup/memory/system.slice/ssh.service";
    let own = [
        (format!("{base}/memory.limit_in_bytes"), "100000000\n"),
        (format!("{base}/memory.usage_in_bytes"), "90000000\n"),
        (format!("{base}/memory.stat"), "inactive_file 1\ntotal_inactive_file 40000000\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes".into(), "9223372036854771712\n"),
        ("sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes".into(), "9223372036854771712\n"),
        ("sys/fs/cgroup/cpu/system.slice/ssh.service/cpu.cfs_quota_us".into(), "-1\n"),
    ];
    files(&host, &own.iter().map(|(file, content)| (file.as_str(), *content)).collect::<Vec<_>>());
    let snapshot = probe(&host);
    let limits = snapshot["limit"].as_array().unwrap();
    assert_eq!(
        (limits.len(), &limits[0]["unit"], &limits[0]["memory_used_percent"]),
        (1, &"ssh.service".into(), &50.0.into())
    );
    let host = Host::recorded("vm");
    let slice = "sys/fs/cgroup/machine.slice";
    let user = |number: u32| {
        format!("sys/fs/cgroup/user.slice/user-{number}.slice/user@{number}.service/app.slice/sync.service")
    };
    let own = [
        (format!("{slice}/memory.high"), "1000000000\n"),
        (format!("{slice}/memory.max"), "max\n"),
        (format!("{slice}/memory.current"), "250000000\n"),
        (format!("{}/pids.max", user(1000)), "40\n"),
        (format!("{}/pids.current", user(1000)), "10\n"),
        (format!("{}/pids.max", user(1001)), "40\n"),
        (format!("{}/pids.current", user(1001)), "20\n"),
        // The default of systemd, far from being reached.
        ("sys/fs/cgroup/system.slice/nginx.service/pids.max".into(), "4915\n"),
        ("sys/fs/cgroup/system.slice/nginx.service/pids.current".into(), "5\n"),
    ];
    files(&host, &own.iter().map(|(file, content)| (file.as_str(), *content)).collect::<Vec<_>>());
    let snapshot = probe(&host);
    assert_eq!(element(&snapshot, "limit", "machine.slice")["memory_used_percent"], 25.0);
    let of = |number: u32| element(&snapshot, "limit", user(number).strip_prefix("sys/fs/cgroup").unwrap());
    assert_eq!((&of(1000)["tasks_used_percent"], &of(1001)["tasks_used_percent"]), (&25.0.into(), &50.0.into()));
    assert_eq!(snapshot["limit"].as_array().unwrap().len(), 3, "{}", snapshot["limit"]);
}

#[test]
fn a_unit_that_starts_again_is_found_again_at_once() {
    let mut host = Host::recorded("vm");
    compose(&host, 0);
    probe(&host);
    host.advance(60, 5);
    let shop = host.root().join("sys/fs/cgroup/system.slice/shop.service");
    copy(&shop, &host.root().join("sys/fs/cgroup/system.slice/shop-2.service"));
    fs::remove_dir_all(&shop).unwrap();
    let snapshot = probe(&host);
    assert_eq!(element(&snapshot, "limit", "shop-2.service")["memory_used_percent"], 75.0);
    assert_eq!(snapshot["limit"].as_array().unwrap().len(), 1);
}

#[test]
fn what_ends_a_server_is_told() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.load]\nenabled = false\n[rule.cpu]\nenabled = false\n".to_string();
    host.write("proc/loadavg", "0.10 0.10 0.10 1/960 1234\n");
    minutes(&mut host, 40, compose);
    let told = fired(&host);
    for expected in [
        "critical Processes and threads of the host",
        "warning Connections refused: a program does not accept them fast enough",
        "warning Memory errors corrected (mc0)",
        "warning Processes and threads of shop.service",
        "warning shop.service is held back by its CPU limit",
    ] {
        assert!(told.iter().any(|event| event.starts_with(expected)), "{expected}: {told:?}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_told_and_one_that_is_idle_is_not() {
    let mut host = Host::recorded("vm");
    let stats = |connects: u64, sent: u64, received: u64| {
        format!(
            "device nas:/x mounted on /srv/a\\040b with fstype nfs4 statvers=1.1\n\txprt:\ttcp 0 0 {connects} 0 0 {sent} {received} 0\n\tper-op statistics\n\tREAD: 5 5 0 0 0 0 0 50 0\n"
        )
    };
    files(&host, &[("proc/net/rpc/nfs", "net 0\n")]);
    minutes(&mut host, 10, |host, minute| files(host, &[("proc/self/mountstats", &stats(1, 10 + minute, 8 + minute))]));
    // Answers that were lost long ago are no silence.
    minutes(&mut host, 10, |host, _| files(host, &[("proc/self/mountstats", &stats(1, 20, 18))]));
    assert_eq!(fired(&host), [""; 0]);
    minutes(&mut host, 5, |host, minute| files(host, &[("proc/self/mountstats", &stats(2 + minute, 20, 18))]));
    assert_eq!(fired(&host), ["critical NFS server of /srv/a b does not answer"]);
    minutes(&mut host, 5, |host, minute| files(host, &[("proc/self/mountstats", &stats(9, 30 + minute, 28 + minute))]));
    assert!(host.events().iter().any(|event| event.starts_with("recovered critical NFS")), "{:?}", host.events());
    assert_eq!(host.snapshots().last().unwrap()["nfs"][0]["state"], "answers");
}

#[test]
fn a_process_that_waits_without_end_is_told_and_one_that_works_is_not() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.iowait]\nenabled = false\n[rule.load]\nenabled = false\n".to_string();
    let stat = host.read("proc/1204/stat").replacen(") S ", ") D ", 1);
    host.write("proc/1204/stat", &stat);
    files(&host, &[("proc/1204/wchan", "nfs_wait_bit_killable")]);
    let status = host.read("proc/1204/status");
    let switches = |count: u64| format!("{status}voluntary_ctxt_switches:\t{count}\nnonvoluntary_ctxt_switches:\t1\n");
    minutes(&mut host, 8, |host, minute| host.write("proc/1204/status", &switches(minute)));
    assert_eq!(fired(&host), [""; 0], "it waits again and again, and works in between");
    minutes(&mut host, 8, |_, _| {});
    assert_eq!(fired(&host), ["warning Hung processes"]);
    assert_eq!(facts(&host), ["java (pid 1204) waits in nfs_wait_bit_killable"]);
    // A thread of the kernel waits like this for work.
    let mut host = Host::recorded("vm");
    let kernel = stat.replacen(" 4194560 ", " 2129984 ", 1);
    assert_ne!(kernel, stat);
    host.write("proc/1204/stat", &kernel);
    host.write("proc/1204/status", &switches(1));
    minutes(&mut host, 10, |_, _| {});
    assert!(!fired(&host).contains(&"warning Hung processes".to_string()));
}

#[test]
fn an_alert_of_memory_errors_names_the_module() {
    let mut host = Host::recorded("vm");
    let controller = |file: &str| format!("sys/devices/system/edac/mc/mc0/{file}");
    let all = [
        (controller("ce_count"), "0\n"),
        (controller("ue_count"), "0\n"),
        (controller("dimm3/dimm_label"), "CPU1_DIMM_A1\n"),
        (controller("dimm3/dimm_ce_count"), "3\n"),
        (controller("dimm3/dimm_ue_count"), "1\n"),
        (controller("dimm4/dimm_ce_count"), "0\n"),
        (controller("dimm4/dimm_ue_count"), "0\n"),
    ];
    files(&host, &all.iter().map(|(file, content)| (file.as_str(), *content)).collect::<Vec<_>>());
    minutes(&mut host, 2, |_, _| {});
    host.write(&controller("ue_count"), "1\n");
    minutes(&mut host, 2, |_, _| {});
    assert_eq!(fired(&host), ["critical Memory errors that could not be corrected (mc0)"]);
    assert_eq!(facts(&host), ["CPU1_DIMM_A1: 3 corrected, 1 uncorrected errors"]);
}

#[test]
fn mounts_and_containers_whose_names_are_alike_remain_two() {
    let host = Host::recorded("vm");
    compose(&host, 0);
    let mount = |point: &[u8]| [b"device nas:/x mounted on ", point, b" with fstype nfs4\n"].concat();
    fs::write(host.root().join("proc/self/mountstats"), [mount(b"/caf\xe9"), mount(b"/caf\xe8")].concat()).unwrap();
    let id = "fedcba9876543210".repeat(4);
    files(
        &host,
        &[
            (&format!("sys/fs/cgroup/other/docker/{id}/cgroup.procs"), "1301\n"),
            (&format!("var/lib/docker/containers/{id}/config.v2.json"), "{\"Name\": \"/shop-cache\"}"),
            ("proc/1301/net/dev", "  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"),
        ],
    );
    fs::create_dir_all(host.root().join("proc/1301/ns")).unwrap();
    symlink("net:[3]", host.root().join("proc/1301/ns/net")).unwrap();
    let snapshot = probe(&host);
    let names = |section: &str, label: &str| -> Vec<String> {
        snapshot[section].as_array().unwrap().iter().map(|it| it[label].as_str().unwrap().to_string()).collect()
    };
    let mounts = names("nfs", "mount");
    assert!(mounts.len() == 2 && mounts[0] != mounts[1], "{mounts:?}");
    let containers = names("container", "container");
    assert!(containers.len() == 2 && containers[0] != containers[1], "{containers:?}");
    assert!(containers.contains(&"shop-cache".to_string()), "{containers:?}");
}
