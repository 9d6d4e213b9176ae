//! The verdict in a line, incidents and why they fired, and what people do not want to be told.

use super::harness::Host;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// One minute of cron.
fn minute(host: &mut Host, busy: u64) {
    host.advance(60, busy);
    host.osmon(&["run"]).ok();
}

/// A host on which java made the CPU fire: with a note in the hour before.
fn fired() -> Host {
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
    assert!(page.contains("Who: java (shop.service) 333 % CPU"), "{page}");
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

/// What a mail says.
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
    assert!(mail.contains("Who: java (shop.service)"), "{mail}");
    assert!(mail.contains("Changed before:") && mail.contains("note: deployed <b>v3</b>"), "the text: {mail}");
    let html = mail.split("Content-Type: text/html").nth(1).unwrap();
    assert!(html.contains("deployed") && !html.contains("<b>v3</b>"), "{html}");
}
