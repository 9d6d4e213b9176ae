//! Incidents, their evidence, and explanations.

use super::harness::Host;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// One minute of cron.
pub fn minute(host: &mut Host, busy: u64) {
    host.advance(60, busy);
    host.osmon(&["run"]).ok();
}

/// The incident that `fired` raises: named after its first breach.
pub const CPU: &str = "cpu-1795210980";

/// A host on which java made the CPU fire: with a note in the hour before.
pub fn fired() -> Host {
    let mut host = Host::recorded("vm");
    host.config = "[rule.cpu]\nfor = \"2m\"\ncritical_for = \"2m\"\n".to_string();
    minute(&mut host, 5);
    minute(&mut host, 5);
    host.osmon(&["note", "deployed", "<b>v3</b>"]).ok();
    for ticks in [4_000_000, 4_020_000, 4_040_000, 4_060_000] {
        host.advance(60, 97);
        host.replace("proc/1204/stat", &format!("10 0 {ticks} "), &format!("10 0 {} ", ticks + 20_000));
        host.osmon(&["run"]).ok();
    }
    host
}

#[test]
fn an_incident_records_who_did_it_and_what_had_changed() {
    let host = fired();
    let event = host.sections("event").remove(0);
    let evidence = &event["evidence"];
    assert_eq!(evidence["process"][0]["name"], "java", "{event}");
    assert_eq!((&evidence["process"][0]["unit"], &evidence["resource"]), (&"shop.service".into(), &"cpu".into()));
    assert!(evidence["process"][0]["cpu_percent"].as_f64().unwrap() > 200.0, "{event}");
    let values: Vec<f64> =
        evidence["value"].as_array().unwrap().iter().map(|sample| sample["value"].as_f64().unwrap()).collect();
    assert_eq!(values.last(), Some(&97.0));
    assert!(values.len() >= 3 && values.first().unwrap() < &90.0, "{values:?}");
    assert!(evidence["change"][0].as_str().unwrap().contains("note: deployed <b>v3</b>"), "{event}");
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("Top consumers: java (shop.service) 333 % CPU"), "{page}");
}

#[test]
fn evidence_stays_short_and_does_without_processes() {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nprocesses = false\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    minute(&mut host, 5);
    let event = host.sections("event").remove(0);
    assert_eq!((event["kind"].as_str(), event["evidence"]["process"].as_array()), (Some("fired"), None), "{event}");
    assert_eq!(event["evidence"]["value"].as_array().unwrap().len(), 1);
    host.config = "[rule.memory]\nwarning = 50\nfor = \"20m\"\n".to_string();
    fs::remove_dir_all(host.data()).unwrap();
    for _ in 0..22 {
        minute(&mut host, 5);
    }
    let event = host.sections("event").remove(0);
    let evidence = &event["evidence"];
    assert_eq!(evidence["value"].as_array().unwrap().len(), 10);
    let length = |name: &str| evidence[name].as_array().map_or(0, Vec::len);
    assert!((1..=5).contains(&length("process")) && (1..=3).contains(&length("unit")), "{event}");
    let memory = |at: usize| evidence["process"][at]["memory_bytes"].as_f64().unwrap();
    assert!(memory(0) >= memory(1), "ranked by what the metric is about");
}

/// The mail names the top consumer.
#[test]
fn the_mail_names_the_culprit() {
    let mut host = fired();
    fs::create_dir_all(host.data()).unwrap();
    let sendmail = host.path("sendmail");
    fs::write(&sendmail, format!("#!/bin/sh\ncat >> {}\n", host.path("mails").display())).unwrap();
    fs::set_permissions(&sendmail, fs::Permissions::from_mode(0o755)).unwrap();
    host.config = format!(
        "[alert]\nto = [\"root@localhost\"]\ntransport = \"sendmail\"\n[alert.sendmail]\nprogram = \"{}\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n",
        sendmail.display()
    );
    minute(&mut host, 97);
    let mail = fs::read_to_string(host.path("mails")).unwrap().replace("=\r\n", "").replace("=\n", "");
    assert!(mail.contains("Top consumers: java (shop.service)"), "{mail}");
    assert!(mail.contains("Recent changes:") && mail.contains("note: deployed <b>v3</b>"), "the text: {mail}");
    let html = mail.split("Content-Type: text/html").nth(1).unwrap();
    assert!(html.contains("deployed") && !html.contains("<b>v3</b>"), "{html}");
}

#[test]
fn who_is_dead_is_told_of_once() {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"root@localhost\"]\n".to_string();
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]).ok();
    let waiting = |host: &Host| {
        let files = fs::read_dir(host.data().join("outbox/new")).into_iter().flatten().flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(host.osmon(&["status", "--alert"]).ok().out, "");
    assert_eq!(waiting(&host), Vec::<String>::new());
    let id = format!("stale-data-{}", host.now.timestamp_millis());
    host.advance(600, 0);
    for _ in 0..3 {
        let done = host.osmon(&["status", "--alert"]);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (3, "", ""));
        host.advance(60, 0);
    }
    assert_eq!(waiting(&host), [format!("{id}.1-fired.json")]);
    assert!(host.osmon(&["incidents", "--open"]).ok().out.contains("CRIT   osmon records nothing"));
    assert!(host.osmon(&["explain"]).ok().out.contains("when new data is recorded"));
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]).ok();
    host.osmon(&["status", "--alert"]).ok();
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
    host.osmon(&["status", "--alert"]).ok();
    assert_eq!(waiting(&host), [format!("{id}.1-fired.json"), format!("{id}.2-recovered.json")]);
    assert_eq!(host.events(), ["fired critical osmon records nothing", "recovered critical osmon records nothing"]);
    // A host that has just booted is not alerted.
    host.advance(600, 0);
    host.write("proc/uptime", "100.00 0.00\n");
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    assert_eq!(waiting(&host).len(), 2);
}

#[test]
fn a_long_id_cuts_no_title() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.disk]\nwarning = 1\nfor = \"0s\"\n".to_string();
    minute(&mut host, 5);
    let table = host.osmon(&["incidents"]).ok().out;
    assert!(table.contains("  File system /  "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn incidents_are_listed_and_explained() {
    let mut host = fired();
    let table = host.osmon(&["incidents"]).ok().out;
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(table.contains("CRIT   CPU ") && table.contains("97 %  no        cpu\n"), "{table}");
    let json = host.osmon(&["incidents", "--open", "--json"]).ok().json();
    let cpu = &json["incident"][0];
    assert_eq!((&cpu["id"], &cpu["open"], &cpu["told"]), (&CPU.into(), &true.into(), &"no".into()));
    let story = host.osmon(&["explain"]).ok().out;
    assert!(story.lines().all(|line| line.chars().count() <= 100), "{story}");
    for part in [
        &format!("{CPU}  CRITICAL CPU: open"),
        "critical at or above 95 %, for 2 min",
        "osmon.toml:2:1)",
        "all other settings: default",
        "! ← critical limit 95 %",
        "← fired",
        "java              shop.service",
        "note      deployed <b>v3</b>",
        "fired     CRITICAL  97 %",
        "after 5 min below 70 %; it is 97 % now",
    ] {
        assert!(story.contains(part), "{part} is missing: {story}");
    }
    let json = host.osmon(&["explain", "cp", "--json"]).ok().json();
    assert_eq!(json["rule"]["setting"].as_array().unwrap().iter().filter(|set| set["from"] != "default").count(), 2);
    let samples = json["sample"].as_array().unwrap();
    let beyond = samples.iter().filter(|sample| sample["beyond"] == "critical").count();
    assert!(beyond >= 3 && samples.len() > beyond, "{json}");
    host.config = "[rule.cpu]\nclear_for = \"1m\"\n".to_string();
    (0..3).for_each(|_| minute(&mut host, 5));
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
    assert_eq!(host.osmon(&["explain"]).code, 65);
    assert!(host.osmon(&["explain", CPU]).ok().out.contains("CPU: recovered"));
    assert_eq!(host.osmon(&["explain", "nothing"]).code, 65);
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.swap]\nwarning = 0.1\nfor = \"0s\"\n[rule.disk]\nwarning = 1\nfor = \"0s\"\n".to_string();
    minute(&mut host, 5);
    assert_eq!(host.osmon(&["explain", "disk:/var", "--json"]).ok().json()["title"], "File system /var");
    let only = host.osmon(&["incidents", "disk:/var"]).ok().out;
    assert!(only.contains("disk:/var\n") && !only.contains("disk:/\n") && !only.contains("memory"), "{only}");
    let several = host.osmon(&["explain", "disk"]);
    assert!(
        several.code == 64 && several.err.contains("incidents are called disk; which one: osmon explain disk:/"),
        "{}",
        several.err
    );
}

#[test]
fn from_small_binaries_the_evidence_comes_from_the_history() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"1m\"\n".to_string();
    for _ in 0..3 {
        host.advance(60, 5);
        host.small("osmon-probe", &[]).ok();
        host.small("osmon-detect-crisis", &[]);
    }
    let event = host.sections("event").remove(0);
    let evidence = &event["evidence"];
    assert_eq!((&evidence["process"][0]["name"], &evidence["resource"]), (&"java".into(), &"memory".into()), "{event}");
    assert_eq!(evidence["value"].as_array().unwrap().len(), 2, "of this and the last minute");
}
