//! A filling disk is reported in time; recurring swings are learned.

use super::rows::{Run, disk};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::Config;

const DISK: &str = "disk.used_percent{mount=\"/var\"}";
const DAY: u32 = 1440;

fn run() -> Run {
    let limit = |raise: f64| Some(Limit { raise, clear: raise * 1.25, hold: Duration::from_secs(600) });
    Run::new(&[Rule {
        measure: Measure::Reaches(100.0),
        warning: limit(8.0 * 3600.0),
        critical: limit(2.0 * 3600.0),
        clear_for: Duration::from_secs(900),
        ..disk("disk_forecast")
    }])
}

/// Minutes and words of what people were told, apart from recoveries.
fn alerts(run: &mut Run, minutes: std::ops::Range<u32>, used: impl Fn(u32) -> f64) -> Vec<(u32, String)> {
    let told = minutes.flat_map(|minute| {
        let words = run.minute(&[(DISK, used(minute))]);
        words.into_iter().map(move |word| (minute, word))
    });
    told.filter(|(_, word)| !word.starts_with('~') && !word.contains("recovered") && !word.contains("well")).collect()
}

/// A sawtooth from `low` to `high` each `period` minutes.
fn sawtooth(minute: u32, period: u32, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::from(minute % period) / f64::from(period)
}

/// A dump of `size` that is written each day within `minutes` and removed an hour later.
fn dump(minute: u32, minutes: u32, size: f64) -> f64 {
    let at = minute % DAY;
    if at < minutes + 60 { size * (f64::from(at) / f64::from(minutes)).min(1.0) } else { 0.0 }
}

proptest! {
    #![proptest_config(Config { cases: 5, ..Config::default() })]

    #[test]
    fn what_comes_and_goes_is_told_a_few_times_and_then_known(
        period in 60..DAY,
        (low, rise) in (20.0..50.0_f64, 5.0..38.0_f64),
        growth in 0.0..0.3_f64,
        is_dump in any::<bool>(),
    ) {
        let used = |minute: u32| {
            let swing = if is_dump { dump(minute, 15 + period / 12, rise / 2.0) } else { sawtooth(minute, period, 0.0, rise) };
            low + growth * f64::from(minute) / f64::from(DAY) + swing
        };
        let mut run = run();
        let learning = alerts(&mut run, 0..4 * DAY, used);
        let known = alerts(&mut run, 4 * DAY..16 * DAY, used);
        prop_assert!(learning.len() <= 6 && known.is_empty(), "{learning:?} {known:?}");
        prop_assert!(run.state.open().is_empty());
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, ..Config::default() })]

    #[test]
    fn what_really_fills_is_told_twenty_minutes_before(
        period in 60..DAY,
        (low, rise) in (20.0..50.0_f64, 10.0..35.0_f64),
        phase in 0..DAY,
        (minutes, is_accelerating) in prop_oneof![(40..400_u32, Just(false)), (60..400_u32, Just(true))],
    ) {
        let usual = |minute| sawtooth(minute, period, low, low + rise);
        let mut run = run();
        alerts(&mut run, 0..3 * DAY + phase, usual);
        let (begin, from) = (3 * DAY + phase, usual(3 * DAY + phase));
        let power = if is_accelerating { 1.5 } else { 1.0 };
        let fill = |minute: u32| from + (100.0 - from) * (f64::from(minute - begin) / f64::from(minutes)).powf(power);
        let told = alerts(&mut run, begin..begin + minutes, fill);
        let before = told.first().map_or(0, |(minute, _)| begin + minutes - minute);
        prop_assert!(before >= 20, "{before} min before, {told:?}, of {minutes} min from {from:.0} %");
    }
}

#[test]
fn full_is_not_over_until_there_is_room() {
    let mut run = run();
    let used =
        |minute: u32| if minute < 100 { 70.0 + f64::from(minute) * 0.3 } else { 99.98 + f64::from(minute % 7) * 0.002 };
    let told: Vec<String> = (0..400).flat_map(|minute| run.minute(&[(DISK, used(minute))])).collect();
    assert!(told[0].starts_with("fired") && !told.concat().contains("recovered"), "{told:?}");
    assert_eq!(run.state.alerts.values().next().unwrap().message.as_deref(), Some("100 % now: 100 % is reached"));
    let told: Vec<String> = (0..60).flat_map(|_| run.minute(&[(DISK, 98.7)])).collect();
    assert!(told.is_empty(), "{told:?}");
    let held = "98.7 % now: no further growth, but hardly any room below 100 %";
    assert_eq!(run.state.alerts.values().next().unwrap().message.as_deref(), Some(held));
    let told: Vec<String> = (0..60).flat_map(|_| run.minute(&[(DISK, 90.0)])).collect();
    assert_eq!(told, ["recovered critical"]);
}

#[test]
fn a_sawtooth_of_two_hours_does_not_stay_critical() {
    let mut run = run();
    let told = alerts(&mut run, 0..10 * DAY, |minute| sawtooth(minute, 120, 30.0, 85.0));
    assert!(told.len() <= 4 && told.iter().all(|(minute, _)| *minute < DAY), "{told:?}");
    assert!(run.state.open().is_empty() && run.state.pending() == 0);
    let beyond = alerts(&mut run, 10 * DAY..10 * DAY + 120, |minute| 30.0 + 55.0 * f64::from(minute % 120) / 95.0);
    assert_eq!(beyond.first().map(|(_, word)| word.as_str()), Some("fired critical"), "beyond what is known");
}

#[test]
fn a_forecast_adds_nothing_to_a_limit_that_is_reached() {
    let forecast = run().rules.remove(0);
    let mut run = Run::new(&[disk("disk"), forecast]);
    let told = alerts(&mut run, 0..600, |minute| (50.0 + f64::from(minute) / 4.0).min(99.9));
    // Critical is reached in minute 180.
    let after: Vec<&(u32, String)> = told.iter().filter(|(at, _)| *at > 190).collect();
    assert!(after.iter().all(|(_, word)| *word == "reminded critical") && after.len() <= 2, "{told:?}");
}
