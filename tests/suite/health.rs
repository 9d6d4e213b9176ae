//! Status, `run`, `detect-crisis`, page and their JSON give one answer about the health of the host.

use super::harness::Host;
use serde_json::Value;
use std::fs;

/// Exit code, word of the status, word of the verdict, state on the page.
const HEALTHY: Answer = (0, "OK", "healthy", "ok");
const DEGRADED: Answer = (1, "WARNING", "degraded", "warn");
const CRITICAL: Answer = (2, "CRITICAL", "critical", "bad");
const UNKNOWN: Answer = (3, "UNKNOWN", "unknown", "unknown");

type Answer = (i32, &'static str, &'static str, &'static str);

/// The open incidents with their suppression.
fn incidents(json: &Value, suppressed: &str) -> Vec<Vec<Value>> {
    let keys = ["id", "severity", "value", "limit", "since", "recovering", suppressed];
    let open = json["incident"].as_array().unwrap().iter();
    open.map(|incident| keys.map(|key| incident[key].clone()).to_vec()).collect()
}

/// Compares the answers of all commands that only read. Returns the JSON of the status.
#[track_caller]
fn readers_agree(host: &Host, (exit, status, verdict, class): Answer) -> Value {
    let line = host.osmon(&["status"]);
    assert_eq!((line.code, line.out.split(' ').next().unwrap()), (exit, status), "{}", line.out);
    let json = host.osmon(&["status", "--json"]);
    assert_eq!(json.code, exit);
    let json = json.json();
    assert_eq!((&json["exit"], &json["verdict"]), (&exit.into(), &verdict.into()), "{json}");
    assert_eq!(json["status"], status.to_lowercase());
    assert!(line.out.contains(json["text"].as_str().unwrap()), "{json}: {}", line.out);
    assert!(host.osmon(&["status", "--nagios"]).out.starts_with(&format!("OSMON {status} - ")));
    let fragment = host.osmon(&["status", "--html"]).out;
    assert!(fragment.contains(&format!("class=\"osmon osmon-{}\"", status.to_lowercase())), "{fragment}");
    assert_eq!(host.osmon(&["graph"]).code, 0);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    let heading = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
    assert_eq!(heading.to_lowercase(), status.to_lowercase());
    let report: Value = serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["verdict"]["word"], &report["verdict"]["state"]), (&heading.into(), &class.into()));
    assert_eq!(incidents(&report, "hushed"), incidents(&json, "suppressed"));
    json
}

/// Compares every answer after two minutes, of which one is shown as text and one as JSON.
#[track_caller]
fn minutes_agree(host: &mut Host, busy: u64, answer: Answer) -> Value {
    host.advance(60, busy);
    let shown = host.osmon(&["run", "-v"]).out;
    let verdict = shown.lines().find(|line| line.trim_start().starts_with("verdict")).unwrap().to_lowercase();
    assert!(verdict.contains(&format!("verdict   {}: ", answer.1.to_lowercase())), "{shown}");
    host.advance(60, busy);
    let run = host.osmon(&["run", "--json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let status = readers_agree(host, answer);
    for key in ["verdict", "exit", "pending", "incident"] {
        assert_eq!(run.json()[key], status[key], "{key}");
    }
    let detected = host.osmon(&["detect-crisis", "--json"]);
    assert_eq!((detected.code, &detected.json()["incident"]), (answer.0, &status["incident"]));
    status
}

#[test]
fn every_command_and_the_page_agree_in_every_state() {
    let mut host = Host::recorded("vm");
    readers_agree(&host, UNKNOWN);
    minutes_agree(&mut host, 5, HEALTHY);
    host.config = "[rule.memory]\nwarning = 50\nfor = \"10m\"\n".to_string();
    let pending = minutes_agree(&mut host, 5, HEALTHY);
    assert_eq!(pending["pending"], 1);
    assert!(pending["text"].as_str().unwrap().contains("1 over limit, pending: Memory"), "{pending}");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    assert_eq!(minutes_agree(&mut host, 5, DEGRADED)["incident"].as_array().unwrap().len(), 1);
    host.config += "[rule.cpu]\ncritical_for = \"0s\"\n";
    let critical = minutes_agree(&mut host, 97, CRITICAL);
    assert!(critical["text"].as_str().unwrap().ends_with("since 1 min [cpu]; 1 warning"), "{critical}");
    host.osmon(&["ack", "cpu", "--for", "1h", "--because", "import"]).ok();
    host.osmon(&["silence", "memory", "--for", "1h", "--because", "test"]).ok();
    let suppressed = minutes_agree(&mut host, 97, CRITICAL);
    assert_eq!(suppressed["incident"][0]["suppressed"], "acknowledged");
    assert_eq!(suppressed["incident"][1]["suppressed"], "silenced");
    assert!(suppressed["text"].as_str().unwrap().contains("; acknowledged"), "{suppressed}");
    host.now += chrono::TimeDelta::seconds(180);
    readers_agree(&host, CRITICAL);
    host.now += chrono::TimeDelta::seconds(1);
    let stale = readers_agree(&host, UNKNOWN);
    assert_eq!((&stale["stale"], stale["incident"].as_array().unwrap().len()), (&true.into(), 2));
    host.advance(60, 5);
    host.small("osmon-probe", &[]).ok();
    let unjudged = readers_agree(&host, UNKNOWN);
    assert!(unjudged["text"].as_str().unwrap().contains("last evaluated"), "{unjudged}");
    assert_eq!(unjudged["stale"], false);
}

#[test]
fn an_essential_section_that_was_not_measured_is_unknown_everywhere() {
    let mut host = Host::recorded("vm");
    minutes_agree(&mut host, 5, HEALTHY);
    host.advance(60, 5);
    fs::remove_file(host.root().join("proc/meminfo")).unwrap();
    assert_eq!(host.osmon(&["run"]).code, 0);
    let json = readers_agree(&host, UNKNOWN);
    assert!(json["text"].as_str().unwrap().starts_with("not measured: memory"), "{json}");
    assert_eq!(host.osmon(&["detect-crisis"]).code, 3);
}
