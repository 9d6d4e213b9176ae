//! osmon silence, ack and downtime.

use super::harness::Host;
use super::incidents::{CPU, fired};
use std::fs;

#[test]
fn what_is_muted_ends_by_itself_and_stands_in_the_history() {
    let mut host = fired();
    let silent = |host: &Host, words: &[&str]| host.osmon(words).ok();
    silent(&host, &["ack", "cpu", "--for", "4h", "--because", "import\nis running"]);
    silent(&host, &["silence", "disk", "--until", "+2h", "--because", "load test"]);
    silent(&host, &["silence", "disk.*{mount=\"/var*\"}", "--for", "1h", "--because", "x"]);
    silent(&host, &["downtime", "--for", "30m", "--because", "new kernel"]);
    let state = fs::read_to_string(host.data().join("state/silence.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!((&state["schema"], &state["ack"][0]["incident"]), (&1.into(), &CPU.into()));
    assert_eq!((&state["silence"][0]["match"], &state["silence"][2]["match"]), (&"disk".into(), &"*".into()));
    assert_eq!(state["ack"][0]["because"], "import is running");
    let until: chrono::DateTime<chrono::Utc> = state["silence"][0]["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, host.now + chrono::TimeDelta::hours(2));
    let marks = host.marks().join("\n");
    for part in [
        &format!("note: acknowledged {CPU} (CPU) until"),
        "note: silenced disk until",
        ": load test",
        "note: downtime until",
    ] {
        assert!(marks.contains(part), "{marks}");
    }
    let list = host.osmon(&["silence", "--list"]).ok().out;
    assert!(list.contains("2  disk ") && list.contains("ack cpu-1") && list.lines().count() == 5, "{list}");
    assert!(host.osmon(&["status"]).out.contains("; acknowledged"));
    assert!(host.osmon(&["explain"]).ok().out.contains("acknowledged until"));
    assert!(list.contains("1  ack cpu-1") && list.contains("4  * "), "each keeps its number: {list}");
    silent(&host, &["silence", "--remove", "3"]);
    let list = host.osmon(&["silence", "--list"]).ok().out;
    assert!(list.lines().count() == 4 && list.contains("2  disk ") && list.contains("4  * "), "{list}");
    assert!(host.osmon(&["silence", "--remove", "3"]).err.contains("the list has 1, 2, 4"));
    host.advance(31 * 60, 97);
    let list = host.osmon(&["silence", "--list", "--json"]).ok().json();
    assert_eq!(
        (list["silence"].as_array().unwrap().len(), list["ack"].as_array().unwrap().len()),
        (1, 1),
        "the downtime is over"
    );
    for wrong in [
        &["silence", "cpu", "--because", "x"][..],
        &["silence", "cpu", "--for", "31d", "--because", "x"],
        &["silence", "cpu", "--until", "2h ago", "--because", "x"],
        &["silence", "cpu", "--for", "2h"],
        &["silence", "cpu", "--for", "2h", "--because", " "],
        &["silence", "cqu", "--for", "2h", "--because", "x"],
        &["silence", "--remove", "9"],
        &["ack", "cpu-1", "--for", "8d", "--because", "x"],
        &["ack", "cpu-1", "--because", " "],
        &["downtime", "--because", "x"],
    ] {
        let done = host.osmon(wrong);
        assert_eq!(done.code, 64, "{wrong:?} {}", done.err);
    }
    assert!(host.osmon(&["silence", "cqu", "--for", "2h", "--because", "x"]).err.contains("did you mean \"cpu\""));
}

#[test]
fn a_planned_downtime_shows_when_it_begins_and_the_dead_man_keeps_still_in_one() {
    let mut host = fired();
    host.osmon(&["downtime", "--from", "+2h", "--for", "1h", "--because", "x"]).ok();
    let list = host.osmon(&["silence"]).ok().out;
    assert!(list.contains("* from 11-20 23:4"), "{list}");
    assert_eq!(host.osmon(&["downtime", "--from", "2027-06-01", "--for", "1h", "--because", "x"]).code, 64);
    host.config = "[alert]\nto = [\"root@localhost\"]\n".to_string();
    host.osmon(&["downtime", "--for", "1h", "--because", "new kernel"]).ok();
    host.advance(1200, 5);
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    assert!(!host.path("data/outbox/new").exists() || fs::read_dir(host.path("data/outbox/new")).unwrap().count() == 0);
}

#[test]
fn the_short_name_of_an_incident_silences_its_metric() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.disk]\nwarning = 5\nfor = \"0s\"\n".to_string();
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    let said = host.osmon(&["silence", "disk:/var", "--for", "1h", "--because", "new disk", "--json"]).ok().json();
    assert_eq!(said["silence"]["match"], "disk.used_percent{mount=\"/var\"}");
    for wrong in ["disk:/nowhere", ""] {
        assert_eq!(host.osmon(&["silence", wrong, "--for", "1h", "--because", "x"]).code, 64, "{wrong:?}");
    }
    let empty = host.osmon(&["ack", "", "--because", "x"]);
    assert!(empty.code == 64 && empty.err.contains("an empty name"), "{}", empty.err);
}
