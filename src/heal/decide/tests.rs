//! Each guard refuses in its situation, and the same situation without it acts.

use super::decide;
use super::question::{Decision, Question, Request};
use crate::base::clock::{Now, parse};
use crate::config::{HealEntry, RepairSpec};
use crate::heal::case::Case;
use crate::heal::guard::{Guard, Refusal};
use crate::heal::moment::Moment;
use crate::heal::repair::Candidate;
use crate::heal::situation::{Pause, Situation};
use crate::heal::state::HealState;
use crate::host::Root;
use crate::model::action::{Action, ActionKind, Mode, Outcome, Phase, Status, Target};
use std::path::Path;
use std::time::Duration;

/// Everything that a decision depends on, in a state in which it acts.
struct World {
    situation: Situation,
    state: HealState,
    actions_per_hour: u32,
    seconds_left: f64,
    questions: Vec<Question>,
}

fn now() -> Now {
    Now { wall: parse("2026-11-20T21:40:00Z").unwrap(), boottime_seconds: 500_000.0 }
}

fn entry(name: &str, repair: RepairSpec) -> HealEntry {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    HealEntry {
        name: name.to_string(),
        rule: "service".to_string(),
        matches: "web*".to_string(),
        repair,
        mode: Mode::Enforce,
        after: Duration::ZERO,
        per_hour: 3,
        per_day: 6,
        waits: vec![minutes(1), minutes(5), minutes(15)],
        verify: minutes(1),
        escalates: true,
    }
}

fn question(entry: HealEntry, sighting: &str) -> Question {
    let candidate = Candidate {
        target: Target { name: "web.service".to_string(), ..Target::default() },
        refused: Vec::new(),
        sighting: sighting.to_string(),
    };
    let case = Case { is_current: true, open_seconds: 60.0, title: "web failed".to_string(), ..Case::default() };
    let (mode, missing_right) = (entry.mode, None);
    let is_unasked = false;
    Question { entry, mode, case, candidate: Some(candidate), is_unasked, missing_right, least_seconds: 5 }
}

fn world() -> World {
    let root = Root::new(Some(Path::new("/nonexistent")));
    World {
        situation: Situation::calm(root, now()),
        state: HealState::default(),
        actions_per_hour: 10,
        seconds_left: 25.0,
        questions: vec![question(entry("web", RepairSpec::Restart { unit: None }), "")],
    }
}

impl World {
    fn decide(&self) -> Vec<Decision> {
        let request = Request {
            situation: &self.situation,
            state: &self.state,
            actions_per_hour: self.actions_per_hour,
            seconds_left: self.seconds_left,
        };
        decide(&request, &self.questions)
    }

    fn first(&mut self) -> &mut Question {
        &mut self.questions[0]
    }

    /// An enforced action on a target of an entry, this long ago.
    fn acted(&mut self, entry: &str, target: &str, seconds_ago: f64) {
        let then = Now { boottime_seconds: now().boottime_seconds - seconds_ago, ..now() };
        let known = self.state.target_mut(entry, ActionKind::Restart, target);
        known.begin(action(entry, target), &then);
        known.conclude(&Outcome::plain(Status::Failed, String::new()), &then);
    }
}

fn action(entry: &str, target: &str) -> Action {
    Action {
        id: "1".to_string(),
        phase: Phase::Intent,
        entry: entry.to_string(),
        kind: ActionKind::Restart,
        mode: Mode::Enforce,
        target: Target { name: target.to_string(), ..Target::default() },
        incident: String::new(),
        rule: String::new(),
        metric: String::new(),
        value: 1.0,
        limit: 1.0,
        since: String::new(),
        attempt: 1,
        left: [2, 5],
        version: String::new(),
        configuration: String::new(),
        outcome: None,
    }
}

fn guards(decision: &Decision) -> Vec<Guard> {
    decision.refused.iter().map(|refusal| refusal.guard).collect()
}

/// A change of the calm world.
type Change = fn(&mut World);

/// Each guard of the decision, a situation in which it alone refuses, and a change after which it no longer does.
const GUARDS: [(Guard, Change, Change); 34] = [
    (Guard::Disabled, |w| w.situation.disabled_by = Some("/x".into()), |w| w.situation.disabled_by = None),
    (Guard::Paused, |w| pause(w, 60), |w| pause(w, -1)),
    (Guard::Off, |w| w.first().mode = Mode::Off, |w| w.first().mode = Mode::DryRun),
    (Guard::BadConfiguration, |w| w.situation.is_fallback = true, |w| w.situation.is_fallback = false),
    (
        Guard::StaleData,
        |w| w.situation.snapshot_age_seconds = Some(136.0),
        |w| w.situation.snapshot_age_seconds = Some(134.0),
    ),
    (Guard::StaleData, |w| w.situation.snapshot_age_seconds = None, |w| w.situation.snapshot_age_seconds = Some(0.0)),
    (Guard::Gap, |w| w.situation.snapshots_since_gap = 0, |w| w.situation.snapshots_since_gap = 1),
    (Guard::ClockInDoubt, |w| w.situation.clock_doubt = true, |w| w.situation.clock_doubt = false),
    (Guard::ClockInDoubt, |w| clean_after_step(w, 86_399.0), |w| w.situation.clock_set_seconds = Some(86_401.0)),
    (Guard::ClockInDoubt, |w| unbelieved_clean(w), |w| w.situation.is_clock_believed = true),
    (Guard::BootGrace, |w| w.situation.now.boottime_seconds = 299.0, |w| w.situation.now.boottime_seconds = 300.0),
    (Guard::SystemState, |w| state(w, "stopping"), |w| state(w, "degraded")),
    (Guard::SystemState, |w| state(w, "starting"), |w| state(w, "")),
    (Guard::SystemState, |w| state(w, "maintenance"), |w| state(w, "running")),
    (Guard::SystemState, |w| state(w, "unknown"), |w| state(w, "running")),
    (Guard::PackageWork, |w| w.situation.package_work = Some("dpkg".into()), |w| w.situation.package_work = None),
    (
        Guard::MemoryPressure,
        |w| w.situation.memory_full_percent = Some(20.1),
        |w| w.situation.memory_full_percent = Some(20.0),
    ),
    (
        Guard::MemoryPressure,
        |w| w.situation.swap_bytes_per_second = Some(1e8),
        |w| w.situation.swap_bytes_per_second = Some(1e6),
    ),
    (Guard::HostBudget, |w| ten_others(w, 10), |w| w.actions_per_hour = 11),
    (
        Guard::HostBudget,
        |w| ten_others(w, 10),
        |w| {
            w.state.targets.pop();
        },
    ),
    (Guard::NotCurrent, |w| w.first().case.is_current = false, |w| w.first().case.is_current = true),
    (Guard::TooEarly, |w| after(w, 61), |w| after(w, 60)),
    (Guard::Silenced, |w| w.first().case.forbidden = Some("x".into()), |w| w.first().case.forbidden = None),
    (Guard::TooFewSnapshots, |w| seen(w, 0), |w| seen(w, 3)),
    (Guard::TooFewSnapshots, |w| seen(w, 2), |w| seen(w, 3)),
    (Guard::Waiting, |w| w.acted("web", "web.service", 59.0), |w| w.state.targets.clear()),
    (
        Guard::Waiting,
        |w| two_attempts(w, 299.0),
        |w| {
            w.state.targets.clear();
            two_attempts(w, 301.0);
        },
    ),
    (Guard::Verifying, |w| verifying(w, "web"), |w| w.state.targets[0].verifying = None),
    (Guard::Verifying, |w| verifying(w, "another"), |w| w.state.targets[0].verifying = None),
    (
        Guard::Budget,
        |w| repaired(w, 3, 3500.0),
        |w| {
            w.state.targets.clear();
            repaired(w, 3, 3601.0);
        },
    ),
    (
        Guard::Budget,
        |w| repaired(w, 6, 86_000.0),
        |w| {
            w.state.targets.clear();
            repaired(w, 5, 86_000.0);
        },
    ),
    (Guard::GaveUp, |w| gave_up(w, true), |w| gave_up(w, false)),
    (Guard::NoTime, |w| w.seconds_left = 4.9, |w| w.seconds_left = 5.0),
    (Guard::NoRight, |w| w.first().missing_right = Some("root".into()), |w| w.first().missing_right = None),
];

fn pause(world: &mut World, seconds: i64) {
    let until = now().wall + chrono::TimeDelta::seconds(seconds);
    world.situation.pause = Some(Pause { until, by: "anna".to_string(), because: "new disk".to_string() });
}

fn clean_after_step(world: &mut World, seconds: f64) {
    let clean = RepairSpec::Clean {
        directories: vec!["/var/tmp".to_string()],
        older_than: Duration::from_secs(864_000),
        keep: Vec::new(),
        stop_bytes: 0,
    };
    world.first().entry.repair = clean;
    world.situation.clock_set_seconds = Some(seconds);
}

fn unbelieved_clean(world: &mut World) {
    clean_after_step(world, 86_401.0);
    world.situation.is_clock_believed = false;
}

fn state(world: &mut World, state: &str) {
    world.situation.system_state = state.to_string();
}

fn ten_others(world: &mut World, count: usize) {
    (0..count).for_each(|number| world.acted("other", &format!("unit{number}.service"), 3599.0));
}

fn after(world: &mut World, seconds: u64) {
    world.first().entry.after = Duration::from_secs(seconds);
}

fn seen(world: &mut World, count: u32) {
    world.first().candidate.as_mut().unwrap().sighting = "17:4711".to_string();
    world.state.sightings.insert("17:4711".to_string(), count);
}

fn two_attempts(world: &mut World, seconds_ago: f64) {
    world.acted("web", "web.service", seconds_ago + 400.0);
    world.acted("web", "web.service", seconds_ago);
}

fn verifying(world: &mut World, entry: &str) {
    let then = Now { boottime_seconds: now().boottime_seconds - 7200.0, ..now() };
    let known = world.state.target_mut(entry, ActionKind::Restart, "web.service");
    known.begin(action(entry, "web.service"), &then);
    known.conclude(&Outcome::plain(Status::Done, String::new()), &then);
}

/// Repairs that helped, so that no waiting time holds.
fn repaired(world: &mut World, count: usize, seconds_ago: f64) {
    for _ in 0..count {
        world.acted("web", "web.service", seconds_ago);
        world.state.targets[0].helped(&now());
    }
}

fn gave_up(world: &mut World, is_given_up: bool) {
    world.state.targets.clear();
    let known = world.state.target_mut("web", ActionKind::Restart, "web.service");
    known.gave_up = is_given_up.then(|| Moment::of(&now()));
}

#[test]
fn each_guard_refuses_and_the_same_without_it_acts() {
    assert_eq!(world().decide()[0].refused, []);
    for (at, (guard, refuse, allow)) in GUARDS.iter().enumerate() {
        let mut world = world();
        refuse(&mut world);
        assert_eq!(guards(&world.decide()[0]), [*guard], "row {at}");
        allow(&mut world);
        assert_eq!(guards(&world.decide()[0]), [], "row {at}, {guard:?} no longer holds");
    }
}

#[test]
fn every_guard_of_the_decision_has_a_row() {
    let elsewhere = [Guard::OnePerRun, Guard::NoTarget];
    let of_decision = Guard::ALL.iter().take_while(|guard| **guard != Guard::UnitStopped);
    for guard in of_decision.filter(|guard| !elsewhere.contains(guard)) {
        assert!(GUARDS.iter().any(|(known, ..)| known == guard), "{guard:?}");
    }
}

#[test]
fn every_refusal_is_listed_and_those_of_the_repair_too() {
    let mut world = world();
    world.situation.clock_doubt = true;
    world.first().case.is_current = false;
    world.first().candidate.as_mut().unwrap().refused = vec![Refusal::new(Guard::UnitMasked)];
    assert_eq!(guards(&world.decide()[0]), [Guard::ClockInDoubt, Guard::NotCurrent, Guard::UnitMasked]);
    world.first().candidate = None;
    assert_eq!(guards(&world.decide()[0]), [Guard::ClockInDoubt, Guard::NotCurrent, Guard::NoTarget]);
}

#[test]
fn one_action_of_each_kind_per_run() {
    let mut world = world();
    let second = Question { entry: entry("second", RepairSpec::Restart { unit: None }), ..world.questions[0].clone() };
    let drop = question(entry("cache", RepairSpec::DropCaches), "");
    world.questions.extend([second, drop]);
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![], vec![Guard::OnePerRun], vec![]]);
    world.first().case.is_current = false;
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![Guard::NotCurrent], vec![], vec![]], "a refused one does not take the turn");
}

#[test]
fn three_services_are_restarted_in_a_run_those_tried_least_first() {
    let mut world = world();
    let names = ["web.service", "b.service", "c.service", "d.service"];
    world.questions = names
        .map(|name| {
            let mut asked = question(entry("web", RepairSpec::Restart { unit: None }), "");
            asked.candidate.as_mut().unwrap().target.name = name.to_string();
            asked
        })
        .to_vec();
    world.state.target_mut("web", ActionKind::Restart, "web.service").attempts = 1;
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![Guard::OnePerRun], vec![], vec![], vec![]]);
}

#[test]
fn a_dry_run_does_not_take_the_turn_of_an_enforced_action() {
    let mut world = world();
    let second = Question { entry: entry("second", RepairSpec::Restart { unit: None }), ..world.questions[0].clone() };
    world.questions.push(second);
    world.first().mode = Mode::DryRun;
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![], vec![]]);
}

#[test]
fn the_actions_of_one_run_count_for_the_budget_of_the_host() {
    let mut world = world();
    ten_others(&mut world, 9);
    world.questions.push(question(entry("cache", RepairSpec::DropCaches), ""));
    world.questions.push(question(entry("packages", RepairSpec::ClearPackages), ""));
    world.questions[2].mode = Mode::DryRun;
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![], vec![Guard::HostBudget], vec![]], "dry runs have a budget of their own");
    world.actions_per_hour = 11;
    let decided: Vec<_> = world.decide().iter().map(guards).collect();
    assert_eq!(decided, [vec![], vec![], vec![]]);
}

#[test]
fn what_there_was_no_time_to_look_at_is_not_without_a_target() {
    let mut world = world();
    world.first().is_unasked = true;
    world.first().candidate = None;
    let decision = &world.decide()[0];
    assert_eq!((guards(decision), decision.is_hopeful()), (vec![Guard::NoTime], true));
}

#[test]
fn a_clock_that_is_steady_but_not_believed_holds_back_only_what_goes_by_dates() {
    let mut world = world();
    world.situation.is_clock_believed = false;
    assert_eq!(guards(&world.decide()[0]), []);
}

#[test]
fn memory_pressure_stops_restarts_and_not_what_frees_memory() {
    let mut world = world();
    world.situation.memory_full_percent = Some(90.0);
    world.first().entry.repair = RepairSpec::End {
        executables: vec!["/usr/bin/hog".to_string()],
        users: vec!["app".to_string()],
        memory_bytes: 0,
    };
    assert_eq!(world.decide()[0].refused, []);
}

#[test]
fn dry_runs_have_a_budget_of_their_own() {
    let mut world = world();
    repaired(&mut world, 6, 600.0);
    world.first().mode = Mode::DryRun;
    assert_eq!(world.decide()[0].refused, []);
    let known = world.state.target_mut("web", ActionKind::Restart, "web.service");
    let then = Now { boottime_seconds: now().boottime_seconds - 30.0, ..now() };
    known.begin(Action { mode: Mode::DryRun, ..action("web", "web.service") }, &then);
    known.conclude(&Outcome::plain(Status::Simulated, String::new()), &then);
    assert!(known.verifying.is_none() && known.attempts == 0, "nothing was changed");
    assert_eq!(guards(&world.decide()[0]), [Guard::Waiting], "it is not repeated each minute");
}

#[test]
fn an_attempt_dated_in_the_future_counts() {
    let mut world = world();
    world.acted("web", "web.service", -500.0);
    assert_eq!(guards(&world.decide()[0]), [Guard::Waiting]);
    world.state.targets[0].acted[0].at.wall += chrono::TimeDelta::days(9000);
    assert_eq!(guards(&world.decide()[0]), [Guard::Waiting]);
    assert_eq!(world.decide()[0].left, [2, 5]);
}
