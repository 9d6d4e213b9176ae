//! The ping after a run, against an HTTP server on loopback.

use super::harness::Host;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A server that answers every request with a status, or not at all; and the requests it got.
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

/// The next request.
fn next(asked: &Receiver<String>) -> String {
    asked.recv_timeout(Duration::from_secs(20)).expect("no request arrived")
}

fn host(url: &str, more: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!("[alert]\nping_url = \"{url}\"\n{more}");
    host.configure_data_dir();
    host
}

#[test]
fn a_good_run_and_a_failed_run_are_reported() {
    let (url, asked) = server(Some(200));
    host(&url, "").osmon(&["run"]).ok();
    assert!(next(&asked).starts_with("GET /ping/5ecret HTTP/1.1\r\n"));
    let host = host(&url, "[report]\npath = \"/dev/null/report.html\"\n");
    assert_ne!(host.osmon(&["run"]).code, 0);
    let bad = next(&asked);
    assert!(bad.starts_with("POST /ping/5ecret/fail HTTP/1.1\r\n") && bad.contains("/dev/null"), "{bad}");
}

#[test]
fn the_query_of_the_url_is_kept() {
    for (query, good, bad) in [
        ("?create=1", "GET /ping/5ecret?create=1 HTTP", "POST /ping/5ecret/fail?create=1 HTTP"),
        (
            "/api/push/abc?status=up&msg=OK&ping=",
            "GET /ping/5ecret/api/push/abc?status=up&msg=OK&ping= HTTP",
            "GET /ping/5ecret/api/push/abc?status=down&msg=",
        ),
    ] {
        let (url, asked) = server(Some(200));
        let url = format!("{url}{query}");
        host(&url, "").osmon(&["run"]).ok();
        let heard = next(&asked);
        assert!(heard.starts_with(good), "{heard}");
        assert_ne!(host(&url, "[report]\npath = \"/dev/null/report.html\"\n").osmon(&["run"]).code, 0);
        let heard = next(&asked);
        assert!(heard.starts_with(bad) && heard.contains("null"), "{heard}");
        assert!(!query.contains("ping=") || heard.lines().next().unwrap().ends_with("&ping= HTTP/1.1"), "{heard}");
    }
}

#[test]
fn a_silent_or_refusing_server_costs_no_snapshot() {
    let (url, _asked) = server(None);
    let started = Instant::now();
    let host = host(&url, "");
    let done = host.osmon(&["run"]);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    assert!(done.err.contains("ping: did not answer in time") && !done.err.contains("5ecret"), "{}", done.err);
    assert_eq!(host.snapshots().len(), 1);
    let (url, _asked) = server(Some(404));
    let mut host = self::host(&url, "");
    let done = host.osmon(&["run"]);
    assert!(done.err.contains("status 404") && !done.err.contains("5ecret"), "{}", done.err);
    let status = host.osmon(&["status"]);
    let warning = "WARNING web-01: the last run failed: ping_url: answered with status 404";
    assert_eq!((status.code, status.out.lines().next()), (1, Some(warning)));
    let (url, _asked) = server(Some(200));
    host.config = format!("[alert]\nping_url = \"{url}\"\n");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert!(!host.osmon(&["status"]).out.contains("ping_url"));
}

#[test]
fn an_invalid_url_is_refused() {
    let done = host("ftp://x", "").osmon(&["config", "check"]);
    assert!(done.code == 78 && done.err.contains("ping_url: must begin with https://"), "{}{}", done.out, done.err);
}

#[test]
fn the_old_name_of_the_key_keeps_working() {
    let (url, asked) = server(Some(200));
    let mut host = Host::recorded("vm");
    host.config = format!("[alert]\nheartbeat_url = \"{url}\"\n");
    host.osmon(&["run"]).ok();
    assert!(next(&asked).starts_with("GET /ping/5ecret HTTP/1.1\r\n"));
    let shown = host.osmon(&["config", "show"]).ok().out;
    assert!(shown.lines().any(|line| line.contains("alert.ping_url") && line.contains("osmon.toml:2:1")), "{shown}");
    host.config.clear();
    host.advance(60, 5);
    let done = host.command("osmon", &["run"]).env("OSMON_ALERT_HEARTBEAT_URL", &url).output().unwrap();
    assert!(done.status.success() && next(&asked).starts_with("GET /ping/5ecret"), "{done:?}");
    // A salvaged configuration keeps it too.
    let mut host = Host::recorded("vm");
    host.config = format!("nonsense = 1\n[alert]\nheartbeat_url = \"{url}\"\n");
    assert_eq!(host.osmon(&["run"]).code, 78);
    assert!(next(&asked).contains("/ping/5ecret"));
}
