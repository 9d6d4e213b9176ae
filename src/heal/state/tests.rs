//! The state between two healing runs.

use super::*;
use crate::base::clock::parse;
use crate::heal::moment::Moment;
use crate::model::action::{Mode, Outcome, Status};

fn now(seconds: f64) -> Now {
    let wall = parse("2026-11-20T21:40:00Z").unwrap() + chrono::TimeDelta::milliseconds((seconds * 1e3) as i64);
    Now { wall, boottime_seconds: 10_000.0 + seconds }
}

fn seen(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn sightings_are_of_snapshots_in_a_row() {
    let mut state = HealState::default();
    let count = |state: &HealState, name: &str| state.sightings.get(name).copied().unwrap_or(0);
    state.see(&seen(&["a"]), 60.0, Some(60.0));
    state.see(&seen(&["a"]), 60.0, Some(60.0));
    assert_eq!((count(&state, "a"), state.streak), (1, 1), "the same snapshot counts once");
    state.see(&seen(&["a", "b"]), 120.0, Some(60.0));
    assert_eq!((count(&state, "a"), count(&state, "b")), (2, 1));
    state.see(&seen(&["b"]), 120.0, Some(60.0));
    assert_eq!((count(&state, "a"), count(&state, "b")), (0, 1), "it was gone in between");
    state.see(&seen(&["a", "b"]), 180.0, Some(60.0));
    assert_eq!((count(&state, "a"), count(&state, "b"), state.streak), (1, 2, 3));
    state.see(&seen(&["b"]), 400.0, Some(60.0));
    assert_eq!((count(&state, "b"), state.streak), (1, 1), "snapshots in between were not seen");
    state.see(&seen(&["b"]), 460.0, None);
    assert_eq!((count(&state, "b"), state.streak), (1, 0), "a gap");
    state.see(&seen(&["b"]), 30.0, Some(60.0));
    assert_eq!(count(&state, "b"), 1, "an earlier time since boot");
    state.boot_id = "one".to_string();
    state.put_in_order(&now(0.0), "two");
    assert_eq!((state.sightings.len(), state.streak), (0, 0), "another boot");
}

#[test]
fn a_clock_that_was_set_is_noticed() {
    let mut state = HealState { boot_id: "one".to_string(), ..HealState::default() };
    let run = |state: &mut HealState, at: Now| {
        state.put_in_order(&at, "one");
        state.last = Some(LastRun { at: Moment::of(&at), uid: 0 });
    };
    run(&mut state, now(0.0));
    run(&mut state, now(60.0));
    assert_eq!(state.clock_set, None);
    let set = Now { wall: now(0.0).wall - chrono::TimeDelta::seconds(31), ..now(120.0) };
    run(&mut state, set);
    assert_eq!(state.clock_set.map(|at| at.boottime_seconds), Some(10_120.0));
    let later = |seconds: i64| Now {
        wall: set.wall + chrono::TimeDelta::seconds(seconds),
        boottime_seconds: set.boottime_seconds + seconds as f64,
    };
    run(&mut state, later(86_000));
    assert!(state.clock_set.is_some());
    run(&mut state, later(86_500));
    assert_eq!(state.clock_set, None, "a day later");
}

#[test]
fn what_was_given_up_is_released_after_a_healthy_day_and_shown_for_an_hour() {
    let mut state = HealState { boot_id: "one".to_string(), ..HealState::default() };
    let target = state.target_mut("web", ActionKind::Restart, "web.service");
    target.attempts = 3;
    target.give_up(&now(0.0));
    assert!(!target.note_health(true, &now(60.0)));
    assert!(!target.note_health(false, &now(120.0)));
    assert!(!target.note_health(true, &now(80_000.0)), "it failed again");
    assert!(!target.note_health(false, &now(80_060.0)));
    assert!(!target.note_health(false, &now(80_060.0 + DAY - 1.0)));
    assert!(target.note_health(false, &now(80_060.0 + DAY)));
    let released = now(80_060.0 + DAY);
    target.release(&released);
    assert_eq!((target.attempts, target.gave_up), (0, None));
    for (seconds, is_there) in [(3599.0, true), (3601.0, false)] {
        state.put_in_order(&Now { boottime_seconds: released.boottime_seconds + seconds, ..released }, "one");
        assert_eq!(state.targets.len(), usize::from(is_there), "{seconds}");
    }
}

#[test]
fn repairs_count_until_a_day_of_running_time_has_passed() {
    let mut state = HealState { boot_id: "one".to_string(), ..HealState::default() };
    state.target_mut("web", ActionKind::Restart, "web.service").helped(&now(0.0));
    state.last = Some(LastRun { at: Moment::of(&now(600.0)), uid: 0 });
    let boot = |seconds: f64| Now { boottime_seconds: seconds, ..now(1e9) };
    state.put_in_order(&boot(30.0), "two");
    assert_eq!(state.targets[0].repaired[0].age_seconds(&boot(30.0)), 630.0, "it was off for years");
    state.put_in_order(&boot(DAY - 601.0), "two");
    assert_eq!(state.targets[0].repaired.len(), 1);
    state.put_in_order(&boot(DAY - 599.0), "two");
    assert_eq!(state.targets.iter().map(|target| target.repaired.len()).sum::<usize>(), 0);
}

/// A run reads the clocks before it waits for another one, which then ends later than that reading.
#[test]
fn an_earlier_reading_of_the_same_boot_changes_nothing() {
    let mut state = HealState { boot_id: "one".to_string(), ..HealState::default() };
    let target = state.target_mut("web", ActionKind::Restart, "web.service");
    target.acted.push(crate::heal::target_state::Attempt { at: Moment::of(&now(20.0)), mode: Mode::Enforce });
    state.unkillable.push(Unkillable { pid: 17, start_ticks: 4711 });
    state.see(&seen(&["a"]), 60.0, Some(60.0));
    state.ran(&now(30.0), 0);
    let before = state.clone();
    state.put_in_order(&now(0.0), "one");
    assert_eq!(state.targets, before.targets, "the attempt is not aged by the whole uptime");
    assert_eq!((&state.unkillable, &state.sightings), (&before.unkillable, &before.sightings));
    assert_eq!(state.clock_set, None);
    state.ran(&now(0.0), 4);
    assert_eq!(state.last, Some(LastRun { at: Moment::of(&now(30.0)), uid: 4 }), "the last run never goes back");
    state.put_in_order(&now(-3600.0), "one");
    assert_eq!(state.unkillable.len(), 1, "the boot id alone tells boots apart");
    let mut nameless = HealState { boot_id: String::new(), ..before };
    for (seconds, left) in [(-80.0, 1), (-100.0, 0)] {
        nameless.put_in_order(&now(seconds), "");
        assert_eq!(nameless.unkillable.len(), left, "{seconds}");
    }
}

#[test]
fn a_pause_that_is_over_is_ignored_and_comes_back_with_the_clock() {
    let mut state = HealState { boot_id: "one".to_string(), ..HealState::default() };
    let pause = Pause { until: now(7200.0).wall, by: "anna".to_string(), because: "new disk".to_string() };
    state.pause = Some(pause.clone());
    let wrong = Now { wall: now(9e6).wall, ..now(60.0) };
    state.put_in_order(&wrong, "one");
    assert_eq!(state.pause_at(&wrong), None);
    state.put_in_order(&now(120.0), "one");
    assert_eq!(state.pause_at(&now(120.0)), Some(&pause));
    assert_eq!(state.pause_at(&now(7200.0)), None);
}

#[test]
fn files_of_a_later_version_are_not_read() {
    let read = |text: &str| serde_json::from_str::<HealState>(text);
    assert_eq!(read(r#"{"schema":1}"#).unwrap(), HealState { schema: 1, ..HealState::default() });
    assert!(read(r#"{"schema":2}"#).is_err());
    let outcome = Outcome::plain(Status::Done, "x".to_string());
    let mut state = HealState { schema: 1, ..HealState::default() };
    let target = state.target_mut("web", ActionKind::Restart, "web.service");
    target.acted.push(crate::heal::target_state::Attempt { at: Moment::of(&now(0.0)), mode: Mode::Enforce });
    assert!(!target.conclude(&outcome, &now(0.0)), "nothing was pending");
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(read(&text).unwrap(), state, "{text}");
}
