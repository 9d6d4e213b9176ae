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
    assert!(run.err.contains("status 404: <html>no such hook: /***") && run.err.contains("(535) 5.7.8 ***"), "{}", run.err);
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
