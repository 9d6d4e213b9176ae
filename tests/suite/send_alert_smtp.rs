//! Alerts that arrive: a real Postfix with TLS and login (Dovecot), and a real msmtp.

use super::harness::{Host, repository, skip, tool, wait};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// A mail server for one test; stopped when dropped.
pub struct Server {
    directory: tempfile::TempDir,
    port: u16,
}

impl Server {
    pub fn start(what: &str) -> Option<Self> {
        let script = repository("tests/mail/server");
        let script = script.to_str().unwrap();
        let possible = tool(script, &["possible"]);
        if possible.code != 0 {
            skip(what, &possible.out);
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let port = free_ports();
        let done = tool(script, &["start", directory.path().to_str().unwrap(), &port.to_string()]);
        assert_eq!(done.code, 0, "{}", done.err);
        wait(20, || std::net::TcpStream::connect(("127.0.0.1", port + 2)).ok())
            .expect("the mail server does not answer");
        Some(Self { directory, port })
    }

    /// The plain port; the next is STARTTLS with login, the one after it TLS with login.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// The mails for one recipient so far.
    pub fn mails(&self, to: &str) -> Vec<String> {
        let mut mails: Vec<String> = fs::read_dir(self.file("mail/inbox/new"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| fs::read_to_string(entry.path()).unwrap_or_default())
            .filter(|mail| mail.contains(&format!("X-Original-To: {to}@example.org")))
            .collect();
        // Two that were accepted in one second may be delivered in any order.
        let date = |mail: &String| {
            mail.lines().find_map(|line| {
                line.strip_prefix("Date: ").and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok())
            })
        };
        mails.sort_by_key(date);
        mails
    }

    pub fn wait_for(&self, to: &str, count: usize) -> Vec<String> {
        wait(20, || (self.mails(to).len() >= count).then(|| self.mails(to))).unwrap_or_else(|| {
            panic!(
                "{} mails for {to}: {}",
                self.mails(to).len(),
                fs::read_to_string(self.file("log")).unwrap_or_default()
            )
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        tool(repository("tests/mail/server").to_str().unwrap(), &["stop", self.directory.path().to_str().unwrap()]);
    }
}

/// The first of three free ports in a row.
fn free_ports() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if (1..3).all(|more| port < 65_000 && TcpListener::bind(("127.0.0.1", port + more)).is_ok()) {
            return port;
        }
    }
}

pub fn subject(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default()
}

pub fn smtp(server: &Server, to: &str, security: &str) -> String {
    let (port, login) = match security {
        "none" => (server.port, ""),
        "starttls" => (server.port + 1, "user = \"osmon\"\n"),
        _ => (server.port + 2, "user = \"osmon\"\n"),
    };
    let password = server.file("password");
    fs::write(&password, "secret\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    format!(
        "[alert]\nto = [\"{to}@example.org\"]\n[alert.smtp]\nhost = \"localhost\"\nport = {port}\nsecurity = \"{security}\"\n{login}password_file = \"{password}\"\nca_file = \"{}\"\n",
        server.file("cert.pem")
    )
}

#[test]
fn an_incident_is_two_mails_crisis_and_recovery() {
    let Some(server) = Server::start("mail by SMTP") else { return };
    let mut host = Host::recorded("vm");
    host.config = smtp(&server, "ops", "starttls") + "[rule.cpu]\nfor = \"2m\"\nclear_for = \"2m\"\n";
    for busy in [5, 97, 97, 97, 97, 97, 5, 5, 5, 5] {
        host.advance(60, busy);
        host.osmon(&["run"]).ok();
    }
    let mails = server.wait_for("ops", 2);
    assert_eq!(
        mails.iter().map(|mail| subject(mail)).collect::<Vec<_>>(),
        ["CRITICAL web-01: CPU 97 % (limit 95 %)", "RECOVERED web-01: CPU back to normal after 5 min"]
    );
    for part in [
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "Auto-Submitted: auto-generated",
        "97 %, critical at or above 95 %, for 2 min.",
        "Since 2026-11-20 21:42",
    ] {
        assert!(mails[0].contains(part), "{part} is not in {}", mails[0]);
    }
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(host.data().join("outbox/sent")).unwrap().count(), 2);
}

#[test]
fn several_events_of_a_run_are_one_mail() {
    let Some(server) = Server::start("one mail a run") else { return };
    let mut host = Host::recorded("vm");
    host.config = smtp(&server, "many", "none")
        + "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.disk]\nwarning = 60\ncritical = 70\nfor = \"0s\"\n";
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let mails = server.wait_for("many", 1);
    assert_eq!(mails.len(), 1);
    assert_eq!(subject(&mails[0]), "CRITICAL web-01: /var 79.1 % full (limit 70 %), and 2 more");
}

#[test]
fn the_test_mail_works_with_every_security() {
    let Some(server) = Server::start("the test mail") else { return };
    for security in ["none", "starttls", "tls"] {
        let mut host = Host::recorded("vm");
        host.config = smtp(&server, security, security);
        let done = host.osmon(&["send-alert", "--test"]).ok();
        assert!(done.out.contains("test message accepted by localhost:") && done.out.contains("250"), "{}", done.out);
        let steps: &[&str] = match security {
            "none" => &["resolve", "connect", "greeting", "accepted"],
            "starttls" => &["resolve", "connect", "greeting", "tls", "login", "accepted"],
            _ => &["resolve", "connect", "tls", "greeting", "login", "accepted"],
        };
        let found: Vec<&str> = done.out.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
        assert_eq!(found.iter().filter(|word| **word != "test").copied().collect::<Vec<_>>(), steps, "{}", done.out);
        assert_eq!(subject(&server.wait_for(security, 1)[0]), "TEST web-01: osmon can reach you");
    }
}

#[test]
fn a_server_that_insists_on_full_names_takes_international_addresses() {
    let Some(server) = Server::start("SMTPUTF8") else { return };
    let mut host = Host::recorded("vm");
    host.config = smtp(&server, "jörg", "none");
    host.osmon(&["config", "check"]).ok();
    let done = host.osmon(&["send-alert", "--test"]).ok();
    assert!(done.out.contains("test message accepted by localhost:"), "{}", done.out);
    assert!(server.wait_for("jörg", 1)[0].contains("To: jörg@example.org"));
    // A short name is refused, and the refusal names the key.
    host.config += "helo_name = \"web-01\"\n";
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code != 0 && done.err.contains("need fully-qualified hostname"), "{}", done.err);
    assert!(done.err.contains("set [alert.smtp] helo_name"), "{}", done.err);
}

#[test]
fn msmtp_works_as_in_its_example() {
    let Some(server) = Server::start("msmtp") else { return };
    if tool("msmtp", &["--version"]).code != 0 {
        return skip("msmtp", "it is not installed");
    }
    // The shipped example, with this server instead of the one it names.
    let example = fs::read_to_string(repository("contrib/msmtp/msmtprc")).unwrap();
    let file = server.file("msmtprc");
    let mut text = String::new();
    for line in example.lines() {
        let key = line.split_whitespace().next().unwrap_or_default();
        text += &match key {
            "host" => "host localhost".to_string(),
            "port" => format!("port {}", server.port + 1),
            "user" => "user osmon".to_string(),
            "passwordeval" => "passwordeval echo secret".to_string(),
            "tls_trust_file" => format!("tls_trust_file {}", server.file("cert.pem")),
            "logfile" | "syslog" => String::new(),
            _ => line.to_string(),
        };
        text.push('\n');
    }
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"msmtp@example.org\"]\n[alert.sendmail]\nprogram = \"/usr/bin/msmtp\"\narguments = [\"-C\", \"{file}\"]\n"
    );
    let done = host.osmon(&["send-alert", "--test"]).ok();
    assert!(done.out.ends_with("test message handed over to /usr/bin/msmtp\n"), "{}", done.out);
    assert_eq!(subject(&server.wait_for("msmtp", 1)[0]), "TEST web-01: osmon can reach you");
}

#[test]
fn an_undelivered_alert_is_kept_and_sent_later() {
    let Some(server) = Server::start("mail after an outage") else { return };
    let mut host = Host::recorded("vm");
    let good = smtp(&server, "late", "none") + "[rule.memory]\nwarning = 50\nfor = \"0s\"\n";
    host.config = good.replace(&format!("port = {}\n", server.port), "port = 1\n");
    host.advance(60, 5);
    let done = host.osmon(&["run"]);
    assert_eq!(done.code, 74);
    assert!(done.err.contains("send: 1 event could not be sent, will be retried: localhost:1:"), "{}", done.err);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 1);
    for _ in 0..3 {
        host.advance(60, 5);
        assert_eq!(host.osmon(&["run"]).err, "", "the same complaint is held back for an hour");
    }
    host.config = good;
    host.osmon(&["send-alert"]).ok();
    host.osmon(&["send-alert"]).ok();
    assert_eq!(server.wait_for("late", 1).len(), 1);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0);
}

#[test]
fn a_wrong_recipient_affects_no_other() {
    let Some(server) = Server::start("one wrong recipient") else { return };
    let mut host = Host::recorded("vm");
    host.config = smtp(&server, "right", "none").replace("to = [\"", "to = [\"nobody@wrong.example\", \"");
    let done = host.osmon(&["send-alert", "--test"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("recipient refused, the others have the message: nobody@wrong.example:"), "{}", done.err);
    assert_eq!(server.wait_for("right", 1).len(), 1);
}

#[test]
fn refusals_are_reported_in_the_words_of_the_server() {
    let mut host = Host::recorded("vm");
    assert_eq!(host.osmon(&["send-alert", "--test"]).code, 78);
    for (program, expected) in [
        ("exit 77", "exit status 77 (not permitted: login refused?)"),
        ("echo no such user >&2; exit 67", "exit status 67 (unknown recipient): no such user"),
        ("kill -9 $$", "killed by signal 9"),
    ] {
        let path = host.path("sendmail");
        fs::write(&path, format!("#!/bin/sh\ncat >/dev/null\n{program}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        host.config =
            format!("[alert]\nto = [\"a@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n", path.display());
        let done = host.osmon(&["send-alert", "--test"]);
        assert_ne!(done.code, 0);
        assert!(done.err.contains(expected), "{} lacks {expected}", done.err);
    }
    let Some(server) = Server::start("a wrong password") else { return };
    host.config = smtp(&server, "wrong", "starttls");
    fs::write(server.file("password"), "wrong\n").unwrap();
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code == 70 || done.code == 74, "{}", done.code);
    assert!(done.err.contains("(535)") && !done.err.contains("wrong\n"), "{}", done.err);
    host.config = host.config.replace(&format!("ca_file = \"{}\"", server.file("cert.pem")), "");
    assert!(host.osmon(&["send-alert", "--test"]).err.contains("certificate"), "an unknown authority is refused");
}
