//! Hours and days in five zones against a computation of its own from the recorded samples: weeks around the changes of
//! daylight saving time, with reboots, gaps and steps of the clock. `OSMON_TEST_YEAR=1` tries all of 2026 by the minute, `5` by
//! five minutes.

use super::harness::Host;
use osmon::store::line::seal;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs;

/// Offsets in minutes and since when (UTC, minutes since 1970): the rules of 2026, as the time zone database has them.
type Rules = &'static [(i64, i64)];
const ZONES: [(&str, Rules); 5] = [
    ("Asia/Kolkata", &[(0, 330)]),
    ("Asia/Kathmandu", &[(0, 345)]),
    // 4 April 15:00 and 3 October 15:30.
    ("Australia/Lord_Howe", &[(0, 660), (29_588_580, 630), (29_850_690, 660)]),
    // 8 March 07:00 and 1 November 06:00.
    ("America/New_York", &[(0, -300), (29_549_220, -240), (29_891_880, -300)]),
    // 29 March 01:00 and 25 October 01:00.
    ("Europe/Paris", &[(0, 60), (29_579_100, 120), (29_881_500, 60)]),
];

fn offset(rules: Rules, minute: i64) -> i64 {
    rules.iter().rev().find(|rule| rule.0 <= minute).unwrap().1
}

/// Year, month and day of a number of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
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

fn day_of(year: i64, month: i64, day: i64) -> i64 {
    (0..).find(|days| civil(20_000 + days) == (year, month, day)).unwrap() + 20_000
}

fn stamp(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}.000Z", rest / 3600, rest / 60 % 60, rest % 60)
}

fn local(rules: Rules, minute: i64, with_time: bool, (with_year, with_offset): (bool, bool)) -> String {
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

/// Writes the samples of some days, each closed by runs, and returns them: seconds since 1970, value.
fn record(host: &mut Host, first: i64, last: i64, every: i64) -> Vec<(i64, i64)> {
    let mut samples = Vec::new();
    let (mut boot, mut seed) = (0, 7_u64);
    fs::create_dir_all(host.data().join("snapshots")).unwrap();
    for day in first..=last {
        let mut text = String::new();
        let (mut minute, mut step) = (0, 0);
        while minute < 1440 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let seconds = day * 86_400 + minute * 60 + 7 + step;
            let value = ((seed >> 33) % 50) as i64 + if (seed >> 20) % 97 == 0 { 49 } else { 0 };
            let json = format!(
                r#"{{"schema":1,"time":"{}","host":"web-01","boot_id":"boot-{boot}","boottime_seconds":{},"interval_seconds":60.0,"sim":{{"load_percent":{value}}},"probe":{{"cpu_ms":2.5}}}}"#,
                stamp(seconds),
                seconds - 1_700_000_000 + step * 60
            );
            text += &seal(&json);
            samples.push((seconds, value));
            minute += every;
            match (day % 7, minute / every * every) {
                // The host is off for hours, and boots.
                (1, at) if at == 200 / every * every => (minute, boot) = (minute + 250, boot + 1),
                (3, at) if at == 700 / every * every => minute += 33,
                // The clock is set back, and the same minutes come again at other seconds.
                (5, at) if at == 900 / every * every && step == 0 => (minute, step) = (minute - 40, 20),
                (6, at) if at == 120 / every * every => minute += 90,
                _ => {}
            }
        }
        let path = host.data().join("snapshots").join(format!("{}.jsonl", &stamp(day * 86_400)[..10]));
        fs::write(path, text).unwrap();
        let next = (day + 1) * 86_400 + 600;
        host.advance(next - host.now.timestamp(), 10);
        host.osmon(&["run"]).ok();
    }
    samples.sort_unstable();
    samples
}

/// Least, sum, greatest and number of the samples of each period by its first minute.
type Expected = BTreeMap<i64, (i64, i64, i64, i64)>;

fn expected(samples: &[(i64, i64)], begins: &HashMap<i64, i64>) -> Expected {
    let mut all = Expected::new();
    for (seconds, value) in samples {
        let row = all.entry(begins[&seconds.div_euclid(300)]).or_insert((i64::MAX, 0, i64::MIN, 0));
        *row = (row.0.min(*value), row.1 + value, row.2.max(*value), row.3 + 1);
    }
    all
}

/// The first minute of the period of each five minutes.
fn begins(rules: Rules, step: &str, first: i64, last: i64) -> HashMap<i64, i64> {
    let mut known: HashMap<(i64, i64, i64), i64> = HashMap::new();
    let slots = (first * 288 - 600)..((last + 1) * 288 + 600);
    let period = |slot: i64| {
        let (minute, offset) = (slot * 5, offset(rules, slot * 5));
        let at = minute + offset;
        let key = match step {
            "5m" => (0, 0, slot),
            "1h" => (offset, 0, at.div_euclid(60)),
            "6h" => (0, at.div_euclid(1440), at.rem_euclid(1440) / 360),
            _ => (0, at.div_euclid(1440), 0),
        };
        (slot, *known.entry(key).or_insert(minute))
    };
    slots.map(period).collect()
}

fn history(host: &Host, zone: &str, arguments: &[&str]) -> String {
    let mut command = host.command("osmon", &[&["history", "sim.load_percent"], arguments].concat());
    let output = command.env("TZ", zone).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Compares all steps in all zones; returns the number of compared points, and of hours that are hours of UTC.
fn compare(host: &Host, samples: &[(i64, i64)], first: i64, last: i64) -> (usize, usize) {
    let (mut compared, mut hours_of_utc) = (0, 0);
    for (zone, rules) in ZONES {
        let form = |from: i64| {
            let year = |minute: i64| civil((minute + offset(rules, minute)).div_euclid(1440)).0;
            let until = (last + 1) * 1440 - 1;
            (year(from) != year(until), rules.iter().any(|rule| rule.0 > from && rule.0 <= until))
        };
        for step in ["raw", "5m", "1h", "6h", "1d"] {
            // Raw samples of a year are not compared as a table.
            let since = stamp((first * 86_400).max(if step == "raw" { (last - 40) * 86_400 } else { 0 }));
            let from = if step == "raw" { first.max(last - 40) } else { first };
            let begins = begins(rules, step, from, last);
            let samples = &samples[samples.partition_point(|sample| sample.0 < from * 86_400)..];
            let span = ["--since", &since, "--until", &stamp((last + 1) * 86_400 - 1), "--step", step];
            let json: Value = serde_json::from_str(&history(host, zone, &[&span[..], &["--json"]].concat())).unwrap();
            let points = json["metric"][0]["point"].as_array().unwrap();
            let time = |point: &Value| point["time"].as_str().unwrap().to_string();
            assert!(json.get("coarser").is_none(), "{zone} {step}: {}", json["coarser"]);
            let number = |value: &Value| value.as_f64().map(|value| value as i64);
            let mut labels: Vec<(String, String, String)> = Vec::new();
            if step == "raw" {
                assert_eq!(points.len(), samples.len(), "{zone}");
                for (point, (seconds, value)) in points.iter().zip(samples) {
                    assert_eq!((time(point), number(&point["value"])), (stamp(*seconds), Some(*value)), "{zone}");
                    let minute = seconds.div_euclid(60);
                    labels.push((local(rules, minute, true, form(from * 1440)), value.to_string(), String::new()));
                }
            } else {
                let wanted = expected(samples, &begins);
                let utc: HashMap<i64, i64> = begins.keys().map(|slot| (*slot, slot.div_euclid(12) * 60)).collect();
                let utc = expected(samples, &utc);
                if step != "1h" {
                    assert_eq!(points.len(), wanted.len(), "{zone} {step}");
                }
                let minute_of =
                    |point: &Value| chrono::DateTime::parse_from_rfc3339(&time(point)).unwrap().timestamp() / 60;
                // Where hours of UTC give way to local ones, a part of an hour is left.
                let first_local = points.iter().map(minute_of).find(|minute| wanted.contains_key(minute)).unwrap_or(0);
                for point in points {
                    let minute: i64 = minute_of(point);
                    let is_rest = step == "1h" && minute < first_local && first_local - minute < 60;
                    let is_recent = minute > (last - 30) * 1440;
                    let own = wanted.get(&minute).or_else(|| {
                        hours_of_utc += 1;
                        utc.get(&minute).filter(|_| step == "1h" && !is_recent)
                    });
                    let rest = || {
                        let of_rest =
                            samples.iter().filter(|sample| (minute..first_local).contains(&sample.0.div_euclid(60)));
                        let all: Vec<(i64, i64)> = of_rest.copied().collect();
                        expected(&all, &begins.keys().map(|slot| (*slot, minute)).collect()).remove(&minute)
                    };
                    let rest = if is_rest { rest() } else { None };
                    let own = rest.as_ref().or(own);
                    let own = own.unwrap_or_else(|| panic!("{zone} {step}: no period begins at {}", time(point)));
                    let found = (number(&point["min"]), number(&point["max"]), number(&point["count"]));
                    assert_eq!(found, (Some(own.0), Some(own.2), Some(own.3)), "{zone} {step} {}", time(point));
                    let average = own.1 as f64 / own.3 as f64;
                    assert!((point["avg"].as_f64().unwrap() - average).abs() <= 0.001, "{zone} {step} {}", time(point));
                    let label = local(rules, minute, step != "1d", form(from * 1440));
                    labels.push((label, own.0.to_string(), own.2.to_string()));
                }
                let count = |rows: &Expected| rows.values().map(|row| row.3).sum::<i64>();
                let all: i64 = points.iter().map(|point| number(&point["count"]).unwrap()).sum();
                assert_eq!(all, count(&wanted), "{zone} {step}: every sample once");
            }
            compared += points.len();
            let table = history(host, zone, &span);
            let rows = table.lines().skip_while(|line| !line.starts_with("TIME")).skip(1);
            let rows: Vec<&str> = rows.filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
            assert_eq!(rows.len(), labels.len(), "{zone} {step}");
            for (row, (label, least, most)) in rows.iter().zip(&labels) {
                let rest =
                    row.strip_prefix(label.as_str()).unwrap_or_else(|| panic!("{zone} {step}: {row} is {label}"));
                let cells: Vec<&str> = rest.split(" %").map(str::trim).collect();
                let same = if most.is_empty() { cells[0] == least } else { (cells[1], cells[2]) == (least, most) };
                assert!(same && rest.starts_with(' '), "{zone} {step}: {row}: {least} {most}");
            }
        }
    }
    (compared, hours_of_utc)
}

#[test]
fn hours_and_days_are_those_of_the_zone() {
    let year: Option<i64> = std::env::var("OSMON_TEST_YEAR").ok().and_then(|minutes| minutes.parse().ok());
    let spans = match year {
        Some(every) => vec![((2026, 1, 1), (2026, 12, 31), every)],
        None => vec![((2026, 3, 27), (2026, 4, 6), 6), ((2026, 10, 23), (2026, 11, 2), 6)],
    };
    for (first, last, every) in spans {
        let (first, last) = (day_of(first.0, first.1, first.2), day_of(last.0, last.1, last.2));
        let mut host = Host::recorded("vm");
        host.now = stamp(first * 86_400 - 600).parse().unwrap();
        let samples = record(&mut host, first, last, every);
        let (compared, hours_of_utc) = compare(&host, &samples, first, last);
        if year.is_some() {
            println!("{} samples, {compared} points compared, {hours_of_utc} hours of UTC", samples.len());
        } else {
            assert_eq!(hours_of_utc, 0);
        }
    }
}
