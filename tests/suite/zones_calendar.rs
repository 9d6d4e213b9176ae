//! The calendar and the zones of 2026, without a time zone database.

/// Offsets in minutes and since when (UTC, minutes since 1970): the rules of 2026, as the time zone database has them.
pub type Rules = &'static [(i64, i64)];
pub const ZONES: [(&str, Rules); 5] = [
    ("Asia/Kolkata", &[(0, 330)]),
    ("Asia/Kathmandu", &[(0, 345)]),
    // 4 April 15:00 and 3 October 15:30.
    ("Australia/Lord_Howe", &[(0, 660), (29_588_580, 630), (29_850_690, 660)]),
    // 8 March 07:00 and 1 November 06:00.
    ("America/New_York", &[(0, -300), (29_549_220, -240), (29_891_880, -300)]),
    // 29 March 01:00 and 25 October 01:00.
    ("Europe/Paris", &[(0, 60), (29_579_100, 120), (29_881_500, 60)]),
];

pub fn offset(rules: Rules, minute: i64) -> i64 {
    rules.iter().rev().find(|rule| rule.0 <= minute).unwrap().1
}

/// Year, month and day of a number of days since 1970.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

pub fn day_of(year: i64, month: i64, day: i64) -> i64 {
    (0..).find(|days| civil(20_000 + days) == (year, month, day)).unwrap() + 20_000
}

pub fn stamp(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}.000Z", rest / 3600, rest / 60 % 60, rest % 60)
}

pub fn local(rules: Rules, minute: i64, with_time: bool, (with_year, with_offset): (bool, bool)) -> String {
    let offset = offset(rules, minute);
    let at = minute + offset;
    let (year, month, day) = civil(at.div_euclid(1440));
    let clock = format!("{:02}:{:02}", at.rem_euclid(1440) / 60, at.rem_euclid(60));
    let sign = if offset < 0 { '-' } else { '+' };
    let date =
        format!("{}{month:02}-{day:02}", if with_year || !with_time { format!("{year}-") } else { String::new() });
    match (with_time, with_offset) {
        (false, _) => date,
        (true, false) => format!("{date} {clock}"),
        (true, true) => format!("{date} {clock} {sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60),
    }
}
