//! `osmon alerts`: list, retry and drop.

use super::harness::Host;
use super::scripted_server::{Behavior, Phase, ScriptedServer, smtp_config};
use super::web_server::{RULES, WebServer, secret};
use std::fs;

#[test]
fn expired_alerts_are_shown_and_can_be_retried() {
    let server = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 down\r\n"));
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nexpire_after = \"2h\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{RULES}",
        server.port
    );
    host.advance(60, 5);
    host.osmon(&["run"]);
    let listed = host.osmon(&["alerts"]).ok().out;
    assert!(listed.contains("queued") && listed.contains("delivery failing since 2026-11-20 21:41"), "{listed}");
    for _ in 0..5 {
        host.advance(1800, 5);
        host.osmon(&["run"]);
    }
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    let states: Vec<&str> =
        json["alert"].as_array().unwrap().iter().map(|alert| alert["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"dead"), "{json}");
    let red = "given up, never delivered";
    assert!(host.osmon(&["alerts"]).ok().out.contains(red));
    assert!(host.osmon(&["status"]).out.contains(red), "{}", host.osmon(&["status"]).out);
    assert!(host.osmon(&["run", "-v"]).out.contains(red));
    assert!(fs::read_to_string(host.data().join("report.html")).unwrap().contains(red));
    server.behave(Behavior::Good);
    assert_eq!(host.osmon(&["alerts", "retry", "nothing"]).code, 64);
    host.osmon(&["alerts", "retry"]).ok();
    host.osmon(&["send-alert"]).ok();
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1, "one digest");
    assert!(!host.osmon(&["status"]).out.contains(red));
    assert!(host.osmon(&["alerts"]).ok().out.contains("sent"));
}

#[test]
fn drop_removes_an_alert_but_not_its_event() {
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n{RULES}"
    );
    host.advance(60, 5);
    host.osmon(&["run"]);
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    let id = json["alert"][0]["id"].as_str().unwrap().to_string();
    assert_eq!(host.osmon(&["alerts", "drop", "x"]).code, 64);
    host.osmon(&["alerts", "drop", &id]).ok();
    assert_eq!(host.osmon(&["alerts"]).ok().out.lines().last(), Some("the outbox is empty"));
    assert_eq!(host.events(), ["fired warning Memory"], "it stays in the history");
}

#[test]
fn without_a_recipient_nothing_is_queued_and_every_view_says_so() {
    let mut host = Host::recorded("vm");
    host.config = RULES.to_string();
    host.advance(60, 5);
    let said = host.osmon(&["run", "-v"]).ok().out;
    assert!(said.contains("no alert recipient configured; set to = "), "{said}");
    assert!(!host.data().join("outbox/new").exists());
    for command in [&["status"][..], &["alerts"]] {
        let out = host.osmon(command).out;
        assert!(out.contains("no alert recipient configured; set to = "), "{command:?}: {out}");
    }
    assert_eq!(host.osmon(&["status"]).code, 1, "the exit status is that of the host");
}

#[test]
fn the_list_says_who_accepted_and_who_refused_an_alert() {
    let mail = ScriptedServer::start(Behavior::Refuse("boss", "550 no such user\r\n"));
    let instead = WebServer::start("200 OK");
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/", instead.port));
    host.config = smtp_config(mail.port, "")
        .replace("\"ops@example.org\"", "\"ops@example.org\", \"boss@example.org\"")
        + &format!("[alert.route.chat]\nkind = \"webhook\"\nurl_file = \"{url}\"\n{RULES}");
    host.advance(60, 5);
    host.osmon(&["run"]);
    for list in [&["alerts", "--json"][..], &["alerts", "list", "--json"]] {
        let json = host.osmon(list).ok().json();
        let alert = &json["alert"][0];
        assert_eq!((alert["state"].as_str(), json["alert"].as_array().unwrap().len()), (Some("sent"), 1));
        let told = |key: &str, how: &str| -> Vec<(String, String)> {
            let all = alert[key].as_array().unwrap().iter();
            all.map(|one| {
                assert_eq!(one["time"], "2026-11-20T21:41:00.000Z");
                (one["to"].as_str().unwrap().to_string(), one[how].as_str().unwrap().to_string())
            })
            .collect()
        };
        let by = |port: u16, how: &str| format!("accepted by 127.0.0.1:{port} ({how})");
        assert_eq!(
            told("told", "by"),
            [
                ("chat".to_string(), by(instead.port, "status 200")),
                ("mail ops@example.org".to_string(), by(mail.port, "250 queued as 1"))
            ]
        );
        let refused = ("mail boss@example.org".to_string(), format!("127.0.0.1:{}: (550) no such user", mail.port));
        assert_eq!(told("refused", "why"), [refused]);
    }
}

#[test]
fn the_list_fits_80_columns_and_ids_can_be_copied() {
    let mut host = Host::recorded("vm");
    host.config = smtp_config(1, "[rule.disk]\nwarning = 70\nfor = \"0s\"\n");
    host.advance(60, 5);
    host.osmon(&["run"]);
    let out = host.osmon(&["alerts", "list"]).ok().out;
    assert!(out.lines().count() >= 5 && out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let row = out.lines().find(|line| line.starts_with("queued")).unwrap();
    let id = row.split_whitespace().find(|word| word.starts_with("disk-")).unwrap();
    host.osmon(&["alerts", "drop", id]).ok();
    let nobody = Host::recorded("vm").osmon(&["alerts"]).ok().out;
    assert!(
        nobody.contains("no alert recipient configured") && nobody.lines().all(|line| line.chars().count() <= 80),
        "{nobody}"
    );
}
