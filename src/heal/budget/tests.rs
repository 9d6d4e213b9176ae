//! Random streams of attempts, with every kind of clock: no span of running time has more actions than its budget.

use super::*;
use crate::config::RepairSpec;
use crate::heal::moment::Moment;
use crate::heal::state::LastRun;
use crate::model::action::{Action, Outcome, Phase, Status, Target};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use std::time::Duration;

/// An event between two healing runs.
#[derive(Debug, Clone)]
enum Event {
    /// Running time passes, in seconds.
    Pass(u32),
    /// The wall clock is set, by this many seconds.
    Set(i64),
    /// The host boots again, and its clock with it differs by this many seconds.
    Boot(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let far = prop_oneof![-90_000i64..90_000, -3_000_000_000i64..3_000_000_000];
    prop_oneof![
        6 => (1u32..4000).prop_map(Event::Pass),
        1 => far.clone().prop_map(Event::Set),
        1 => far.prop_map(Event::Boot),
    ]
}

fn entry(per_hour: u32, per_day: u32) -> HealEntry {
    HealEntry {
        name: "web".to_string(),
        rule: "service".to_string(),
        matches: "*".to_string(),
        repair: RepairSpec::DropCaches,
        mode: Mode::Enforce,
        after: Duration::ZERO,
        per_hour,
        per_day,
        waits: Vec::new(),
        verify: Duration::ZERO,
        escalates: true,
    }
}

fn action(target: &str) -> Action {
    Action {
        id: String::new(),
        phase: Phase::Intent,
        entry: "web".to_string(),
        kind: ActionKind::DropCaches,
        mode: Mode::Enforce,
        target: Target { name: target.to_string(), ..Target::default() },
        incident: String::new(),
        rule: String::new(),
        metric: String::new(),
        value: 0.0,
        limit: 0.0,
        since: String::new(),
        attempt: 1,
        left: [0, 0],
        version: String::new(),
        configuration: String::new(),
        outcome: None,
    }
}

/// Largest number of actions within any span of running time.
fn densest(times: &[f64], span: f64) -> usize {
    times
        .iter()
        .map(|begin| times.iter().filter(|time| (*begin..*begin + span).contains(*time)).count())
        .max()
        .unwrap_or(0)
}

proptest! {
    #[test]
    fn no_hour_and_no_day_has_more_actions_than_allowed(
        events in proptest::collection::vec(event(), 1..300),
        per_hour in 1u32..4,
        per_day in 1u32..8,
        host in 1u32..6,
        killed in 0usize..5,
    ) {
        let entry = entry(per_hour, per_day);
        let mut state = HealState::default();
        let (mut running, mut boot, mut boots) = (0.0, 0.0, 0);
        let mut wall = DateTime::from_timestamp(1_795_210_800, 0).unwrap();
        let mut acted: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        for (number, event) in events.iter().enumerate() {
            match event {
                Event::Pass(seconds) => {
                    running += f64::from(*seconds);
                    wall += TimeDelta::seconds(i64::from(*seconds));
                }
                Event::Set(seconds) => wall += TimeDelta::seconds(*seconds),
                Event::Boot(seconds) => {
                    wall += TimeDelta::seconds(*seconds);
                    (boot, boots) = (running, boots + 1);
                    running += 1.0;
                }
            }
            let now = Now { wall, boottime_seconds: running - boot };
            state.put_in_order(&now, &format!("boot {boots}"));
            for (target, times) in ["a", "b"].iter().zip(&mut acted) {
                let is_free = left(&state, &entry, Mode::Enforce, target, &now).iter().all(|left| *left > 0);
                if is_free && used_by_host(&state, Mode::Enforce, &now) < host {
                    let known = state.target_mut("web", ActionKind::DropCaches, target);
                    known.begin(action(target), &now);
                    known.conclude(&Outcome::plain(Status::Failed, String::new()), &now);
                    times.push(running);
                }
            }
            // A run that was killed leaves no stamp of its own.
            if number % 5 != killed {
                state.last = Some(LastRun { at: Moment::of(&now), uid: 0 });
            }
        }
        for times in &acted {
            prop_assert!(densest(times, HOUR) <= per_hour as usize, "{times:?}");
            prop_assert!(densest(times, DAY) <= per_day as usize, "{times:?}");
        }
        let all: Vec<f64> = acted.concat();
        prop_assert!(densest(&all, HOUR) <= host as usize, "{all:?}");
    }
}
