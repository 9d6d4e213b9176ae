//! `osmon history`: every way to select the past returns what was recorded.

use super::harness::{Done, Host};
use chrono::{DateTime, TimeDelta, Utc};
use osmon::store::Store;
use osmon::store::clock_trust::ClockTrust;
use osmon::store::line::seal;
use serde_json::Value;
use std::fs;

/// Records a number of minutes from `begin` on, as the host would have; `busy` returns the CPU usage of each, or `None`
/// while the host was off.
pub fn record(host: &Host, begin: &str, minutes: i64, busy: &dyn Fn(i64) -> Option<f64>) {
    let begin: DateTime<Utc> = begin.parse().unwrap();
    fs::create_dir_all(host.data().join("snapshots")).unwrap();
    for minute in 0..minutes {
        let Some(busy) = busy(minute) else { continue };
        let time = begin + TimeDelta::minutes(minute);
        let json = format!(
            r#"{{"schema":1,"time":"{}","host":"web-01","boot_id":"b","boottime_seconds":{},"interval_seconds":60.0,"cpu":{{"busy_percent":{busy}}},"disk":[{{"mount":"/","used_percent":50}},{{"mount":"/a \"b\"","used_percent":{busy}}}],"network":[{{"interface":"eth0","received_bytes_per_second":1048576,"sent_bytes_per_second":0}}],"probe":{{"cpu_ms":2.5}}}}"#,
            time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            time.timestamp() - 1_700_000_000
        );
        let path = host.data().join("snapshots").join(format!("{}.jsonl", time.format("%Y-%m-%d")));
        let known = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, known + &seal(&json)).unwrap();
    }
}

/// Closes and seals finished periods, as a run does.
fn tidy(host: &Host) {
    host.osmon(&["graph"]).ok();
}

pub fn history(host: &Host, arguments: &[&str]) -> Done {
    host.osmon(&[&["history"], arguments].concat())
}

fn values(done: &Done) -> Vec<(String, f64)> {
    let json = done.json();
    let points = json["metric"][0]["point"].as_array().unwrap().iter();
    let value = |point: &Value| point["value"].as_f64().or(point["avg"].as_f64()).unwrap();
    points.map(|point| (point["time"].as_str().unwrap().to_string(), value(point))).collect()
}

/// Two and a half days until 21:40, one value a minute.
fn host() -> Host {
    let host = Host::recorded("vm");
    record(&host, "2026-11-18T09:40:00Z", 3600, &|minute| Some((minute % 100) as f64));
    tidy(&host);
    host
}

#[test]
fn the_same_from_columns_rollups_and_snapshots() {
    let host = host();
    assert!(!host.data().join("snapshots/2026-11-18.jsonl").exists(), "the first day is sealed");
    let raw = values(&history(&host, &["cpu.busy_percent", "--since", "60h", "--step", "raw", "--json"]).ok());
    assert_eq!(raw.len(), 3600);
    for (minute, (_, value)) in raw.iter().enumerate() {
        assert_eq!(*value, (minute % 100) as f64, "minute {minute}");
    }
    for (step, seconds) in [("5m", 300), ("1h", 3600), ("6h", 21_600), ("1d", 86_400)] {
        let json = history(&host, &["cpu.busy_percent", "--since", "60h", "--step", step, "--json"]).ok().json();
        let points = json["metric"][0]["point"].as_array().unwrap();
        let mut expected: Vec<(i64, Vec<f64>)> = Vec::new();
        for (time, value) in &raw {
            let seconds_of = time.parse::<DateTime<Utc>>().unwrap().timestamp();
            let begin = seconds_of - seconds_of % seconds;
            match expected.last_mut().filter(|(at, _)| *at == begin) {
                Some((_, values)) => values.push(*value),
                None => expected.push((begin, vec![*value])),
            }
        }
        assert_eq!(points.len(), expected.len(), "{step}");
        for (point, (begin, values)) in points.iter().zip(expected) {
            assert_eq!(point["time"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp(), begin);
            assert_eq!(point["count"], values.len());
            assert_eq!(point["min"].as_f64(), values.iter().copied().reduce(f64::min));
            assert_eq!(point["max"].as_f64(), values.iter().copied().reduce(f64::max));
            let average = values.iter().sum::<f64>() / values.len() as f64;
            assert!((point["avg"].as_f64().unwrap() - average).abs() < 0.002, "{step} {begin}");
        }
    }
}

#[test]
fn what_a_run_just_stored_is_there() {
    let mut host = Host::recorded("vm");
    for busy in [10, 20, 30] {
        host.advance(60, busy);
        host.osmon(&["run", "-v"]).ok();
    }
    let shown: Vec<f64> =
        values(&history(&host, &["cpu.busy_percent", "--json"]).ok()).into_iter().map(|(_, value)| value).collect();
    let stored: Vec<f64> = host.snapshots().iter().filter_map(|line| line["cpu"]["busy_percent"].as_f64()).collect();
    assert_eq!(shown, stored);
    let glance = history(&host, &[]).ok().out;
    assert!(
        glance.contains("CPU%") && glance.contains("average") && glance.starts_with("web-01 · 2026-11-20"),
        "{glance}"
    );
    assert!(glance.lines().all(|line| line.chars().count() <= 80), "{glance}");
}

#[test]
fn time_as_people_say_it() {
    let host = host();
    let first_and_last = |arguments: &[&str]| {
        let all = values(&history(&host, &[&["cpu.busy_percent", "--step", "raw", "--json"], arguments].concat()).ok());
        (all.first().unwrap().0.clone(), all.last().unwrap().0.clone())
    };
    let both = |from: &str, to: &str| (format!("2026-11-{from}:00.000Z"), format!("2026-11-{to}:00.000Z"));
    assert_eq!(first_and_last(&["--at", "yesterday"]), both("19T00:00", "19T23:59"));
    assert_eq!(first_and_last(&["--at", "2026-11-18..2026-11-19"]), both("18T09:40", "19T23:59"));
    assert_eq!(first_and_last(&["--since", "2026-11-18..yesterday"]), both("18T09:40", "19T23:59"));
    assert_eq!(first_and_last(&["--at", "2026-11"]), both("18T09:40", "20T21:39"));
    assert_eq!(first_and_last(&["--since", "2h ago", "--until", "1h ago"]), both("20T19:40", "20T20:40"));
    assert_eq!(first_and_last(&["--at", "03:00"]), both("20T02:55", "20T03:05"));
    assert_eq!(first_and_last(&[]), both("20T00:00", "20T21:39"));
    for wrong in [["--since", "soon"], ["--at", "today..yesterday"], ["--step", "1s"], ["--step", "x"]] {
        let done = history(&host, &[&["cpu.busy_percent"], &wrong[..]].concat());
        assert_eq!((done.code, done.err.lines().count()), (64, 1), "{}", done.err);
    }
    assert_eq!(history(&host, &["cpu.busy_percent", "--since", "today", "--until", "yesterday"]).code, 64);
}

#[test]
fn a_day_of_people_may_have_23_or_25_hours() {
    let mut host = Host::recorded("vm");
    host.now = "2026-10-27T12:00:00Z".parse().unwrap();
    record(&host, "2026-10-23T22:00:00Z", 4 * 1440, &|_| Some(1.0));
    tidy(&host);
    let mut command =
        host.command("osmon", &["history", "cpu.busy_percent", "--step", "1d", "--json", "--since", "2026-10-24"]);
    let output = command.env("TZ", "Europe/Paris").output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let days: Vec<(String, u64)> = json["metric"][0]["point"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (point["time"].as_str().unwrap()[5..16].to_string(), point["count"].as_u64().unwrap()))
        .collect();
    // The clock went back an hour on the 25th.
    let expected = [("10-23T22:00", 1440), ("10-24T22:00", 1500), ("10-25T23:00", 1440), ("10-26T23:00", 781)];
    assert_eq!(days, expected.map(|(day, count)| (day.to_string(), count)));
}

#[test]
fn a_pattern_selects_metrics_only() {
    let mut host = Host::recorded("vm");
    for seconds in [60, 60, 3600, 60] {
        host.advance(seconds, 10);
        host.osmon(&["run"]).ok();
    }
    assert!(host.data().join("rollups/1h/2026-11/consumers.jsonl").exists());
    let found = host.osmon(&["history", "*", "--since", "2h", "--step", "1h", "--json"]).ok().json();
    let names: Vec<&str> =
        found["metric"].as_array().unwrap().iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"load.one") && names.iter().all(|name| name.contains('.')), "{names:?}");
}

#[test]
fn other_systems_can_read_it() {
    let host = host();
    let wanted = ["disk.used_percent{mount=\"/a*\"}", "--since", "2026-11-20 21:38", "--format"];
    let export = |format: &str| history(&host, &[&wanted[..], &[format]].concat()).ok().out;
    assert_eq!(
        export("csv"),
        "time,\"disk.used_percent{mount=\"\"/a \\\"\"b\\\"\"\"\"}\"\r\n2026-11-20T21:38:00.000Z,98\r\n2026-11-20T21:39:00.000Z,99\n"
    );
    assert_eq!(
        export("influx"),
        "disk,host=web-01,mount=/a\\ \"b\" used_percent=98 1795210680000000000\ndisk,host=web-01,mount=/a\\ \"b\" used_percent=99 1795210740000000000\n"
    );
    let text = export("openmetrics");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "# TYPE osmon_disk_used_percent gauge");
    assert!(lines[1].starts_with("# HELP osmon_disk_used_percent "));
    assert_eq!(lines[2], "osmon_disk_used_percent{host=\"web-01\",mount=\"/a \\\"b\\\"\"} 98 1795210680");
    assert_eq!(lines.last(), Some(&"# EOF"));
    let rolled = history(&host, &["cpu.busy_percent", "--step", "1h", "--format", "openmetrics"]).ok().out;
    for name in ["osmon_cpu_busy_percent{", "osmon_cpu_busy_percent_min{", "osmon_cpu_busy_percent_max{"] {
        assert_eq!(rolled.matches(&format!("\n{name}")).count(), 22, "{name}");
    }
}

#[test]
fn what_does_not_exist_is_said_with_what_may_be_meant() {
    let host = host();
    let done = history(&host, &["cpu.bussy_percent"]);
    assert_eq!(done.code, 65);
    assert!(done.err.contains("did you mean \"cpu.busy_percent\"?"), "{}", done.err);
    let done = history(&host, &["cpu.busy_percent", "--at", "2020-01-01"]);
    assert_eq!(done.code, 65);
    assert!(done.err.contains("nothing was recorded from 2020-01-01 00:00"), "{}", done.err);
    assert_eq!(history(&host, &["cpu busy"]).code, 64);
    let empty = Host::recorded("vm");
    assert_eq!(history(&empty, &[]).code, 65);
}

#[test]
fn old_history_goes_as_configured_and_it_is_recorded() {
    let mut host = host();
    host.config = "[store]\nsnapshot_days = 1\n".to_string();
    host.advance(3600, 10);
    host.osmon(&["run", "-v"]).ok();
    assert!(!host.data().join("snapshots/2026-11-18.jsonl.gz").exists());
    assert!(host.data().join("snapshots/2026-11-19.jsonl.gz").exists());
    let events = fs::read_to_string(host.day_file("events")).unwrap();
    assert!(events.contains("Removed snapshots of 2026-11-18: past its retention period"), "{events}");
    let days = values(&history(&host, &["cpu.busy_percent", "--since", "3d", "--step", "1d", "--json"]).ok());
    assert_eq!(days.len(), 3, "the rollups of the day stay");
}

#[test]
fn under_a_size_limit_processes_go_first_then_the_oldest_snapshots() {
    use osmon::store::retain::{Limits, Why};
    let host = Host::recorded("vm");
    let filler = vec![0; 100_000];
    for stream in ["snapshots", "processes"] {
        fs::create_dir_all(host.data().join(stream)).unwrap();
        for day in 1..=20 {
            fs::write(host.data().join(stream).join(format!("2026-10-{day:02}.jsonl.gz")), &filler).unwrap();
        }
    }
    let mut limits = Limits {
        snapshot_days: 0,
        process_days: 0,
        event_days: 0,
        five_minute_days: 0,
        hour_days: 0,
        max_bytes: 2_600_000,
        min_free_bytes: 0,
    };
    let store = Store::new(host.data());
    let dropped = store.retain(host.now, &limits, &ClockTrust::default()).unwrap();
    let names: Vec<String> = dropped.iter().map(ToString::to_string).collect();
    assert_eq!(names[0], "processes of 2026-10-01");
    assert_eq!(names[12], "processes of 2026-10-13", "the last week of processes stays");
    assert_eq!(names[13], "snapshots of 2026-10-01");
    assert!(dropped.iter().all(|dropped| dropped.why == Why::Size) && names.len() < 18, "{names:?}");
    assert!(store.retain(host.now, &limits, &ClockTrust::default()).unwrap().is_empty(), "and that is enough");
    limits.max_bytes = 0;
    limits.min_free_bytes = u64::MAX;
    let rest = store.retain(host.now, &limits, &ClockTrust::default()).unwrap();
    assert_eq!(rest.len() + names.len(), 40, "everything that is sealed goes before the disk does");
}

#[test]
fn what_has_expired_is_answered_by_what_is_kept_part_by_part() {
    let mut host = Host::recorded("vm");
    record(&host, "2026-11-10T00:00:00Z", 15_700, &|minute| Some((minute % 60) as f64));
    host.config = "[store]\nsnapshot_days = 4\nfive_minute_days = 4\n".to_string();
    for _ in 0..20 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    assert!(!host.data().join("snapshots/2026-11-12.jsonl.gz").exists(), "expired");
    for (step, fine) in [("5m", 300), ("raw", 60)] {
        let asked = ["cpu.busy_percent", "--since", "2026-11-10", "--step", step];
        let json = history(&host, &[&asked[..], &["--json"]].concat()).ok().json();
        let coarser = json["coarser"].as_array().unwrap();
        assert_eq!((coarser.len(), &coarser[0]["step_seconds"]), (1, &Value::from(3600)), "{step}");
        let points = json["metric"][0]["point"].as_array().unwrap();
        let at = |point: &Value| point["time"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp();
        let until = coarser[0]["until"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp();
        assert_eq!((points[0]["avg"].as_f64(), points[0]["count"].as_u64()), (Some(29.5), Some(60)), "{step}");
        for pair in points.windows(2) {
            let length = if at(&pair[1]) <= until { 3600 } else { fine };
            // The runs of the test come after the recorded minutes.
            let is_recorded = at(&pair[1]) < host.now.timestamp() - 3600;
            assert!(!is_recorded || at(&pair[1]) - at(&pair[0]) == length, "{step} {}", pair[0]["time"]);
        }
        let table = history(&host, &asked).ok().out;
        assert!(table.contains("by 1 h until 2026-11-1") && table.contains("finer values have expired"), "{table}");
        let csv = history(&host, &[&asked[..], &["--format", "csv"]].concat());
        assert!(csv.code == 0 && csv.err.contains("finer values have expired"), "{}", csv.err);
    }
    // Without a step, a day of which only hours are kept is shown by the hour.
    let day = history(&host, &["cpu.busy_percent", "--at", "2026-11-11"]).ok().out;
    assert!(day.contains("by 1 h") && !day.contains("expired"), "{day}");
}

#[test]
fn days_of_utc_are_not_called_local_days() {
    let mut host = Host::recorded("vm");
    record(&host, "2026-11-10T00:00:00Z", 15_700, &|_| Some(3.0));
    host.config = "[store]\nsnapshot_days = 4\nfive_minute_days = 4\n".to_string();
    for _ in 0..20 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    let asked = |zone: &str, step: &str| {
        let arguments =
            ["history", "cpu.busy_percent", "--since", "2026-11-11", "--until", "2026-11-14 12:00", "--step", step];
        let output = host.command("osmon", &arguments).env("TZ", zone).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // Hours can be joined to days of New York; those of Kolkata begin within an hour.
    assert!(
        asked("America/New_York", "1d").contains("\n2026-11-12          3 %"),
        "{}",
        asked("America/New_York", "1d")
    );
    let days = asked("Asia/Kolkata", "1d");
    assert!(days.contains("\n2026-11-12 00:30          3 %"), "{days}");
    let hours = asked("Asia/Kolkata", "1h");
    assert!(hours.contains("\n11-12 05:30          3 %") && !hours.contains("\n11-12 05:00"), "{hours}");
    fs::remove_dir_all(host.data().join("rollups/1h")).unwrap();
    for zone in ["Asia/Kolkata", "America/New_York"] {
        let days = asked(zone, "1d");
        assert!(days.contains("\n2026-11-12 UTC          3 %"), "{zone}: {days}");
    }
    let days = asked("UTC", "1d");
    assert!(days.contains("\n2026-11-12          3 %"), "{days}");
}
