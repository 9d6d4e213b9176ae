//! A recorded week with every typical cause of false alarms: how many alerts it would have sent.

use super::harness::Host;
use chrono::{DateTime, TimeDelta, Utc};
use osmon::store::line::seal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// Monday 00:00 in Paris, six days before the clocks go back there.
const BEGIN: &str = "2026-10-18T22:00:00Z";
const DAY: i64 = 1440;
/// Asleep from Wednesday 22:00 to Thursday 07:00.
const SLEEP: std::ops::Range<i64> = 2 * DAY + 22 * 60..3 * DAY + 7 * 60;

/// A number from 0 to 1 that looks like noise.
fn noise(minute: i64) -> f64 {
    ((minute.wrapping_mul(2_654_435_761) >> 8) & 1023) as f64 / 1023.0
}

/// The minute of the day in Paris, where the Sunday has 25 hours.
fn local(minute: i64) -> i64 {
    if minute >= 6 * DAY + 180 { (minute - 60) % DAY } else { minute % DAY }
}

/// CPU: quiet; on Tuesday for six hours to and fro, ten minutes each; each night at 02:00 a backup of 40 minutes; at full
/// load when it was put to sleep and when it woke.
fn cpu(minute: i64) -> f64 {
    let quiet = 15.0 + 10.0 * noise(minute);
    let is_to_and_fro = (DAY + 600..DAY + 960).contains(&minute) && (minute / 10) % 2 == 0;
    let is_around_sleep =
        (SLEEP.start - 4..SLEEP.start).contains(&minute) || (SLEEP.end..SLEEP.end + 4).contains(&minute);
    match local(minute) {
        _ if is_to_and_fro || is_around_sleep => 97.0,
        120..160 => 86.0 + 4.0 * noise(minute),
        _ => quiet,
    }
}

/// Memory: a leak, from 45 % by a third of a percent an hour, restarted on Sunday at 22:00.
fn memory(minute: i64) -> f64 {
    if minute >= 6 * DAY + 1380 { 45.0 } else { 45.0 + minute as f64 / 180.0 + noise(minute) }
}

/// The backup's disk: fills by 25 % and is emptied when the copy is away.
fn disk(minute: i64) -> f64 {
    match local(minute) {
        at @ 120..160 => 60.0 + (at - 120) as f64 * 0.625,
        _ => 60.0,
    }
}

/// Writes the week and returns the events of a replay: by rule, kind and severity, the numbers of notified and of muted
/// ones.
fn week(host: &Host) -> BTreeMap<String, (usize, usize)> {
    let begin: DateTime<Utc> = BEGIN.parse().unwrap();
    let mut days: BTreeMap<String, String> = BTreeMap::new();
    for minute in (0..7 * DAY + 60).filter(|minute| !SLEEP.contains(minute)) {
        let time = begin + TimeDelta::minutes(minute);
        let json = format!(
            r#"{{"schema":1,"time":"{}","host":"web-9","boot_id":"b","boottime_seconds":{},"interval_seconds":60.0,"cpu":{{"busy_percent":{:.1},"iowait_percent":{:.1}}},"memory":{{"used_percent":{:.1}}},"disk":[{{"mount":"/backup","used_percent":{:.2}}}]}}"#,
            time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            time.timestamp() - 1_700_000_000,
            cpu(minute),
            if (120..145).contains(&local(minute)) { 60.0 } else { 1.0 },
            memory(minute),
            disk(minute),
        );
        days.entry(time.format("%Y-%m-%d").to_string()).or_default().push_str(&seal(&json));
    }
    fs::create_dir_all(host.data().join("snapshots")).unwrap();
    for (day, lines) in days {
        fs::write(host.data().join(format!("snapshots/{day}.jsonl")), lines).unwrap();
    }
    let mut command = host.command("osmon-detect-crisis", &["--dry-run", "--since", "2026-10-18", "--json"]);
    let output = command.env("TZ", "Europe/Paris").output().unwrap();
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| event[key].as_str().unwrap().to_string();
        let count = found.entry(format!("{} {} {}", word("rule"), word("kind"), word("severity"))).or_default();
        if event["muted"].is_null() { count.0 += 1 } else { count.1 += 1 }
    }
    found
}

#[test]
fn each_thing_calls_once_and_what_is_usual_at_night_does_not_for_ever() {
    let found = week(&Host::recorded("vm"));
    // Notified, and recorded only.
    let expected = [
        // To and fro 18 times: two alerts and a recovery until it is known to flap, once that it does and how it ended.
        // Asleep at full load: nothing.
        ("cpu fired critical", (2, 16)),
        ("cpu flapping critical", (1, 0)),
        ("cpu recovered critical", (1, 17)),
        ("cpu settled critical", (1, 0)),
        // Seven backups, one of them in the hour that comes twice: after three nights they are usual.
        ("cpu fired warning", (3, 4)),
        ("cpu recovered warning", (3, 4)),
        // The disk that they fill comes back each time, which is known after the first.
        ("disk_forecast fired critical", (1, 0)),
        ("disk_forecast recovered critical", (1, 0)),
        // The leak: a warning on Friday, critical on Saturday, reminders, and its end.
        ("memory escalated critical", (1, 0)),
        ("memory fired warning", (1, 0)),
        ("memory recovered critical", (1, 0)),
        ("memory reminded critical", (2, 0)),
        ("memory reminded warning", (1, 0)),
        // It is unusual too, of which nobody is notified.
        ("memory_unusual fired warning", (0, 1)),
        ("memory_unusual recovered warning", (0, 1)),
    ];
    assert_eq!(found, expected.map(|(what, count)| (what.to_string(), count)).into());
}
