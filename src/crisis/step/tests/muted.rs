//! Suppressed notifications, and the notifications that follow when the suppression ends.

use super::rows::{Run, disk};
use super::*;
use crate::config::window::Window;
use crate::crisis::baseline::Band;
use crate::model::condition::Condition;
use crate::model::suppression::{Ack, Silence, Suppressions};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn a_rule_may_notify_nobody_and_its_incidents_are_recorded_all_the_same() {
    let mut run = Run::new(&[Rule { notifies: false, ..rule(0, 0) }]);
    assert_eq!(run.cpu(3, 99.0), ["~fired critical"]);
    assert_eq!(run.all[0].muted.as_deref(), Some("notifications are off for this rule"));
    assert_eq!(run.state.open().len(), 1);
    assert_eq!(run.cpu(90, 10.0), ["~recovered critical"], "and no reminder");
}

#[test]
fn of_one_file_system_in_two_places_the_upper_one_speaks() {
    let minute = |run: &mut Run, values: [f64; 4]| {
        let mounts = ["/var", "/var/lib", "/var/log", "/var/tmp"];
        let metrics = mounts.map(|mount| format!("disk.used_percent{{mount={mount:?}}}"));
        let metrics: Vec<(&str, f64)> = metrics.iter().map(String::as_str).zip(values).collect();
        run.minute(&metrics)
    };
    let mut run = Run::new(&[disk("disk")]);
    let devices = [("/var", "/dev/sda1"), ("/var/lib", "/dev/sda1"), ("/var/log", "/dev/sda2")];
    run.clock.devices = devices.map(|(mount, device)| (mount.to_string(), device.to_string())).into();
    // Equal size and use alone say nothing, nor does a file system without a device.
    let begun = minute(&mut run, [90.0; 4]);
    assert_eq!(begun, ["fired warning", "~fired warning", "fired warning", "fired warning"]);
    assert!(minute(&mut run, [90.0; 4]).is_empty());
    let over = minute(&mut run, [10.0, 90.0, 90.0, 90.0]);
    assert_eq!(over, ["recovered warning", "settled warning"], "still open when the other is over");
}

#[test]
fn a_value_is_a_breach_and_notified_only_under_its_conditions() {
    let condition = |text: &str| Some(Condition::parse(text).unwrap());
    let (cpu, nice, pressure) = ("cpu.busy_percent", "cpu.nice_percent", "pressure.cpu.some_avg60_percent");
    let mut run = Run::new(&[Rule {
        only_if: condition("cpu.nice_percent < 20"),
        critical_only_if: condition("cpu.nice_percent < 10"),
        notify_if: condition("pressure.cpu.some_avg60_percent >= 20"),
        ..rule(0, 0)
    }]);
    let mut minute = |busy, part, wait| run.minute(&[(cpu, busy), (nice, part), (pressure, wait)]);
    assert!(minute(99.0, 60.0, 50.0).is_empty());
    assert_eq!(minute(99.0, 15.0, 1.0), ["~fired warning"], "nobody waits");
    assert_eq!(minute(99.0, 21.0, 30.0), ["settled warning"], "told when somebody does; the condition is nearly met");
    assert_eq!(minute(99.0, 5.0, 1.0), ["~escalated critical"]);
    assert_eq!(minute(99.0, 5.0, 20.0), ["settled critical"]);
    assert_eq!(minute(99.0, 60.0, 1.0), ["recovered critical"], "the end is told, whoever waits");
    assert_eq!(minute(99.0, 5.0, 1.0), ["~fired critical"]);
    assert_eq!(minute(10.0, 5.0, 90.0), ["~recovered critical"], "of which nobody knows the beginning");
    assert_eq!(run.minute(&[(cpu, 99.0)]), ["fired critical"], "unknown pressure holds nothing back");
}

#[test]
fn what_is_usual_is_not_notified_as_critical_either_where_a_condition_tells_who_waits() {
    let band = Band { centre: 85.0, spread: 2.5, low: 60.0, high: 99.0, is_of_hour: true, moved: 0.0 };
    let notify_if = Some(Condition::parse("pressure.cpu.some_avg60_percent >= 20").unwrap());
    for (notify_if, memory, expected) in [
        (notify_if.clone(), 0.0, "~fired critical"),
        (notify_if, 50.0, "fired critical"),
        (None, 0.0, "fired critical"),
    ] {
        let mut run = Run::new(&[Rule { mutes_usual: true, notify_if, ..rule(0, 0) }]);
        run.clock.bands = Arc::new(BTreeMap::from([("cpu".to_string(), band)]));
        assert_eq!(
            run.minute(&[("cpu.busy_percent", 99.0), ("pressure.memory.full_avg60_percent", memory)]),
            [expected]
        );
    }
}

#[test]
fn a_host_without_memory_explains_slow_services() {
    let slow = Rule { metric: Selector::parse("service.restarts").unwrap(), critical: None, ..disk("slow") };
    let mut run = Run::new(&[slow]);
    let (service, pressure) = ("service.restarts{service=\"a\"}", "pressure.memory.full_avg60_percent");
    assert_eq!(run.minute(&[(service, 90.0), (pressure, 30.0)]), ["~fired warning"]);
    assert_eq!(run.minute(&[(service, 90.0), (pressure, 3.0)]), ["settled warning"]);
    assert_eq!(run.minute(&[(service, 0.0), (pressure, 3.0)]), ["recovered warning"]);
}

fn silence(run: &Run, matcher: &str, minutes: i64) -> Suppressions {
    let since = run.clock.now.wall;
    let until = since + TimeDelta::minutes(minutes);
    let silence = Silence {
        number: 0,
        matcher: matcher.into(),
        until,
        because: "work".into(),
        by: "me".into(),
        since,
        no_heal: false,
    };
    Suppressions { silences: vec![silence], ..Suppressions::default() }
}

#[test]
fn a_silence_ends_by_itself_and_then_it_is_told_how_it_is() {
    for matcher in ["*", "cpu", "cpu.*"] {
        let mut run = Run::new(&[rule(0, 0)]);
        run.clock.suppressions = silence(&run, matcher, 10);
        assert_eq!(run.cpu(9, 90.0), ["~fired warning"], "{matcher}");
        assert_eq!(run.all[0].muted.as_deref(), Some("silenced by me: work"));
        assert_eq!(run.cpu(5, 90.0), ["settled warning"], "{matcher}");
    }
    let mut run = Run::new(&[rule(0, 0)]);
    run.clock.suppressions = silence(&run, "disk", 10);
    assert_eq!(run.cpu(1, 90.0), ["fired warning"], "another rule");
    run.clock.suppressions = silence(&run, "*", 10);
    assert_eq!(run.cpu(3, 10.0), ["~recovered warning"]);
    assert_eq!(run.cpu(10, 10.0), ["settled warning well"]);
    run.clock.suppressions = silence(&run, "*", 10);
    let mut run = Run::new(&[rule(0, 0)]);
    run.clock.suppressions = silence(&run, "*", 3);
    assert_eq!(
        run.cpu(2, 90.0).concat() + &run.cpu(1, 10.0).concat(),
        "~fired warning~recovered warning",
        "at its end"
    );
    run.clock.suppressions = silence(&run, "*", 10);
    assert_eq!(
        run.cpu(2, 90.0).concat() + &run.cpu(20, 10.0).concat(),
        "~fired warning~recovered warning",
        "nothing to tell"
    );
}

#[test]
fn an_acknowledgement_stops_reminders_until_it_gets_worse() {
    let mut run = Run::new(&[rule(0, 300)]);
    run.cpu(1, 90.0);
    let since = run.clock.now.wall;
    let incident = format!("cpu-{}", since.timestamp());
    run.clock.suppressions.acks.push(acknowledged(&incident, since, Some(Severity::Warning)));
    assert!(run.cpu(3, 10.0).is_empty() && run.cpu(3000, 90.0).is_empty(), "also through a dip");
    assert_eq!(run.cpu(1, 99.0), ["escalated critical"]);
    assert_eq!(run.cpu(61, 99.0), ["reminded critical"]);
}

fn acknowledged(incident: &str, since: chrono::DateTime<chrono::Utc>, severity: Option<Severity>) -> Ack {
    let (because, by) = (String::new(), String::new());
    Ack { number: 0, incident: incident.into(), severity, until: since + TimeDelta::days(7), because, by, since }
}

#[test]
fn an_acknowledgement_holds_for_what_was_acknowledged_and_no_more() {
    // The severities when it is acknowledged and afterwards; whether reminders come.
    let cases = [
        (&[99.0, 82.0][..], Severity::Warning, &[99.0][..], true),
        (&[99.0], Severity::Critical, &[82.0, 99.0], false),
        (&[90.0], Severity::Warning, &[99.0, 82.0], true),
        (&[90.0], Severity::Warning, &[10.0, 90.0], false),
        (&[90.0], Severity::Warning, &[10.0, 99.0], true),
        (&[99.0], Severity::Critical, &[10.0, 99.0], false),
    ];
    for (before, severity, after, is_reminded) in cases {
        let mut run = Run::new(&[rule(0, 0)]);
        before.iter().for_each(|value| drop(run.cpu(1, *value)));
        let id = run.state.open()[0].id.clone();
        run.clock.suppressions.acks.push(acknowledged(&id, run.clock.now.wall, Some(severity)));
        after.iter().for_each(|value| drop(run.cpu(1, *value)));
        let told = run.cpu(2 * 1440, *after.last().unwrap());
        assert_eq!(told.iter().any(|text| text.starts_with("reminded")), is_reminded, "{before:?} {after:?} {told:?}");
    }
    let mut run = Run::new(&[rule(0, 0)]);
    run.cpu(1, 90.0);
    let id = run.state.open()[0].id.clone();
    run.clock.suppressions.acks.push(acknowledged(&id, run.clock.now.wall, Some(Severity::Warning)));
    run.cpu(60, 10.0);
    assert!(run.cpu(1600, 90.0).contains(&"reminded warning".to_string()), "an hour later it is another one");
}

#[test]
fn what_gets_worse_again_is_told_again() {
    let mut run = Run::new(&[rule(0, 0)]);
    let told: Vec<String> = [99.0, 82.0, 82.0, 99.0, 99.0, 10.0].iter().flat_map(|value| run.cpu(1, *value)).collect();
    assert_eq!(told, ["fired critical", "escalated critical", "recovered critical"]);
    let mut run = Run::new(&[rule(0, 0)]);
    let told: Vec<String> = (0..50).flat_map(|minute| run.cpu(1, if minute % 4 < 2 { 99.0 } else { 82.0 })).collect();
    let told: Vec<&String> = told.iter().filter(|text| !text.starts_with('~')).collect();
    assert_eq!(told, ["fired critical", "escalated critical", "escalated critical", "flapping critical"]);
    assert_eq!(run.cpu(20, 99.0), ["settled critical"]);
}

#[test]
fn the_end_of_what_was_told_is_never_usual() {
    let mut run = Run::new(&[Rule { mutes_usual: true, ..rule(0, 0) }]);
    assert_eq!(run.cpu(1, 90.0), ["fired warning"]);
    let band = Band { centre: 10.0, spread: 2.5, low: 5.0, high: 90.0, is_of_hour: true, moved: 0.0 };
    run.clock.bands = Arc::new(BTreeMap::from([("cpu".to_string(), band)]));
    assert_eq!(run.cpu(3, 10.0), ["recovered warning"]);
    run.clock.bands = Arc::default();
    assert_eq!(run.cpu(1, 90.0), ["fired warning"]);
    run.clock.suppressions = silence(&run, "*", 10);
    assert_eq!(run.cpu(5, 10.0), ["~recovered warning"]);
    run.clock.bands = Arc::new(BTreeMap::from([("cpu".to_string(), band)]));
    assert_eq!(run.cpu(10, 10.0), ["settled warning well"], "a silence only delays it");
}

#[test]
fn hours_of_a_rule() {
    let window = Window::read("08:00-20:00", "").unwrap();
    let mut run = Run::new(&[Rule { window, ..rule(0, 0) }]);
    run.clock.now.wall = parse("2026-11-20T07:55:00Z").unwrap();
    assert_eq!(run.cpu(4, 90.0), ["~fired warning"]);
    assert_eq!(run.cpu(1, 90.0), ["settled warning"]);
    run.clock.zone_offset_seconds = -3600;
    assert_eq!(run.cpu(1, 10.0), ["~recovered warning"]);
}

#[test]
fn what_is_usual_at_this_hour_is_told_when_it_is_more_or_lasts_longer() {
    let band = |is_of_hour, moved| {
        let band = Band { centre: 85.0, spread: 2.5, low: 60.0, high: 90.0, is_of_hour, moved };
        Arc::new(BTreeMap::from([("cpu".to_string(), band)]))
    };
    let with = |bands| {
        let mut run = Run::new(&[Rule { mutes_usual: true, ..rule(0, 0) }]);
        run.clock.bands = bands;
        run
    };
    let mut run = with(band(true, 0.0));
    assert_eq!(run.cpu(1, 88.0), ["~fired warning"]);
    assert_eq!(run.cpu(1, 94.0), ["settled warning"], "more than usual");
    let mut run = with(band(true, 0.0));
    assert_eq!(run.cpu(1, 88.0), ["~fired warning"]);
    assert_eq!(run.cpu(1, 10.0), ["~recovered warning"]);
    assert_eq!(run.cpu(1, 99.0), ["fired critical"], "critical is never usual");
    let mut run = with(band(true, 0.0));
    assert_eq!(run.cpu(1, 88.0), ["~fired warning"]);
    run.clock.bands = Arc::default();
    assert_eq!(run.cpu(1, 88.0), ["settled warning"], "an hour later it is not usual any more");
    for bands in [band(false, 0.0), band(true, 20.0)] {
        assert_eq!(with(bands).cpu(1, 88.0), ["fired warning"], "not known, or a new level");
    }
}
