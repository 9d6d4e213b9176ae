//! "All well" never hides that nobody can be notified.

use super::harness::Host;
use super::incidents::minute;
use super::scripted_server::{Behavior, ScriptedServer};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const MAIL: &str = "[alert]\nto = [\"ops@example.org\"]\nfrom = \"osmon@example.org\"\n";

fn program(host: &Host, status: i32) {
    let path = host.path("mailer");
    fs::write(&path, format!("#!/bin/sh\ncat >/dev/null; exit {status}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn with_program(host: &mut Host) {
    host.config = format!("{MAIL}[alert.sendmail]\nprogram = \"{}\"\n", host.path("mailer").display());
}

/// Exit code and first line.
#[track_caller]
fn status(host: &Host) -> (i32, String) {
    let done = host.osmon(&["status"]);
    assert_eq!(done.err, "");
    (done.code, done.out.lines().next().unwrap_or_default().to_string())
}

fn well(code_and_line: &(i32, String)) -> bool {
    let is_ok = |words| code_and_line.1.starts_with(&format!("OK web-01: {words}"));
    code_and_line.0 == 0 && (is_ok("no open problems") || is_ok("no problems for "))
}

#[test]
fn a_missing_program_is_a_warning_before_any_alert() {
    let mut host = Host::recorded("vm");
    with_program(&mut host);
    minute(&mut host, 5);
    let (code, line) = status(&host);
    assert_eq!((code, line.starts_with("WARNING web-01: nobody can be notified: ")), (1, true), "{line}");
    assert!(line.ends_with("/mailer does not exist"), "{line}");
    let nagios = host.osmon(&["status", "--nagios"]);
    assert_eq!(nagios.code, 1);
    assert!(nagios.out.starts_with("OSMON WARNING - web-01: nobody can be notified"), "{}", nagios.out);
    let json = host.osmon(&["status", "--json"]).json();
    assert_eq!((&json["status"], &json["exit"], &json["verdict"]), (&"warning".into(), &1.into(), &"degraded".into()));
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("<h1>Warning</h1>") && page.contains("nobody can be notified"));
    assert!(!page.contains("<h1>OK</h1>"));
    program(&host, 0);
    minute(&mut host, 5);
    assert!(well(&status(&host)), "{:?}", status(&host));
    assert!(host.events().is_empty(), "it is no incident, so it is not told of");
}

#[test]
fn a_test_that_failed_is_not_forgotten_until_one_succeeds() {
    let mut host = Host::recorded("vm");
    with_program(&mut host);
    program(&host, 78);
    assert_eq!(host.osmon(&["send-alert", "--test"]).code, 74);
    minute(&mut host, 5);
    let (code, line) = status(&host);
    assert_eq!(code, 1, "{line}");
    assert!(line.contains("no message was accepted yet") && line.contains("refused with exit status 78"), "{line}");
    program(&host, 0);
    host.osmon(&["send-alert", "--test"]).ok();
    assert!(well(&status(&host)), "{:?}", status(&host));
    // A server that has worked may be away for a while.
    program(&host, 75);
    host.osmon(&["send-alert", "--test"]);
    assert!(well(&status(&host)), "{:?}", status(&host));
}

#[test]
fn alerts_that_nobody_takes_turn_all_well_into_a_warning() {
    let mut host = Host::recorded("vm");
    let server = ScriptedServer::start(Behavior::Good);
    let port = server.port;
    let smtp = |port| format!("{MAIL}[alert.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n");
    let low = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n";
    host.config = smtp(port) + low;
    minute(&mut host, 5);
    host.advance(180, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(server.arrived().len(), 1);
    // Another server, where nobody listens, and the incident ends.
    host.config = smtp(1);
    host.osmon(&["run"]);
    for _ in 0..6 {
        host.advance(60, 5);
        host.osmon(&["run"]);
    }
    let (code, line) = status(&host);
    assert_eq!(code, 1, "{line}");
    assert!(line.starts_with("WARNING web-01: nobody can be notified: no message was accepted yet"), "{line}");
    let open = host.osmon(&["incidents", "--open"]).ok().out;
    assert_eq!(open, "no incident is open\n");
    host.config = smtp(port);
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert!(well(&status(&host)), "{:?}", status(&host));
}

#[test]
fn with_an_open_incident_both_are_said() {
    let mut host = Host::recorded("vm");
    with_program(&mut host);
    host.config += "[rule.memory]\nwarning = 50\nfor = \"0s\"\n";
    assert_eq!(host.osmon(&["run"]).code, 74);
    let (code, line) = status(&host);
    assert_eq!(code, 1, "{line}");
    assert!(line.contains("Memory") && line.ends_with("nobody can be notified"), "{line}");
}

#[test]
fn who_never_asked_to_be_told_is_given_a_hint_only() {
    let mut host = Host::recorded("vm");
    minute(&mut host, 5);
    let done = host.osmon(&["status"]).ok();
    assert!(
        done.out.contains("no open problems") && done.out.contains("no alert recipient configured"),
        "{}",
        done.out
    );
    // A configuration that is wrong, though, may have named somebody.
    host.config = "[alert]\nto = [\"no address\"]\n".to_string();
    let done = host.osmon(&["status"]);
    assert_eq!(done.code, 1, "{}", done.out);
    assert!(
        done.out.starts_with("WARNING web-01: nobody can be notified: no recipient in the valid part"),
        "{}",
        done.out
    );
}
