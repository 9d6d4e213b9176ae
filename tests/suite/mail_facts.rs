//! What mails say beside the value: bytes left, what takes them, whom the OOM killer killed, and how to acknowledge.

use super::harness::Host;
use super::scripted_server::{Behavior, ScriptedServer, decoded};
use std::fs;
use std::os::unix::fs::symlink;

fn watched(language: &str, server: &ScriptedServer) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"{language}\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.load]\nenabled = false\n",
        server.port
    );
    host
}

fn minutes(host: &mut Host, count: u32) {
    for _ in 0..count {
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
}

fn text(server: &ScriptedServer, at: usize) -> String {
    let mail = decoded(&server.arrived()[at].text);
    mail.split("<!doctype html>").next().unwrap().to_string()
}

/// A file below the recorded host that a process has open.
fn open(host: &Host, pid: u32, number: u32, path: &str, bytes: usize) {
    let directory = host.root().join(format!("proc/{pid}/fd"));
    fs::create_dir_all(&directory).unwrap();
    symlink(path, directory.join(number.to_string())).unwrap();
    let file = host.root().join(path.trim_start_matches('/'));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, vec![b'x'; bytes]).unwrap();
}

fn fill(host: &Host, free: u64) {
    let line = host.read("statvfs").lines().find(|line| line.starts_with("/var ")).unwrap().to_string();
    host.replace("statvfs", &line, &format!("/var 4096 26214400 {free} {free} 6553600 6100000"));
}

#[test]
fn a_disk_mail_says_what_is_free_and_what_deleted_files_hold() {
    for (language, free, held) in [
        (
            "en",
            "1.49 GiB free of 100 GiB",
            "held by deleted files that are still open, the largest: /var/log/old.log (nginx, pid 812)",
        ),
        (
            "fr",
            "1,49\u{a0}Gio libres sur 100\u{a0}Gio",
            "retenus par des fichiers supprimés encore ouverts, le plus gros\u{a0}: /var/log/old.log (nginx, pid 812)",
        ),
    ] {
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = watched(language, &server);
        minutes(&mut host, 1);
        fs::write(host.root().join("proc/812/comm"), "nginx\n").unwrap();
        open(&host, 812, 7, "/var/log/old.log (deleted)", 300_000);
        open(&host, 812, 8, "/tmp/elsewhere.log (deleted)", 900_000);
        fill(&host, 390_000);
        minutes(&mut host, 4);
        let small = text(&server, 0);
        assert!(small.contains(free) && !small.contains(held), "300 kB of 100 GiB explain nothing: {small}");
        assert!(small.contains("osmon ack disk:/var"), "{small}");
        assert!(
            !small.contains("Top consumers") && !small.contains("consommateurs"),
            "who writes elsewhere is not named: {small}"
        );
        // The same file on a file system of which it is a part worth naming.
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = watched(language, &server);
        minutes(&mut host, 1);
        fs::write(host.root().join("proc/812/comm"), "nginx\n").unwrap();
        open(&host, 812, 7, "/var/log/old.log (deleted)", 3_000_000);
        let line = host.read("statvfs").lines().find(|line| line.starts_with("/var ")).unwrap().to_string();
        host.replace("statvfs", &line, "/var 4096 25600 100 100 6553600 6100000");
        minutes(&mut host, 4);
        assert!(text(&server, 0).contains(held), "{}", text(&server, 0));
    }
}

#[test]
fn an_oom_mail_names_the_victim_of_this_interval() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = watched("en", &server);
    minutes(&mut host, 1);
    let uptime: f64 = host.read("proc/uptime").split(' ').next().unwrap().parse().unwrap();
    let at = |seconds: f64| ((uptime + seconds) * 1e6) as u64;
    fs::create_dir_all(host.root().join("dev")).unwrap();
    let log = format!(
        "3,1,{},-;Out of memory: Killed process 11 (earlier) total-vm:9kB, anon-rss:9kB\n\
         6,2,{},-;oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/system.slice/shop.service,task=java,pid=5120,uid=33\n\
         3,3,{},-;Memory cgroup out of memory: Killed process 5120 (java) total-vm:9000000kB, anon-rss:1258291kB, file-rss:0kB\n",
        at(-500.0),
        at(30.0),
        at(30.1)
    );
    fs::write(host.root().join("dev/kmsg"), log).unwrap();
    let count: u64 =
        host.read("proc/vmstat").lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap();
    host.replace("proc/vmstat", &format!("oom_kill {count}"), &format!("oom_kill {}", count + 1));
    minutes(&mut host, 1);
    let mail = text(&server, 0);
    assert!(mail.contains("Killed: java (pid 5120) of shop.service, which held 1.2 GiB"), "{mail}");
    assert!(!mail.contains("earlier"), "{mail}");
}

#[test]
fn a_service_mail_says_how_it_ended_and_how_to_acknowledge() {
    for (language, cause, ack) in [
        (
            "en",
            "Failing for 1 min: killed by signal 9 (KILL), out of memory, restarted 12 times.",
            "Acknowledge: osmon ack service:shop.service",
        ),
        (
            "fr",
            "En échec depuis 1\u{a0}min\u{a0}: tué par le signal 9 (KILL), mémoire insuffisante, redémarré 12 fois.",
            "Acquitter\u{a0}: osmon ack service:shop.service",
        ),
    ] {
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = watched(language, &server);
        minutes(&mut host, 1);
        let show = host.read("systemctl-show");
        let failed = "Id=shop.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=oom-kill\nExecMainCode=2\nExecMainStatus=9\nNRestarts=12";
        let blocks: Vec<&str> =
            show.split("\n\n").map(|block| if block.contains("Id=shop.service") { failed } else { block }).collect();
        host.write("systemctl-show", &blocks.join("\n\n"));
        minutes(&mut host, 3);
        let mail = text(&server, 0);
        assert!(mail.contains(cause) && mail.contains(ack), "{mail}");
        assert_eq!(host.osmon(&["ack", "service:shop.service"]).code, 0, "the command works as it is written");
        host.write(
            "systemctl-show",
            &show.replace(
                "Id=shop.service\nLoadState=loaded\nActiveState=active\nSubState=running",
                "Id=shop.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead",
            ),
        );
        minutes(&mut host, 5);
        let mail = text(&server, 1);
        let words = if language == "en" { "CLOSED" } else { "CLOS" };
        assert!(mail.contains(words) && !mail.contains("osmon ack"), "{mail}");
        assert!(!mail.contains("▁"), "a recovery is short: {mail}");
    }
}

#[test]
fn the_advice_names_the_unit_and_the_user_it_belongs_to() {
    let unit =
        |id: &str| format!("Id={id}\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\n");
    for (language, of_user, advice) in [
        ("en", true, "systemctl --user -M alice@ status web.service, journalctl _SYSTEMD_USER_UNIT=web.service -e"),
        ("fr", true, "systemctl --user -M alice@ status web.service, journalctl _SYSTEMD_USER_UNIT=web.service -e"),
        ("en", false, "systemctl status srv-data.mount, journalctl -u srv-data.mount -e"),
        ("fr", false, "systemctl status srv-data.mount, journalctl -u srv-data.mount -e"),
    ] {
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = watched(language, &server);
        if of_user {
            host.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n");
            fs::create_dir_all(host.root().join("var/lib/systemd/linger")).unwrap();
            host.write("var/lib/systemd/linger/alice", "");
            host.write("systemctl-show-user-1000", &unit("web.service"));
        } else {
            let show = host.read("systemctl-show");
            host.write("systemctl-show", &format!("{}\n\n{}", show.trim_end(), unit("srv-data.mount")));
        }
        minutes(&mut host, 5);
        let mail = text(&server, 0).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(mail.contains(advice), "{mail}");
    }
}
