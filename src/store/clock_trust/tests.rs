use super::*;
use crate::base::clock::parse;
use chrono::TimeDelta;

fn at(minute: i64, off_seconds: i64, boot: &str) -> Reading {
    let wall = parse("2026-11-20T00:00:00Z").unwrap() + TimeDelta::minutes(minute) + TimeDelta::seconds(off_seconds);
    Reading { wall, boottime_seconds: 1000.0 + minute as f64 * 60.0, boot_id: boot.to_string() }
}

fn run(trust: ClockTrust, reading: &Reading) -> (ClockTrust, Option<Return>) {
    trust.observe(reading, || None)
}

const DAY: i64 = 86_400;

#[test]
fn a_step_is_not_believed_and_its_end_is_seen_at_once() {
    for days in [1, -1, 12, -12, 400, -400, 3650, -3650] {
        let (trust, _) = run(ClockTrust::default(), &at(0, 0, "a"));
        let (trust, _) = run(trust, &at(1, 0, "a"));
        assert!(trust.is_believed() && trust.is_steady());
        let (trust, _) = run(trust, &at(2, days * DAY, "a"));
        assert!(!trust.is_believed() && !trust.is_steady(), "{days}");
        assert_eq!(run(trust.clone(), &at(2, days * DAY, "a")).0, trust, "the same reading counts once");
        let (trust, back) = run(trust, &at(3, 1, "a"));
        let back = back.unwrap();
        assert!(trust.is_believed() && trust.is_steady());
        assert!((back.offset_seconds - (days * DAY) as f64).abs() < 2.0, "{back:?}");
        assert_eq!((back.lasted_seconds, back.stored.snapshots), (60.0, 1));
        let false_day = day::of(at(2, days * DAY, "a").wall);
        assert_eq!(trust.noticed(&false_day), Some(at(3, 0, "a").wall.date_naive()));
        assert!(trust.noticed(false_day.get(..7).unwrap()).is_some() && trust.noticed("2020-01-01").is_none());
    }
}

#[test]
fn a_clock_that_was_set_is_steady_after_five_runs_and_believed_after_two_days() {
    let (mut trust, _) = run(ClockTrust::default(), &at(0, 0, "a"));
    let (mut steady, mut believed) = (None, None);
    for minute in 1..=4000 {
        let back;
        (trust, back) = run(trust, &at(minute, -2 * 3600, "a"));
        assert_eq!(back, None);
        steady = steady.or(trust.is_steady().then_some(minute));
        believed = believed.or(trust.is_believed().then_some(minute));
    }
    assert_eq!((steady, believed), (Some(5), Some(2881)));
}

#[test]
fn a_reboot_explains_a_day_but_no_year_and_never_a_step_back() {
    let cases = [(0, true), (3600, true), (20 * 3600, true), (3 * DAY, false), (-3600, false), (-20_000 * DAY, false)];
    for (off, is_believed) in cases {
        let (trust, _) = run(ClockTrust::default(), &at(100, 0, "a"));
        let after = Reading { boottime_seconds: 40.0, ..at(103, off, "b") };
        assert_eq!(run(trust, &after).0.is_believed(), is_believed, "{off}");
    }
}

#[test]
fn without_a_memory_the_newest_record_speaks() {
    let observe = |newest: Option<Reading>| ClockTrust::default().observe(&at(3, 0, "a"), || newest).0.is_believed();
    assert!(observe(None), "nothing can be lost");
    assert!(observe(Some(at(1, 0, "a"))) && observe(Some(Reading { boottime_seconds: 1e6, ..at(1, 0, "b") })));
    assert!(!observe(Some(at(1, 400 * DAY, "a"))) && !observe(Some(at(1, -12 * DAY, "a"))));
}
