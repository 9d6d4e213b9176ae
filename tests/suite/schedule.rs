//! osmon schedule: cron or a timer, never both, on a booted Debian; what it shows of a recorded host.

use super::harness::{Host, binary, repository, tool, wait};
use super::host::Debian;
use serde_json::{Value, json};
use std::fs;

/// What runs osmon: `minute cron /etc/cron.d/osmon active`.
fn found(shown: &Value) -> Vec<String> {
    let all = shown["schedule"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let line = |it: &Value| {
        let active = if it["active"] == true { "active" } else { "stopped" };
        format!("{} {} {} {active}", text(&it["role"]), text(&it["kind"]), text(&it["file"]))
    };
    all.map(line).collect()
}

const BY_CRON: [&str; 2] =
    ["minute cron /etc/cron.d/osmon active", "watch timer /etc/systemd/system/osmon-watch.timer active"];
const BY_TIMER: [&str; 2] =
    ["watch cron /etc/cron.d/osmon-watch active", "minute timer /etc/systemd/system/osmon.timer active"];

const ONLY_TIMERS: &str = "watch timer /etc/systemd/system/osmon-watch.timer active";

/// Snapshots so far, the oldest first.
fn snapshots(debian: &Debian) -> Vec<Value> {
    let text = debian.sh("cat /var/lib/osmon/snapshots/*.jsonl 2>/dev/null").out;
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Waits for new snapshots by the present schedule.
#[track_caller]
fn await_snapshots(debian: &Debian, count: usize) -> Value {
    let before = snapshots(debian).len();
    let newest = wait(80, || snapshots(debian).get(before + count - 1).cloned());
    let log = || debian.sh("systemctl list-timers --all; journalctl -n 30 -o cat -u cron -u osmon").out;
    newest.unwrap_or_else(|| panic!("nothing ran osmon: {}", log()))
}

/// What a snapshot says about the host, without numbers that change.
fn view(snapshot: &Value) -> Value {
    let disks: Vec<Value> = snapshot["disk"]
        .as_array()
        .unwrap()
        .iter()
        .map(|disk| {
            json!([disk["mount"], disk["fs"], disk["total_bytes"], disk["read_only"], disk["read_only_by_kernel"]])
        })
        .collect();
    let sections: Vec<&String> = snapshot.as_object().unwrap().keys().collect();
    json!([
        snapshot["host"],
        snapshot["boot_id"],
        disks,
        sections,
        snapshot["probe"]["failed"],
        snapshot["service"].as_array().map(Vec::len)
    ])
}

/// Cron, timer, off and cron again: each fires, never both; the unit measures what cron measures; a dead cron is noticed.
#[test]
fn cron_and_timer_take_turns_and_a_dead_cron_is_noticed() {
    let Some(debian) = Debian::boot_as("schedule", "cron and timers of a booted Debian") else { return };
    debian.put(binary("osmon"), "/usr/bin/osmon");
    debian.sh("printf '#!/bin/sh\\ncat >> /root/mails\\n' > /usr/local/bin/mailer; chmod 755 /usr/local/bin/mailer; mkdir -p /etc/osmon /srv/ro");
    debian.sh("printf '[alert]\\nto = [\"ops@example.org\"]\\n[alert.sendmail]\\nprogram = \"/usr/local/bin/mailer\"\\n' > /etc/osmon/osmon.toml");
    debian.sh("mount -t tmpfs -o size=7m none /boot; mount -t tmpfs -o size=9m none /home; mount -t tmpfs -o ro,size=5m none /srv/ro");
    let shown = || found(&debian.sh("osmon schedule --json").json());
    let mails = || debian.sh("grep -h ^Subject: /root/mails").out;

    // Cron is installed, and dead.
    debian.sh("systemctl stop cron; osmon schedule auto").ok();
    assert_eq!(shown(), [ONLY_TIMERS, BY_TIMER[1]], "systemd runs it instead");
    let done = debian.sh("osmon schedule cron");
    assert_eq!(done.code, 73, "nothing runs osmon: {}", done.err);
    assert!(done.err.contains("the cron daemon is not running"), "{}", done.err);
    assert_eq!(shown()[0], BY_CRON[0].replace("active", "stopped"));
    let advice = debian.sh("osmon doctor");
    assert!(advice.out.contains("-> systemctl enable --now cron\n"), "{}", advice.out);
    debian.sh("systemctl start osmon-watch.service");
    assert_eq!(mails(), "", "a new schedule needs a minute to begin");
    debian.sh("rm /var/lib/osmon/state/watched.json; osmon status --alert -q --now $(date -u -d '10 minutes ago' +%FT%TZ); systemctl start osmon-watch.service");
    assert!(mails().contains("No new data for 10 min"), "the watcher alerts: {}", mails());
    debian.sh("systemctl start cron");
    assert_eq!(shown(), BY_CRON);
    let by_cron = await_snapshots(&debian, 1);
    debian.sh("systemctl start osmon-watch.service");
    assert!(mails().contains("RECOVERED"), "{}", mails());

    // A timer, more often than cron can.
    debian.sh("osmon schedule timer --every 10s").ok();
    assert_eq!(shown(), BY_TIMER);
    assert_eq!(debian.sh("test -e /etc/cron.d/osmon").code, 1);
    let by_timer = await_snapshots(&debian, 2);
    assert_eq!(view(&by_timer), view(&by_cron), "the confined unit measures the same");
    assert!(by_timer["interval_seconds"].as_f64().unwrap() < 15.0, "{}", by_timer["interval_seconds"]);
    let verified = debian.sh("printf '#!/bin/sh\\n' > /usr/bin/man; chmod 755 /usr/bin/man; systemd-analyze verify /etc/systemd/system/osmon*.service /etc/systemd/system/osmon*.timer");
    assert_eq!((verified.code, verified.err.as_str()), (0, ""));

    debian.sh("osmon schedule off").ok();
    assert_eq!(shown(), Vec::<String>::new());
    let left = debian.sh("find /etc /run/systemd /var/spool/cron -name '*osmon*'").out;
    assert_eq!(left, "/etc/osmon\n/etc/osmon/osmon.toml\n");

    // Without cron auto takes the timer; a normal user has neither.
    debian.sh("mv /usr/sbin/cron /usr/sbin/cron.away; mv /etc/init.d/cron /root/; osmon schedule auto --every 5s").ok();
    assert_eq!(shown(), [ONLY_TIMERS, BY_TIMER[1]]);
    await_snapshots(&debian, 1);
    debian.sh("osmon schedule off; mv /usr/sbin/cron.away /usr/sbin/cron; useradd -m ada").ok();
    let as_ada = |words: &str| {
        debian.sh(&format!("setpriv --reuid=ada --regid=ada --clear-groups env HOME=/home/ada USER=ada {words}"))
    };
    as_ada("sh -c '(echo MAILTO=ada; echo 0 4 \"*\" \"*\" \"*\" tidy) | crontab -'").ok();
    as_ada("osmon schedule auto").ok();
    assert_eq!(as_ada("crontab -l").out, "MAILTO=ada\n0 4 * * * tidy\n* * * * * /usr/bin/osmon run\n");
    assert_eq!(found(&as_ada("osmon schedule --json").json()), ["minute cron crontab of ada active"]);
    as_ada("osmon schedule off").ok();
    assert_eq!(as_ada("crontab -l").out, "MAILTO=ada\n0 4 * * * tidy\n");

    // Her own history is not that of the host, whose schedule records elsewhere.
    debian.sh("osmon schedule cron").ok();
    let checks = as_ada("sh -c 'osmon run; osmon doctor'").out;
    assert!(checks.contains("WARN  schedule      none records here;"), "{checks}");
    assert!(checks.contains("WARN  dead-man      nobody would notice"), "{checks}");
    debian.sh("systemctl stop cron");
    let init = debian.sh("osmon init --yes --to none --schedule cron");
    assert!(init.code != 0 && init.out.contains(", but the cron daemon is not"), "{}", init.out);
}

#[test]
fn a_recorded_host_shows_its_schedule_and_cannot_be_changed() {
    let host = Host::recorded("vm");
    assert!(host.osmon(&["schedule"]).ok().out.contains("Nothing runs osmon; osmon schedule auto sets it up"));
    fs::create_dir_all(host.root().join("etc/cron.d")).unwrap();
    host.write("etc/cron.d/osmon", "* * * * * root nice /usr/bin/osmon run\n");
    let shown = host.osmon(&["schedule"]).ok().out;
    assert!(shown.contains("osmon is run by cron, /etc/cron.d/osmon:1\n"), "{shown}");
    assert!(shown.contains("no cron daemon is installed") || shown.contains("does not exist"), "{shown}");
    let refused = host.osmon(&["schedule", "off"]);
    assert_eq!(refused.code, 64, "{}", refused.err);
    assert!(host.root().join("etc/cron.d/osmon").exists());
}

#[test]
fn an_interval_that_no_scheduler_keeps_is_refused() {
    for (every, code) in [("7s", 64), ("90s", 64), ("soon", 64)] {
        assert_eq!(tool(binary("osmon"), &["schedule", "timer", "--every", every]).code, code, "{every}");
    }
    assert_eq!(tool(binary("osmon"), &["schedule", "--every", "10s"]).code, 64);
    assert!(fs::read_to_string(repository("contrib/cron/osmon")).unwrap().contains("/usr/bin/osmon run"));
}
