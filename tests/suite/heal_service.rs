//! Services of a real systemd that are repaired, and those that are left alone, on a booted Debian.

use super::harness::{Done, binary, repository, skip, wait};
use super::host::Debian;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Alerts go into a file; what the test host as a whole does is no matter.
const CONFIG: &str = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/usr/local/bin/keep-mail\"\n\
    [rule.service]\nfor = \"0s\"\nclear_for = \"10s\"\n\
    [rule.load]\nenabled = false\n[rule.cpu]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.memory]\nenabled = false\n";

/// A booted Debian with osmon, a configuration, and a mail program that keeps what it gets in `/root/mails`.
struct Repaired(Debian);

impl Repaired {
    fn boot(purpose: &str, heal: &str) -> Option<Self> {
        let debian = Debian::boot_as(purpose, "repairs on a booted Debian")?;
        debian.put(binary("osmon"), "/usr/bin/osmon");
        let host = Self(debian);
        host.ok(
            "printf '#!/bin/sh\\ncat >>/root/mails\\n' >/usr/local/bin/keep-mail; chmod 755 /usr/local/bin/keep-mail",
        );
        host.file("/etc/osmon/osmon.toml", &format!("{CONFIG}{heal}"));
        Some(host)
    }

    #[track_caller]
    fn ok(&self, script: &str) -> String {
        let Done { code, out, err } = self.0.sh(script);
        assert_eq!(code, 0, "{script}: {out}{err}");
        out
    }

    fn file(&self, path: &str, text: &str) {
        self.ok(&format!("mkdir -p \"$(dirname {path})\"; cat >{path} <<'END'\n{text}\nEND"));
    }

    /// Adds a service and starts it. Its starts are counted in `/root/NAME.starts`.
    fn service(&self, name: &str, command: &str, unit: &str) {
        let start = format!("ExecStart=/bin/sh -c 'date +%%s >>/root/{name}.starts; {command}'");
        let install = "[Install]\nWantedBy=multi-user.target";
        self.file(&format!("/etc/systemd/system/{name}.service"), &format!("{unit}\n[Service]\n{start}\n{install}"));
        self.ok(&format!(
            "systemctl daemon-reload; systemctl enable -q {name}; systemctl start --no-block {name}; sleep 0.3"
        ));
    }

    fn starts(&self, name: &str) -> usize {
        self.0.sh(&format!("cat /root/{name}.starts")).out.lines().count()
    }

    fn state(&self, name: &str) -> String {
        self.0.sh(&format!("systemctl is-active {name}")).out.trim().to_string()
    }

    /// Measures so often that the recording has no gap.
    fn warm_up(&self) {
        (0..4).for_each(|_| self.run());
    }

    fn run(&self) {
        self.ok("osmon run; sleep 1");
    }

    /// What a command explains, on one line.
    #[track_caller]
    fn explain(&self, command: &str) -> String {
        self.ok(command).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn records(&self, stream: &str, section: &str) -> Vec<Value> {
        let text = self.0.sh(&format!("cat /var/lib/osmon/{stream}/*.jsonl 2>/dev/null")).out;
        let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.map(|mut record| record[section].take()).collect()
    }

    /// The actions: unit, phase and status.
    fn actions(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let line = |action: Value| {
            let name = text(&action["target"]["name"]);
            format!("{name} {} {}", text(&action["phase"]), text(&action["outcome"]["status"])).trim().to_string()
        };
        self.records("actions", "action").into_iter().map(line).collect()
    }

    /// Subjects of the mails about a unit.
    fn mails(&self, about: &str) -> Vec<String> {
        let text = self.0.sh("cat /root/mails 2>/dev/null").out;
        let subjects = text.lines().filter_map(|line| line.strip_prefix("Subject: "));
        subjects.filter(|subject| subject.contains(about)).map(str::to_string).collect()
    }

    fn log(&self) -> String {
        self.0.sh("cat /var/lib/osmon/actions/*.jsonl; cat /var/lib/osmon/state/heal.json; osmon heal --explain; systemctl --failed --no-pager; journalctl -n 40 -o cat --no-pager").out
    }
}

#[test]
fn a_killed_service_is_back_within_a_minute_and_nobody_is_mailed() {
    let heal = "[heal.app]\nrule = \"service\"\nmatch = \"app*.service\"\naction = \"restart\"\nverify = \"15s\"\n";
    let Some(host) = Repaired::boot("killed", heal) else { return };
    host.service("app", "exec sleep 1000", "");
    host.ok("osmon schedule timer --every 10s -q");
    let warm = wait(90, || (host.records("snapshots", "boot_id").len() >= 4).then_some(()));
    assert!(warm.is_some(), "{}", host.log());
    let killed = Instant::now();
    host.ok("systemctl kill -s KILL app.service; sleep 0.3; [ \"$(systemctl is-active app)\" = failed ]");
    let back = wait(60, || (host.state("app") == "active").then(|| killed.elapsed()));
    eprintln!("back after {back:?}, measured every 10 s");
    // It was not told to be restarted later than by the run that first saw it.
    assert!(back.is_some_and(|back| back < Duration::from_secs(20)), "{back:?}: {}", host.log());
    let over = wait(90, || {
        let events = host.records("events", "event");
        let recovered = events.iter().any(|event| event["kind"] == "recovered");
        (recovered && host.actions().len() > 2).then_some(())
    });
    let done = ["app.service intent", "app.service result done", "app.service verified done"];
    assert_eq!(host.actions(), done, "{}", host.log());
    assert!(over.is_some(), "{}", host.log());
    assert_eq!((host.starts("app"), host.mails("app")), (2, vec![]), "{}", host.log());
}

#[test]
fn a_service_that_dies_at_once_is_given_up_after_three_tries() {
    let heal = "[heal.app]\nrule = \"service\"\nmatch = \"app.service\"\naction = \"restart\"\nverify = \"5s\"\nwaits = [\"5s\", \"10s\"]\n";
    let Some(host) = Repaired::boot("dies", heal) else { return };
    host.service("app", "exit 3", "");
    host.ok("systemctl is-active app || true");
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        host.run();
    }
    assert_eq!(host.starts("app"), 4, "the first one, and three tries: {}", host.log());
    let tries: Vec<String> = host.actions().into_iter().filter(|action| action.ends_with("intent")).collect();
    assert_eq!(tries.len(), 3, "{}", host.log());
    let starts = host.ok("cat /root/app.starts");
    let starts: Vec<i64> = starts.lines().map(|line| line.parse().unwrap()).collect();
    assert!(starts[2] - starts[1] >= 4 && starts[3] - starts[2] >= 9, "{starts:?}");
    let mails = host.mails("app");
    let gave_up: Vec<&String> =
        mails.iter().filter(|mail| mail.contains("gave up") || mail.contains("given up")).collect();
    assert!(gave_up.len() == 1 && gave_up[0].starts_with("CRITICAL"), "{mails:?} {}", host.log());
    assert_eq!(mails.len(), 2, "the failure, when the first try had failed, and the end of the tries: {mails:?}");
}

#[test]
fn a_start_limit_of_systemd_is_reset_once() {
    let heal = "[heal.app]\nrule = \"service\"\nmatch = \"app.service\"\naction = \"restart\"\nverify = \"5s\"\nwaits = [\"1s\"]\n";
    let Some(host) = Repaired::boot("limit", heal) else { return };
    let unit = "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nRestart=on-failure\nRestartSec=0";
    host.service("app", "exit 3", unit);
    // Its result is that of the first failure, not that of the limit.
    assert!(wait(10, || (host.state("app") == "failed").then_some(())).is_some(), "{}", host.log());
    assert_eq!(host.starts("app"), 2, "{}", host.log());
    host.warm_up();
    assert!(
        host.state("app") == "failed" && host.starts("app") == 4,
        "reset, and as often as systemd allows: {}",
        host.log()
    );
    host.run();
    let said = host.explain("osmon heal --explain");
    assert!(said.contains("start-limit: its start limit was reset less than an hour ago"), "{said}");
    assert_eq!((host.starts("app"), host.actions().len()), (4, 3), "{}", host.log());
}

#[test]
fn what_is_stopped_masked_a_job_or_starting_is_left_alone() {
    let names = ["t-stopped", "t-masked", "t-job", "t-slow", "t-looping", "t-off", "cron"];
    let entry = |name: &str, pattern: &str| {
        format!("[heal.{name}]\nrule = \"service\"\nmatch = \"{pattern}\"\naction = \"restart\"\n")
    };
    let heal = format!("[probe]\nservices = {names:?}\n{}{}", entry("all", "t-*.service"), entry("cron", "cron*"));
    let Some(host) = Repaired::boot("guards", &heal) else { return };
    host.file("/etc/systemd/system/cron.service.d/no.conf", "[Service]\nRestart=no");
    host.service("t-stopped", "exec sleep 1000", "");
    host.service("t-masked", "exit 1", "");
    host.service("t-job", "exit 1", "[Service]\nType=oneshot");
    host.service("t-slow", "exec sleep 1000", "[Service]\nType=notify\nTimeoutStartSec=infinity");
    host.service("t-looping", "exit 1", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=600");
    host.service("t-off", "exit 1", "");
    host.ok(
        "systemctl stop t-stopped; mv /etc/systemd/system/t-masked.service /root; systemctl mask -q --runtime t-masked",
    );
    host.ok("systemctl disable -q t-off; systemctl kill -s KILL cron; systemctl daemon-reload; sleep 0.5");
    let before: Vec<usize> = names.iter().map(|name| host.starts(name)).collect();
    host.warm_up();
    let said = host.explain("osmon heal --explain");
    for (name, guard) in [
        ("t-stopped", "unit-stopped: the unit was stopped on purpose: it is inactive/dead, not failed"),
        ("t-masked", "unit-masked: the unit is masked"),
        ("t-job", "unit-one-shot: the unit ends by itself: Type=oneshot"),
        ("t-looping", "unit-busy: the unit is activating/auto-restart"),
        ("t-off", "unit-disabled: the unit is disabled"),
        ("cron", "unit-protected: cron.service is protected; name it in full to allow it"),
    ] {
        let expected = format!("restart {name}.service for service:{name}.service {guard}");
        assert!(said.contains(&expected), "{expected}: {said}{}", host.log());
    }
    let after: Vec<usize> = names.iter().map(|name| host.starts(name)).collect();
    assert_eq!((after, host.actions()), (before, vec![]), "{}", host.log());
    assert_eq!(["t-stopped", "t-slow", "cron"].map(|name| host.state(name)), ["inactive", "activating", "failed"]);
}

#[test]
fn a_requirement_is_repaired_before_what_needs_it() {
    let heal = "[heal.all]\nrule = \"service\"\nmatch = \"t-*.service\"\naction = \"restart\"\n";
    let Some(host) = Repaired::boot("requires", heal) else { return };
    host.service("t-db", "exec sleep 1000", "");
    // Its name comes first in the alphabet, so that it would be the first one.
    host.service("t-app", "exec sleep 1000", "[Unit]\nRequires=t-db.service\nAfter=t-db.service");
    host.warm_up();
    host.ok("systemctl kill -s KILL t-app t-db; sleep 0.5");
    host.run();
    assert_eq!((host.state("t-db"), host.state("t-app")), ("active".into(), "failed".into()), "{}", host.log());
    host.run();
    assert_eq!(host.state("t-app"), "active", "{}", host.log());
    assert_eq!((host.starts("t-db"), host.starts("t-app")), (2, 2));
}

/// As another user: refused with the missing right, then allowed by the shipped examples for polkit and sudo; and as the
/// shipped unit.
#[test]
fn rights_are_named_and_the_shipped_examples_give_them() {
    let names = ["t-a", "t-b", "t-c"];
    let heal = "[heal.all]\nrule = \"service\"\nmatch = \"t-*.service\"\naction = \"restart\"\n";
    let Some(host) = Repaired::boot("rights", heal) else { return };
    let installed = host.0.sh("(apt-get update && apt-get install -y --no-install-recommends polkitd sudo) 2>&1");
    if installed.code != 0 {
        return skip("repairs by a user who is not root", "polkitd and sudo cannot be installed in the booted Debian");
    }
    names.iter().for_each(|name| host.service(name, "exec sleep 1000", ""));
    // Whatever sudo has to complain about.
    host.ok("printf '#!/bin/sh\\ncat >>/root/complaints\\n' >/usr/sbin/sendmail; chmod 755 /usr/sbin/sendmail; useradd -m ops");
    host.file("/home/ops/.config/osmon/osmon.toml", &heal.replace("[heal", "[rule.service]\nfor = \"0s\"\n[heal"));
    host.ok("chown -R ops /home/ops; chmod -R go-rwx /home/ops/.config");
    let run = || host.ok("runuser -l ops -c 'osmon run'; sleep 1");
    let explain = || host.explain("runuser -l ops -c 'osmon heal --explain'");
    let active = || names.map(|name| host.state(name) == "active");
    (0..4).for_each(|_| drop(run()));
    host.ok("systemctl kill -s KILL t-a t-b t-c; sleep 0.5");
    run();
    let said = explain();
    assert!(
        said.matches("ops may not restart it; run osmon heal as root, or allow it by polkit or sudo").count() == 3,
        "{said}"
    );
    assert_eq!(active(), [false; 3]);

    let polkit = repository("contrib/polkit/50-osmon-heal.rules");
    host.0.put(polkit.to_str().unwrap(), "/etc/polkit-1/rules.d/50-osmon-heal.rules");
    host.ok("sed -i s/nginx.service/t-a.service/ /etc/polkit-1/rules.d/50-osmon-heal.rules; sleep 1");
    run();
    assert_eq!(active(), [true, false, false], "{}", explain());
    for refused in ["stop t-a.service", "restart t-b.service", "start t-a.service"] {
        let done = host.0.sh(&format!("runuser -u ops -- systemctl --no-ask-password {refused}"));
        assert_ne!(done.code, 0, "{refused}");
    }

    let sudoers = repository("contrib/sudoers/osmon-heal");
    host.0.put(sudoers.to_str().unwrap(), "/etc/sudoers.d/osmon-heal");
    host.ok("sed -i s/nginx.service/t-b.service/ /etc/sudoers.d/osmon-heal; chmod 440 /etc/sudoers.d/osmon-heal; visudo -cf /etc/sudoers.d/osmon-heal");
    run();
    assert_eq!(active(), [true, true, false], "{}", explain());
    assert_ne!(host.0.sh("cat /root/complaints").code, 0, "sudo mailed nobody about the questions of osmon");
    for refused in ["systemctl restart t-c.service", "systemctl stop t-b.service", "sh"] {
        assert_ne!(host.0.sh(&format!("runuser -u ops -- sudo -n {refused}")).code, 0, "{refused}");
    }
    assert!(explain().contains("ops may not restart it"), "{}", explain());

    for suffix in ["service", "timer"] {
        let unit = repository(&format!("contrib/systemd/osmon-heal.{suffix}"));
        host.0.put(unit.to_str().unwrap(), &format!("/etc/systemd/system/osmon-heal.{suffix}"));
    }
    // Measured and judged by others: only the unit repairs.
    (0..3).for_each(|_| drop(host.ok("osmon probe; osmon detect-crisis || true; sleep 1")));
    host.ok("systemctl daemon-reload; systemctl start osmon-heal.service");
    assert_eq!(active(), [true; 3], "{}", host.log());
    assert_eq!(host.actions(), ["t-c.service intent", "t-c.service result done"]);
}
