//! Anomaly rules: learned from the history, silent until there is a baseline, and tried on simulated weeks.

use super::harness::Host;
use super::history::record;
use std::fmt::Write as _;
use std::fs;

const RULE: &str = "[rule.cpu]\nenabled = false\n[rule.cpu_unusual]\nenabled = true\nfor = \"15m\"\n";

/// Replays minutes from a Monday in September on, in the zone of Paris; the events as `day hh:mm kind`, by the wall of Paris
/// in summer.
fn replayed(minutes: i64, busy: &dyn Fn(i64, i64, i64) -> f64) -> Vec<String> {
    let mut host = Host::recorded("vm");
    host.config = RULE.to_string();
    let begin = chrono::DateTime::parse_from_rfc3339("2026-09-13T22:00:00Z").unwrap().timestamp();
    // From the night of October 25 on, local time is an hour behind summer time.
    let winter = (chrono::DateTime::parse_from_rfc3339("2026-10-25T01:00:00Z").unwrap().timestamp() - begin) / 60;
    let mut text = String::new();
    for minute in 0..minutes {
        let local = if minute >= winter { minute - 60 } else { minute };
        // Steady noise of a few percent, the same in each run.
        let noise = ((minute * 7919 + minute / 60 * 104_729) % 61) as f64 / 20.0;
        let value = busy(local / 1440, local % 1440 / 60, local % 60) + noise;
        writeln!(text, "{},{value}", begin + minute * 60).unwrap();
    }
    let file = host.path("cpu.csv");
    fs::write(&file, text).unwrap();
    let name = file.display().to_string();
    let mut command =
        host.command("osmon", &["detect-crisis", "--replay", &name, "--metric", "cpu.busy_percent", "--json"]);
    let output = command.env("TZ", "Europe/Paris").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["severity"], "warning");
            let time = chrono::DateTime::parse_from_rfc3339(event["time"].as_str().unwrap()).unwrap().timestamp();
            let minute = (time - begin) / 60;
            let (day, hour) = (minute / 1440, minute % 1440 / 60);
            let message = event["message"].as_str().unwrap_or_default();
            format!("{day} {hour:02}:{:02} {} {message}", minute % 60, event["kind"].as_str().unwrap())
        })
        .collect()
}

/// Office hours from 8 to 18 on working days, a backup each night at two, a long one on Sundays at four.
fn office(day: i64, hour: i64, minute: i64) -> f64 {
    match (day % 7, hour) {
        (_, 2) if minute < 40 => 90.0,
        (6, 4) => 70.0,
        (0..=4, 8..18) => 45.0,
        _ => 4.0,
    }
}

fn day(event: &str) -> i64 {
    event.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn seven_weeks_of_an_office_and_a_change_of_the_clock_tell_of_nothing_once_it_is_learned() {
    let told = replayed(7 * 7 * 1440, &office);
    let late: Vec<&String> = told.iter().filter(|event| day(event) >= 14).collect();
    assert_eq!(late, Vec::<&String>::new(), "after two weeks");
    assert!(told.len() <= 3, "while it learns: {told:?}");
}

#[test]
fn a_spike_is_told_as_one_and_a_new_level_is_learned_within_a_day() {
    let told = replayed(34 * 1440, &|day, hour, minute| match (day, hour) {
        (23, 14) if minute < 40 => 99.0,
        (30.., _) => (office(day, hour, minute) + 40.0).min(97.0),
        _ => office(day, hour, minute),
    });
    let told: Vec<&str> = told.iter().filter(|event| day(event) >= 14).map(String::as_str).collect();
    assert!(told[0].starts_with("23 14:15 fired a spike to ") && told[0].contains(" (usual "), "{told:?}");
    assert!(told[1].starts_with("23 14:50 recovered it was a spike of 40 min"), "{told:?}");
    assert!(told[2].starts_with("30 00:15 fired"), "{told:?}");
    assert!(
        told.iter().any(|event| event.contains("reminded") && event.contains("at a new level since 08:00 (usual 45"))
    );
    let over = told.last().unwrap();
    assert!(over.starts_with("30 ") && over.contains("recovered") && over.contains("counts as usual now"), "{told:?}");
    assert!(told.len() <= 14, "each part of the day has a level of its own: {told:?}");
}

#[test]
fn it_says_what_it_still_learns_and_then_judges() {
    let mut host = Host::recorded("vm");
    host.config = RULE.to_string();
    let says = |host: &mut Host, busy: u64| {
        host.advance(60, busy);
        host.small("osmon-probe", &[]).ok();
        host.osmon(&["detect-crisis", "-v"])
    };
    assert!(says(&mut host, 5).out.contains("cpu_unusual: learning, 0 of 24 h"));
    let mut host = Host::recorded("vm");
    host.config = RULE.to_string();
    record(&host, "2026-11-04T21:00:00Z", 16 * 1440 + 30, &|_| Some(5.0));
    host.osmon(&["graph"]).ok();
    says(&mut host, 5);
    let done = says(&mut host, 5);
    assert!(!done.out.contains("learning"), "{}", done.out);
    let cache = fs::read_to_string(host.data().join("state/band.json")).unwrap();
    assert!(cache.contains("\"cpu_unusual\":{\"centre\":5") && cache.len() < 700, "{cache}");
    (0..17).for_each(|_| drop(says(&mut host, 60)));
    let done = says(&mut host, 60);
    assert!(done.out.contains("WARNING  CPU unusual for this hour 60 % (limit 15 %)"), "{}", done.out);
    assert_eq!(host.events(), ["fired warning CPU unusual for this hour"]);
}
