//! A clean machine: a booted Debian with its own systemd and its own cron (`tests/host`).

use super::harness::{Done, binary, repository, skip, tool, wait};
use super::send_alert_smtp::{Server, smtp, subject};
use std::fs;

/// A booted host; switched off and removed when dropped.
pub struct Debian(String);

impl Debian {
    fn boot(what: &str) -> Option<Self> {
        Self::boot_as("cron", what)
    }

    /// Boots a host whose name contains `purpose`; `what` is skipped where that is not possible.
    pub fn boot_as(purpose: &str, what: &str) -> Option<Self> {
        let possible = run(&["possible"]);
        if possible.code != 0 {
            skip(what, &possible.out);
            return None;
        }
        let made = run(&["make"]);
        assert_eq!(made.code, 0, "{}", made.err);
        let name = format!("osmon-{purpose}-{}", std::process::id());
        let booted = run(&["boot", &name]);
        assert_eq!(booted.code, 0, "{}{}", booted.out, booted.err);
        Some(Self(name))
    }

    pub fn sh(&self, script: &str) -> Done {
        run(&["exec", &self.0, "sh", "-c", script])
    }

    #[track_caller]
    pub fn put(&self, source: &str, target: &str) {
        let done = run(&["put", &self.0, source, target]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        run(&["stop", &self.0]);
    }
}

fn run(arguments: &[&str]) -> Done {
    tool(repository("tests/host/host").to_str().unwrap(), arguments)
}

/// Five minutes of a real cron, with a real load that comes and goes, and a real mail server outside.
#[test]
fn cron_runs_it_silently_and_a_load_is_told_once() {
    let Some(debian) = Debian::boot("a booted Debian with cron") else { return };
    let Some(server) = Server::start("mail from a booted Debian") else { return };
    assert_eq!(debian.sh("systemctl is-system-running").out.trim(), "running");
    debian.put(binary("osmon"), "/usr/bin/osmon");
    debian.put(repository("contrib/cron/osmon").to_str().unwrap(), "/etc/cron.d/osmon");
    let config = server.file("osmon.toml");
    let rule = "[rule.cpu]\nwarning = 85\ncritical = 101\nfor = \"1m\"\nclear_for = \"1m\"\n";
    let others = "[rule.load]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.memory]\nenabled = false\n";
    fs::write(&config, smtp(&server, "cron", "none") + rule + others).unwrap();
    debian.put(&config, "/etc/osmon/osmon.toml");
    // Receives all mail of cron.
    debian.sh("printf '#!/bin/sh\\ncat >> /root/cron-mail\\n' > /usr/sbin/sendmail; chmod 755 /usr/sbin/sendmail");
    debian.sh("chmod 644 /etc/cron.d/osmon; systemd-run --unit=burner sh -c 'for core in $(seq $(nproc)); do timeout 170 sh -c \"while :; do :; done\" & done; wait; true'");
    let ended = wait(540, || (server.mails("cron").len() >= 2 && snapshots(&debian) >= 5).then_some(()));
    let mails = server.mails("cron");
    let subjects: Vec<&str> = mails.iter().map(|mail| subject(mail)).collect();
    let log = debian.sh("cat /root/cron-mail 2>/dev/null; cat /var/lib/osmon/events/* 2>/dev/null; ls -lR /var/lib/osmon; journalctl -u cron | tail -5").out;
    assert!(ended.is_some(), "{} snapshots, mails {subjects:?}: {log}", snapshots(&debian));
    let host = debian.sh("hostname").out.trim().to_string();
    assert_eq!(mails.len(), 2, "{subjects:?}");
    assert!(subjects[0].starts_with(&format!("WARNING {host}: CPU ")), "{subjects:?}");
    let who = mails[0].lines().find(|line| line.contains("burner.service")).unwrap_or_default();
    assert!(who.contains("sh"), "the process and its unit are named: {}", mails[0]);
    assert!(subjects[1].starts_with(&format!("RECOVERED {host}: CPU back to normal after ")), "{subjects:?}");
    assert_eq!(debian.sh("cat /root/cron-mail").code, 1, "cron had nothing to mail: {log}");
    let age = debian.sh("echo $(( $(date +%s) - $(stat -c %Y /var/lib/osmon/report.html) ))").out;
    assert!(age.trim().parse::<u64>().unwrap() <= 61, "the page is {age} s old");
    assert_eq!(debian.sh("stat -c '%a %U' /var/lib/osmon /var/lib/osmon/report.html").out, "750 root\n640 root\n");
}

fn snapshots(debian: &Debian) -> usize {
    debian.sh("cat /var/lib/osmon/snapshots/*.jsonl 2>/dev/null | wc -l").out.trim().parse().unwrap_or(0)
}

/// Real units of a real systemd: the top consumer is named by its unit, a crash loop is detected, a hung systemctl
/// costs 2 s.
#[test]
fn units_and_services_of_a_real_systemd() {
    let Some(debian) = Debian::boot_as("units", "a booted Debian with systemd") else { return };
    debian.put(binary("osmon-probe"), "/usr/bin/osmon-probe");
    let unit = "[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=1\n[Unit]\nStartLimitIntervalSec=0\n";
    debian.sh(&format!("printf '{unit}' > /etc/systemd/system/crash.service; printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/broken.service"));
    debian.sh(
        "systemctl daemon-reload; systemctl start crash broken; systemd-run --unit=burner sh -c 'while :; do :; done'",
    );
    let probe = || -> serde_json::Value { serde_json::from_str(&debian.sh("osmon-probe --json").out).unwrap() };
    probe();
    std::thread::sleep(std::time::Duration::from_secs(3));
    let snapshot = probe();
    let service =
        |name: &str| snapshot["service"].as_array().unwrap().iter().find(|service| service["service"] == name).cloned();
    assert_eq!(service("broken.service").expect("a failed one")["state"], "failed", "{}", snapshot["service"]);
    let crash = service("crash.service").expect("a crash loop");
    assert!(crash["failed"] == true && crash["restarts"].as_u64().unwrap() > 0, "{crash}");
    assert!(snapshot["systemd"]["services"].as_u64().unwrap() > 5);
    let record: serde_json::Value =
        serde_json::from_str(&debian.sh("tail -n 1 /var/lib/osmon/processes/*.jsonl").out).unwrap();
    let burner = record["process"].as_array().unwrap().iter().find(|process| process["unit"] == "burner.service");
    assert!(burner.is_some_and(|process| process["cpu_percent"].as_f64().unwrap() > 30.0), "{record}");
    // A slow program that precedes the real one on PATH.
    debian.sh("printf '#!/bin/sh\\nsleep 100\\n' > /usr/local/bin/systemctl; chmod 755 /usr/local/bin/systemctl");
    let started = std::time::Instant::now();
    let snapshot = probe();
    assert!(started.elapsed().as_secs_f64() < 10.0, "{:?}", started.elapsed());
    assert_eq!(snapshot["probe"]["failed"]["service"], "systemctl did not answer within 2.0 s");
    assert!(snapshot["cpu"]["busy_percent"].is_number());
}
