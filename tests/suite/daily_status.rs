//! The daily status mail.

use super::harness::Host;
use super::scripted_server::{Behavior, ScriptedServer, decoded};

#[test]
fn the_daily_status_is_sent_once_a_day_and_is_no_event() {
    let mut host = Host::recorded("vm");
    let told = host.path("mails");
    let program = host.path("take-mail");
    std::fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", told.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    host.config = format!(
        "[alert]\nto = [\"root@localhost\"]\nsign_of_life = \"08:00\"\n[alert.sendmail]\nprogram = {program:?}\n[rule.load]\nenabled = false\n"
    );
    let signs = |host: &mut Host, minutes: i64| {
        host.advance(minutes * 60, 5);
        host.osmon(&["run", "-v"]).ok();
        let mails = std::fs::read_to_string(&told).unwrap_or_default();
        mails.lines().filter(|line| *line == "Subject: ALIVE web-01: OK: no open problems").count()
    };
    assert_eq!((signs(&mut host, 1), signs(&mut host, 1)), (1, 1), "at once, so that it is seen to work, and once");
    assert_eq!((signs(&mut host, 615), signs(&mut host, 5)), (1, 2), "07:58 and 08:03 of the next day");
    assert!(host.events().is_empty(), "{:?}", host.events());
    let mails = std::fs::read_to_string(&told).unwrap();
    assert!(!mails.contains("Began ") && !mails.contains("\n.\n") && mails.contains("No action needed"), "{mails}");
    let listed = host.osmon(&["alerts"]).ok().out;
    assert!(listed.contains("daily status: ") && !listed.contains("warning"), "{listed}");
    let json = host.osmon(&["incidents", "--json"]).ok().json();
    assert_eq!(json["incident"].as_array().map(Vec::len), Some(0));
    host.config = "[alert]\nsign_of_life = \"8 o'clock\"\n".to_string();
    assert!(host.osmon(&["config", "check"]).err.contains("is not a time of day such as \"08:00\""));
}

#[test]
fn the_daily_status_in_french_lists_open_incidents() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"fr\"\nsign_of_life = \"08:00\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.load]\nenabled = false\n",
        server.port
    );
    host.osmon(&["run"]).ok();
    host.advance(615 * 60, 5);
    host.osmon(&["run"]).ok();
    host.advance(300, 5);
    host.osmon(&["run"]).ok();
    let all = server.arrived();
    let mail = decoded(&all.last().unwrap().text);
    assert!(mail.contains("ÉTAT DU JOUR\u{a0}: Avertissement, 1 problème en cours\u{a0}: Mémoire"), "{mail}");
    assert!(!mail.contains("Aucune action") && mail.contains("osmon status liste les problèmes en cours"), "{mail}");
}
