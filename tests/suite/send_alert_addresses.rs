//! Addresses as people write them, and how they and the name of this host appear on the wire.

use super::harness::Host;
use super::scripted_server::{Behavior, Phase, ScriptedServer, smtp_config};
use super::web_server::RULES;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn to(list: &[&str], port: u16) -> String {
    smtp_config(port, RULES).replace("[\"ops@example.org\"]", &format!("{list:?}"))
}

/// The addresses after `RCPT TO:` or `MAIL FROM:`.
fn heard(server: &ScriptedServer, command: &str) -> Vec<String> {
    let lines = server.heard();
    lines.iter().filter_map(|line| line.strip_prefix(command)).map(str::to_string).collect()
}

#[test]
fn display_names_need_no_quotes() {
    let names = ["Ops (prod)", "Ops [prod]", "Müller, Jörg", "Ops: 24/7; on call", "me@home", "\\\"Quoted, too\\\""];
    for name in names {
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = Host::recorded("vm");
        host.config = smtp_config(server.port, RULES)
            .replace("\"ops@example.org\"", &format!("\"{name} <ops@example.org>\", \"boss@example.org\""));
        host.osmon(&["config", "check"]).ok();
        host.osmon(&["run"]).ok();
        let arrived = server.arrived();
        let to: Vec<&str> = arrived.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["ops@example.org", "boss@example.org"], "{name}");
    }
}

#[test]
fn an_address_that_is_wrong_is_reported_and_stops_nobody_else() {
    for wrong in ["ops", "a b@example.org", "Ops <ops@>", "a@example.org, b@example.org"] {
        let server = ScriptedServer::start(Behavior::Good);
        let mut host = Host::recorded("vm");
        host.config = to(&[wrong, "you@example.org"], server.port);
        let done = host.osmon(&["config", "check"]);
        let expected = format!("osmon.toml:2:1: alert.to: {wrong:?} is not a mail address: ");
        assert!(done.code == 78 && done.err.contains(&expected), "{} lacks {expected}", done.err);
        let done = host.osmon(&["run"]);
        assert!(done.code == 78 && done.err.contains("is not a mail address"), "{}", done.err);
        assert_eq!(server.arrived().len(), 1, "{wrong}: {}", done.err);
        // Alone it leaves nobody, and that is said everywhere.
        host.config = to(&[wrong], server.port);
        host.advance(60, 5);
        let done = host.osmon(&["run", "-v"]);
        assert_eq!(done.code, 78);
        assert!(done.err.contains("is not a mail address"), "{} {}", done.out, done.err);
        assert!(done.out.contains("Memory"), "the rules stay in force: {}", done.out);
        for shown in [host.osmon(&["status"]).out, fs::read_to_string(host.data().join("report.html")).unwrap()] {
            assert!(shown.contains("osmon.toml:2:1: alert.to: ") && shown.contains("is not a mail address"), "{shown}");
        }
    }
}

#[test]
fn a_wrong_address_does_not_bring_back_an_older_configuration() {
    let (old, new) = (ScriptedServer::start(Behavior::Good), ScriptedServer::start(Behavior::Good));
    let mut host = Host::recorded("vm");
    host.config = smtp_config(old.port, "");
    host.osmon(&["run"]).ok();
    let route = format!(
        "[alert.route.night]\nkind = \"smtp\"\nto = [\"x\", \"night@example.org\"]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
        new.port
    );
    host.config = to(&["ops", "you@example.org"], new.port) + &route;
    host.advance(60, 5);
    let done = host.osmon(&["run"]);
    assert!(done.code == 78 && done.err.contains("the configuration without the invalid addresses"), "{}", done.err);
    let mut told: Vec<String> = new.arrived().iter().map(|mail| mail.to.clone()).collect();
    told.sort();
    assert_eq!((told, old.arrived().len()), (vec!["night@example.org".to_string(), "you@example.org".to_string()], 0));
}

#[test]
fn international_addresses_are_converted_or_refused_one_by_one() {
    let all = ["admin@müller.example", "jörg@example.org", "Ops <ops@example.org>"];
    let plain = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = to(&all, plain.port);
    host.osmon(&["config", "check"]).ok();
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code == 0 && done.err.contains("jörg@example.org: "), "{}", done.err);
    assert!(done.err.contains("non-ASCII letters before the @"), "{}", done.err);
    assert_eq!(heard(&plain, "RCPT TO:"), ["<admin@xn--mller-kva.example>", "<ops@example.org>"]);
    assert_eq!(heard(&plain, "MAIL FROM:"), ["<osmon@web-01>"]);
    assert!(plain.arrived()[0].text.is_ascii(), "{}", plain.arrived()[0].text);
    let offering =
        ScriptedServer::start(Behavior::Say(Phase::Ehlo, "250-scripted\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"));
    host.config = to(&all, offering.port);
    host.osmon(&["send-alert", "--test"]).ok();
    assert_eq!(heard(&offering, "RCPT TO:").len(), 3);
    assert_eq!(heard(&offering, "MAIL FROM:"), ["<osmon@web-01> SMTPUTF8"]);
    host.config = to(&["jörg@example.org"], plain.port);
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code != 0 && done.err.contains("does not support addresses"), "{}", done.err);
    assert_eq!(plain.arrived().len(), 2, "nothing was sent");
}

#[test]
fn this_host_introduces_itself_by_its_full_name() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp_config(server.port, "");
    let hosts = "127.0.0.1 localhost\n127.0.1.1 web-01.example.org web-01\n";
    for (hosts, more, name, sender) in [
        ("127.0.0.1 localhost\n", "", "[127.0.0.1]", "<osmon@web-01>"),
        (hosts, "", "web-01.example.org", "<osmon@web-01.example.org>"),
        (hosts, "helo_name = \"mx.example.net\"\n", "mx.example.net", "<osmon@web-01.example.org>"),
        (hosts, "helo_name = \"web-01\"\n", "web-01", "<osmon@web-01.example.org>"),
    ] {
        fs::write(host.root().join("etc/hosts"), hosts).unwrap();
        host.config = smtp_config(server.port, more);
        host.osmon(&["send-alert", "--test"]).ok();
        assert_eq!(heard(&server, "EHLO ").last().unwrap(), name);
        assert_eq!(heard(&server, "MAIL FROM:").last().unwrap(), sender);
    }
    host.config = smtp_config(server.port, "helo_name = \"my host\"\n");
    let done = host.osmon(&["config", "check"]);
    assert!(
        done.code == 78 && done.err.contains("alert.smtp.helo_name: \"my host\" is not a host name"),
        "{}",
        done.err
    );
}

#[test]
fn a_refused_name_or_sender_names_the_key_to_change() {
    for (phase, answer, key) in [
        (Phase::Rcpt, "504 5.5.2 <web-01>: Helo command rejected: need fully-qualified hostname\r\n", "helo_name"),
        (Phase::Ehlo, "550 5.7.1 who are you?\r\n", "helo_name"),
        (Phase::Mail, "553 5.1.8 <osmon@web-01>: Sender address rejected: Domain not found\r\n", "set [alert] from"),
        (Phase::Rcpt, "450 4.1.8 <osmon@web-01>: Sender address rejected: Domain not found\r\n", "set [alert] from"),
    ] {
        let server = ScriptedServer::start(Behavior::Say(phase, answer));
        let mut host = Host::recorded("vm");
        host.config = smtp_config(server.port, RULES);
        let done = host.osmon(&["run"]);
        assert!(done.code == 74 && done.err.contains(key), "{answer}: {}", done.err);
        let status = host.osmon(&["status"]).out;
        assert!(status.contains("delivery failing since"), "{status}");
    }
}

#[test]
fn every_auth_line_counts_and_a_late_greeting_is_awaited() {
    let offers = "250-m\r\n250-AUTH GSSAPI NTLM\r\n250-AUTH=LOGIN\r\n250 8BITMIME\r\n";
    let server = ScriptedServer::start(Behavior::Say(Phase::Ehlo, offers));
    let mut host = Host::recorded("vm");
    host.config = smtp_config(server.port, "user = \"u\"\npassword_env = \"SECRET\"\n");
    let done = host.command("osmon", &["send-alert", "--test"]).env("SECRET", "secretpw").output().unwrap();
    assert!(done.status.success() && heard(&server, "AUTH ")[0] == "LOGIN", "{:?} {done:?}", server.heard());
    let late = ScriptedServer::start(Behavior::Late(20)); // longer than timeout_seconds
    let web = ScriptedServer::start(Behavior::Good);
    host.config = smtp_config(late.port, RULES)
        + &format!(
            "[alert.route.other]\nkind = \"smtp\"\nto = [\"o@example.org\"]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
            web.port
        );
    host.osmon(&["run"]).ok();
    assert_eq!((late.arrived().len(), web.arrived().len()), (1, 1));
}

#[test]
fn programs_on_this_host_get_its_line_ends() {
    let mut host = Host::recorded("vm");
    let (program, got) = (host.path("mailer"), host.path("got"));
    fs::write(&program, format!("#!/bin/sh\ncat > {}\n", got.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    host.config = format!("[alert]\nto = [\"a@example.org\"]\n[alert.sendmail]\nprogram = {program:?}\n");
    host.osmon(&["send-alert", "--test"]).ok();
    let mail = fs::read_to_string(got).unwrap();
    assert!(!mail.contains('\r') && mail.lines().count() > 20 && mail.contains("\n\n"), "{mail}");
}
