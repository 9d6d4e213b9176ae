//! Webhooks: the format of each chat, secrets, HTTPS.

use super::harness::{Host, tool};
use super::web_server::{RULES, WebServer, secret};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

#[test]
fn each_chat_gets_its_format_and_one_failure_affects_no_other() {
    let web = WebServer::start("200 OK");
    let bad = WebServer::start("500 Internal Server Error");
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
    // Only the one that failed is retried.
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
fn one_line_sets_up_a_chat_and_secrets_need_a_private_file() {
    let web = WebServer::start("200 OK");
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
    // A file that others can read: a warning with the command that fixes it.
    let other = secret(&host, "hook", "http://127.0.0.1:1/x\n");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
    host.config = format!("[alert]\nwebhook_file = \"{other}\"\n");
    let done = host.osmon(&["config", "check"]);
    assert!(done.err.contains(&format!("others can read {other}; chmod 600 {other}")), "{}", done.err);
}

#[test]
fn https_works_with_an_additional_authority() {
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
    let base = format!("[alert.route.x]\nkind = \"webhook\"\nurl_file = \"{url}\"\n");
    host.config = format!("{base}ca_file = \"{}\"\n", path("cert.pem"));
    let good = host.osmon(&["send-alert", "--test"]);
    host.config = base;
    let bad = host.osmon(&["send-alert", "--test"]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(bad.code != 0 && bad.err.contains("certificate"), "{} {}", bad.out, bad.err);
    assert!(good.out.contains("tls") && good.out.contains("TLS 1."), "{} {}", good.out, good.err);
}
