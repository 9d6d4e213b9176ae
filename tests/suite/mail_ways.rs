//! Ways beside the mail of `[alert] to`: web hooks, the log, several at once, instead of each other; secrets; the outbox
//! by hand; what people see of it.

use super::harness::{Host, repository, tool};
use super::mail_scripted::{At, Mood, Scripted};
use super::mail_table::decoded;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::thread;

/// A web server that remembers what it was sent: path, head, body. After a status with `|` it says what stands there, with
/// the path it was asked for in the place of `{path}`.
#[derive(Clone)]
pub struct Web {
    pub port: u16,
    pub status: Arc<Mutex<&'static str>>,
    asked: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Web {
    pub fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(Mutex::new(status)),
            asked: Arc::default(),
        };
        let inside = web.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (mut heard, mut chunk) = (Vec::new(), [0; 4096]);
                let (head, length) = loop {
                    let count = stream.read(&mut chunk).unwrap_or(0);
                    heard.extend_from_slice(&chunk[..count]);
                    let text = String::from_utf8_lossy(&heard).into_owned();
                    if let Some((head, _)) = text.split_once("\r\n\r\n") {
                        let length = head.lines().find_map(|line| {
                            line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
                        });
                        break (head.to_string(), length.unwrap_or(0));
                    }
                    if count == 0 {
                        break (String::new(), 0);
                    }
                };
                let begin = head.len() + 4;
                while heard.len() < begin + length {
                    let count = stream.read(&mut chunk).unwrap_or(0);
                    if count == 0 {
                        break;
                    }
                    heard.extend_from_slice(&chunk[..count]);
                }
                let path = head.split(' ').nth(1).unwrap_or_default().to_string();
                let body = String::from_utf8_lossy(heard.get(begin..).unwrap_or_default()).into_owned();
                let status = *inside.status.lock().unwrap();
                let (status, said) = status.split_once('|').unwrap_or((status, "ok"));
                let said = said.replace("{path}", &path);
                inside.asked.lock().unwrap().push((path, head, body));
                let length = said.len();
                let _ =
                    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{said}");
            }
        });
        web
    }
    pub fn bodies(&self) -> Vec<Value> {
        self.asked.lock().unwrap().iter().map(|(_, _, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

pub fn secret(host: &Host, name: &str, text: &str) -> String {
    fs::write(host.path(name), text).unwrap();
    fs::set_permissions(host.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    host.path(name).display().to_string()
}

pub const RULES: &str = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.disk]\nenabled = false\n";

#[test]
fn each_chat_gets_its_form_and_one_failure_hides_nothing() {
    let web = Web::start("200 OK");
    let bad = Web::start("500 Internal Server Error");
    let mut host = Host::recorded("hostile");
    let mut config = String::new();
    for kind in ["slack", "teams", "discord", "mattermost", "ntfy", "webhook"] {
        let file = secret(&host, kind, &format!("http://127.0.0.1:{}/{kind}/topic\n", web.port));
        config += &format!("[alert.route.r-{kind}]\nkind = \"{kind}\"\nurl_file = \"{file}\"\n");
    }
    let own = secret(&host, "own", &format!("http://127.0.0.1:{}/own", web.port));
    config += &format!(
        "[alert.route.own]\nkind = \"webhook\"\nurl_file = \"{own}\"\ntoken_file = \"{}\"\ntemplate = '{{\"title\": \"{{subject}}\", \"body\": \"{{text}}\"}}'\n",
        secret(&host, "token", "s3cret-token\n")
    );
    let broken = secret(&host, "broken", &format!("http://127.0.0.1:{}/broken", bad.port));
    config += &format!("[alert.route.broken]\nkind = \"webhook\"\nurl_file = \"{broken}\"\n");
    host.config = config + RULES;
    host.advance(60, 5);
    let done = host.osmon(&["run"]);
    assert!(done.code == 74 && done.err.contains("(500)") || done.err.contains("status 500"), "{}", done.err);
    assert!(!done.err.contains("/broken") && !done.err.contains("s3cret"), "an address is a secret: {}", done.err);
    let asked = web.asked.lock().unwrap().clone();
    let mut paths: Vec<&str> = asked.iter().map(|(path, _, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["/discord/topic", "/mattermost/topic", "/ntfy/", "/own", "/slack/topic", "/teams/topic", "/webhook/topic"]
    );
    for (path, head, body) in &asked {
        let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert!(body.contains("Memory"), "{path}: {body}");
        assert_eq!(head.contains("authorization: Bearer s3cret-token"), path == "/own", "{head}");
        if path == "/ntfy/" {
            assert_eq!((&value["topic"], &value["priority"]), (&"topic".into(), &4.into()));
        }
    }
    // Only the one that failed is asked again.
    *bad.status.lock().unwrap() = "204 No Content";
    host.advance(120, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(web.bodies().len(), 7, "nobody is told twice");
    assert_eq!(bad.bodies().len(), 2);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0);
    for state in fs::read_dir(host.data().join("state")).unwrap().flatten() {
        let text = fs::read_to_string(state.path()).unwrap_or_default();
        assert!(!text.contains("s3cret"), "{}", state.path().display());
    }
}

#[test]
fn one_line_is_enough_for_a_chat_and_a_secret_needs_a_closed_file() {
    let web = Web::start("200 OK");
    let mut host = Host::recorded("vm");
    host.config = format!("[alert]\nwebhook = \"http://127.0.0.1:{}/abc-secret\"\n{RULES}", web.port);
    let done = host.osmon(&["config", "check"]);
    let file = host.path("osmon.toml");
    assert_eq!(done.code, 78);
    let expected = format!("alert.webhook: is a secret, and others can read this file; chmod 600 {}", file.display());
    assert!(done.err.contains(":2:1: ") && done.err.contains(&expected), "{}", done.err);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    host.osmon(&["config", "check"]).ok();
    let shown = host.osmon(&["config", "show"]).ok().out;
    assert!(shown.contains("alert.webhook = \"***\"") && !shown.contains("abc-secret"), "{shown}");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let body = &web.bodies()[0];
    assert!(body["subject"].as_str().unwrap().starts_with("WARNING web-01: Memory"), "{body}");
    assert_eq!(body["event"][0]["kind"], "fired");
    // The same from a file that others can read: a warning with the command that changes it.
    let other = secret(&host, "hook", "http://127.0.0.1:1/x\n");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
    host.config = format!("[alert]\nwebhook_file = \"{other}\"\n");
    let done = host.osmon(&["config", "check"]);
    assert!(done.err.contains(&format!("others can read {other}; chmod 600 {other}")), "{}", done.err);
}

#[test]
fn by_severity_by_hour_and_instead_of_each_other() {
    let (all, critical, night, instead) =
        (Web::start("200 OK"), Web::start("200 OK"), Web::start("200 OK"), Web::start("200 OK"));
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
    let counts = |webs: [&Web; 4]| webs.map(|web| web.bodies().len());
    assert_eq!(counts([&all, &critical, &night, &instead]), [1, 0, 0, 1]);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0, "told instead is told");
    assert!(host.osmon(&["alerts"]).out.contains("mail ops@example.org cannot be reached since"));
}

#[test]
fn the_log_gets_a_line_each() {
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
fn what_nobody_accepts_in_time_is_shown_in_red_and_can_be_sent_again() {
    let server = Scripted::start(Mood::Say(At::Banner, "421 down\r\n"));
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nexpire_after = \"2h\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{RULES}",
        server.port
    );
    host.advance(60, 5);
    host.osmon(&["run"]);
    let listed = host.osmon(&["alerts"]).ok().out;
    assert!(listed.contains("waits") && listed.contains("cannot be reached since 2026-11-20 21:41"), "{listed}");
    for _ in 0..5 {
        host.advance(1800, 5);
        host.osmon(&["run"]);
    }
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    let states: Vec<&str> =
        json["alert"].as_array().unwrap().iter().map(|alert| alert["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"dead"), "{json}");
    let red = "never reached anybody";
    assert!(host.osmon(&["alerts"]).ok().out.contains(red));
    assert!(host.osmon(&["status"]).out.contains(red), "{}", host.osmon(&["status"]).out);
    assert!(host.osmon(&["run", "-v"]).out.contains(red));
    assert!(fs::read_to_string(host.data().join("report.html")).unwrap().contains(red));
    server.mood(Mood::Good);
    assert_eq!(host.osmon(&["alerts", "retry", "nothing"]).code, 64);
    host.osmon(&["alerts", "retry"]).ok();
    host.osmon(&["send-alert"]).ok();
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1, "one digest");
    assert!(!host.osmon(&["status"]).out.contains(red));
    assert!(host.osmon(&["alerts"]).ok().out.contains("sent"));
}

#[test]
fn one_is_taken_out_by_hand() {
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
fn so_many_messages_an_hour_and_the_rest_in_one_digest() {
    let server = Scripted::start(Mood::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nper_hour = 2\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.cpu]\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\n[rule.load]\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\nwarning = 2\n[rule.tasks]\nmetric = \"process.total\"\ntitle = \"Tasks\"\nwarning = 1\nfor = \"12m\"\n[rule.run]\nmetric = \"process.total\"\ntitle = \"More\"\nwarning = 1\nfor = \"14m\"\n",
        server.port
    );
    for minute in 0..75 {
        host.write("proc/loadavg", if minute < 10 { "0.10 0.10 0.10 1/300 12\n" } else { "9.00 9.00 9.00 1/300 12\n" });
        host.advance(60, if minute == 5 { 99 } else { 5 });
        host.osmon(&["run"]).ok();
        if minute == 40 {
            assert_eq!(server.arrived().len(), 2, "no more in this hour");
        }
    }
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 3, "{:?}", arrived.iter().map(|mail| mail.header("Subject")).collect::<Vec<_>>());
    let digest = decoded(&arrived[2].text);
    for part in ["more happened than messages may be sent", "Load per core: fired", "Tasks: fired", "More: fired"] {
        assert!(digest.contains(part), "{part} is not in {digest}");
    }
}

#[test]
fn an_incident_is_one_thread_and_speaks_french() {
    let server = Scripted::start(Mood::Good);
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
    assert_eq!(first.header("Subject").trim(), "CRITIQUE web-01 : Processeur 97 % (limite 95 %)");
    let text = decoded(&first.text);
    for part in [
        "CRITIQUE : Processeur",
        "critique à partir de 95 %, depuis 2 min.",
        "Que faire : Voir qui calcule",
        "Tendance : ",
        "lang=\"fr\"",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn by_oauth_with_a_token_and_by_a_systemd_credential() {
    let server = Scripted::start(Mood::Good);
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

#[test]
fn plain_text_over_the_network_must_be_asked_for() {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"mail.example.org\"\nsecurity = \"none\"\n"
        .to_string();
    let done = host.osmon(&["config", "check"]);
    assert!(done.code == 78 && done.err.contains("allow_plain = true"), "{}", done.err);
    host.config += "allow_plain = true\n";
    host.osmon(&["config", "check"]).ok();
    for (text, expected) in [
        ("[alert.route.x]\n", "alert.route.x.kind: is missing"),
        ("[alert.route.x]\nkind = \"slack\"\n", "alert.route.x.url: is missing"),
        ("[alert.route.x]\nkind = \"slak\"\n", "alert.route.x.kind: \"slak\" is not one of"),
        ("[alert.route.x]\nkin = \"slack\"\n", "alert.route.x.kin: unknown key; did you mean \"kind\"?"),
        ("[alert.route.mail]\nkind = \"syslog\"\n", "cannot be the name of a route"),
        (
            "[alert.route.x]\nkind = \"syslog\"\nfallback_for = \"y\"\n",
            "alert.route.x.fallback_for: \"y\" is no other route",
        ),
        ("[alert.route.x]\nkind = \"syslog\"\nbetween = \"8\"\n", "alert.route.x.between: "),
        ("[alert.route.x]\nkind = \"smtp\"\n", "alert.route.x.host: is missing"),
        (
            "[alert.route.x]\nkind = \"webhook\"\nurl_env = \"X\"\ntemplate = \"{text}\"\n",
            "alert.route.x.template: is no JSON",
        ),
        ("[alert]\nlanguage = \"de\"\n", "alert.language: \"de\" is neither"),
        ("[alert]\nexpire_after = \"1m\"\n", "alert.expire_after: must be at least 1h"),
    ] {
        host.config = text.to_string();
        let done = host.osmon(&["config", "check"]);
        assert!(done.code == 78 && done.err.contains(expected), "{text}: {}", done.err);
    }
}

#[test]
fn with_nobody_to_tell_nothing_is_queued_and_everybody_who_looks_is_told_so() {
    let mut host = Host::recorded("vm");
    host.config = RULES.to_string();
    host.advance(60, 5);
    let said = host.osmon(&["run", "-v"]).ok().out;
    assert!(said.contains("nobody is told: set to = "), "{said}");
    assert!(!host.data().join("outbox/new").exists());
    for command in [&["status"][..], &["alerts"]] {
        let out = host.osmon(command).out;
        assert!(out.contains("nobody is told: set to = "), "{command:?}: {out}");
    }
    assert_eq!(host.osmon(&["status"]).code, 1, "the exit status is that of the host");
}

#[test]
fn by_https_with_an_authority_of_ones_own() {
    let (host, directory) = (Host::recorded("vm"), tempfile::tempdir().unwrap());
    let path = |name: &str| directory.path().join(name).display().to_string();
    let made = tool(
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &path("key.pem"),
            "-out",
            &path("cert.pem"),
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ],
    );
    if made.code != 0 {
        return super::harness::skip("a web hook by HTTPS", "openssl is not installed");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // openssl answers every request with a page and status 200.
    let mut server = std::process::Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-key",
            &path("key.pem"),
            "-cert",
            &path("cert.pem"),
            "-www",
            "-quiet",
        ])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    super::harness::wait(10, || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
    let mut host = host;
    let url = secret(&host, "url", &format!("https://localhost:{port}/hook"));
    let base = format!("[alert.route.x]\nkind = \"slack\"\nurl_file = \"{url}\"\n");
    host.config = format!("{base}ca_file = \"{}\"\n", path("cert.pem"));
    let good = host.osmon(&["send-alert", "--test"]);
    host.config = base;
    let bad = host.osmon(&["send-alert", "--test"]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(bad.code != 0 && bad.err.contains("certificate"), "{} {}", bad.out, bad.err);
    assert!(good.out.contains("tls") && good.out.contains("TLS 1."), "{} {}", good.out, good.err);
}

#[test]
fn the_page_of_repository_names_each_key() {
    let page = fs::read_to_string(repository("docs/alerts.md")).unwrap();
    for word in [
        "kind",
        "url_file",
        "url_env",
        "token_file",
        "template",
        "min_severity",
        "between",
        "fallback_for",
        "per_hour",
        "expire_after",
        "language",
        "webhook",
        "password_env",
        "allow_plain",
        "mechanism",
        "xoauth2",
    ] {
        assert!(
            page.contains(&format!("`{word}`"))
                || page.contains(&format!("`{word} "))
                || page.contains(&format!("\"{word}\""))
                || page.contains(&format!("{word} = ")),
            "docs/alerts.md does not name {word}"
        );
    }
}
