//! Reports of delivery problems: no secrets, nothing outdated, and advice.

use super::harness::Host;
use super::scripted_server::{Behavior, Phase, ScriptedServer, smtp_config};
use super::web_server::{RULES, WebServer, secret};
use std::fs;

#[test]
fn secrets_repeated_by_a_server_are_neither_kept_nor_shown() {
    let web = WebServer::start("404 Not Found|<html>no such hook: {path}, nor any like SeCrEt-PaTh");
    let mail = ScriptedServer::start(Behavior::Say(Phase::Auth, "535 5.7.8 hunter2-hunter2 is not the password\r\n"));
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/services/secret-path?k=secret-query\n", web.port));
    let password = secret(&host, "password", "hunter2-hunter2\n");
    host.config = smtp_config(mail.port, &format!("user = \"osmon\"\npassword_file = \"{password}\"\n"))
        + &format!("[alert.route.chat]\nkind = \"webhook\"\nurl_file = \"{url}\"\n{RULES}");
    host.advance(60, 5);
    let run = host.osmon(&["run", "-v"]);
    assert!(
        run.err.contains("status 404: <html>no such hook: /***") && run.err.contains("(535) 5.7.8 ***"),
        "{}",
        run.err
    );
    let mut all = vec![run.out, run.err];
    for command in [&["alerts"][..], &["alerts", "--json"], &["status"], &["send-alert", "--test"]] {
        let done = host.osmon(command);
        all.extend([done.out, done.err]);
    }
    assert!(all.last().unwrap().contains("(535)"), "{all:?}");
    for file in ["report.html", "report.json", "state/delivery.json"] {
        all.push(fs::read_to_string(host.data().join(file)).unwrap());
    }
    for text in all {
        let small = text.to_lowercase();
        for secret in ["secret-path", "secret-query", "hunter2"] {
            assert!(!small.contains(secret), "{secret} is in {text}");
        }
    }
}

#[test]
fn a_failing_target_is_shown_with_its_queued_alerts_until_it_works() {
    let instead = WebServer::start("200 OK");
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/", instead.port));
    let chat = format!("[alert.route.chat]\nkind = \"webhook\"\nurl_file = \"{url}\"\n");
    let mail = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 down\r\n"));
    host.config = smtp_config(mail.port, RULES) + &chat + "fallback_for = \"mail\"\n";
    host.advance(60, 5);
    let run = host.osmon(&["run", "-v"]);
    let told = "1 event sent through fallback chat";
    assert!(run.err.contains(told) && run.out.contains(told), "{} {}", run.err, run.out);
    let failing = |host: &Host| {
        let said = host.osmon(&["alerts"]).ok().out;
        said.lines().find(|line| line.contains("delivery failing")).map(|_| said.replace("\n  ", " "))
    };
    let said = failing(&host).unwrap();
    assert!(said.contains("421") && said.contains("; no alert queued; test:"), "{said}");
    // With the fallback as a second route, one alert is queued for mail until it is dropped.
    host.config =
        smtp_config(mail.port, "[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.disk]\nwarning = 70\nfor = \"0s\"\n")
            + &chat;
    host.advance(60, 5);
    host.osmon(&["run"]);
    let said = failing(&host).unwrap();
    assert!(said.contains("; 1 alert queued;"), "{said}");
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    let waits = json["alert"].as_array().unwrap().iter().find(|alert| alert["state"] == "waits").unwrap();
    host.osmon(&["alerts", "drop", waits["id"].as_str().unwrap()]).ok();
    assert!(failing(&host).unwrap().contains("; no alert queued; test:"));
    // Changed settings are not known to fail, and a successful test ends the problem.
    let right = host.config.clone();
    host.config = right.replace("security = \"none\"", "security = \"none\"\ntimeout_seconds = 9");
    assert_eq!(failing(&host), None);
    host.config = right;
    assert!(failing(&host).is_some());
    mail.behave(Behavior::Good);
    host.osmon(&["send-alert", "--test"]).ok();
    assert_eq!(failing(&host), None);
}

#[test]
fn queued_alerts_are_sent_by_the_next_run_after_a_successful_test() {
    let mail = ScriptedServer::start(Behavior::Say(Phase::Banner, "554 no\r\n"));
    let mut host = Host::recorded("vm");
    host.config = smtp_config(mail.port, RULES);
    host.advance(60, 5);
    host.osmon(&["run"]);
    host.advance(120, 5);
    host.osmon(&["run"]);
    mail.behave(Behavior::Good);
    host.advance(60, 5);
    let waits = host.osmon(&["run"]);
    assert_eq!((waits.code, waits.err.as_str()), (74, ""), "it was said, and is still so");
    assert!(mail.arrived().is_empty(), "only a person can change it: once an hour");
    host.osmon(&["send-alert", "--test"]).ok();
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let subjects: Vec<String> = mail.arrived().iter().map(|mail| mail.header("Subject")).collect();
    assert!(subjects.len() == 2 && subjects[1].contains("Memory"), "{subjects:?}");
}

#[test]
fn a_test_without_the_configured_login_fails() {
    let mail = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp_config(mail.port, "user = \"osmon\"\n");
    let done = host.osmon(&["send-alert", "--test"]);
    assert_eq!(done.code, 78, "{} {}", done.out, done.err);
    let last = done.err.lines().last().unwrap();
    assert!(last.contains("fix this first: ") && last.contains("needs password_file"), "{}", done.err);
    assert_eq!(host.osmon(&["config", "check"]).code, 78);
}
