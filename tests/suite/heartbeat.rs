//! Somebody else is told that this host is watched: a real HTTP server on loopback.

use super::harness::Host;
use super::mail_scripted::{Mood, Scripted};
use super::mail_table::decoded;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// A server that answers each request with a status, or with nothing; what it was asked.
fn server(status: Option<u16>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping/5ecret", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            match status {
                Some(status) => {
                    let _ = sender.send(request(&mut stream));
                    let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK");
                }
                None => silent.push(stream),
            }
        }
    });
    (url, receiver)
}

fn request(stream: &mut TcpStream) -> String {
    let (mut text, mut chunk) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&chunk[..count]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

fn host(url: &str, more: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!("[alert]\nheartbeat_url = \"{url}\"\n{more}");
    host
}

#[test]
fn after_a_good_run_and_after_a_bad_one() {
    let (url, asked) = server(Some(200));
    host(&url, "").osmon(&["run"]).ok();
    assert!(asked.recv().unwrap().starts_with("GET /ping/5ecret HTTP/1.1\r\n"));
    let host = host(&url, "[report]\npath = \"/dev/null/report.html\"\n");
    assert_ne!(host.osmon(&["run"]).code, 0);
    let bad = asked.recv().unwrap();
    assert!(bad.starts_with("POST /ping/5ecret/fail HTTP/1.1\r\n") && bad.contains("/dev/null"), "{bad}");
}

#[test]
fn a_server_that_is_silent_or_refuses_costs_no_snapshot() {
    let (url, _asked) = server(None);
    let started = Instant::now();
    let host = host(&url, "");
    let done = host.osmon(&["run"]);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    assert!(done.err.contains("heartbeat: did not answer in time") && !done.err.contains("5ecret"), "{}", done.err);
    assert_eq!(host.snapshots().len(), 1);
    let (url, _asked) = server(Some(404));
    let done = self::host(&url, "").osmon(&["run"]);
    assert!(done.err.contains("status 404") && !done.err.contains("5ecret"), "{}", done.err);
}

#[test]
fn an_address_that_is_none_is_refused() {
    let done = host("ftp://x", "").osmon(&["config", "check"]);
    assert!(
        done.code == 78 && done.err.contains("heartbeat_url: must begin with https://"),
        "{}{}",
        done.out,
        done.err
    );
}

#[test]
fn a_sign_of_life_once_a_day_is_no_event() {
    let mut host = Host::recorded("vm");
    let told = host.path("mails");
    let program = host.path("take-mail");
    std::fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", told.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    host.config = format!(
        "[alert]\nto = [\"root@localhost\"]\nsign_of_life = \"08:00\"\n[alert.sendmail]\nprogram = {program:?}\n[rule.load]\nenabled = false\n"
    );
    let signs = |host: &mut Host, minutes: i64| {
        host.advance(minutes * 60, 5);
        host.osmon(&["run", "-v"]).ok();
        let mails = std::fs::read_to_string(&told).unwrap_or_default();
        mails.lines().filter(|line| *line == "Subject: ALIVE web-01: Healthy: no open problems").count()
    };
    assert_eq!((signs(&mut host, 1), signs(&mut host, 1)), (1, 1), "at once, so that it is seen to work, and once");
    assert_eq!((signs(&mut host, 615), signs(&mut host, 5)), (1, 2), "07:58 and 08:03 of the next day");
    assert!(host.events().is_empty(), "{:?}", host.events());
    let json = host.osmon(&["incidents", "--json"]).ok().json();
    assert_eq!(json["incident"].as_array().map(Vec::len), Some(0));
    host.config = "[alert]\nsign_of_life = \"8 o'clock\"\n".to_string();
    assert!(host.osmon(&["config", "check"]).err.contains("is no time of day such as \"08:00\""));
}

#[test]
fn a_sign_of_life_in_french_says_what_is_open() {
    let server = Scripted::start(Mood::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"fr\"\nsign_of_life = \"08:00\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.load]\nenabled = false\n",
        server.port
    );
    host.osmon(&["run"]).ok();
    host.advance(615 * 60, 5);
    host.osmon(&["run"]).ok();
    host.advance(300, 5);
    host.osmon(&["run"]).ok();
    let all = server.arrived();
    let mail = decoded(&all.last().unwrap().text);
    assert!(mail.contains("EN VIE : Dégradé : 1 problème en cours ; Mémoire"), "{mail}");
    assert!(!mail.contains("Rien à faire") && mail.contains("osmon status montre ce qui est en cours"), "{mail}");
}
