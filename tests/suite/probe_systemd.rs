//! What systemd says of services under other names, of mounts, sockets, swaps and timers, of waiting jobs, and of the units
//! of users.

use super::harness::Host;
use serde_json::Value;

/// A unit as `systemctl show` prints it.
pub fn unit(id: &str, load: &str, active: &str, sub: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("\n{more}") };
    format!("Id={id}\nLoadState={load}\nActiveState={active}\nSubState={sub}\nResult=success{more}\n\n")
}

pub fn host(config: &str, text: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!("{config}\n[rule.load]\nenabled = false\n");
    host.write("systemctl-show", text);
    host
}

pub fn probe(host: &mut Host) -> Value {
    probe_after(host, 60)
}

fn probe_after(host: &mut Host, seconds: i64) -> Value {
    host.advance(seconds, 5);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
    host.snapshots().pop().unwrap()
}

/// A member of the elements of a section: `name value`.
pub fn members(snapshot: &Value, section: &str, name: &str, member: &str) -> Vec<String> {
    let elements = snapshot[section].as_array().into_iter().flatten();
    elements.map(|one| format!("{} {}", one[name].as_str().unwrap(), one[member])).collect()
}

fn titles(host: &Host) -> Vec<String> {
    let line = |event: Value| format!("{} {}", event["kind"].as_str().unwrap(), event["title"].as_str().unwrap());
    host.sections("event").into_iter().map(line).collect()
}

#[test]
fn a_service_is_required_by_any_of_its_names() {
    let config = "[probe]\nservices = [\"mysql\", \"sshd\", \"nginx\"]\n";
    let names = [("mariadb", "mysql"), ("ssh", "sshd"), ("nginx", "nginx")];
    for (has_names, active, sub) in [
        (true, "inactive", "dead"),
        (false, "inactive", "dead"),
        (true, "active", "running"),
        (false, "active", "running"),
    ] {
        let print = |(id, alias): (&str, &str)| {
            let names = if has_names { format!("Names={alias}.service {id}.service") } else { String::new() };
            unit(&format!("{id}.service"), "loaded", active, sub, &names)
        };
        let others = unit("cron.service", "loaded", "active", "running", "");
        // An active one is printed twice: as asked for by its name, and as matched by the pattern.
        let again = if active == "active" { names.map(print).concat() } else { String::new() };
        let mut host = host(config, &format!("{}{others}{again}", names.map(print).concat()));
        (0..3).for_each(|_| drop(probe(&mut host)));
        let snapshot = probe(&mut host);
        assert_eq!(
            members(&snapshot, "service", "service", "failed"),
            ["mariadb", "ssh", "nginx"].map(|id| format!("{id}.service {}", active == "inactive")),
            "{has_names} {active}"
        );
        assert_eq!(snapshot["systemd"]["services"], 4, "each is one service");
        assert_eq!(snapshot["service"][0]["alias"], "mysql.service");
        let expected = ["mariadb", "ssh", "nginx"].map(|id| format!("fired Service {id}.service is stopped"));
        let mut told = titles(&host);
        told.sort();
        let mut expected: Vec<String> = if active == "active" { Vec::new() } else { expected.to_vec() };
        expected.sort();
        assert_eq!(told, expected, "{has_names} {active}");
    }
}

#[test]
fn restarts_of_a_service_that_is_named_twice_and_matched_count_once() {
    let config = "[probe]\nservices = [\"mysql\", \"mariadb\", \"mysql.service\"]\n";
    let print = |restarts: u32| {
        let more = format!("Names=mysql.service mariadb.service\nNRestarts={restarts}");
        unit("mariadb.service", "loaded", "active", "running", &more).repeat(4)
    };
    let mut host = host(config, &print(2));
    probe(&mut host);
    host.write("systemctl-show", &print(5));
    let snapshot = probe(&mut host);
    assert_eq!(members(&snapshot, "service", "service", "new_restarts"), ["mariadb.service 3"]);
    assert_eq!(snapshot["systemd"]["services"], 1);
}

#[test]
fn a_required_service_that_is_not_in_the_answer_is_missed() {
    let text = unit("cron.service", "loaded", "active", "running", "");
    let mut host = host("[probe]\nservices = [\"mysql\", \"getty@\"]\n", &text);
    (0..3).for_each(|_| drop(probe(&mut host)));
    let expected = ["fired Service mysql.service is not installed", "fired Service getty@.service is not installed"];
    let mut told = titles(&host);
    told.sort_by_key(|title| !title.contains("mysql"));
    assert_eq!(told, expected);
}

#[test]
fn failed_units_are_counted_as_systemctl_failed_does() {
    let print = |load: &str| unit("app.service", load, "failed", "failed", "");
    for (load, titles_expected) in [("not-found", 1), ("loaded", 1), ("masked", 1), ("bad-setting", 1)] {
        let mut host = host("", &print(load));
        (0..70).for_each(|_| drop(probe(&mut host)));
        let snapshot = probe(&mut host);
        assert_eq!(snapshot["systemd"]["failed"], 1, "{load}");
        assert_eq!(members(&snapshot, "service", "service", "state"), ["app.service \"failed\""], "{load}");
        assert_eq!(titles(&host).iter().filter(|title| title.starts_with("fired")).count(), titles_expected, "{load}");
    }
    // The file of a service that failed is removed: the incident is over, and stays so.
    let mut host = host("", &print("loaded"));
    (0..4).for_each(|_| drop(probe(&mut host)));
    host.write("systemctl-show", &print("not-found"));
    (0..130).for_each(|_| drop(probe(&mut host)));
    let snapshot = probe(&mut host);
    assert_eq!(titles(&host), ["fired Service app.service failed", "recovered Service app.service failed"]);
    assert_eq!(snapshot["systemd"]["failed"], 1, "systemd still calls it failed");
    host.write("systemctl-show", &print("loaded"));
    (0..4).for_each(|_| drop(probe(&mut host)));
    assert_eq!(titles(&host).len(), 3, "it is there again, and has failed");
}

fn mount(state: &str) -> String {
    let (active, sub, result) = match state {
        "failed" => ("failed", "failed", "exit-code"),
        _ => ("active", "mounted", "success"),
    };
    let what = format!("What=/dev/sdb1\nWhere=/srv/data\nResult={result}");
    unit("srv-data.mount", "loaded", active, sub, &what).replacen("Result=success\n", "", 1)
}

#[test]
fn a_failed_mount_is_told_with_its_device_and_its_recovery_too() {
    let ssh = unit("ssh.service", "loaded", "active", "running", "");
    for end in [mount("mounted"), String::new()] {
        let mut host = host("", &format!("{ssh}{}", mount("mounted")));
        let snapshot = probe(&mut host);
        assert!(snapshot["systemd_unit"].as_array().unwrap().is_empty(), "what is well is not listed");
        host.write("systemctl-show", &format!("{ssh}{}", mount("failed")));
        (0..5).for_each(|_| drop(probe(&mut host)));
        let snapshot = probe(&mut host);
        assert_eq!(snapshot["systemd_unit"][0]["state"], "failed (exit-code): /dev/sdb1 on /srv/data");
        assert_eq!((&snapshot["systemd"]["failed"], &snapshot["systemd"]["failed_units"]), (&0.into(), &1.into()));
        host.write("systemctl-show", &format!("{ssh}{end}"));
        (0..6).for_each(|_| drop(probe(&mut host)));
        let expected = ["fired Unit srv-data.mount failed", "recovered Unit srv-data.mount failed"];
        assert_eq!(titles(&host), expected, "mounted, or stopped and in no answer");
        (0..65).for_each(|_| drop(probe(&mut host)));
        assert!(probe(&mut host)["systemd_unit"].as_array().unwrap().is_empty(), "an hour later it is no news");
    }
}

#[test]
fn units_of_a_minute_without_an_answer_are_remembered() {
    let mut host = host("", &mount("failed"));
    (0..4).for_each(|_| drop(probe(&mut host)));
    std::fs::remove_file(host.root().join("systemctl-show")).unwrap();
    probe(&mut host);
    host.write("systemctl-show", &mount("mounted"));
    (0..4).for_each(|_| drop(probe(&mut host)));
    assert_eq!(titles(&host), ["fired Unit srv-data.mount failed", "recovered Unit srv-data.mount failed"]);
}

#[test]
fn a_start_that_waits_for_ten_minutes_is_told_with_what_it_waits_for() {
    let waiting = unit("web.service", "loaded", "inactive", "dead", "Job=387");
    let migration = unit("migrate.service", "loaded", "activating", "start", "Type=oneshot\nJob=337");
    let mut host = host("", &format!("{migration}{waiting}"));
    (0..9).for_each(|_| drop(probe(&mut host)));
    assert_eq!(titles(&host), [""; 0], "nine minutes");
    (0..6).for_each(|_| drop(probe(&mut host)));
    let snapshot = probe(&mut host);
    assert_eq!(titles(&host), ["fired Start or stop of web.service does not end"]);
    assert_eq!(snapshot["systemd_unit"][0]["state"], "its job is waiting; in progress: migrate.service");
    assert_eq!(snapshot["systemd"]["jobs"], 2);
    host.write("systemctl-show", &unit("web.service", "loaded", "active", "running", "Job="));
    (0..4).for_each(|_| drop(probe(&mut host)));
    assert_eq!(titles(&host)[1..], ["recovered Start or stop of web.service does not end"]);
}

/// A timer every day at 03:00 with a state; the host is at 21:40 on 2026-11-20.
fn timer(sub: &str, more: &str) -> String {
    let active = if sub == "dead" { "inactive" } else { "active" };
    let more = format!("UnitFileState=enabled\nConditionResult=yes\nUnit=backup.service\nAccuracyUSec=1min\n{more}");
    unit("backup.timer", "loaded", active, sub, &more)
}

const LAST: &str = "LastTriggerUSec=Fri 2026-11-20 21:00:00 UTC\nLastTriggerUSecMonotonic=1h";

/// The states of the timer, as its block and how many times five minutes it stays so, and what is told at the end.
fn timers(steps: &[(u32, &str)]) -> (Vec<String>, Value) {
    let mut host = host("", "");
    let mut snapshot = Value::Null;
    for (times, text) in steps {
        host.write("systemctl-show", &format!("{}{text}", unit("ssh.service", "loaded", "active", "running", "")));
        (0..*times).for_each(|_| snapshot = probe_after(&mut host, 300));
    }
    (titles(&host), snapshot["timer"][0].clone())
}

#[test]
fn a_timer_that_should_have_run_is_overdue() {
    let next = |time: &str| format!("NextElapseUSecRealtime=Fri 2026-11-20 {time} UTC\n{LAST}");
    let waits = timer("waiting", &next("22:00:00"));
    let (fired, recovered) = ("fired Timer backup.timer is overdue", "recovered Timer backup.timer is overdue");

    let (told, shown) = timers(&[(3, &waits)]);
    assert!(told.is_empty() && shown["overdue_seconds"] == 0.0 && shown["state"] == "waiting", "{shown}");
    let (told, shown) = timers(&[(10, &waits)]);
    assert_eq!(told, [fired], "it was due at 22:00, and nothing happened");
    assert!(shown["overdue_seconds"].as_f64().unwrap() > 900.0, "{shown}");
    let (told, _) = timers(&[(10, &waits), (2, &timer("waiting", &next("23:00:00")))]);
    assert_eq!(told, [fired, recovered]);
    let late = timer("waiting", &next("22:00:00").replace("1min", "12h"));
    assert!(timers(&[(2, &late.replace("1min", "12h")), (7, &late.replace("1min", "12h"))]).0.is_empty(), "accuracy");

    // The last run began at 22:00, an hour after the one before, and does not end.
    let runs = timer("running", "LastTriggerUSec=Fri 2026-11-20 22:00:00 UTC\nLastTriggerUSecMonotonic=2h");
    let (told, shown) = timers(&[(4, &waits), (17, &runs)]);
    assert!(told.is_empty(), "it may take half again its interval");
    assert_eq!(shown["state"], "running");
    let (told, shown) = timers(&[(4, &waits), (22, &runs)]);
    assert_eq!(
        (told, shown["state"].as_str()),
        (vec![fired.to_string()], Some("its last run does not end: backup.service"))
    );
    assert!(timers(&[(24, &runs)]).0.is_empty(), "the interval is not known");
    let never = waits.replace("LastTriggerUSecMonotonic=1h", "LastTriggerUSecMonotonic=0");
    assert!(timers(&[(4, &never), (22, &runs)]).0.is_empty(), "what it starts may be a daemon");
    let after_end =
        runs.clone().replace("AccuracyUSec", "TimersMonotonic={ OnUnitInactiveUSec=1h ; next_elapse=0 }\nAccuracyUSec");
    assert!(timers(&[(4, &waits), (22, &after_end)]).0.is_empty(), "the next run counts from the end of this one");
}

#[test]
fn an_enabled_timer_that_was_stopped_is_overdue_when_its_run_has_passed() {
    let waits = timer("waiting", &format!("NextElapseUSecRealtime=Fri 2026-11-20 22:00:00 UTC\n{LAST}"));
    let dead = timer("dead", "");
    let fired = ["fired Timer backup.timer is overdue"];
    let (told, shown) = timers(&[(2, &waits), (1, &dead)]);
    assert!(told.is_empty() && shown["overdue_seconds"] == 0.0, "{shown}");
    // At first it is in no answer: no pattern matches what is inactive.
    let (told, shown) = timers(&[(2, &waits), (1, ""), (7, &dead)]);
    assert_eq!(
        (told.as_slice(), shown["state"].as_str()),
        (&fired.map(String::from)[..], Some("stopped, although it is enabled"))
    );
    for (what, gone) in [
        ("disabled", dead.replace("UnitFileState=enabled", "UnitFileState=disabled")),
        ("static", dead.replace("UnitFileState=enabled", "UnitFileState=static")),
        ("removed", dead.replace("LoadState=loaded", "LoadState=not-found")),
        ("a condition", dead.replace("ConditionResult=yes", "ConditionResult=no")),
        ("not in two answers", String::new()),
    ] {
        let (told, shown) = timers(&[(2, &waits), (7, &gone)]);
        assert!(told.is_empty() && shown.is_null(), "{what}: {told:?} {shown}");
    }
    assert!(timers(&[(10, &dead)]).0.is_empty(), "it was never seen to run");
}

#[test]
fn a_timer_that_nothing_will_start_again_is_overdue() {
    let elapsed = |more: &str| timer("elapsed", &format!("NextElapseUSecMonotonic=infinity\n{more}"));
    let (told, shown) = timers(&[(5, &elapsed("TimersMonotonic={ OnUnitActiveUSec=1h ; next_elapse=0 }"))]);
    assert_eq!(told, ["fired Timer backup.timer is overdue"]);
    assert!(shown["state"].as_str().unwrap().starts_with("has no next run"), "{shown}");
    let (told, _) = timers(&[(5, &elapsed("TimersMonotonic={ OnBootUSec=15min ; next_elapse=0 }"))]);
    assert!(told.is_empty(), "it was meant to run once");
}

#[test]
fn units_of_users_whose_services_run_without_a_login_are_looked_at() {
    let mut host = host("", &unit("ssh.service", "loaded", "active", "running", ""));
    host.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n");
    std::fs::create_dir_all(host.root().join("var/lib/systemd/linger")).unwrap();
    host.write("var/lib/systemd/linger/alice", "");
    host.write("systemctl-show-user-1000", &unit("web.service", "loaded", "failed", "failed", ""));
    host.write("systemctl-show-user-1001", &unit("desktop.service", "loaded", "failed", "failed", ""));
    (0..4).for_each(|_| drop(probe(&mut host)));
    let snapshot = probe(&mut host);
    assert_eq!(members(&snapshot, "systemd_unit", "unit", "failed"), ["alice/web.service true"]);
    host.write("systemctl-show-user-1000", "");
    (0..15).for_each(|_| drop(probe(&mut host)));
    let expected = ["fired Unit alice/web.service failed", "recovered Unit alice/web.service failed"];
    assert_eq!(titles(&host), expected, "asked every ten minutes");
}
