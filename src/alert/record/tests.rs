//! Random outcomes of every target: a crisis is tried in the run in which it begins, nothing is lost, nothing accepted is
//! sent again, and nothing arrives under two ids.

use super::*;
use crate::alert::budget::Budget;
use crate::alert::outbox::{OutboxEntry, OutboxNote, file_name};
use crate::alert::planner::Planner;
use crate::alert::present::Present;
use crate::base::clock::parse;
use crate::config::TransportConfig;
use crate::model::event::{EventKind, Localized};
use crate::model::incident::Severity;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Fate of a message at a target, or of the run that sends it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Accepts,
    /// Takes it and does not answer.
    Silent,
    /// Loses it and does not answer.
    Swallows,
    Refuses(FailureKind),
    /// The run is killed after the message was sent.
    Killed,
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Accepts),
        3 => Just(Fate::Silent),
        1 => Just(Fate::Swallows),
        2 => Just(Fate::Refuses(FailureKind::Temporary)),
        1 => Just(Fate::Refuses(FailureKind::Configuration)),
        1 => Just(Fate::Refuses(FailureKind::Rejected)),
        1 => Just(Fate::Killed),
    ]
}

/// Seconds since the run before, new events, and a fate for each of three targets.
type Step = (i64, Vec<(u8, bool, bool)>, [Fate; 3]);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![8 => Just(60), 1 => 60..600_i64, 1 => 600..20_000_i64];
    let events = proptest::collection::vec((0..6_u8, any::<bool>(), any::<bool>()), 0..3);
    proptest::collection::vec((pause, events, [fates(), fates(), fates()]), 1..60)
}

fn routes() -> Vec<Route> {
    let route = |name: &str, to: &[&str]| Route {
        name: name.into(),
        transport: TransportConfig::Sendmail(Default::default()),
        to: to.iter().map(ToString::to_string).collect(),
        min_severity: Severity::Warning,
        window: None,
        fallback_for: String::new(),
    };
    vec![route("mail", &["a@b", "c@d"]), route("hook", &[])]
}

fn alert(number: usize, (thing, is_critical, is_over): (u8, bool, bool), now: DateTime<Utc>) -> OutboxEntry {
    let event = Event {
        id: format!("thing{thing}-{number}.1"),
        incident: format!("thing{thing}-{number}"),
        kind: if is_over { EventKind::Recovered } else { EventKind::Fired },
        severity: if is_critical { Severity::Critical } else { Severity::Warning },
        time: stamp(now),
        host: "h".into(),
        rule: "cpu".into(),
        title: "CPU".into(),
        metric: "cpu.busy_percent".into(),
        value: 97.0,
        limit: 95.0,
        above: true,
        since: stamp(now),
        duration_seconds: 0.0,
        message: None,
        reason: None,
        well: false,
        muted: None,
        information: false,
        localized: Localized::default(),
        evidence: None,
    };
    OutboxEntry { name: file_name(&event), event, note: OutboxNote::default() }
}

/// The world outside: what arrived, by target and alert.
#[derive(Default)]
struct World {
    ids: BTreeMap<(String, String), BTreeSet<String>>,
    arrived: BTreeSet<(String, String)>,
    accepted: BTreeSet<(String, String)>,
    /// Messages that the budget counts, by target.
    counted: BTreeMap<String, Vec<DateTime<Utc>>>,
}

/// One run. Returns the alerts that were tried, by target.
fn run(
    ledger: &mut Ledger,
    alerts: &[OutboxEntry],
    present: &Present,
    fates: [Fate; 3],
    world: &mut World,
    now: DateTime<Utc>,
) -> BTreeSet<(String, String)> {
    let routes = routes();
    let queue = Queue { routes: &routes, alerts, now };
    let budget = Budget { per_hour: 4, per_day: 20 };
    let planner = Planner { queue, budget, present, is_patient: true };
    let recorder = Recorder { queue };
    let (mut tried_routes, mut tried) = (BTreeSet::new(), BTreeSet::new());
    let fate_of = |target: &str| match target {
        "mail a@b" => fates[0],
        "mail c@d" => fates[1],
        _ => fates[2],
    };
    loop {
        let plan = planner.plan(ledger, &tried_routes);
        if plan.is_empty() {
            break;
        }
        let sendings: Vec<Sending<'_>> =
            plan.iter().filter_map(|planned| recorder.begin(ledger, planned, "h")).collect();
        let mut is_killed = false;
        let mut outcomes = Vec::new();
        for sending in &sendings {
            let mut results = Vec::new();
            for target in &sending.batch.target {
                let fate = fate_of(target);
                for event in &sending.batch.event {
                    let key = (target.clone(), event.clone());
                    assert!(!world.accepted.contains(&key), "{key:?} was accepted before");
                    tried.insert(key.clone());
                    if matches!(fate, Fate::Accepts | Fate::Silent | Fate::Killed) {
                        let ids = world.ids.entry(key.clone()).or_default();
                        ids.insert(sending.id.clone());
                        assert_eq!(ids.len(), 1, "{key:?}");
                        world.arrived.insert(key);
                    }
                }
                is_killed |= fate == Fate::Killed;
                results.push(match fate {
                    Fate::Accepts | Fate::Killed => Ok("server".to_string()),
                    Fate::Silent | Fate::Swallows => Err(Failure::new(FailureKind::Unconfirmed, "no answer")),
                    Fate::Refuses(kind) => Err(Failure::new(kind, "no")),
                });
            }
            outcomes.push(results);
        }
        if is_killed {
            return tried;
        }
        for (sending, results) in sendings.iter().zip(&outcomes) {
            for (target, result) in sending.batch.target.iter().zip(results) {
                if result.is_ok() {
                    let accepted = sending.batch.event.iter().map(|event| (target.clone(), event.clone()));
                    world.accepted.extend(accepted);
                }
                if !sending.is_urgent && !sending.is_again && (result.is_ok() || unconfirmed(result).is_some()) {
                    world.counted.entry(target.clone()).or_default().push(now);
                }
            }
            recorder.record(ledger, sending, results, &mut Delivery::default());
        }
        tried_routes.extend(plan.iter().map(|planned| planned.route));
    }
    ledger.note_held(&planner.held(ledger).into_iter().map(|held| held.target).collect(), now);
    tried
}

const TARGETS: [&str; 3] = ["mail a@b", "mail c@d", "hook"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_targets_do_crises_are_tried_at_once_and_nothing_is_lost_or_sent_under_two_ids(steps in steps()) {
        let mut now = parse("2026-11-20T00:00:00Z").unwrap();
        let (mut ledger, mut alerts, mut world) = (Ledger::default(), Vec::new(), World::default());
        for (pause, events, fates) in steps {
            now += TimeDelta::seconds(pause);
            let new: Vec<OutboxEntry> = events.iter().map(|event| {
                let number = alerts.len() + 1;
                alerts.push(alert(number, *event, now));
                alerts.last().cloned().unwrap()
            }).collect();
            let expected = if fates[0] == fates[1] { vec![now + TimeDelta::seconds(60)] } else { Vec::new() };
            let present = Present { expected, spacing_seconds: 60.0, ..Present::default() };
            let tried = run(&mut ledger, &alerts, &present, fates, &mut world, now);
            for crisis in new.iter().filter(|alert| Claim::of(&alert.event, false) == Claim::Urgent) {
                for target in TARGETS {
                    prop_assert!(tried.contains(&(target.to_string(), crisis.name.clone())), "{target} {}", crisis.name);
                }
            }
            for batch in ledger.sending.values() {
                prop_assert!(batch.attempts < 20, "{batch:?}");
            }
        }
        for times in world.counted.values() {
            for (at, time) in times.iter().enumerate() {
                let hour = times.iter().skip(at).filter(|later| **later - *time < TimeDelta::hours(1)).count();
                prop_assert!(hour <= 5, "{times:?}");
            }
        }
        // Everything works again.
        for _ in 0..60 {
            now += TimeDelta::hours(1);
            let present = Present { spacing_seconds: 3600.0, ..Present::default() };
            run(&mut ledger, &alerts, &present, [Fate::Accepts; 3], &mut world, now);
        }
        prop_assert!(ledger.sending.is_empty(), "{:?}", ledger.sending);
        for (alert, target) in alerts.iter().flat_map(|alert| TARGETS.map(|target| (alert, target))) {
            let result = ledger.result.get(&alert.name).and_then(|results| results.get(target));
            let result = result.ok_or_else(|| TestCaseError::fail(format!("{} is lost for {target}", alert.name)))?;
            let has_arrived = world.arrived.contains(&(target.to_string(), alert.name.clone()));
            prop_assert!(has_arrived || result.unanswered || !result.accepted, "{} {target} {result:?}", alert.name);
        }
    }
}

#[test]
fn a_message_without_an_answer_is_sent_five_times_and_news_beside_it_at_once() {
    let begin = parse("2026-11-20T00:00:00Z").unwrap();
    let (mut ledger, mut world, mut alerts) =
        (Ledger::default(), World::default(), vec![alert(1, (1, false, false), begin)]);
    let present = Present { spacing_seconds: 60.0, ..Present::default() };
    let mut attempts = BTreeMap::<String, Vec<i64>>::new();
    for minute in 0..120 {
        let now = begin + TimeDelta::minutes(minute);
        if minute == 4 {
            alerts.push(alert(2, (2, true, false), now));
        }
        if minute == 10 {
            alerts.push(alert(3, (3, false, false), now));
        }
        let tried = run(&mut ledger, &alerts, &present, [Fate::Accepts, Fate::Accepts, Fate::Silent], &mut world, now);
        for (_, event) in tried.into_iter().filter(|(target, _)| target == "hook") {
            attempts.entry(event).or_default().push(minute);
        }
    }
    let attempts: Vec<Vec<i64>> = attempts.into_values().collect();
    assert_eq!(attempts, [vec![0, 1, 3, 8, 18], vec![4, 5, 7, 12, 22], vec![10, 11, 13, 18, 28]]);
    let now = begin + TimeDelta::minutes(120);
    assert_eq!(ledger.target["hook"].unanswered(now).unwrap().0, 3);
    assert!(ledger.sending.is_empty() && ledger.target["hook"].unanswered(now + TimeDelta::days(1)).is_none());
}
