use super::*;
use crate::base::clock::parse;

/// Offsets in seconds, and from when: the rules of the zones in 2026, written by hand.
const ZONES: [(&str, &[(&str, i64)]); 5] = [
    ("Kolkata", &[("", 19_800)]),
    ("Kathmandu", &[("", 20_700)]),
    ("Lord Howe", &[("", 39_600), ("2026-04-04T15:00:00Z", 37_800), ("2026-10-03T15:30:00Z", 39_600)]),
    ("New York", &[("", -18_000), ("2026-03-08T07:00:00Z", -14_400), ("2026-11-01T06:00:00Z", -18_000)]),
    ("Paris", &[("", 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T01:00:00Z", 3600)]),
];

fn ms(text: &str) -> i64 {
    parse(text).unwrap().timestamp_millis()
}

fn zone(name: &str) -> (LocalTime, impl Fn(i64) -> i64) {
    let rules = ZONES.iter().find(|zone| zone.0 == name).unwrap().1;
    let offset = move |time: i64| {
        rules.iter().rev().find(|(from, _)| from.is_empty() || ms(from) <= time).map_or(0, |rule| rule.1)
    };
    (LocalTime::of(ms("2026-01-01T00:00:00Z"), ms("2026-12-31T00:00:00Z"), &offset), offset)
}

#[test]
fn days_have_their_true_length() {
    // Zone, a moment of the day, its begin, and its length in half hours.
    let days = [
        ("Kolkata", "2026-11-19T12:00:00Z", "2026-11-18T18:30:00Z", 48),
        ("Kolkata", "2026-11-18T18:29:59Z", "2026-11-17T18:30:00Z", 48),
        ("Kathmandu", "2026-11-19T18:14:59Z", "2026-11-18T18:15:00Z", 48),
        ("Lord Howe", "2026-04-04T20:00:00Z", "2026-04-04T13:00:00Z", 49),
        ("Lord Howe", "2026-10-03T20:00:00Z", "2026-10-03T13:30:00Z", 47),
        ("Lord Howe", "2026-07-01T12:00:00Z", "2026-06-30T13:30:00Z", 48),
        ("New York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", 46),
        ("New York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", 50),
        ("New York", "2026-11-18T16:00:00Z", "2026-11-18T05:00:00Z", 48),
        ("Paris", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 46),
        ("Paris", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 50),
    ];
    for (name, within, begin, half_hours) in days {
        let begin = ms(begin);
        assert_eq!(zone(name).0.day(ms(within)), (begin, begin + half_hours * 1_800_000), "{name} {within}");
    }
}

#[test]
fn hours_that_come_twice_are_two() {
    // Zone, step in hours, a moment, begin and end.
    let periods = [
        ("New York", 1, "2026-11-01T05:59:00Z", "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"),
        ("New York", 1, "2026-11-01T06:01:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"),
        ("New York", 6, "2026-11-01T07:00:00Z", "2026-11-01T04:00:00Z", "2026-11-01T11:00:00Z"),
        ("New York", 6, "2026-03-08T07:00:00Z", "2026-03-08T05:00:00Z", "2026-03-08T10:00:00Z"),
        ("Lord Howe", 1, "2026-04-04T14:59:00Z", "2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z"),
        ("Lord Howe", 1, "2026-04-04T15:01:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"),
        ("Lord Howe", 1, "2026-10-03T15:31:00Z", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"),
        ("Kathmandu", 1, "2026-11-19T00:00:00Z", "2026-11-18T23:15:00Z", "2026-11-19T00:15:00Z"),
        ("Paris", 5, "2026-11-19T20:30:00Z", "2026-11-19T19:00:00Z", "2026-11-19T23:00:00Z"),
    ];
    for (name, hours, within, begin, end) in periods {
        assert_eq!(zone(name).0.period(ms(within), hours * HOUR_MS), (ms(begin), ms(end)), "{name} {within}");
    }
}

#[test]
fn the_year_is_covered_once_and_every_period_begins_at_its_time() {
    for (name, _) in ZONES {
        let (local, offset) = zone(name);
        for step_ms in [300_000, 600_000, 900_000, 1_800_000, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS] {
            let (mut at, end) = (local.period(ms("2026-01-02T00:00:00Z"), step_ms).1, ms("2026-12-20T00:00:00Z"));
            while at < end {
                let period = local.period(at, step_ms);
                assert_eq!(period.0, at, "{name} {step_ms}: no hole and no overlap");
                assert!(period.1 > at && period.1 - at <= step_ms + HOUR_MS, "{name} {step_ms} {at}");
                assert_eq!(local.period(period.1 - 1, step_ms), period, "{name} {step_ms} {at}");
                // By the clock on the wall, except where it was just set.
                let is_set = offset(at - 1) != offset(at);
                assert!(is_set || (at + offset(at) * 1000).rem_euclid(step_ms) == 0, "{name} {step_ms} {at}");
                at = period.1;
            }
        }
    }
}

#[test]
fn a_day_whose_midnight_is_skipped_or_repeated_begins_once() {
    // At midnight the clock goes forward, as in Beirut, and back, as in Havana (an hour later) and São Paulo.
    let change = ms("2026-04-01T00:00:00Z");
    for (at, before, after) in [(0, 0, 3600), (HOUR_MS, 0, -3600), (0, 0, -3600), (60_000, 0, -3600)] {
        let offset = move |time: i64| if time < change + at { before } else { after };
        let local = LocalTime::of(change - 5 * DAY_MS, change + 5 * DAY_MS, &offset);
        let mut begin = local.day(change - 3 * DAY_MS).0;
        for _ in 0..6 {
            let (from, to) = local.day(begin);
            assert_eq!((from, local.day(to - 1)), (begin, (from, to)), "{at} {after}");
            assert!((23 * HOUR_MS..=25 * HOUR_MS).contains(&(to - from)), "{at} {after}: {}", (to - from) / HOUR_MS);
            begin = to;
        }
    }
}
