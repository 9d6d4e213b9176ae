//! The HTML of a mail in headless Chromium, at the width of a phone, light and dark; and names that contain markup.

use super::harness::{Host, skip, tool};
use super::scripted_server::decoded;
use super::scripted_server::{Behavior, ScriptedServer};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

pub fn event(incident: &str, kind: &str, severity: &str, title: &str, metric: &str, value: f64, limit: f64) -> Value {
    json!({
        "id": format!("{incident}.{}", if kind == "fired" { 1 } else { 2 }), "incident": incident, "kind": kind, "severity": severity,
        "time": "2026-11-20T21:40:00.000Z", "host": "web-01", "rule": "r", "title": title, "metric": metric, "value": value,
        "limit": limit, "above": true, "since": "2026-11-20T21:02:00.000Z", "duration_seconds": 2280.0,
    })
}

pub fn evidence(mut event: Value, resource: &str, values: &[f64], process: &str) -> Value {
    let value: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(minute, value)| json!({ "time": format!("2026-11-20T21:{:02}:00.000Z", 30 + minute), "value": value }))
        .collect();
    event["evidence"] = json!({
        "resource": resource, "value": value, "change": ["21:10 packages: nginx 1.22 → 1.24", "21:20 note: import began"],
        "process": [{ "name": process, "user": "www-data", "unit": "nginx.service", "cpu_percent": 212.0, "memory_bytes": 3e9, "io_bytes_per_second": 5e7 }],
        "unit": [{ "name": "nginx.service", "cpu_percent": 230.0, "memory_bytes": 3.2e9, "io_bytes_per_second": 6e7 }],
    });
    event
}

pub fn put(host: &Host, events: &[Value]) {
    let directory = host.data().join("outbox/new");
    fs::create_dir_all(&directory).unwrap();
    for event in events {
        let name = format!("{}-{}.json", event["id"].as_str().unwrap(), event["kind"].as_str().unwrap());
        fs::write(directory.join(name), event.to_string()).unwrap();
    }
}

pub fn mail(events: &[Value], language: &str, behavior: Behavior) -> String {
    mail_with(events, language, behavior, "")
}

/// The mail about events, with more settings.
pub fn mail_with(events: &[Value], language: &str, behavior: Behavior, more: &str) -> String {
    let server = ScriptedServer::start(behavior.clone());
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"{language}\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n{more}",
        server.port
    );
    put(&host, events);
    host.osmon(&["send-alert"]);
    if behavior != Behavior::Good {
        server.behave(Behavior::Good);
        host.advance(2100, 5);
        host.osmon(&["send-alert"]).ok();
    }
    server.arrived()[0].text.clone()
}

fn examples() -> Vec<Value> {
    let rising = [93.1, 93.8, 94.2, 95.0, 95.6, 96.1, 96.9, 97.3, 97.8, 98.2];
    vec![
        evidence(
            event("disk-1", "fired", "critical", "File system /var", "disk.used_percent{mount=\"/var\"}", 98.2, 98.0),
            "io",
            &rising,
            "<script>alert(1)</script>",
        ),
        evidence(
            event("memory-1", "fired", "warning", "Memory", "memory.used_percent", 86.4, 85.0),
            "memory",
            &[41.0, 55.5, 62.0, 86.4],
            "java -Xmx<b>bold</b>",
        ),
        event(
            "service-1",
            "fired",
            "critical",
            "Service a-very-long-name-of-a-service-that-has-no-place-to-break@instance failed",
            "service.failed{service=\"x\"}",
            1.0,
            1.0,
        ),
        event("cpu-1", "recovered", "critical", "CPU", "cpu.busy_percent", 12.0, 95.0),
    ]
}

pub fn html(mail: &str) -> String {
    let text = decoded(mail);
    let begin = text.find("<!doctype html>").unwrap();
    let end = text.find("</html>").unwrap();
    text[begin..end + 7].to_string()
}

/// Takes a picture of the mail in a frame of 390 pixels; returns by how many pixels it is too wide.
fn look(name: &str, html: &str, dark: bool, directory: &Path) -> String {
    fs::write(directory.join("mail.html"), html).unwrap();
    let script = "onload=()=>{const f=document.querySelector('iframe');const e=f.contentDocument.documentElement;f.style.height=e.scrollHeight+'px';\
        const broken=[...f.contentDocument.querySelectorAll('td.m')].filter(c=>{const r=f.contentDocument.createRange();r.selectNodeContents(c);return r.getClientRects().length>1}).length;\
        document.body.append(`[${e.scrollWidth-e.clientWidth}:${f.contentDocument.querySelectorAll('script').length}:${broken}]`)}";
    let frame = format!(
        "<!doctype html><title>x</title><body style='margin:0;background:#888'><iframe src='mail.html' style='width:390px;height:900px;border:0;display:block'></iframe><script>{script}</script>"
    );
    fs::write(directory.join("frame.html"), frame).unwrap();
    let shot =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mail-{name}-{}.png", if dark { "dark" } else { "light" }));
    let (profile, picture) = (
        format!("--user-data-dir={}", directory.join("profile").display()),
        format!("--screenshot={}", shot.display()),
    );
    let scheme = format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 });
    let url = format!("file://{}/frame.html", directory.display());
    let base = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--allow-file-access-from-files",
        "--virtual-time-budget=2000",
        "--window-size=500,1900",
    ];
    let with = |last: &str| -> Vec<String> {
        base.iter()
            .map(ToString::to_string)
            .chain([profile.clone(), scheme.clone(), last.to_string(), url.clone()])
            .collect()
    };
    let run = |arguments: Vec<String>| tool("chromium", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    run(with(&picture));
    run(with("--dump-dom")).out
}

#[test]
fn a_mail_is_readable_on_a_phone_light_and_dark() {
    if tool("chromium", &["--version"]).code != 0 {
        return skip("the mail in a browser", "chromium is not installed");
    }
    let directory = tempfile::tempdir().unwrap();
    let down = Behavior::Say(super::scripted_server::Phase::Banner, "421 down\r\n");
    for (name, language, behavior) in [("now", "en", Behavior::Good), ("digest", "fr", down)] {
        let mut events = examples();
        if name == "digest" {
            events.push(event("swap-1", "fired", "warning", "Swap", "swap.used_percent", 61.0, 60.0));
        }
        let html = html(&mail(&events, language, behavior));
        assert_eq!(html.matches("<td class=\"m\">").count(), if name == "digest" { 4 } else { 0 }, "a row for each");
        for dark in [false, true] {
            let dom = look(name, &html, dark, directory.path());
            assert!(
                dom.contains("[0:0:0]"),
                "{name}: too wide, a script in it, or a time on two lines: {}",
                &dom[dom.len().saturating_sub(300)..]
            );
        }
    }
}

#[test]
fn markup_stays_text_and_a_newline_adds_no_header() {
    let mut events = examples();
    for event in &mut events {
        event["host"] = "web\r\nBcc: everybody@example.org\r\n\r\n<h1>x".into();
        event["title"] = format!("{}\nX-Evil: 1", event["title"].as_str().unwrap()).into();
    }
    let text = mail(&events, "en", Behavior::Good);
    let head = text.split("\n\n").next().unwrap();
    for line in head.lines() {
        assert!(!line.starts_with("Bcc") && !line.starts_with("X-Evil"), "{head}");
    }
    let html = html(&text);
    assert!(!html.contains("<script>") && !html.contains("<b>bold") && html.contains("script"), "{html}");
}

#[test]
fn the_subject_says_how_long_there_is() {
    let text = mail(&examples()[..1], "en", Behavior::Good);
    let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_string();
    assert_eq!(subject, "CRITICAL web-01: /var 98.2 % full (3 min left)");
    let small_change = "Trend: ██████████ 93.1 % → 98.2 %, limit 98 %";
    assert!(decoded(&text).contains(small_change), "not magnified: {}", decoded(&text));
    let text = decoded(&mail(&examples()[1..2], "fr", Behavior::Good));
    assert!(text.contains("▄▅▅▇ 41\u{a0}% → 86,4\u{a0}%, seuil 85\u{a0}%"), "{text}");
}
