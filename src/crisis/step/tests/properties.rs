//! Properties over random histories: gaps, boots, clock changes, flapping, vanishing elements.

use super::rows::Run;
use super::*;
use crate::config::rule::Samples;
use crate::crisis::baseline::Band;
use crate::crisis::unusual::Closed;
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
        Rule { critical: None, ..measured("unusual", Measure::Unusual { floor: 0.0, either: true }) },
        Rule { samples: Some(Samples { breaches: 3, of: 5 }), ..disk("some", 0, 120) },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_incident_begins_once_and_ends_at_most_once(moments in moments()) {
        let rules = rules();
        let mut at = clock(0.0, "0");
        let mut state = State::default();
        let (mut open, mut ids, mut counts) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::<String, usize>::new());
        let closed = |level| Arc::new(BTreeMap::from([1, 2].map(|number| {
            (format!("disk.used_percent{{mount=\"/{number}\"}}"), Closed::Sighted(unusual::sighting(level)))
        })));
        let closed = [Arc::default(), closed(15.0), closed(55.0)];
        for (pause, fate, values) in moments {
            let pause = pause.round();
            at.now.boottime_seconds += pause;
            at.now.wall += TimeDelta::milliseconds((pause * 1e3) as i64);
            match fate {
                0 => { at.boot_id.push('x'); at.now.boottime_seconds = 5.0; }
                1 => at.now.wall += TimeDelta::days(300),
                2 => at.now.wall -= TimeDelta::days(300),
                3..=9 => at.closed = closed[usize::from(fate % 3)].clone(),
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
    fn however_it_flaps_people_are_told_little(values in proptest::collection::vec(prop_oneof![Just(10.0), Just(90.0), Just(99.0)], 100), minutes in 1..13_usize) {
        let mut run = Run::new(&[rule(0, 0)]);
        for value in values {
            run.cpu(minutes, value);
        }
        let told = run.all.iter().filter(|event| event.muted.is_none()).count();
        let days = minutes as f64 * 100.0 / 1440.0;
        prop_assert!(told as f64 <= 30.0 + 10.0 * days, "{told} in {days} days");
        run.cpu(600, 10.0);
        prop_assert!(run.state.open().is_empty() && run.state.alerts.values().all(|alert| alert.notified.is_none() && !alert.flap.notified));
    }

    /// A breach lasts, then a recovery, measured at any spacing from a minute to an hour; `hold` and `clear_for` in seconds.
    #[test]
    fn what_lasts_is_told_at_any_spacing(
        spacing in prop_oneof![Just(60.0), 60.0..3600.0_f64], jitter in proptest::collection::vec(-0.1..0.1_f64, 60),
        earlier in prop_oneof![Just(60.0), Just(600.0), 60.0..3600.0_f64], before in 0..20_usize,
        hold in 0..40_u64, clear_for in 0..40_u64, frozen in proptest::option::of(1..3_usize),
    ) {
        let mut run = Run::new(&[rule(hold * 60, clear_for * 60)]);
        for _ in 0..before {
            run.pass(earlier - 60.0);
            run.cpu(1, 10.0);
        }
        // The spacing is not known yet when the breach begins: snapshots to learn it.
        let unlearned = if before > 1 && spacing <= earlier * 2.0 { 0.0 } else { 2.0 * spacing };
        let stall = if frozen.is_some() { 1800.0 + spacing } else { 0.0 };
        for (value, wait, kind) in [(99.0, hold, EventKind::Fired), (10.0, clear_for, EventKind::Recovered)] {
            let began = run.clock.now.boottime_seconds;
            let mut told = None;
            for (number, jitter) in jitter.iter().enumerate() {
                let extra = if frozen == Some(number) { 1800.0 } else { 0.0 };
                run.pass(spacing * (1.0 + jitter) + extra - 60.0);
                run.cpu(1, value);
                if run.all.last().is_some_and(|event| event.kind == kind && event.muted.is_none()) {
                    told = Some(run.clock.now.boottime_seconds - began);
                    break;
                }
            }
            // It begins just after a snapshot.
            let most = (wait as f64 * 60.0).max(2.0 * spacing * 1.1) + 2.2 * spacing + unlearned + stall;
            prop_assert!(told.is_some_and(|told| told <= most), "{kind:?} after {told:?}, at most {most}");
        }
    }

    /// What people were told is what they know: a beginning stays open or gets its end, and never is it worse than they
    /// know for longer than a step while nothing suppresses it.
    #[test]
    fn people_know_what_is(
        values in proptest::collection::vec(prop_oneof![Just(None), Just(Some(10.0)), Just(Some(90.0)), Just(Some(99.0))], 1..80),
        spacing in 60.0..3600.0_f64, hold in 0..20_u64, clear_for in 0..20_u64, repeat in 1..6_usize, usual in 0..3_usize,
    ) {
        let mut run = Run::new(&[Rule { mutes_usual: true, ..rule(hold * 60, clear_for * 60) }]);
        let band = Band { centre: 50.0, spread: 2.5, low: 5.0, high: 92.0, is_of_hour: true, moved: 0.0 };
        let usual_now = Arc::new(BTreeMap::from([("cpu".to_string(), band)]));
        let (mut known, mut is_flapping, mut late) = (None, false, 0);
        for (number, value) in values.into_iter().chain(std::iter::repeat_n(Some(10.0), 60)).enumerate() {
            for _ in 0..repeat {
                run.clock.bands = if usual > 0 && number % 3 < usual { usual_now.clone() } else { Arc::default() };
                run.pass(spacing - 60.0);
                let all = run.all.len();
                match value {
                    Some(value) => run.cpu(1, value),
                    None => run.minute(&[("load.one", 1.0)]),
                };
                for event in run.all[all..].iter().filter(|event| event.muted.is_none() && event.rule == "cpu") {
                    match event.kind {
                        EventKind::Recovered => {
                            prop_assert!(known.is_some(), "the end of what nobody was told of");
                            known = None;
                        }
                        EventKind::Settled if event.well => known = None,
                        EventKind::Reminded => {}
                        EventKind::Flapping => known = known.max(Some(event.severity)),
                        _ => known = Some(event.severity),
                    }
                }
                let Some(alert) = run.state.alerts.get("cpu") else { prop_assert!(known.is_none()); continue };
                is_flapping = alert.flap.flapping;
                let is_untold = alert.lifecycle == Lifecycle::Firing && known < alert.severity && alert.nodata_since.is_none();
                let is_usual = !run.clock.bands.is_empty() && alert.severity == Some(Severity::Warning) && value.is_none_or(|value| value < 95.0);
                late = if is_untold && !is_usual && !is_flapping { late + 1 } else { 0 };
                prop_assert!(late <= 1, "{known:?} {alert:?}");
                // A silent step down is known to nobody, but counts.
                if !is_flapping && alert.is_open() {
                    known = known.min(alert.notified.or(known));
                }
            }
        }
        prop_assert!(known.is_none() || is_flapping, "{known:?} is open for ever");
    }
}
