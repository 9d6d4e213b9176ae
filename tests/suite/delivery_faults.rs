//! No recipient, a broken configuration, damaged files of the outbox: everything is sent in the end.

use super::harness::Host;
use super::scripted_server::{Behavior, Phase, ScriptedServer};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const RULES: &str = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.disk]\nenabled = false\n";

fn to(server: &ScriptedServer, more: &str) -> String {
    format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{more}{RULES}",
        server.port
    )
}

fn subjects(server: &ScriptedServer) -> Vec<String> {
    server.arrived().iter().map(|mail| mail.header("Subject")).collect()
}

#[test]
fn a_recipient_added_later_gets_open_incidents() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = RULES.to_string();
    host.osmon(&["run"]).ok();
    assert!(host.events()[0].contains("fired"));
    let explained = host.osmon(&["explain"]).ok();
    assert!(explained.out.contains("not notified: no alert recipient configured"), "{}", explained.out);
    host.config = to(&server, "");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let told = subjects(&server);
    assert!(told.len() == 1 && told[0].starts_with("WARNING ") && told[0].contains("Memory"), "{told:?}");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(server.arrived().len(), 1, "once");
}

#[test]
fn a_warning_that_no_route_takes_is_reported() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    let route = |least: &str| {
        format!(
            "[alert.route.night]\nkind = \"smtp\"\nto = [\"a@example.org\"]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nmin_severity = \"{least}\"\n{RULES}",
            server.port
        )
    };
    host.config = route("critical");
    let check = host.osmon(&["config", "check", "-v"]).ok();
    assert!(check.out.contains("nobody is notified of warnings"), "{}", check.out);
    host.osmon(&["run"]).ok();
    assert!(server.arrived().is_empty());
    let explained = host.osmon(&["explain"]).ok();
    assert!(explained.out.contains("not notified: no channel accepts severity warning"), "{}", explained.out);
    host.config = route("warning");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(server.arrived().len(), 1);
}

#[test]
fn an_unusable_configuration_loses_no_alert() {
    let server = ScriptedServer::start(Behavior::Say(Phase::Mail, "530 5.7.0 Authentication required"));
    // A disk of this host was switched to read-only.
    let mut host = Host::recorded("old");
    host.config = to(&server, "user = \"osmon\"\npassword = \"geheim\"\n");
    fs::write(host.path("osmon.toml"), &host.config).unwrap();
    fs::set_permissions(host.path("osmon.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let done = host.osmon(&["run"]);
    assert!(
        done.err.contains("chmod 600") && done.err.contains("going on with the defaults and what is valid of [alert]"),
        "{}",
        done.err
    );
    assert_eq!(done.code, 74, "the default rules count, and somebody could not be notified: {}", done.err);
    assert!(!done.err.contains("geheim"), "{}", done.err);
    let again = host.osmon(&["send-alert"]);
    assert_eq!(again.code, 74, "somebody still waits: {}", again.err);
    server.behave(Behavior::Good);
    fs::set_permissions(host.path("osmon.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let is_told =
        |mail: &super::scripted_server::Arrived| super::scripted_server::decoded(&mail.text).contains("read-only");
    assert!(server.arrived().iter().any(is_told), "{:?}", subjects(&server));
}

#[test]
fn a_line_that_is_no_toml_silences_nobody() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("old");
    host.config = to(&server, "") + "what is this\n[rule.swap\nwarning = 1\n";
    let done = host.osmon(&["run"]);
    assert_eq!(done.code, 78);
    assert!(done.err.contains("not valid TOML") && done.err.contains("valid of [alert]"), "{}", done.err);
    assert!(subjects(&server)[0].contains("read-only"), "{:?}", subjects(&server));
    host.config = "[alert]\nto = 7\n".to_string();
    let mut other = Host::recorded("vm");
    std::mem::swap(&mut other.config, &mut host.config);
    let status = other.osmon(&["run", "-v"]);
    assert_eq!(status.code, 78);
    assert!(status.out.contains("no alert recipient in the valid part of the configuration"), "{}", status.out);
}

#[test]
fn a_damaged_alert_is_rebuilt_from_the_history_or_reported() {
    let server = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 later"));
    let mut host = Host::recorded("vm");
    host.config = to(&server, "");
    assert_eq!(host.osmon(&["run"]).code, 74);
    let new = host.data().join("outbox/new");
    let file = fs::read_dir(&new).unwrap().flatten().next().unwrap().path();
    fs::write(&file, "{\"id\":\"memo").unwrap();
    fs::write(new.join("other-1.1-fired.json"), "?").unwrap();
    server.behave(Behavior::Good);
    host.advance(3600, 5);
    let done = host.osmon(&["send-alert"]);
    assert!(done.err.contains("1 damaged alert rebuilt from the history"), "{}", done.err);
    assert!(done.err.contains("other-1.1-fired.json") && done.err.contains("given up"), "{}", done.err);
    assert!(subjects(&server)[0].contains("Memory"), "{:?}", subjects(&server));
    let status = host.osmon(&["status"]);
    assert!(status.out.contains("1 alert given up, never delivered"), "{}", status.out);
}

#[test]
fn a_damaged_ledger_is_reported_and_nothing_is_sent_twice() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    // One of two targets has the alert.
    host.config = format!(
        "[alert.route.down]\nkind = \"smtp\"\nto = [\"b@example.org\"]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n{}",
        to(&server, "")
    );
    assert_eq!(host.osmon(&["run"]).code, 74);
    assert_eq!(server.arrived().len(), 1);
    fs::write(host.data().join("state/delivery.json"), "{\"target\":{").unwrap();
    host.advance(60, 5);
    let done = host.osmon(&["run"]);
    assert!(done.err.contains("delivery.json: is damaged") && done.err.contains("generation before"), "{}", done.err);
    assert_eq!(server.arrived().len(), 1, "nobody is told twice");
}

#[test]
fn the_dead_man_switch_alerts_once_a_recipient_exists() {
    let mut host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    host.advance(600, 5);
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.config = "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n".to_string();
    let waiting = |host: &Host| fs::read_dir(host.data().join("outbox/new")).map_or(0, Iterator::count);
    assert_eq!(waiting(&host), 0);
    for _ in 0..2 {
        host.advance(60, 5);
        assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
        assert_eq!(waiting(&host), 1, "told once");
    }
}

#[test]
fn however_much_is_wrong_valid_alert_settings_count() {
    let way = |more: &str, host: &Host, program: &str| {
        format!(
            "[alert]\nto = [\"ops@example.org\"{more}\n[alert.sendmail]\nprogram = \"{}\"\n{RULES}",
            host.path(program).display()
        )
    };
    let told = |config: &dyn Fn(&Host) -> String, variables: &[(&str, &str)], last_good: bool| {
        let mut host = Host::recorded("old");
        let program = host.path("sendmail");
        fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", host.path("mail").display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        host.config = config(&host);
        if last_good {
            fs::create_dir_all(host.data().join("state")).unwrap();
            fs::write(host.data().join("state/last-good.toml"), &host.config).unwrap();
        }
        let done = host.command("osmon", &["run"]).envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(78), "{said}");
        (fs::read_to_string(host.path("mail")).unwrap_or_default().contains("read-only"), said)
    };
    let two = |host: &Host| way("]", host, "sendmail") + "[report]\nranges = [\"1h\", \"2x\", \"3x\"]\ntitel = 1\n";
    let addresses = |host: &Host| way(", \"bad1\", \"bad2\"]", host, "sendmail");
    let right = |host: &Host| way("]", host, "sendmail");
    let unknown = |host: &Host| way("]", host, "sendmail") + "[new]\nkey = 1\n";
    for (config, variables, last_good) in [
        (&two as &dyn Fn(&Host) -> String, &[][..], false),
        (&addresses, &[], false),
        (&right, &[("OSMON_HOME", "/opt")], false),
        (&right, &[("OSMON_HOME", "/opt")], true),
        (&unknown, &[], true),
    ] {
        let (is_told, said) = told(config, variables, last_good);
        assert!(is_told, "{said}");
    }
    // Nothing is sent by a transport other than the configured one.
    let other = |host: &Host| way("]", host, "sendmail") + "[alert.smtp]\nhost = mail.example.org\n";
    let (is_told, said) = told(&other, &[], false);
    assert!(!is_told, "{said}");
}
