//! Incidents of what is unusual: from the breach that was found until there was none for forty groups.

use super::rows::Run;
use super::*;
use crate::crisis::unusual::{Closed, Edges, QUIET, Sighting};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group and an hour at a level, where two weeks had 5 to 20.
pub fn sighting(level: f64) -> Sighting {
    let usual = Edges { high: 20.0, low: 5.0, span: 15.0 };
    Sighting {
        group: level,
        hour: level,
        days: usual,
        weeks: usual,
        day_count: 14,
        days_of_weeks: 14,
        rise: 0.0,
        fall: 0.0,
        of_day: None,
        group_seconds: 300.0,
    }
}

fn rule_of(above: bool, either: bool) -> Rule {
    Rule { measure: Measure::Unusual { floor: 7.5, either }, critical: None, above, ..rule(0, 0) }
}

/// A snapshot that closes a group at this level; `None`: its group goes on.
fn group(run: &mut Run, level: Option<f64>) -> Vec<String> {
    let closed = level.map(|level| ("cpu.busy_percent".to_string(), Closed::Sighted(sighting(level))));
    run.clock.closed = Arc::new(closed.into_iter().collect::<BTreeMap<_, _>>());
    run.cpu(1, level.unwrap_or(10.0))
}

#[test]
fn it_begins_at_once_says_why_and_ends_after_forty_groups_without_a_breach() {
    let mut run = Run::new(&[rule_of(true, false)]);
    assert!(group(&mut run, Some(27.4)).is_empty(), "within the floor");
    assert!(group(&mut run, Some(0.0)).is_empty(), "not its side");
    assert_eq!(group(&mut run, Some(78.0)), ["fired warning"]);
    let why = "78 % over the last hour, higher than on all but one of the last 14 days (5 % to 20 %)";
    assert_eq!(run.all[0].message.as_deref(), Some(why));
    assert!((run.all[0].value, (run.all[0].limit * 10.0).round()) == (78.0, 275.0), "{:?}", run.all[0]);
    let mut calm = |count: u32| (0..count).flat_map(|_| group(&mut run, Some(10.0))).collect::<Vec<_>>();
    assert!(calm(QUIET - 1).is_empty());
    assert!(group(&mut run, Some(78.0)).is_empty(), "the same incident");
    assert!((0..100).all(|_| group(&mut run, None).is_empty()), "only groups count");
    let mut calm = |count: u32| (0..count).flat_map(|_| group(&mut run, Some(10.0))).collect::<Vec<_>>();
    assert!(calm(QUIET - 1).is_empty());
    assert_eq!(calm(1), ["recovered warning"]);
    assert_eq!(group(&mut run, Some(78.0)), ["fired warning"], "another");
}

#[test]
fn each_side_as_the_rule_says() {
    for (above, either, level, expected) in [
        (true, false, 78.0, Some(true)),
        (false, false, 78.0, None),
        (false, false, -10.0, Some(false)),
        (true, false, -10.0, None),
        (true, true, 78.0, Some(true)),
        (true, true, -10.0, Some(false)),
    ] {
        let mut run = Run::new(&[Rule { message: "{value}, not {usual}".into(), ..rule_of(above, either) }]);
        group(&mut run, Some(level));
        assert_eq!(run.all.first().map(|event| event.above), expected, "{above} {either} {level}");
        let text = run.all.first().and_then(|event| event.message.clone());
        assert_eq!(text, expected.map(|_| format!("{level} %, not 5 % to 20 %")));
    }
}

#[test]
fn an_incident_outlives_boots_and_gaps_and_a_boot_grace_holds_it_back() {
    let mut run = Run::new(&[Rule { boot_grace: Duration::from_secs(1200), ..rule_of(true, false) }]);
    assert!(group(&mut run, Some(78.0)).is_empty(), "too soon after the boot");
    run.clock.now.boottime_seconds += 1000.0;
    assert_eq!(group(&mut run, Some(78.0)), ["fired warning"]);
    group(&mut run, Some(10.0));
    run.clock.boot_id.push('2');
    run.clock.now.boottime_seconds = 30.0;
    run.clock.now.wall += TimeDelta::hours(5);
    assert!(group(&mut run, Some(78.0)).is_empty(), "goes on");
    assert_eq!(run.state.open().len(), 1);
    let told: Vec<String> = (0..QUIET).flat_map(|_| group(&mut run, Some(10.0))).collect();
    assert_eq!(told, ["recovered warning"]);
}

#[test]
fn without_notification_it_is_information() {
    let mut run = Run::new(&[Rule { notifies: false, ..rule_of(true, false) }]);
    assert_eq!(group(&mut run, Some(78.0)), ["~fired warning"]);
    assert!(run.all[0].information && run.state.open()[0].information);
    let mut run = Run::new(&[rule_of(true, false)]);
    assert_eq!(group(&mut run, Some(78.0)), ["fired warning"]);
    assert!(!run.all[0].information && !run.state.open()[0].information);
}
