//! Mails about several problems: the subject counts them, a table has one line for each, the worst three are shown in full;
//! the link to the page; the daily status with its values; the text at 72 columns.

use super::alert_html::{event, evidence, html, mail, mail_with};
use super::harness::Host;
use super::scripted_server::{Behavior, Phase, ScriptedServer, decoded, unquoted};
use serde_json::Value;

const DOWN: Behavior = Behavior::Say(Phase::Banner, "421 down\r\n");

fn problems() -> Vec<Value> {
    let fired = |number: u32, severity: &str, title: &str, value: f64| {
        let mut event = event(&format!("x-{number}"), "fired", severity, title, "cpu.busy_percent", value, 80.0);
        event["since"] = format!("2026-11-20T20:{:02}:00.000Z", 10 + number).into();
        event
    };
    vec![
        fired(1, "warning", "Alpha", 81.0),
        fired(2, "critical", "Beta", 92.0),
        fired(3, "warning", "Gamma", 83.0),
        evidence(fired(4, "critical", "Delta", 94.0), "cpu", &[41.0, 55.5, 62.0, 94.0], "java"),
        fired(5, "critical", "Epsilon", 95.0),
        event("x-6", "recovered", "critical", "Zeta", "cpu.busy_percent", 12.0, 80.0),
    ]
}

fn text(mail: &str) -> String {
    decoded(mail).split("<!doctype html>").next().unwrap().to_string()
}

fn subject(mail: &str) -> String {
    mail.replace("\n ", " ").lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_string()
}

#[test]
fn a_digest_counts_and_lists_what_is_open_and_shows_the_worst_in_full() {
    let mail = mail(&problems(), "en", DOWN);
    let subject = subject(&mail);
    assert!(subject.starts_with("CRITICAL web-01: 5 open, 3 critical (mail was down "), "{subject}");
    let text = text(&mail);
    let table = "Open now:\n\nCRITICAL  20:12  Beta 92 % (limit 80 %)\nCRITICAL  20:14  Delta 94 % (limit 80 %)\n\
        CRITICAL  20:15  Epsilon 95 % (limit 80 %)\nWARNING   20:11  Alpha 81 % (limit 80 %)\n\
        WARNING   20:13  Gamma 83 % (limit 80 %)\n\nCRITICAL: Beta\n";
    assert!(text.contains(table), "{text}");
    assert_eq!(text.matches("What to do: ").count(), 3, "{text}");
    assert!(text.contains("Top consumers: java") && text.contains("Over:\nZeta: recovered 21:40"), "{text}");
    let html = html(&mail);
    assert_eq!((html.matches("<td class=\"w ").count(), html.matches("<h1>").count()), (5, 3), "{html}");
}

#[test]
fn many_problems_at_once_are_a_table_and_few_are_not() {
    let all = text(&mail(&problems(), "en", Behavior::Good));
    assert!(all.contains("WARNING   20:13  Gamma 83 % (limit 80 %)\n\nCRITICAL: Beta\n"), "{all}");
    assert!(all.contains("RECOVERED: Zeta\n") && !all.contains("WARNING: Gamma"), "{all}");
    let three = text(&mail(&problems()[..3], "en", Behavior::Good));
    assert!(three.contains("WARNING: Gamma\n") && !three.contains("WARNING   20:13"), "{three}");
    let french = mail(&problems(), "fr", DOWN);
    let table = "CRITIQUE       20:12  Beta 92\u{a0}% (seuil 80\u{a0}%)\n";
    assert!(text(&french).contains(table), "{}", text(&french));
    assert!(html(&french).contains("<th scope=\"col\">Problème</th>"));
}

#[test]
fn the_page_is_linked_where_it_has_an_address() {
    let url = "[report]\nurl = \"https://status.example.org/web-01/?a=1&b=2\"\n";
    let with = mail_with(&problems()[..1], "en", Behavior::Good, url);
    let button = "<a class=\"b\" href=\"https://status.example.org/web-01/?a=1&#38;b=2\"";
    assert!(html(&with).contains(button) && html(&with).contains(">Open the report</a>"), "{}", html(&with));
    assert!(text(&with).contains("Report: https://status.example.org/web-01/?a=1&b=2\n"), "{}", text(&with));
    let without = mail(&problems()[..1], "en", Behavior::Good);
    assert!(!html(&without).contains("<a ") && text(&without).contains("/report.html\n"), "{}", text(&without));
    let mut host = Host::recorded("vm");
    host.config = "[report]\nurl = \"status.example.org\"\n".to_string();
    let check = host.osmon(&["config", "check"]);
    assert!(check.code == 78 && check.err.contains("must begin with https:// or http://"), "{}", check.err);
}

#[test]
fn no_line_of_the_text_is_longer_than_72_columns() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nwarning = 40\nfor = \"0s\"\n",
        server.port
    );
    host.osmon(&["run"]).ok();
    host.advance(300, 5);
    host.osmon(&["run"]).ok();
    let mail = server.arrived()[0].text.clone();
    assert!(mail.contains("Content-Type: text/plain; charset=utf-8; format=flowed"), "{mail}");
    let whole = unquoted(&mail);
    let text = whole.split("Content-Transfer-Encoding").nth(1).unwrap().split("\n--").next().unwrap();
    for line in text.lines().skip(1).filter(|line| line.trim_end().contains(' ')) {
        assert!(line.chars().count() <= 72, "{line:?}");
    }
    let todo = "What to do: Find what uses it: osmon top; restart a process that keeps growing.";
    assert!(!whole.contains(todo) && decoded(&mail).contains(todo), "broken, and joined again: {whole}");
}

#[test]
fn the_daily_status_has_values_and_a_line_for_each_open_problem() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nsign_of_life = \"08:00\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.load]\nenabled = false\n",
        server.port
    );
    host.osmon(&["run"]).ok();
    for minutes in [1, 615, 5, 5] {
        host.advance(minutes * 60, 5);
        host.osmon(&["run"]).ok();
    }
    let arrived = server.arrived();
    let mail = text(&arrived.iter().rev().find(|mail| mail.text.contains("Subject: ALIVE")).unwrap().text);
    assert!(mail.contains("CPU: ") && mail.contains(" on average over 24 h, at most "), "{mail}");
    assert!(mail.contains("Memory: 57.7 % on average over 24 h") && mail.contains("/: "), "{mail}");
    assert!(mail.contains("WARNING  ") && mail.contains("  Memory 57.7 % (limit 40 %)\n"), "{mail}");
}
