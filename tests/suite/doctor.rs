//! osmon doctor: what is wrong, and the command that fixes it.

use super::harness::{Host, tool};
use super::incidents::minute;
use super::scripted_server::{Behavior, ScriptedServer};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A host that cron runs, with a mail server that accepts everything.
fn well(server: &ScriptedServer) -> Host {
    let mut host = Host::recorded("vm");
    fs::create_dir_all(host.root().join("etc/cron.d")).unwrap();
    fs::create_dir_all(host.root().join("var/spool/cron/crontabs")).unwrap();
    let line = "* * * * * root osmon run\n*/5 * * * * root osmon status --alert -q\n";
    fs::write(host.root().join("etc/cron.d/osmon"), line).unwrap();
    fs::write(host.root().join("adjtimex"), "synchronized\n").unwrap();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nfrom = \"osmon@example.org\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nhelo_name = \"web-01.example.org\"\n",
        server.port
    );
    minute(&mut host, 5);
    host
}

fn all(host: &Host, arguments: &[&str]) -> Vec<Value> {
    let done = host.osmon(&[&["doctor", "--json"], arguments].concat());
    done.json().as_array().unwrap().clone()
}

/// State, text and remedy of a check.
#[track_caller]
fn one(host: &Host, id: &str) -> (String, String, String) {
    let all = all(host, &[]);
    let check = all.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id}: {all:#?}"));
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_string();
    (text("state"), text("text"), text("fix"))
}

#[track_caller]
fn expect(host: &Host, id: &str, state: &str, text: &str) {
    let found = one(host, id);
    assert!(found.0 == state && found.1.contains(text), "{id}: {found:?}");
    assert_eq!(found.2.is_empty(), state == "ok", "{found:?}");
}

#[test]
fn each_fault_is_named_with_its_remedy() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = well(&server);
    for (id, text) in [
        ("last-run", "0 s ago"),
        ("clock", "synchronised"),
        ("space", " free"),
        ("recipients", "ops@example.org"),
        ("transport", " answers"),
        ("names", "@example.org"),
        ("secrets", "none"),
        ("configuration", "osmon.toml"),
        ("environment", ""),
        ("probe", "everything"),
        ("store", "intact"),
    ] {
        expect(&host, id, "ok", text);
    }
    assert_eq!(server.arrived().len(), 0, "nothing is sent");
    expect(&host, "accepted", "warn", "never");
    host.osmon(&["send-alert", "--test"]).ok();
    expect(&host, "accepted", "ok", "0 s ago");
    fs::write(host.root().join("adjtimex"), "unsynchronized\n").unwrap();
    expect(&host, "clock", "warn", "not synchronised");
    fs::remove_file(host.root().join("etc/cron.d/osmon")).unwrap();
    expect(&host, "schedule", "fail", "nothing runs osmon");
    expect(&host, "dead-man", "warn", "nobody would notice");
    fs::remove_file(host.data().join("reserve")).unwrap();
    expect(&host, "space", "warn", "no reserve");
    fs::set_permissions(host.data(), fs::Permissions::from_mode(0o755)).unwrap();
    expect(&host, "data", "warn", "others may read it");
    fs::write(host.data().join("state/host.json"), "{\"host\":").unwrap();
    expect(&host, "store", "fail", "state/host.json");
    host.now += chrono::TimeDelta::seconds(600);
    expect(&host, "last-run", "fail", "10 min ago");
    let settings = host.config.clone();
    host.config = settings.replace("from = \"osmon@example.org\"", "from = \"osmon@web-01\"");
    expect(&host, "names", "warn", "no full domain");
    host.config = settings.replace("\"none\"", "\"nun\"");
    expect(&host, "configuration", "fail", "nun");
    host.config = settings.replace(&server.port.to_string(), "1");
    expect(&host, "transport", "fail", "127.0.0.1:1");
    let secret = host.path("secret");
    fs::write(&secret, "x\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    host.config = format!("{settings}user = \"osmon\"\npassword_file = \"{}\"\n", secret.display());
    expect(&host, "secrets", "fail", "others can read");
    assert!(one(&host, "secrets").2.starts_with("chmod 600 "));
    host.config = "[probe]\nservices = [\"no-such-thing\"]\n".to_string();
    expect(&host, "services", "fail", "no-such-thing");
    expect(&host, "recipients", "warn", "nobody is notified");
}

#[test]
fn the_exit_status_is_that_of_the_worst() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = well(&server);
    let done = host.osmon(&["doctor"]);
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    assert!(done.out.trim_end().lines().last().unwrap().contains(" checks: "), "{}", done.out);
    let quiet = host.osmon(&["doctor", "-q"]);
    assert_eq!((quiet.code, quiet.out.as_str()), (done.code, ""));
    let states = all(&host, &[]);
    let worst = |states: &[Value]| {
        states
            .iter()
            .map(|check| ["ok", "warn", "fail"].iter().position(|known| check["state"] == *known).unwrap())
            .max()
    };
    assert_eq!(done.code, worst(&states).unwrap() as i32);
    host.config = "[alert\n".to_string();
    assert_eq!(host.osmon(&["doctor"]).code, 2);
    fs::remove_dir_all(host.root().join("proc")).unwrap();
    assert_eq!(host.osmon(&["doctor"]).code, 3, "it could not look");
}

#[test]
fn a_test_mail_is_sent_only_when_asked_for() {
    let server = ScriptedServer::start(Behavior::Good);
    let host = well(&server);
    let sent = all(&host, &["--send"]);
    let transport = sent.iter().find(|check| check["id"] == "transport").unwrap();
    assert!(
        transport["state"] == "ok" && transport["text"].as_str().unwrap().contains("test message accepted"),
        "{transport}"
    );
    assert_eq!(server.arrived().len(), 1);
    expect(&host, "accepted", "ok", "0 s ago");
}

#[test]
fn variables_of_this_shell_that_cron_does_not_have_are_named() {
    let server = ScriptedServer::start(Behavior::Good);
    let host = well(&server);
    let mut command = host.command("osmon", &["doctor"]);
    let output = command.env("OSMON_PROBE_TOP_PROCESSES", "5").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("WARN  environment   OSMON_PROBE_TOP_PROCESSES"), "{text}");
}

/// A server that never answers delays it by its limit only.
#[test]
fn a_server_that_is_silent_delays_it_little() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = well(&server);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    host.config = host.config.replace(&server.port.to_string(), &listener.local_addr().unwrap().port().to_string());
    let begun = std::time::Instant::now();
    expect(&host, "transport", "fail", "127.0.0.1");
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[test]
fn the_web_server_has_to_reach_a_page_that_is_published() {
    if tool("id", &["-u"]).out.trim() != "0" {
        return super::harness::skip("the web server", "this is no root");
    }
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = well(&server);
    tool("chmod", &["755", host.path("").to_str().unwrap()]).ok();
    fs::create_dir_all(host.root().join("usr/sbin")).unwrap();
    fs::write(host.root().join("usr/sbin/nginx"), "").unwrap();
    fs::write(host.root().join("etc/passwd"), "root:x:0:0::/:/bin/sh\nwww-data:x:33333:33333::/:/bin/sh\n").unwrap();
    expect(&host, "web-server", "ok", "may not read the page; [report] path publishes it");
    let www = host.path("www");
    fs::create_dir(&www).unwrap();
    fs::set_permissions(&www, fs::Permissions::from_mode(0o700)).unwrap();
    host.config += &format!("[report]\npath = \"{}/osmon.html\"\n", www.display());
    host.configure_data_dir();
    minute(&mut host, 5);
    expect(&host, "web-server", "warn", &format!("{} is closed to it", www.display()));
    fs::set_permissions(&www, fs::Permissions::from_mode(0o755)).unwrap();
    expect(&host, "web-server", "warn", "osmon.html is closed to it");
    fs::set_permissions(www.join("osmon.html"), fs::Permissions::from_mode(0o644)).unwrap();
    expect(&host, "web-server", "ok", "nginx (www-data) may read the page");
    minute(&mut host, 5);
    expect(&host, "web-server", "ok", "may read the page");
}
