//! What explain, history, page, mails and the daily status show of repairs.

use super::harness::Host;
use super::heal;
use super::scripted_server::{Behavior, ScriptedServer, decoded};
use chrono::TimeDelta;
use osmon::base::clock::Now;
use osmon::model::action::{Action, ActionKind, Mode, Outcome, Phase, Status, Target};
use osmon::model::locale::key;
use osmon::model::message::Message;
use osmon::model::record::{Header, Record};
use osmon::store::{ACTIONS, Store};
use serde_json::Value;
use std::fs;

/// A repair that is recorded.
struct Recorded<'a> {
    target: &'a str,
    kind: ActionKind,
    mode: Mode,
    incident: &'a str,
    /// Minutes before now.
    minutes: i64,
}

const WEB: Recorded = Recorded {
    target: "nginx.service",
    kind: ActionKind::Restart,
    mode: Mode::Enforce,
    incident: "service-1",
    minutes: 10,
};

fn restarted() -> Outcome {
    Outcome::new(Status::Done, Message::new(key::HEAL_UNIT_RESTARTED).with("unit", "nginx.service"))
}

fn helped(status: Status) -> Outcome {
    match status {
        Status::Done => Outcome::new(
            status,
            Message::new(key::HEAL_UNIT_HELPED).with("unit", "nginx.service").with("time", "1 min"),
        ),
        _ => Outcome::plain(status, "nginx.service failed again: exit-code".to_string()),
    }
}

/// Records an intent and, if there are any, its result and its verification, a minute apart.
fn record(host: &Host, repair: &Recorded, result: Option<Outcome>, verified: Option<Outcome>) {
    let begun = host.now - TimeDelta::minutes(repair.minutes);
    let phases = [(Phase::Intent, None), (Phase::Result, result), (Phase::Verified, verified)];
    for (at, (phase, outcome)) in phases.into_iter().enumerate() {
        if phase != Phase::Intent && outcome.is_none() {
            continue;
        }
        let action = Action {
            id: format!("web-{}-{}", repair.target, begun.timestamp()),
            phase,
            entry: "web".to_string(),
            kind: repair.kind,
            mode: repair.mode,
            target: Target { name: repair.target.to_string(), ..Target::default() },
            incident: repair.incident.to_string(),
            rule: "memory".to_string(),
            metric: "memory.used_percent".to_string(),
            value: 50.0,
            limit: 40.0,
            since: begun.to_rfc3339(),
            attempt: 1,
            left: [2, 5],
            version: "0.1.0".to_string(),
            configuration: String::new(),
            outcome,
        };
        let time = begun + TimeDelta::minutes(at as i64);
        let now = Now { wall: time, ..Now::read() };
        let header = Header { now, host: "web-01".to_string(), boot_id: "b".to_string(), interval_seconds: None };
        let mut line = Record::new(header);
        line.add("action", &action).unwrap();
        let line = line.to_json().unwrap();
        Store::new(host.data()).append(ACTIONS, &now, &line).unwrap();
    }
}

/// A host with an open incident, and its id.
fn with_incident(config: &str) -> (Host, String) {
    let mut host = Host::recorded("vm");
    host.config = format!(
        "{config}[rule.memory]\nwarning = 40\ncritical = 41\nfor = \"0s\"\ncritical_for = \"5m\"\n[rule.load]\nenabled = false\n"
    );
    host.osmon(&["run"]);
    host.advance(60, 5);
    host.osmon(&["run"]);
    let incident = host.osmon(&["incidents", "--json"]).json()["incident"][0]["id"].as_str().unwrap().to_string();
    (host, incident)
}

#[test]
fn explain_shows_what_was_tried_for_the_incident_and_nothing_else() {
    let (mut host, incident) = with_incident("");
    host.advance(600, 5);
    record(&host, &Recorded { incident: &incident, ..WEB }, Some(restarted()), Some(helped(Status::Failed)));
    record(&host, &Recorded { incident: &incident, minutes: 4, ..WEB }, Some(restarted()), None);
    record(&host, &Recorded { incident: "other-1", target: "other.service", minutes: 5, ..WEB }, None, None);
    let text = host.osmon(&["explain", "memory"]).ok().out;
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("Repairs by osmon"), "{text}");
    let first =
        "Restart nginx.service: done (nginx.service restarted); did not help (nginx.service failed again: exit-code)";
    let second = "Restart nginx.service: done (nginx.service restarted); being verified";
    let place = |part: &str| plain.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place(first) < place(second), "the oldest first");
    let tried = text.split("Repairs by osmon").nth(1).unwrap();
    assert!(!text.contains("other.service") && tried.lines().all(|line| line.chars().count() <= 80), "{text}");
    let json = host.osmon(&["explain", "memory", "--json"]).ok().json();
    let all = json["action"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0]["kind"].as_str(), all[0]["verified"]["status"].as_str()), (Some("restart"), Some("failed")));
    assert_eq!((all[1]["target"]["name"].as_str(), &all[1]["verified"]), (Some("nginx.service"), &Value::Null));
}

#[test]
fn an_action_of_which_the_end_is_unknown_is_shown_as_such() {
    let (mut host, incident) = with_incident("");
    host.advance(600, 5);
    record(&host, &Recorded { incident: &incident, ..WEB }, None, None);
    assert!(
        host.osmon(&["explain", "memory"]).ok().out.contains("Restart nginx.service: not finished; being verified")
    );
    let dry =
        Recorded { incident: &incident, minutes: 3, mode: Mode::DryRun, kind: ActionKind::Clean, target: "/var/tmp" };
    record(&host, &dry, Some(Outcome::plain(Status::Simulated, "12 MiB would be freed".to_string())), None);
    let text = host.osmon(&["explain", "memory"]).ok().out;
    assert!(text.contains("Clean up /var/tmp: dry run (12 MiB would be freed)\n"), "a dry run is not verified: {text}");
}

#[test]
fn history_shows_repairs_among_the_events() {
    let (mut host, incident) = with_incident("");
    host.advance(600, 5);
    host.osmon(&["run"]);
    record(&host, &Recorded { incident: &incident, ..WEB }, Some(restarted()), Some(helped(Status::Done)));
    let text = host.osmon(&["history"]).ok().out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("repair: Restart nginx.service: done (nginx.service restarted); helped"), "{text}");
    let json = host.osmon(&["history", "--json"]).ok().json();
    assert_eq!(json["action"][0]["verified"]["status"], "done", "{json}");
}

#[test]
fn the_mails_of_an_incident_say_what_was_tried_and_what_came_of_it() {
    for (language, tried, cured) in [
        (
            "en",
            "Restart nginx.service: done (nginx.service restarted); did not help (nginx.service failed again: exit-code)",
            "Restart nginx.service: done (nginx.service restarted); helped (nginx.service has been running for 1 min)",
        ),
        ("fr", "sans effet (nginx.service failed again: exit-code)", "efficace (nginx.service"),
    ] {
        let server = ScriptedServer::start(Behavior::Good);
        let (mut host, incident) = with_incident(&format!(
            "[alert]\nto = [\"ops@example.org\"]\nlanguage = \"{language}\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
            server.port
        ));
        let mail = |at: usize| {
            let text = decoded(&server.arrived()[at].text);
            text.split("<!doctype html>").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert!(!mail(0).contains("osmon :") && !mail(0).contains("Repair by osmon"), "nothing was tried: {}", mail(0));
        host.advance(60, 5);
        record(
            &host,
            &Recorded { incident: &incident, minutes: 1, ..WEB },
            Some(restarted()),
            Some(helped(Status::Failed)),
        );
        for _ in 0..6 {
            host.advance(60, 5);
            host.osmon(&["run"]);
        }
        assert!(mail(1).contains(tried), "{}", mail(1));
        record(
            &host,
            &Recorded { incident: &incident, minutes: 1, ..WEB },
            Some(restarted()),
            Some(helped(Status::Done)),
        );
        host.config = host.config.replace("warning = 40\ncritical = 41", "warning = 98\ncritical = 99");
        for _ in 0..9 {
            host.advance(60, 5);
            host.osmon(&["run"]);
        }
        assert!(mail(2).contains(cured), "the recovery too: {}", mail(2));
    }
}

#[test]
fn the_daily_status_has_a_line_about_what_was_repaired_within_a_day() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\nsign_of_life = \"08:00\"\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n[rule.load]\nenabled = false\n",
        server.port
    );
    host.osmon(&["run"]).ok();
    host.advance(615 * 60, 5);
    host.osmon(&["run"]).ok();
    host.advance(300, 5);
    record(&host, &WEB, Some(restarted()), Some(helped(Status::Done)));
    record(
        &host,
        &Recorded { target: "shop.service", minutes: 90, ..WEB },
        Some(restarted()),
        Some(helped(Status::Done)),
    );
    record(
        &host,
        &Recorded { target: "shop.service", minutes: 50, ..WEB },
        Some(restarted()),
        Some(helped(Status::Done)),
    );
    record(
        &host,
        &Recorded { target: "old.service", minutes: 1500, ..WEB },
        Some(restarted()),
        Some(helped(Status::Done)),
    );
    record(
        &host,
        &Recorded { target: "bad.service", minutes: 30, ..WEB },
        Some(restarted()),
        Some(helped(Status::Failed)),
    );
    record(
        &host,
        &Recorded { target: "dry.service", mode: Mode::DryRun, ..WEB },
        Some(restarted()),
        Some(helped(Status::Done)),
    );
    host.osmon(&["run"]).ok();
    let mail = decoded(&server.arrived().last().unwrap().text).split_whitespace().collect::<Vec<_>>().join(" ");
    let line = "OK: no open problems; repaired: shop.service restarted 2 times, nginx.service restarted once";
    assert!(mail.contains(line), "{mail}");
    assert!(!["old.service", "bad.service", "dry.service"].iter().any(|name| mail.contains(name)), "{mail}");
}

#[test]
fn the_page_has_a_row_for_each_repair_and_a_public_one_names_nothing() {
    let (mut host, incident) = with_incident("");
    let page = |host: &mut Host| {
        host.advance(60, 5);
        host.osmon(&["run"]);
        fs::read_to_string(host.data().join("report.html")).unwrap()
    };
    assert!(!page(&mut host).contains("<h2>Repairs</h2>"), "only if there is something");
    host.advance(600, 5);
    record(&host, &Recorded { incident: &incident, ..WEB }, Some(restarted()), Some(helped(Status::Failed)));
    let hog = Recorded {
        incident: &incident,
        target: "/usr/bin/hog of app",
        kind: ActionKind::End,
        mode: Mode::DryRun,
        minutes: 5,
    };
    record(&host, &hog, Some(Outcome::plain(Status::Simulated, "hog <4711> would end".to_string())), None);
    let html = page(&mut host);
    let log = html.split("<h2>Repairs</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(log.matches("<tr>").count(), 3, "a heading and a row each: {log}");
    let (newest, older) = (log.find("End process (dry run)").unwrap(), log.find("nginx.service").unwrap());
    assert!(newest < older && log.contains("hog &#60;4711&#62; would end"), "{log}");
    assert!(log.contains("did not help") && log.contains("nginx.service failed again"), "{log}");
    let json: Value = serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert_eq!(
        (json["repair"][0]["target"].as_str(), json["repair"].as_array().map(Vec::len)),
        (Some("/usr/bin/hog of app"), Some(2))
    );
    host.config += "[report]\npublic = true\nlanguage = \"fr\"\n";
    let html = page(&mut host);
    let log = html.split("<h2>Réparations</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    assert!(!log.contains("nginx") && log.contains("Redémarrer") && log.contains("sans effet"), "{log}");
    assert!(!log.contains("hog") && !log.contains("failed again") && !log.contains("app"), "{log}");
    assert!(!fs::read_to_string(host.data().join("report.json")).unwrap().contains("hog"));
    host.config = host.config.replace("public = true", "sections = [\"tiles\"]");
    assert!(!page(&mut host).contains("Réparations"), "the section can be left out");
}

#[test]
fn suspended_repairs_are_said_by_status_and_doctor() {
    let host = heal::host("");
    let doctor = |host: &Host| {
        let checks: Vec<Value> = serde_json::from_str(&host.osmon(&["doctor", "--json"]).out).unwrap();
        let check = checks.into_iter().find(|check| check["id"] == "repairs").unwrap();
        (check["state"].as_str().unwrap().to_string(), check["fix"].as_str().unwrap_or_default().to_string())
    };
    let suspended = |host: &Host| {
        let status: Value = serde_json::from_str(&host.osmon(&["status", "--json"]).out).unwrap();
        status["repairs_suspended"].as_array().unwrap().len()
    };
    assert_eq!((doctor(&host).0.as_str(), suspended(&host)), ("ok", 0));
    host.osmon(&["heal", "--pause", "2h", "--because", "new disk"]).ok();
    assert_eq!(doctor(&host), ("warn".to_string(), "osmon heal --resume".to_string()));
    let said = host.osmon(&["status"]).out;
    assert!(
        said.lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("repairs are paused until") && line.contains("new disk")),
        "{said}"
    );
    let disabled = host.path("heal.disabled");
    fs::write(&disabled, "").unwrap();
    assert_eq!(doctor(&host), ("warn".to_string(), format!("rm {}", disabled.display())));
    assert_eq!(suspended(&host), 2);
    fs::remove_file(&disabled).unwrap();
    host.osmon(&["heal", "--resume"]).ok();
    assert_eq!((doctor(&host).0.as_str(), suspended(&host)), ("ok", 0));
}
