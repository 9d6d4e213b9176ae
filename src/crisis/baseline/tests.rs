//! Bands over made-up weeks.

use super::*;

/// Hours of a series, from the number 0 on, which is a Monday at midnight.
fn past(hours: i64, level: impl Fn(i64) -> f64) -> Past {
    let mut past = Past::default();
    for number in 0..hours {
        let value = level(number);
        past.add(number, Hour::new(value * 0.9, value, value * 1.1, 900.0));
    }
    past
}

fn fires(past: &Past, at: i64, value: f64) -> bool {
    past.band(at, 2.5).is_some_and(|band| band.outside(true, value) >= 4.0)
}

#[test]
fn what_lasts_moves_the_mean() {
    let spiky = Hour::new(2.0, 5.0, 100.0, 900.0);
    assert_eq!((spiky.low, spiky.high), (2.0, 14.0), "three points of mean are at most 12 in a quarter of an hour");
    let backup = Hour::new(5.0, 35.0, 90.0, 900.0);
    assert_eq!(backup.high, 90.0);
    assert_eq!(Hour::new(2.0, 5.0, 100.0, 0.0).high, 100.0, "at once");
    assert_eq!(Hour::new(2.0, 5.0, 100.0, 7200.0).high, 5.0, "longer than the hour");
}

#[test]
fn it_is_silent_until_it_knows_a_day() {
    let flat = |_| 10.0;
    assert!(past(23, flat).band(23, 2.5).is_none());
    let band = past(24, flat).band(24, 2.5).unwrap();
    assert_eq!((band.centre, band.spread), (10.0, 5.0), "unsure: twice as wide");
    assert_eq!(past(24 * 15, flat).band(24 * 15, 2.5).unwrap().spread, 2.5);
    assert!(!fires(&past(24 * 15, |_| 0.1), 24 * 15, 0.2), "too little to speak of");
}

#[test]
fn hours_of_the_week_have_their_own_level() {
    // Busy on working days from 8 to 18, a backup each night at 2, and one on Sundays at 4.
    let level = |number: i64| match (number / 24 % 7, number % 24) {
        (_, 2) => 90.0,
        (6, 4) => 80.0,
        (0..=4, 8..18) => 60.0,
        _ => 5.0,
    };
    let weeks = past(24 * 21, level);
    let monday = 24 * 21;
    let false_alarms: Vec<i64> =
        (0..168).filter(|hour| fires(&past(monday + hour, level), monday + hour, level(*hour))).collect();
    assert_eq!(false_alarms, Vec::<i64>::new());
    assert!(!fires(&weeks, monday + 2, 90.0) && fires(&weeks, monday + 5, 90.0), "a backup at its hour only");
    assert!(!fires(&weeks, monday + 10, 60.0) && fires(&weeks, monday + 5 * 24 + 12, 60.0), "not on a Saturday");
}

#[test]
fn an_odd_week_is_forgiven_and_a_new_level_is_learned() {
    let odd = past(24 * 28, |number| if (400..430).contains(&number) { 95.0 } else { 5.0 });
    assert!(fires(&odd, 24 * 28 + 400 - 336, 60.0), "one odd week of four is not usual");
    let firing = |since: i64| -> Vec<i64> {
        let level = |number: i64| if number < since { 5.0 } else { 40.0 };
        (since..since + 24 * 30).filter(|at| fires(&past(*at, level), *at, 40.0)).map(|at| at - since).collect()
    };
    for since in [24 * 2, 24 * 5, 24 * 10, 24 * 20, 24 * 40] {
        let hours = firing(since);
        assert!(!hours.is_empty() && hours.iter().all(|hour| *hour < 24), "{since}: {hours:?}");
    }
}

#[test]
fn less_than_usual_is_learned_too() {
    let since = 24 * 20;
    let low = |number: i64| if number < since { 50.0 } else { 20.0 };
    let outside = |at: i64| past(at, low).band(at, 2.5).unwrap().outside(false, 20.0);
    assert!(outside(since) >= 4.0 && outside(since + 12) >= 4.0 && outside(since + 24) < 0.1);
    let band = past(since + 24, low).band(since + 24, 2.5).unwrap();
    assert!(band.moved < 0.0 && band.outside(true, 50.0) < 4.0, "{band:?}");
}

#[test]
fn summer_time_moves_no_hour() {
    // The clock goes back after three weeks: an hour is there twice, and the numbers stay those of the zone.
    let mut known = past(24 * 21, |number| if number % 24 == 2 { 90.0 } else { 5.0 });
    known.add(24 * 21 - 1, Hour::new(5.0, 5.0, 5.0, 900.0));
    assert!(
        !fires(&known, 24 * 21 + 2, 90.0) && !fires(&known, 24 * 21 + 3, 90.0) && !fires(&known, 24 * 21 + 1, 90.0)
    );
    assert_eq!(known.known(), 24 * 21);
}
