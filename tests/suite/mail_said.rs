//! What osmon says of the ways to people: never a secret, nothing that is not so any more, and what to do.

use super::harness::Host;
use super::mail_scripted::{At, Mood, Scripted};
use super::mail_ways::{RULES, Web, secret};
use std::fs;

/// Mail to one recipient by a server at that port.
fn smtp(port: u16, more: &str) -> String {
    format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{more}"
    )
}

#[test]
fn no_secret_that_a_server_repeats_is_kept_or_shown() {
    let web = Web::start("404 Not Found|<html>no such hook: {path}, nor any like SeCrEt-PaTh");
    let mail = Scripted::start(Mood::Say(At::Auth, "535 5.7.8 hunter2-hunter2 is not the password\r\n"));
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/services/secret-path?k=secret-query\n", web.port));
    let password = secret(&host, "password", "hunter2-hunter2\n");
    host.config = smtp(mail.port, &format!("user = \"osmon\"\npassword_file = \"{password}\"\n"))
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
fn who_cannot_be_reached_is_said_with_what_waits_for_him_and_no_more() {
    let instead = Web::start("200 OK");
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/", instead.port));
    let chat = format!("[alert.route.chat]\nkind = \"webhook\"\nurl_file = \"{url}\"\n");
    let mail = Scripted::start(Mood::Say(At::Banner, "421 down\r\n"));
    host.config = smtp(mail.port, RULES) + &chat + "fallback_for = \"mail\"\n";
    host.advance(60, 5);
    let run = host.osmon(&["run", "-v"]);
    let told = "1 event could not be sent as meant and was told by way of chat instead";
    assert!(run.err.contains(told) && run.out.contains(told), "{} {}", run.err, run.out);
    let failing = |host: &Host| {
        let said = host.osmon(&["alerts"]).ok().out;
        said.lines().find(|line| line.contains("cannot be reached")).map(|_| said.replace("\n  ", " "))
    };
    let said = failing(&host).unwrap();
    assert!(said.contains("421") && said.contains("; nothing waits for it now; try:"), "{said}");
    // Another way that tells it too leaves one alert for the mail; taken out, nothing waits any more.
    host.config =
        smtp(mail.port, "[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.disk]\nwarning = 70\nfor = \"0s\"\n") + &chat;
    host.advance(60, 5);
    host.osmon(&["run"]);
    let said = failing(&host).unwrap();
    assert!(said.contains("; 1 alert waits for it;"), "{said}");
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    let waits = json["alert"].as_array().unwrap().iter().find(|alert| alert["state"] == "waits").unwrap();
    host.osmon(&["alerts", "drop", waits["id"].as_str().unwrap()]).ok();
    assert!(failing(&host).unwrap().contains("; nothing waits for it now; try:"));
    // Of other settings nothing is known, and a test that arrives ends it.
    let right = host.config.clone();
    host.config = right.replace("security = \"none\"", "security = \"none\"\ntimeout_seconds = 9");
    assert_eq!(failing(&host), None);
    host.config = right;
    assert!(failing(&host).is_some());
    mail.mood(Mood::Good);
    host.osmon(&["send-alert", "--test"]).ok();
    assert_eq!(failing(&host), None);
}

#[test]
fn what_waits_goes_with_the_next_run_once_a_test_has_arrived() {
    let mail = Scripted::start(Mood::Say(At::Banner, "554 no\r\n"));
    let mut host = Host::recorded("vm");
    host.config = smtp(mail.port, RULES);
    host.advance(60, 5);
    host.osmon(&["run"]);
    host.advance(120, 5);
    host.osmon(&["run"]);
    mail.mood(Mood::Good);
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
fn who_has_an_alert_and_who_refused_it_is_told_after_it_was_sent() {
    let mail = Scripted::start(Mood::Refuse("boss", "550 no such user\r\n"));
    let instead = Web::start("200 OK");
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/", instead.port));
    host.config = smtp(mail.port, "").replace("\"ops@example.org\"", "\"ops@example.org\", \"boss@example.org\"")
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
fn the_outbox_fits_on_a_terminal_and_an_id_can_be_copied() {
    let mut host = Host::recorded("vm");
    host.config = smtp(1, "[rule.disk]\nwarning = 70\nfor = \"0s\"\n");
    host.advance(60, 5);
    host.osmon(&["run"]);
    let out = host.osmon(&["alerts", "list"]).ok().out;
    assert!(out.lines().count() >= 5 && out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let row = out.lines().find(|line| line.starts_with("waits")).unwrap();
    let id = row.split_whitespace().find(|word| word.starts_with("disk-")).unwrap();
    host.osmon(&["alerts", "drop", id]).ok();
    let nobody = Host::recorded("vm").osmon(&["alerts"]).ok().out;
    assert!(nobody.contains("nobody is told") && nobody.lines().all(|line| line.chars().count() <= 80), "{nobody}");
}

#[test]
fn a_test_without_its_login_is_no_success() {
    let mail = Scripted::start(Mood::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp(mail.port, "user = \"osmon\"\n");
    let done = host.osmon(&["send-alert", "--test"]);
    assert_eq!(done.code, 78, "{} {}", done.out, done.err);
    let last = done.err.lines().last().unwrap();
    assert!(last.contains("put this right first: ") && last.contains("needs password_file"), "{}", done.err);
    assert_eq!(host.osmon(&["config", "check"]).code, 78);
}

#[test]
fn what_is_wrong_with_a_connection_says_which_key_to_change() {
    let mut host = Host::recorded("vm");
    for (given, expected) in [
        ("mail.example.org:587", "use host = \"mail.example.org\" and port = 587"),
        ("[::1]:25", "use host = \"[::1]\" and port = 25"),
    ] {
        host.config = format!("[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"{given}\"\n");
        let done = host.osmon(&["config", "check"]);
        assert!(done.code == 78 && done.err.contains(expected), "{given}: {}", done.err);
    }
    for right in ["::1", "[::1]", "mail.example.org"] {
        host.config = format!("[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"{right}\"\n");
        host.osmon(&["config", "check"]).ok();
    }
    let plain = Scripted::start(Mood::Good);
    host.config = smtp(plain.port, "timeout_seconds = 2\n").replace("\"none\"", "\"tls\"");
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code != 0 && done.err.contains("set security = \"starttls\""), "{}", done.err);
    let silent = Scripted::start(Mood::Hang(At::Banner));
    let alert = Scripted::start(Mood::Say(At::Banner, "\u{15}\u{3}\u{1}\0\u{2}\u{2}F\n"));
    for server in [silent, alert] {
        for security in ["none", "starttls"] {
            host.config = smtp(server.port, "timeout_seconds = 1\n").replace("\"none\"", &format!("{security:?}"));
            let done = host.osmon(&["send-alert", "--test"]);
            assert!(done.code != 0 && done.err.contains("then set security = \"tls\""), "{security}: {}", done.err);
        }
    }
    let url = secret(&host, "url", &format!("https://127.0.0.1:{}/x\n", plain.port));
    host.config = format!("[alert]\nwebhook_file = \"{url}\"\n{RULES}");
    for command in [&["send-alert", "--test"][..], &["run"]] {
        let done = host.osmon(command);
        assert!(done.code != 0 && done.err.contains("it speaks no TLS there"), "{command:?}: {}", done.err);
    }
}

#[test]
fn a_name_in_a_template_that_nothing_is_put_in_for_is_found() {
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", "https://example.org/hook\n");
    let config = |template: &str| {
        format!("[alert.route.x]\nkind = \"webhook\"\nurl_file = \"{url}\"\ntemplate = '{template}'\n")
    };
    host.config = config(r#"{"a": "{subject} {hots}", "b": {"c": "{}"}}"#);
    let done = host.osmon(&["config", "check"]);
    let expected = "alert.route.x.template: nothing is put in for {hots}; there are {subject}, {text}, {host}";
    assert!(done.err.contains(expected) && done.err.contains("did you mean \"host\"?"), "{}", done.err);
    host.config = config(r#"{"a": "{subject} {text} {host} {severity} {id}", "b": {"c": "{}", "d": "{ x }"}}"#);
    host.osmon(&["config", "check"]).ok();
}
