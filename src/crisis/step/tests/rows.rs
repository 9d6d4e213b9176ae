//! Notifications: relapses, flapping, reminders, absence, boots, clocks, forecasts.

use super::*;

/// A history evaluated minute by minute.
pub(super) struct Run {
    pub rules: Vec<Rule>,
    pub state: State,
    pub clock: EvalContext,
    pub all: Vec<Event>,
}

const CPU: &str = "cpu.busy_percent";

fn metric(text: &str, value: f64) -> Metric {
    let (name, labels) = crate::model::metric::read_labels(text);
    Metric { name: name.to_string(), labels, value }
}

impl Run {
    pub fn new(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec(), state: State::default(), clock: clock(0.0, "b"), all: Vec::new() }
    }

    pub fn pass(&mut self, seconds: f64) {
        self.clock.now.boottime_seconds += seconds;
        self.clock.now.wall += TimeDelta::milliseconds((seconds * 1e3) as i64);
    }

    /// Advances a minute; returns its events, with `~` before suppressed ones.
    pub fn minute(&mut self, metrics: &[(&str, f64)]) -> Vec<String> {
        self.pass(60.0);
        let metrics: Vec<Metric> = metrics.iter().map(|(text, value)| metric(text, *value)).collect();
        let (state, events) = step(&self.rules, &self.state, &metrics, &self.clock);
        self.state = state;
        self.all.extend(events.clone());
        let told = |event: &Event| {
            let mark = if event.muted.is_some() { "~" } else { "" };
            let well = if event.well { " well" } else { "" };
            format!("{mark}{} {}{well}", event.kind.word(), event.severity.word().to_lowercase())
        };
        events.iter().map(told).collect()
    }

    /// Repeats one value for a number of minutes; returns all events.
    pub fn cpu(&mut self, minutes: usize, value: f64) -> Vec<String> {
        (0..minutes).flat_map(|_| self.minute(&[(CPU, value)])).collect()
    }
}

pub(super) fn disk(name: &str) -> Rule {
    Rule {
        name: name.into(),
        title: "Disk {mount}".into(),
        metric: Selector::parse("disk.used_percent").unwrap(),
        ..rule(0, 0)
    }
}

#[test]
fn relapses_make_it_wait_longer_until_it_was_quiet() {
    let mut run = Run::new(&[rule(0, 300)]);
    assert_eq!(run.cpu(1, 90.0), ["fired warning"]);
    for _ in 0..3 {
        assert!(run.cpu(2, 10.0).is_empty() && run.cpu(1, 90.0).is_empty());
    }
    let waits = |run: &Run| run.state.alerts["cpu"].clear_for_seconds;
    assert_eq!(waits(&run), Some(300.0 * 1.5 * 1.5 * 1.5));
    assert!(run.cpu(17, 10.0).is_empty());
    assert_eq!(run.cpu(1, 10.0), ["recovered warning"]);
    for _ in 0..20 {
        run.cpu(1, 90.0);
        run.cpu(1, 10.0);
    }
    assert_eq!(waits(&run), Some(3600.0), "an hour at most");
    run.cpu(420, 10.0);
    run.cpu(1, 90.0);
    assert_eq!(waits(&run), None, "six quiet hours");
}

#[test]
fn flapping_is_told_once_and_its_end_once() {
    let mut run = Run::new(&[rule(0, 0)]);
    let mut told: Vec<String> =
        (0..30).flat_map(|minute| run.cpu(1, if minute % 2 == 0 { 90.0 } else { 10.0 })).collect();
    let muted = told.iter().filter(|text| text.starts_with('~')).count();
    told.retain(|text| !text.starts_with('~'));
    assert_eq!(told.last().map(String::as_str), Some("flapping warning well"), "{told:?}");
    assert_eq!((told.len(), muted), (5 + 1, 30 - 5), "the sixth change in twenty minutes, then silence: {told:?}");
    let muted: Vec<&Event> = run.all.iter().filter(|event| event.muted.is_some()).collect();
    assert!(muted.iter().all(|event| event.muted.as_deref() == Some("flapping")));
    assert_eq!(run.cpu(1, 99.0), ["fired critical"], "the first critical is told all the same");
    assert_eq!(run.cpu(4, 10.0).concat() + &run.cpu(1, 99.0).concat(), "~recovered critical~fired critical");
    assert_eq!(run.cpu(30, 99.0), ["settled critical"], "and in the end how it is");
    assert_eq!(run.cpu(1, 10.0), ["recovered critical"]);
}

#[test]
fn flapping_that_ends_well_is_told_too() {
    let mut run = Run::new(&[rule(0, 0)]);
    (0..30).for_each(|minute| drop(run.cpu(1, if minute % 2 == 0 { 90.0 } else { 10.0 })));
    assert_eq!(run.cpu(40, 10.0), ["settled warning well"]);
}

#[test]
fn a_slow_rule_flaps_by_its_own_measure() {
    let mut run = Run::new(&[rule(300, 300)]);
    let told: Vec<String> = (0..20)
        .flat_map(|turn| run.cpu(6, if turn % 2 == 0 { 90.0 } else { 10.0 }))
        .filter(|text| !text.starts_with('~'))
        .collect();
    assert_eq!(told.iter().filter(|text| text.starts_with("flapping")).count(), 1, "{told:?}");
    assert!(told.len() <= 8, "{told:?}");
}

#[test]
fn reminders_back_off() {
    let mut run = Run::new(&[rule(0, 0)]);
    let minutes = |run: &mut Run, count: usize, value: f64| -> Vec<usize> {
        (1..=count).filter(|_| run.cpu(1, value).concat().starts_with("reminded")).collect()
    };
    run.cpu(1, 99.0);
    assert_eq!(minutes(&mut run, 60 * 24 * 3, 99.0), [60, 300, 300 + 1440, 300 + 2880]);
    let mut run = Run::new(&[rule(0, 0)]);
    run.cpu(1, 90.0);
    assert_eq!(minutes(&mut run, 60 * 24 * 2, 90.0), [1440, 2880], "a warning once a day");
}

#[test]
fn no_data_is_told_by_itself_and_ends_nothing() {
    let mut run = Run::new(&[rule(120, 120)]);
    run.cpu(3, 90.0);
    run.clock.failed.insert("cpu".into(), "permission denied".into());
    let told: Vec<String> = (0..10).flat_map(|_| run.minute(&[("load.one", 1.0)])).collect();
    assert_eq!(told, ["fired warning"]);
    assert_eq!(run.all.last().unwrap().title, "Not measured any more: CPU: permission denied");
    assert_eq!(run.state.open().len(), 2);
    assert_eq!(run.cpu(1, 75.0), ["recovered warning"], "data again; the crisis goes on");
    assert_eq!((run.state.open().len(), run.cpu(4, 10.0).len()), (1, 1));
    // A pending breach does not last through minutes without snapshots.
    run.cpu(1, 90.0);
    (0..3).for_each(|_| drop(run.minute(&[])));
    assert!(run.cpu(2, 90.0).is_empty());
    assert_eq!(run.cpu(1, 90.0), ["fired warning"]);
}

#[test]
fn what_vanished_is_over_after_half_an_hour() {
    let mut run = Run::new(&[disk("disk")]);
    let (a, b) = ("disk.used_percent{mount=\"/\"}", "disk.used_percent{mount=\"/mnt\"}");
    assert_eq!(run.minute(&[(a, 10.0), (b, 90.0)]), ["fired warning"]);
    let mut over = None;
    for minute in 1..=40 {
        if !run.minute(&[(a, 10.0)]).is_empty() {
            assert!(over.replace(minute).is_none());
        }
    }
    assert_eq!(over, Some(30));
    let last = run.all.last().unwrap();
    assert_eq!((last.reason.as_deref(), last.title.as_str()), (Some("gone"), "Disk /mnt is gone"));
    assert_eq!(last.duration_seconds, 0.0, "it lasted while it was seen");
    run.clock.sections.insert("disk".into());
    run.minute(&[(a, 90.0)]);
    let told: Vec<String> = (0..40).flat_map(|_| run.minute(&[])).collect();
    assert_eq!(told, ["recovered warning"], "also when it was the last of its kind");
}

#[test]
fn soon_after_a_boot_a_rule_with_grace_waits() {
    let grace = Rule { boot_grace: Duration::from_secs(300), ..rule(0, 0) };
    for (rule, fired) in [(grace, 240), (rule(0, 0), 60)] {
        let mut run = Run::new(&[rule]);
        run.clock.now.boottime_seconds = 60.0;
        let at: Vec<usize> = (1..10).filter(|_| !run.cpu(1, 90.0).is_empty()).map(|minute| minute * 60).collect();
        assert_eq!(at, [fired]);
    }
}

#[test]
fn clocks_that_are_set_and_boots_leave_sensible_stamps() {
    let mut run = Run::new(&[rule(120, 120)]);
    run.cpu(3, 90.0);
    run.clock.now.wall -= TimeDelta::days(400);
    run.cpu(1, 90.0);
    let since = run.state.alerts["cpu"].since.unwrap();
    assert_eq!(run.clock.now.wall - since.wall, TimeDelta::minutes(3), "shifted with the clock");
    run.clock.boot_id = "c".into();
    run.clock.now.boottime_seconds = 10.0;
    run.clock.now.wall += TimeDelta::minutes(10);
    assert!(run.cpu(1, 90.0).is_empty());
    run.cpu(2, 10.0);
    assert_eq!(run.cpu(1, 10.0), ["recovered warning"]);
    assert_eq!(run.all.last().unwrap().duration_seconds, 15.0 * 60.0, "through the boot by the wall");
    run.cpu(3, 90.0);
    run.clock.boot_id = "d".into();
    run.clock.now.wall -= TimeDelta::days(3);
    run.cpu(1, 90.0);
    assert_eq!(run.state.alerts["cpu"].since.unwrap().wall, run.clock.now.wall, "not in the future");
}

#[test]
fn a_change_and_a_forecast_are_judged_and_told_in_their_words() {
    let change = Rule { measure: Measure::Change(Duration::from_secs(3600)), ..rule(0, 0) };
    let mut run = Run::new(&[change]);
    let fired = (0..200).find(|minute| !run.cpu(1, f64::from(*minute) / 2.0).is_empty());
    assert_eq!(fired, None, "30 within an hour");
    let fired = (0..60).find(|minute| !run.cpu(1, 100.0 + f64::from(*minute) * 2.0).is_empty());
    assert!(fired.is_some(), "120 within an hour");
    assert!(run.all[0].message.as_deref().unwrap().ends_with("within 1 h"), "{:?}", run.all[0].message);

    let limit = |raise: f64| Some(Limit { raise, clear: raise * 1.25, hold: Duration::from_secs(600) });
    let forecast = Rule {
        measure: Measure::Reaches(100.0),
        warning: limit(8.0 * 3600.0),
        critical: limit(2.0 * 3600.0),
        clear_for: Duration::from_secs(900),
        ..disk("disk_forecast")
    };
    let mut run = Run::new(&[forecast]);
    let name = "disk.used_percent{mount=\"/var\"}";
    let told: Vec<String> = (0..480)
        .flat_map(|minute| {
            let used = 20.0 + f64::from(minute) / 6.0;
            run.minute(&[(name, used)]).into_iter().map(move |text| format!("{used:.0} % {text}"))
        })
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[0].ends_with("fired warning")
            && told[1].ends_with("escalated critical")
            && told[2].ends_with("reminded critical"),
        "{told:?}"
    );
    assert_eq!(run.all[1].message.as_deref(), Some("81.7 % now, 100 % in about 1 h 50 min"), "{told:?}");
    assert_eq!(run.all[0].limit, 100.0);
    let full: Vec<String> = (0..60).flat_map(|_| run.minute(&[(name, 100.0)])).collect();
    assert!(full.is_empty(), "full is not well: {full:?}");
    let told: Vec<String> = (0..300).flat_map(|_| run.minute(&[(name, 50.0)])).collect();
    assert_eq!(told, ["recovered critical"], "somebody made room");
}

#[test]
fn an_old_state_is_not_told_anew() {
    let mut run = Run::new(&[rule(0, 0)]);
    run.cpu(1, 90.0);
    let mut value = serde_json::to_value(&run.state).unwrap();
    value["schema"] = 1.into();
    let alert = value["alerts"]["cpu"].as_object_mut().unwrap();
    alert.retain(|key, _| !["told", "told_at", "flap"].contains(&key.as_str()));
    run.state = serde_json::from_value(value).unwrap();
    assert_eq!(run.cpu(3, 90.0).concat() + &run.cpu(1, 10.0).concat(), "recovered warning");
}
