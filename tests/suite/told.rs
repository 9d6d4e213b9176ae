//! Which mails a crisis makes: at any spacing of the runs, when it gets worse again, when it comes and goes.

use super::harness::Host;
use serde_json::Value;
use std::fs;

/// A host with a recipient, at the beginning of a day, on which the rest of the virtual machine is well.
fn host(config: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = format!("[alert]\nto = [\"root@localhost\"]\n{config}");
    host.now -= chrono::TimeDelta::minutes(21 * 60 + 35);
    host
}

/// A run after a number of minutes; the exit code of detect-crisis.
fn run(host: &mut Host, minutes: i64, busy: u64) -> i32 {
    host.advance(minutes * 60, busy);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]).code
}

/// A number of runs on a host that is well.
fn runs(host: &mut Host, count: usize, minutes: i64) {
    for _ in 0..count {
        run(host, minutes, 5);
    }
}

/// Everything that was put into the outbox, in its order: kind and severity.
fn told(host: &Host) -> Vec<String> {
    let files = fs::read_dir(host.data().join("outbox/new")).into_iter().flatten().flatten();
    let events = files.filter_map(|file| serde_json::from_str::<Value>(&fs::read_to_string(file.path()).ok()?).ok());
    let mut events: Vec<Value> = events.collect();
    events.sort_by_key(|event| (event["time"].to_string(), event["id"].to_string()));
    let text = |event: &Value| format!("{} {}", event["kind"].as_str().unwrap(), event["severity"].as_str().unwrap());
    events.iter().map(text).collect()
}

/// Sets the free blocks of /var, of 26214400.
fn var(host: &Host, free: u64) {
    let statvfs = host.read("statvfs");
    let lines = statvfs.lines().map(|line| match line.starts_with("/var ") {
        true => format!("/var 4096 26214400 {free} {free} 6553600 6100000\n"),
        false => format!("{line}\n"),
    });
    host.write("statvfs", &lines.collect::<String>());
}

#[test]
fn a_breach_is_told_and_its_end_at_any_spacing_of_the_runs() {
    for spacing in [1, 2, 6, 7, 10, 23, 30, 60] {
        let mut host = host("");
        (0..5).for_each(|_| assert_eq!(run(&mut host, spacing, 5), 0));
        // The default rule waits five minutes, to begin and to end.
        let most = 5 / spacing + 2;
        let samples = (1..=most).find(|_| run(&mut host, spacing, 97) == 2);
        assert!(samples.is_some(), "{spacing} min: not told within {most} samples");
        host.advance(spacing * 60 * 2, 97);
        assert_eq!(host.osmon(&["status"]).code, 2, "{spacing} min: two intervals without a run are not long");
        host.advance(spacing * 60 + 120, 97);
        assert_eq!(host.osmon(&["status"]).code, 3, "{spacing} min: now nobody knows");
        run(&mut host, spacing, 5);
        let samples = (0..=most).find(|_| run(&mut host, spacing, 5) == 0);
        assert!(samples.is_some(), "{spacing} min: the end is not told within {most} samples");
        assert_eq!(told(&host), ["fired critical", "recovered critical"], "{spacing} min");
    }
}

#[test]
fn runs_that_come_irregularly_find_a_crisis_too() {
    let mut host = host("");
    let pauses = [1, 9, 4, 13, 1, 21, 3, 16, 2, 11];
    for minutes in pauses {
        assert_eq!(run(&mut host, minutes, 5), 0);
    }
    let codes: Vec<i32> = pauses.iter().map(|minutes| run(&mut host, *minutes, 97)).collect();
    assert!(codes[..5].contains(&2), "{codes:?}");
    assert_eq!(told(&host), ["fired critical", "reminded critical"]);
}

#[test]
fn a_stall_between_two_runs_loses_no_breach() {
    let mut host = host("");
    runs(&mut host, 5, 1);
    (0..4).for_each(|_| assert_eq!(run(&mut host, 1, 97), 0));
    assert_eq!(run(&mut host, 31, 97), 0, "the stalled half hour counts as a minute");
    assert_eq!((run(&mut host, 1, 97), told(&host)), (2, vec!["fired critical".to_string()]));
}

#[test]
fn critical_again_is_told_again_and_ends_the_acknowledgement_of_a_warning() {
    let mut host = host("");
    var(&host, 390_000);
    runs(&mut host, 4, 1);
    var(&host, 1_840_000);
    runs(&mut host, 10, 1);
    host.osmon(&["ack", "disk:/var", "--for", "7d", "--because", "new disk is ordered"]).ok();
    runs(&mut host, 5, 1);
    let explained = host.osmon(&["explain", "disk:/var"]).ok().out;
    assert!(explained.contains("acknowledged until"), "{explained}");
    var(&host, 1000);
    runs(&mut host, 70, 1);
    assert_eq!(told(&host), ["fired critical", "escalated critical", "reminded critical"]);
    let status = host.osmon(&["status"]).out;
    assert!(status.contains("[disk:/var]") && !status.contains("acknowledged"), "{status}");
}

#[test]
fn what_comes_and_goes_is_one_conversation_at_any_period() {
    for (period, spacing, cycles) in [(3, 1, 20), (8, 1, 15), (20, 2, 12), (60, 5, 12), (180, 15, 12), (360, 30, 10)] {
        let mut host = host("");
        for minute in (0..period * cycles).step_by(spacing as usize) {
            let state = if minute % period < (period + 1) / 2 { "failed" } else { "active" };
            let units = host.read("systemctl-show");
            let (first, rest) = units.split_once("\n\n").unwrap();
            let other = if state == "failed" { "active" } else { "failed" };
            let first = first.replace(&format!("ActiveState={other}"), &format!("ActiveState={state}"));
            host.write("systemctl-show", &format!("{first}\n\n{rest}"));
            run(&mut host, spacing, 5);
        }
        let told = told(&host);
        let count = |kind: &str| told.iter().filter(|text| text.starts_with(kind)).count();
        // Three minutes are too short for this rule to find it well.
        assert_eq!(count("flapping"), usize::from(period > 3), "{period} min: {told:?}");
        assert!(count("fired") <= 3 && count("recovered") <= 3, "{period} min: {told:?}");
        assert!(told.len() <= 12, "{period} min: {told:?}");
    }
}

#[test]
fn processes_killed_again_and_again_are_one_incident_with_a_count() {
    let mut host = host("");
    run(&mut host, 10, 5);
    for kills in 1..=16 {
        host.replace("proc/vmstat", &format!("oom_kill {kills}\n"), &format!("oom_kill {}\n", kills + 1));
        runs(&mut host, 3, 10);
    }
    runs(&mut host, 12, 10);
    assert_eq!(told(&host), ["fired warning", "reminded warning", "reminded warning"], "at once, after 1 h, after 5 h");
    let incidents = host.osmon(&["incidents", "oom_kill", "--json"]).ok().json();
    let incidents = incidents["incident"].as_array().unwrap();
    assert_eq!((incidents.len(), &incidents[0]["open"]), (1, &false.into()), "{incidents:?}");
    let explained = host.osmon(&["explain", "oom_kill", "--json"]).ok().json();
    let events = explained["event"].as_array().unwrap();
    let texts: Vec<&str> = events
        .iter()
        .filter(|event| event["kind"] == "reminded")
        .filter_map(|event| event["message"].as_str())
        .collect();
    assert_eq!(texts, ["3 times since 00:25", "11 times since 00:25"]);
    let end = events.last().unwrap();
    assert_eq!(
        (&end["kind"], &end["muted"]),
        (&"recovered".into(), &"a momentary event has no end to notify of".into())
    );
}
