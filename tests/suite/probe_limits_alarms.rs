//! Limits, drops and waits: what is an alarm, and what looks like one. See `probe_limits`.

use super::harness::Host;
use super::probe::probe;
use super::probe_limits::{compose, facts, files, fired, minutes};
use std::fs;
use std::os::unix::fs::symlink;

fn mountstats(connects: u64, sent: u64, received: u64) -> String {
    format!(
        "device nas:/x mounted on /x with fstype nfs4\n\txprt:\ttcp 0 0 {connects} 0 0 {sent} {received} 0\n\tper-op statistics\n\tREAD: 5 5 0 0 0 0 0 50 0\n"
    )
}

#[test]
fn a_server_that_owes_an_answer_stays_silent_between_repetitions() {
    let mut host = Host::recorded("vm");
    files(&host, &[("proc/net/rpc/nfs", "net 0\n"), ("proc/self/mountstats", &mountstats(1, 10, 10))]);
    minutes(&mut host, 3, |_, _| {});
    // One request, and nothing more for minutes: the client waits before it sends it again.
    files(&host, &[("proc/self/mountstats", &mountstats(1, 11, 10))]);
    minutes(&mut host, 5, |_, _| {});
    assert_eq!(fired(&host), ["critical NFS server of /x does not answer"]);
    assert_eq!(host.snapshots().last().unwrap()["nfs"][0]["state"], "does not answer");
    // A request that was given up without a trace is no silence for ever.
    minutes(&mut host, 10, |_, _| {});
    assert_eq!(host.snapshots().last().unwrap()["nfs"][0]["state"], "idle");
    files(&host, &[("proc/self/mountstats", &mountstats(2, 12, 10))]);
    minutes(&mut host, 2, |_, _| {});
    assert_eq!(host.snapshots().last().unwrap()["nfs"][0]["not_responding"], true);
    files(&host, &[("proc/self/mountstats", &mountstats(2, 12, 12))]);
    minutes(&mut host, 2, |_, _| {});
    assert_eq!(host.snapshots().last().unwrap()["nfs"][0]["state"], "idle");
}

#[test]
fn a_frozen_process_and_one_whose_child_starts_are_not_hung() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.iowait]\nenabled = false\n[rule.load]\nenabled = false\n".to_string();
    for pid in [1204, 312] {
        let (stat, status) = (format!("proc/{pid}/stat"), format!("proc/{pid}/status"));
        host.write(&stat, &host.read(&stat).replacen(") S ", ") D ", 1));
        let switches = "voluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t1\n";
        host.write(&status, &(host.read(&status) + switches));
    }
    files(&host, &[("proc/1204/wchan", "__refrigerator"), ("proc/312/wchan", "wait_for_vfork_done.isra.0")]);
    minutes(&mut host, 10, |_, _| {});
    assert_eq!(fired(&host), [""; 0]);
    assert_eq!(host.snapshots().last().unwrap()["process"]["hung"], 0);
    files(&host, &[("proc/312/wchan", "io_schedule")]);
    minutes(&mut host, 5, |_, _| {});
    assert_eq!(fired(&host), ["warning Hung processes"]);
    let facts = facts(&host);
    assert!(facts.len() == 1 && facts[0].ends_with("(pid 312) waits in io_schedule"), "{facts:?}");
}

#[test]
fn drops_of_connection_tracking_are_told_only_while_the_table_is_nearly_full() {
    let mut host = Host::recorded("vm");
    let full = "net/netfilter/nf_conntrack_count";
    let max: u64 = host.read("proc/sys/net/netfilter/nf_conntrack_max").trim().parse().unwrap();
    let drops = |host: &Host, minute: u64| {
        let content = format!("entries drop early_drop\n1 {:x} 00\n", 0x600 * minute);
        files(host, &[("proc/net/stat/nf_conntrack", &content)]);
    };
    minutes(&mut host, 12, drops);
    assert_eq!(host.snapshots().last().unwrap()["drop"]["untracked_packets_per_second"], 25.6);
    assert_eq!(fired(&host), [""; 0]);
    files(&host, &[(&format!("proc/sys/{full}"), &format!("{}\n", max * 92 / 100))]);
    minutes(&mut host, 10, |host, minute| drops(host, minute + 12));
    let told = fired(&host);
    assert!(told.iter().any(|event| event.starts_with("warning Connections dropped")), "{told:?}");
}

#[test]
fn one_counter_of_errors_is_told_without_the_other() {
    let mut host = Host::recorded("vm");
    let [ce, ue] = ["ce_count", "ue_count"].map(|name| format!("sys/devices/system/edac/mc/mc0/{name}"));
    files(&host, &[(&ce, "3\n"), (&ue, "not supported\n")]);
    probe(&host);
    host.advance(60, 5);
    files(&host, &[(&ce, "5\n")]);
    let mc0 = &probe(&host)["memory_error"][0];
    assert_eq!(
        (&mc0["corrected"], &mc0["corrected_total"], &mc0["state"]),
        (&2.into(), &5.into(), &"5 corrected".into())
    );
    assert!(mc0.get("uncorrected_total").is_none(), "{mc0}");
}

#[test]
fn the_number_of_an_ended_process_gives_a_container_no_foreign_traffic() {
    let mut host = Host::recorded("vm");
    compose(&host, 1);
    probe(&host);
    host.advance(60, 5);
    compose(&host, 2);
    let link = host.root().join("proc/1204/ns/net");
    fs::remove_file(&link).unwrap();
    symlink("net:[1]", &link).unwrap();
    assert_eq!(probe(&host)["container"].as_array().map(Vec::len), Some(0), "process 1204 is one of the host now");
    fs::remove_file(&link).unwrap();
    symlink("net:[2]", &link).unwrap();
    host.advance(660, 5);
    probe(&host);
    host.advance(60, 5);
    let dev = format!("  eth0: {} 1 0 0 0 0 0 0 200000 1 0 0 0 0 0 0\n", u64::MAX);
    files(&host, &[("proc/1204/net/dev", &dev)]);
    let snapshot = probe(&host);
    let cache = &snapshot["container"][0];
    assert!(cache.get("received_bytes_per_second").is_none() && cache["sent_bytes_per_second"].is_number(), "{cache}");
    assert!(snapshot["probe"]["discarded"]["container shop-cache.received_bytes"].is_string(), "{}", snapshot["probe"]);
}

#[test]
fn many_pods_do_not_hide_the_limits_of_services() {
    let host = Host::recorded("vm");
    compose(&host, 0);
    for number in 0..2100 {
        fs::create_dir_all(host.root().join(format!("sys/fs/cgroup/kubepods.slice/pod{number:04}.slice"))).unwrap();
    }
    let snapshot = probe(&host);
    assert_eq!(snapshot["limit"][0]["unit"], "shop.service", "{}", snapshot["limit"]);
    let failed = snapshot["probe"]["failed"]["limit"].as_str().unwrap();
    assert!(failed.ends_with("cgroups are not looked at: there are too many"), "{failed}");
}
