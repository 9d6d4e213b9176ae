//! Properties over random histories: gaps, boots, clock changes, flapping, vanishing elements.

use super::*;
use crate::config::rule::Samples;
use crate::crisis::baseline::Band;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One moment: seconds since the previous one, what happens to the host, and a value for each of three elements.
type Moment = (f64, u8, [Option<f64>; 3]);

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let value = || proptest::option::weighted(0.8, prop_oneof![0.0..100.0_f64, Just(99.0), Just(10.0)]);
    let pause = prop_oneof![8 => 55.0..65.0_f64, 1 => 60.0..2000.0_f64, 1 => 2000.0..100_000.0_f64];
    proptest::collection::vec((pause, 0..40_u8, [value(), value(), value()]), 1..150)
}

fn rules() -> Vec<Rule> {
    let disk = |name: &str, hold, clear_for| Rule {
        name: name.into(),
        metric: Selector::parse("disk.used_percent").unwrap(),
        ..rule(hold, clear_for)
    };
    let measured = |name: &str, measure| Rule { measure, ..disk(name, 0, 120) };
    vec![
        rule(120, 120),
        disk("quick", 0, 0),
        disk("slow", 60, 300),
        measured("change", Measure::Change(std::time::Duration::from_secs(600))),
        measured("ahead", Measure::Reaches(100.0)),
        measured("counted", Measure::Total(std::time::Duration::from_secs(600))),
        Rule { critical: None, ..measured("unusual", Measure::Unusual) },
        Rule { samples: Some(Samples { breaches: 3, of: 5 }), ..disk("some", 0, 120) },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn every_incident_begins_once_and_ends_at_most_once(moments in moments()) {
        let rules = rules();
        let mut at = clock(0.0, "0");
        let mut state = State::default();
        let (mut open, mut ids, mut counts) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::<String, usize>::new());
        let band = |high| Arc::new(BTreeMap::from([1, 2].map(|number| {
            let band = Band { centre: 10.0, spread: 0.5, low: 5.0, high, is_of_hour: high > 30.0, moved: high - 20.0 };
            (format!("unusual{{mount=\"/{number}\"}}"), band)
        })));
        let bands = [Arc::default(), band(20.0), band(55.0)];
        for (pause, fate, values) in moments {
            let pause = pause.round();
            at.now.boottime_seconds += pause;
            at.now.wall += TimeDelta::milliseconds((pause * 1e3) as i64);
            match fate {
                0 => { at.boot_id.push('x'); at.now.boottime_seconds = 5.0; }
                1 => at.now.wall += TimeDelta::days(300),
                2 => at.now.wall -= TimeDelta::days(300),
                3..=9 => at.bands = bands[usize::from(fate % 3)].clone(),
                _ => {}
            }
            let names = ["cpu.busy_percent", "disk.used_percent", "disk.used_percent"];
            let metrics: Vec<Metric> = names.into_iter().zip(values).enumerate().filter_map(|(number, (name, value))| {
                let labels = if number == 0 { vec![] } else { vec![("mount".to_string(), format!("/{number}"))] };
                Some(Metric { name: name.to_string(), labels, value: value?.round() })
            }).collect();
            let (next, events) = step(&rules, &state, &metrics, &at);
            prop_assert_eq!(&(next.clone(), events.clone()), &step(&rules, &state, &metrics, &at), "deterministic");
            prop_assert_eq!(&(next.clone(), vec![]), &step(&rules, &next, &metrics, &at), "the same snapshot once more");
            let written = serde_json::to_string(&next).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&written).unwrap(), &next, "it is remembered as it is");
            for event in events {
                prop_assert!(ids.insert(event.id.clone()), "{} twice", event.id);
                prop_assert!(event.duration_seconds >= 0.0);
                *counts.entry(event.incident.clone()).or_default() += 1;
                match event.kind {
                    EventKind::Fired => prop_assert!(open.insert(event.incident.clone())),
                    EventKind::Recovered => prop_assert!(open.remove(&event.incident), "{} ended and was not open", event.incident),
                    EventKind::Escalated | EventKind::Reminded => prop_assert!(open.contains(&event.incident)),
                    EventKind::Flapping | EventKind::Settled | EventKind::Alive => {}
                }
            }
            let now: BTreeSet<String> = next.open().into_iter().map(|incident| incident.id).collect();
            prop_assert_eq!(&now, &open);
            for stamp in next.alerts.values().filter_map(|alert| alert.since) {
                prop_assert!(stamp.wall <= at.now.wall && stamp.boottime_seconds <= at.now.boottime_seconds);
            }
            prop_assert!(next.alerts.len() <= 17 && next.series.len() <= 6);
            prop_assert!(next.alerts.values().all(|alert| alert.rule != "unusual" || alert.worst != Some(Severity::Critical)));
            state = next;
        }
        let days = 150.0 * 100_000.0 / 86_400.0;
        prop_assert!(counts.values().all(|count| *count as f64 <= days + 12.0), "{counts:?}");
    }

    #[test]
    fn however_it_flaps_people_are_told_little(values in proptest::collection::vec(prop_oneof![Just(10.0), Just(90.0), Just(99.0)], 300)) {
        let rules = [rule(0, 0)];
        let (mut state, mut told) = (State::default(), 0);
        for (minute, value) in values.iter().chain(std::iter::repeat_n(&10.0, 60)).enumerate() {
            let metric = Metric { name: "cpu.busy_percent".into(), labels: vec![], value: *value };
            let (next, events) = step(&rules, &state, &[metric], &clock(minute as f64 * 60.0, "b"));
            told += events.iter().filter(|event| event.muted.is_none()).count();
            state = next;
        }
        prop_assert!(told <= 80, "{told} in five hours");
        prop_assert!(state.open().is_empty() && state.alerts.values().all(|alert| alert.notified.is_none() && !alert.flap.notified));
    }
}
