//! What systemd says of services under other names, of mounts, sockets, swaps and timers, of waiting jobs, and of the units
//! of users.

use super::harness::Host;
use serde_json::Value;

/// A unit as `systemctl show` prints it.
fn unit(id: &str, load: &str, active: &str, sub: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("\n{more}") };
    format!("Id={id}\nLoadState={load}\nActiveState={active}\nSubState={sub}\nResult=success{more}\n\n")
}

fn host(config: &str, text: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!("{config}\n[rule.load]\nenabled = false\n");
    host.write("systemctl-show", text);
    host
}

fn probe(host: &mut Host) -> Value {
    host.advance(60, 5);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
    host.snapshots().pop().unwrap()
}

/// A member of the elements of a section: `name value`.
fn members(snapshot: &Value, section: &str, name: &str, member: &str) -> Vec<String> {
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
