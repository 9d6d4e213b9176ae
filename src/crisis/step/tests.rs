//! The transition table of the state machine, row by row, and properties over random histories.

mod forecast;
mod kinds;
mod muted;
mod properties;
mod rows;
mod table;
mod unusual;

use super::*;
use crate::base::clock::{Now, parse};
use crate::config::rule::Limit;
use crate::model::event::EventKind;
use crate::model::incident::Severity;
use crate::model::metric::Selector;
use chrono::TimeDelta;
use std::time::Duration;

fn rule(hold: u64, clear_for: u64) -> Rule {
    let limit = |raise, clear| Some(Limit { raise, clear, hold: Duration::from_secs(hold) });
    Rule {
        name: "cpu".into(),
        title: "CPU".into(),
        metric: Selector::parse("cpu.busy_percent").unwrap(),
        above: true,
        warning: limit(80.0, 70.0),
        critical: limit(95.0, 85.0),
        only_if: None,
        critical_only_if: None,
        samples: None,
        clear_for: Duration::from_secs(clear_for),
        measure: Measure::Value,
        boot_grace: Duration::ZERO,
        message: String::new(),
        window: None,
        notify_if: None,
        mutes_usual: false,
        notifies: true,
    }
}

fn clock(seconds: f64, boot: &str) -> EvalContext {
    let wall = parse("2026-11-20T00:00:00Z").unwrap() + TimeDelta::milliseconds((seconds * 1e3) as i64);
    EvalContext {
        zone_offset_seconds: 0,
        ..EvalContext::new(Now { wall, boottime_seconds: 1000.0 + seconds }, boot, "h")
    }
}

/// An id with the minute of the first breach instead of its second since 1970: `cpu-0.1`.
fn relative(id: &str) -> String {
    let (incident, sequence) = id.rsplit_once('.').unwrap();
    let (rule, second) = incident.rsplit_once('-').unwrap();
    let minute = (second.parse::<i64>().unwrap() - clock(0.0, "b").now.wall.timestamp()) / 60;
    format!("{rule}-{minute}.{sequence}")
}

/// Runs values a minute apart through a rule; returns the events as text.
fn told(rule: &Rule, values: &[f64]) -> Vec<String> {
    let (mut state, mut told) = (State::default(), Vec::new());
    for (minute, value) in values.iter().enumerate() {
        let metric = Metric { name: "cpu.busy_percent".into(), labels: vec![], value: *value };
        let (next, events) = step(std::slice::from_ref(rule), &state, &[metric], &clock(minute as f64 * 60.0, "b"));
        told.extend(events.iter().map(|event| {
            let id = relative(&event.id);
            format!("{minute} {} {:?} {id} {}", event.kind.word(), event.severity, event.duration_seconds)
        }));
        state = next;
    }
    told
}

#[test]
fn the_transition_table() {
    let rule = rule(120, 120);
    let cases: [(&str, &[f64], &[&str]); 9] = [
        ("well", &[10.0; 5], &[]),
        ("a spike shorter than the hold", &[10.0, 99.0, 99.0, 10.0, 99.0], &[]),
        ("a warning that lasts, once", &[81.0, 81.0, 81.0, 81.0, 81.0], &["2 fired Warning cpu-0.1 120"]),
        ("critical at once when critical lasted", &[96.0, 96.0, 96.0], &["2 fired Critical cpu-0.1 120"]),
        (
            "a warning becomes critical",
            &[81.0, 81.0, 81.0, 96.0, 96.0, 96.0],
            &["2 fired Warning cpu-0.1 120", "5 escalated Critical cpu-0.2 300"],
        ),
        (
            "between clear and raise nothing moves; then it recovers after its time, and the duration ends where it was well",
            &[81.0, 81.0, 81.0, 75.0, 75.0, 60.0, 60.0, 60.0],
            &["2 fired Warning cpu-0.1 120", "7 recovered Warning cpu-0.2 300"],
        ),
        (
            "a relapse while recovering is the same incident, and it must be well for longer then",
            &[81.0, 81.0, 81.0, 60.0, 81.0, 60.0, 60.0, 60.0, 60.0],
            &["2 fired Warning cpu-0.1 120", "8 recovered Warning cpu-0.2 300"],
        ),
        (
            "from critical down to a warning without a word, and up again with one",
            &[96.0, 96.0, 96.0, 82.0, 96.0, 96.0, 96.0, 96.0],
            &["2 fired Critical cpu-0.1 120", "6 escalated Critical cpu-0.2 360"],
        ),
        (
            "the next incident has another id",
            &[81.0, 81.0, 81.0, 1.0, 1.0, 1.0, 81.0, 81.0, 81.0],
            &["2 fired Warning cpu-0.1 120", "5 recovered Warning cpu-0.2 180", "8 fired Warning cpu-6.1 120"],
        ),
    ];
    for (name, values, expected) in cases {
        assert_eq!(told(&rule, values), expected, "{name}");
    }
}

#[test]
fn without_a_hold_it_is_told_at_once_and_over_at_once() {
    assert_eq!(told(&rule(0, 0), &[99.0, 1.0]), ["0 fired Critical cpu-0.1 0", "1 recovered Critical cpu-0.2 60"]);
}

#[test]
fn a_gap_or_a_reboot_counts_for_nothing_and_ends_nothing() {
    let rules = [rule(120, 120)];
    let run = |state: &State, value: f64, at: EvalContext| {
        step(&rules, state, &[Metric { name: "cpu.busy_percent".into(), labels: vec![], value }], &at)
    };
    let (pending, _) = run(&State::default(), 99.0, clock(0.0, "b"));
    assert_eq!(run(&pending, 99.0, clock(120.0, "b")).1.len(), 1);
    assert!(run(&pending, 99.0, clock(3600.0, "b")).1.is_empty(), "an hour without data is no hour of crisis");
    assert!(run(&pending, 99.0, clock(120.0, "after a boot")).1.is_empty());
    let (firing, _) = run(&pending, 99.0, clock(120.0, "b"));
    let (after, events) = run(&firing, 99.0, clock(900.0, "after a boot"));
    assert!(events.is_empty() && after.open().len() == 1, "a reboot alone ends no incident");
    let (absent, events) = step(&rules, &firing, &[], &clock(180.0, "b"));
    assert!(events.is_empty() && absent.open().len() == 1, "no data is not well");
    let (gone, events) = step(&[], &firing, &[], &clock(180.0, "b"));
    assert!(events.len() == 1 && gone.open().is_empty(), "a removed rule ends what it raised");
}

#[test]
fn a_clock_that_is_set_changes_no_duration() {
    let rules = [rule(120, 120)];
    let metric = [Metric { name: "cpu.busy_percent".into(), labels: vec![], value: 99.0 }];
    let (mut state, mut fired) = (State::default(), 0);
    for minute in 0..3 {
        let mut at = clock(f64::from(minute) * 60.0, "b");
        at.now.wall += TimeDelta::days(if minute == 1 { 365 } else { -365 });
        let (next, events) = step(&rules, &state, &metric, &at);
        fired += events.iter().filter(|event| event.duration_seconds == 120.0).count();
        state = next;
    }
    assert_eq!(fired, 1);
}
