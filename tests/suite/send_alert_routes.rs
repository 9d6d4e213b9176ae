//! Several routes: by severity and time, fallbacks, the log, rate limits, threads, logins.

use super::harness::Host;
use super::scripted_server::{Behavior, ScriptedServer, decoded};
use super::web_server::{RULES, WebServer, secret};
use std::fs;
use std::os::unix::net::UnixDatagram;

#[test]
fn routes_select_by_severity_and_time_and_fall_back() {
    let (all, critical, night, instead) = (
        WebServer::start("200 OK"),
        WebServer::start("200 OK"),
        WebServer::start("200 OK"),
        WebServer::start("200 OK"),
    );
    let mut host = Host::recorded("vm");
    let mut config =
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\n"
            .to_string();
    for (name, web, more) in [
        ("all", &all, ""),
        ("critical", &critical, "min_severity = \"critical\"\n"),
        ("night", &night, "between = \"02:00-05:00\"\n"),
        ("instead", &instead, "fallback_for = \"mail\"\n"),
    ] {
        let file = secret(&host, name, &format!("http://127.0.0.1:{}/", web.port));
        config += &format!("[alert.route.{name}]\nkind = \"webhook\"\nurl_file = \"{file}\"\n{more}");
    }
    host.config = config + RULES;
    host.advance(60, 5);
    let done = host.osmon(&["run"]);
    assert!(done.err.contains("127.0.0.1:1"), "the failure of the mail is said: {}", done.err);
    let counts = |webs: [&WebServer; 4]| webs.map(|web| web.bodies().len());
    assert_eq!(counts([&all, &critical, &night, &instead]), [1, 0, 0, 1]);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0, "told instead is told");
    assert!(host.osmon(&["alerts"]).out.contains("mail ops@example.org: delivery failing since"));
}

#[test]
fn syslog_and_journal_get_one_line_per_event() {
    let mut host = Host::recorded("vm");
    for (name, expected) in
        [("log", "<28>Nov 20 21:41:00 osmon["), ("journal/socket", "MESSAGE=WARNING web-01: Memory")]
    {
        let path = host.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let socket = UnixDatagram::bind(&path).unwrap();
        host.config = format!("[alert.route.log]\nkind = \"syslog\"\nsocket = \"{}\"\n{RULES}", path.display());
        if name == "log" {
            host.advance(60, 5);
            host.osmon(&["run"]).ok();
        } else {
            let _ = fs::remove_dir_all(host.data());
            host.osmon(&["run"]).ok();
        }
        let mut buffer = [0; 2048];
        let count = socket.recv(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        assert!(text.starts_with(expected) && text.contains("WARNING web-01: Memory"), "{text}");
    }
}

#[test]
fn beyond_the_rate_limit_events_are_held_for_one_digest() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nper_hour = 2\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.cpu]\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\n[rule.load]\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\nwarning = 2\n[rule.tasks]\nmetric = \"process.total\"\ntitle = \"Tasks\"\nwarning = 1\nfor = \"12m\"\n[rule.run]\nmetric = \"process.total\"\ntitle = \"More\"\nwarning = 1\nfor = \"14m\"\n",
        server.port
    );
    for minute in 0..75 {
        host.write("proc/loadavg", if minute < 10 { "0.10 0.10 0.10 1/300 12\n" } else { "9.00 9.00 9.00 1/300 12\n" });
        host.advance(60, if [5, 45].contains(&minute) { 99 } else { 5 });
        host.osmon(&["run"]).ok();
        if minute == 40 {
            assert_eq!(server.arrived().len(), 3, "no more in this hour");
            for command in ["status", "alerts"] {
                let said = host.osmon(&[command]).out.replace("\n  ", " ");
                assert!(said.contains("mail ops@example.org: 2 alerts held until 20"), "{said}");
            }
            let page = fs::read_to_string(host.data().join("report.html")).unwrap();
            assert!(page.contains("2 alerts held until"), "the page says what is held");
        }
        if minute == 45 {
            assert_eq!(server.arrived().len(), 4, "a crisis is never held");
        }
    }
    let arrived = server.arrived();
    let subjects: Vec<String> = arrived.iter().map(|mail| mail.header("Subject")).collect();
    assert_eq!(arrived.len(), 5, "{subjects:?}");
    let texts: Vec<String> = arrived.iter().map(|mail| decoded(&mail.text)).collect();
    assert!(texts[1].contains("Nothing else is open on this host."), "{}", texts[1]);
    assert!(texts[2].contains("This message reaches the limit") && texts[2].contains("are held until"), "{}", texts[2]);
    assert!(subjects[3].contains("CRITICAL web-01: CPU") && !texts[3].contains("Tasks"), "{}", texts[3]);
    // The end of the crisis may exceed the limit a little; what was held comes with it, as it is now.
    for part in ["Rate limit reached", "WARNING: Tasks", "WARNING: More", "Ongoing for 4", "Over:", "CPU: recovered"] {
        assert!(texts[4].contains(part), "{part} is not in {}", texts[4]);
    }
    assert!(texts[4].contains("WARNING  21:51  Load per core 2.25 (limit 2)\n"), "notified before: {}", texts[4]);
}

#[test]
fn an_incident_is_one_thread_in_french_if_configured() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"fr\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nenabled = false\n[rule.cpu]\nfor = \"2m\"\ncritical_for = \"2m\"\nclear_for = \"2m\"\n",
        server.port
    );
    for busy in [5, 97, 97, 97, 97, 5, 5, 5, 5] {
        host.advance(60, busy);
        host.osmon(&["run"]).ok();
    }
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 2);
    let (first, second) = (&arrived[0], &arrived[1]);
    assert!(first.header("Message-ID").starts_with("<cpu-") && first.header("In-Reply-To").is_empty());
    assert_eq!(second.header("In-Reply-To"), first.header("Message-ID"));
    assert_eq!(second.header("References"), first.header("Message-ID"));
    assert_ne!(second.header("Message-ID"), first.header("Message-ID"));
    assert_eq!(first.header("Auto-Submitted"), "auto-generated");
    assert_eq!(first.header("Subject").trim(), "CRITIQUE web-01 : Processeur 97 % (seuil 95 %)");
    let text = decoded(&first.text);
    for part in [
        "CRITIQUE\u{a0}: Processeur",
        "critique à partir de 95\u{a0}%, depuis 2\u{a0}min.",
        "Que faire\u{a0}: Lancer osmon top",
        "Tendance\u{a0}: ",
        "lang=\"fr\"",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn login_works_by_oauth_token_and_systemd_credential() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    fs::create_dir_all(host.path("credentials")).unwrap();
    secret(&host, "credentials/mail-token", "ya29.token\n");
    for (mechanism, word) in [("xoauth2", "XOAUTH2"), ("plain", "PLAIN"), ("auto", "PLAIN")] {
        host.config = format!(
            "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nuser = \"me@example.org\"\npassword_file = \"mail-token\"\nmechanism = \"{mechanism}\"\n",
            server.port
        );
        let run = |with: bool| {
            let mut command = host.command("osmon", &["send-alert", "--test"]);
            if with {
                command.env("CREDENTIALS_DIRECTORY", host.path("credentials"));
            }
            let output = command.output().unwrap();
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
            )
        };
        let (code, text) = run(true);
        assert!(code == Some(0) && text.contains(&format!("me@example.org by {word}: (235)")), "{text}");
        assert!(!text.contains("ya29"), "{text}");
        let (code, text) = run(false);
        assert!(code != Some(0) && text.contains("CREDENTIALS_DIRECTORY is not set"), "{text}");
    }
}
