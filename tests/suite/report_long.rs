//! The page over a year.

use super::harness::Host;
use chrono::{DateTime, TimeDelta, Utc};
use osmon::store::line::seal;
use serde_json::Value;
use std::fs;

/// Snapshots of the first minutes of some days, as the host would have written them; `user` and `system` by the day and
/// the minute.
pub fn record(host: &Host, first: &str, days: i64, minutes: i64, value: &dyn Fn(i64, i64) -> (f64, f64)) {
    let first: DateTime<Utc> = first.parse().unwrap();
    let directory = host.data().join("snapshots");
    fs::create_dir_all(&directory).unwrap();
    for day in 0..days {
        let line = |minute: i64| {
            let ((user, system), time) =
                (value(day, minute), first + TimeDelta::days(day) + TimeDelta::minutes(minute));
            seal(&format!(
                r#"{{"schema":1,"time":"{}","host":"web-9","boot_id":"b","boottime_seconds":{},"interval_seconds":60.0,"cpu":{{"busy_percent":{user},"user_percent":{user},"system_percent":{system}}},"probe":{{"cpu_ms":2.5}}}}"#,
                time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
                time.timestamp() - 1_700_000_000
            ))
        };
        let name = (first + TimeDelta::days(day)).format("%Y-%m-%d.jsonl").to_string();
        fs::write(directory.join(name), (0..minutes).map(line).collect::<String>()).unwrap();
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split(from).nth(1).unwrap_or_else(|| panic!("no {from}")).split(to).next().unwrap()
}

/// The corners of a path of the page: `M` absolute, everything else relative.
fn corners(path: &str) -> Vec<(f64, f64)> {
    let mut corners = Vec::new();
    for piece in path.split('M').skip(1) {
        let spread = piece.replace(['l', 'v', 'h', 'z'], " ").replace('-', " -");
        let numbers: Vec<f64> = spread.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let (mut x, mut y) = (0.0, 0.0);
        for pair in numbers.chunks_exact(2) {
            (x, y) = (x + pair[0], y + pair[1]);
            corners.push((x, y));
        }
    }
    corners
}

#[test]
fn a_spike_of_a_single_sample_is_seen_on_the_year_with_its_exact_height() {
    let host = Host::recorded("vm");
    // Eleven months ago five days, in one minute of the third of them two spikes; and the last three days.
    let spiky = |day: i64, minute: i64| if (day, minute) == (2, 33) { (97.3, 61.7) } else { (4.0, 2.0) };
    record(&host, "2025-12-20T00:00:00Z", 5, 60, &spiky);
    record(&host, "2026-11-18T00:00:00Z", 3, 90, &|_, _| (5.0, 3.0));
    host.osmon(&["graph"]).ok();
    assert!(!host.data().join("snapshots/2025-12-22.jsonl").exists(), "the days of last year are rolled up");
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    let year = page.split("id=\"x1y\"").nth(1).unwrap();
    let chart = between(year, "data-k='CPU'", "</section>");
    for (name, highest) in [("user", "97.3"), ("system", "61.7")] {
        let row = between(chart, &format!("</i>{name}"), "<tr>").trim_end_matches("</table>");
        assert!(row.ends_with(&format!("<td>{highest}")), "{name}: {row}");
    }
    assert!(chart.contains(" data-top=100>"), "{chart}");
    // The plot lies at 129, 24 and is 1602 by 468; its top is 100 %. The point of a day stands in its middle.
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp() as f64;
    let (from, to) = (at("2025-11-20T00:00:00Z"), at("2026-11-20T00:00:00Z"));
    let x = 129.0 + (at("2025-12-22T12:00:00Z") - from) / (to - from) * 1602.0;
    let y = |value: f64| 24.0 + 468.0 * (1.0 - value / 100.0);
    let near = |corner: &(f64, f64), (x, y): (f64, f64)| (corner.0 - x).abs() <= 1.0 && (corner.1 - y).abs() <= 1.0;
    let band = corners(between(chart, "<path class='b s0' d='", "'"));
    let highest = band.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!(near(highest, (x, y(97.3))), "the band reaches {highest:?}, not {:?}", (x, y(97.3)));
    assert_eq!(band.iter().filter(|corner| corner.1 < y(5.0) - 2.0).count(), 1, "and nowhere else");
    // The script reads back the mean to within 0.3 %, although it is small against the axis.
    let mean = (492.0 - corners(between(chart, "<path class=s2 d='", "'")).last().unwrap().1) / 468.0 * 100.0;
    assert!((mean - 3.0).abs() <= 0.009, "{mean} is not 3");
    // The areas of the parts: user, and system on it, 5 and 3 in the last days.
    let edge = |class: &str| {
        let area = corners(between(chart, &format!("<path class='a {class}' d='"), "'").trim_end_matches('z'));
        area.iter().rev().nth(1).copied().unwrap()
    };
    assert!(
        (edge("s1").1 - y(5.0)).abs() <= 1.5 && (edge("s2").1 - y(8.0)).abs() <= 1.5,
        "{:?}",
        (edge("s1"), edge("s2"))
    );
}

/// Records of processes of so many hours up to a time, one in ten minutes: `a` uses half a core, `b` a tenth.
fn record_processes(host: &Host, until: &str, hours: i64) {
    let until: DateTime<Utc> = until.parse().unwrap();
    let directory = host.data().join("processes");
    fs::create_dir_all(&directory).unwrap();
    for minute in (1..=hours * 6).rev() {
        let time = until - TimeDelta::minutes(minute * 10);
        let line = seal(&format!(
            r#"{{"schema":1,"time":"{}","host":"web-9","boot_id":"b","boottime_seconds":1,"interval_seconds":600.0,"process":[{{"name":"a","pid":"1","user":"u","cpu_percent":50.0,"memory_bytes":1000}},{{"name":"b","pid":"2","user":"u","cpu_percent":10.0,"memory_bytes":2000}}],"unit":[{{"unit":"x.service","kind":"service","cpu_percent":{},"memory_bytes":7340032}}]}}"#,
            time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            if minute == 300 { 83 } else { 6 }
        ));
        let path = directory.join(time.format("%Y-%m-%d.jsonl").to_string());
        let known = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, known + &line).unwrap();
    }
}

fn page(host: &Host) -> String {
    host.small("osmon-graph", &[]).ok();
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

fn kept(host: &Host) -> Value {
    serde_json::from_str(&fs::read_to_string(host.data().join("state/report.json")).unwrap()).unwrap()
}

#[test]
fn an_hour_that_ends_costs_each_run_one_part_and_the_page_is_what_it_would_be_at_once() {
    let mut host = Host::recorded("vm");
    record(&host, "2026-11-01T00:00:00Z", 20, 60, &|day, minute| ((day * 3 + minute % 9) as f64, 2.0));
    record_processes(&host, "2026-11-20T21:00:00Z", 90);
    host.now = "2026-11-20T20:57:30Z".parse().unwrap();
    page(&host);
    let made_in = |hour: &str| {
        let made = kept(&host)["made"].clone();
        made.as_object().unwrap().values().filter(|part| part[0] == hour).count()
    };
    assert_eq!(
        (made_in("2026-11-20T20:00:00Z"), made_in("2026-11-20T18:00:00Z")),
        (2, 1),
        "the first page has all of it"
    );
    let mut parts = Vec::new();
    for minute in 58..118 {
        host.now = "2026-11-20T20:00:30Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute);
        page(&host);
        let made = kept(&host)["made"].clone();
        parts.push(made.as_object().unwrap().values().filter(|part| part[0] == "2026-11-20T21:00:00Z").count());
    }
    assert_eq!(parts[..8], [0, 0, 1, 2, 3, 3, 3, 3], "one part a run");
    let by_parts = page(&host);
    for entry in fs::read_dir(host.data().join("state")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("re") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let at_once = page(&host);
    let shown = |page: &str| between(page, "<div class=\"rs\">", "</main>").to_string();
    assert!(shown(&by_parts) == shown(&at_once));
    // 90 hours with half a core are 45 hours, and of the units of a week the highest sample is known.
    let week = by_parts.split("id=\"x7d\"").nth(1).unwrap().split("id=\"x30d\"").next().unwrap();
    assert!(
        between(week, "Top consumers", "</table>").contains("<td>1 d 21 h<"),
        "{}",
        between(week, "Top consumers", "</table>")
    );
    assert!(between(week, "data-k='CPU of units'", "</table>").contains("<td>83"), "units have a week");
}

#[test]
fn who_makes_a_page_now_and_then_gets_all_of_it_at_once() {
    let mut host = Host::recorded("vm");
    record(&host, "2026-11-01T00:00:00Z", 20, 60, &|_, _| (3.0, 2.0));
    for hours in 0..3 {
        host.now = "2026-11-20T21:05:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours);
        page(&host);
        let (made, hour) = (kept(&host)["made"].clone(), host.now.format("%Y-%m-%dT%H:00:00Z").to_string());
        assert!(["24h", "7d"].iter().all(|range| made[range][0] == hour.as_str()), "{hour}: {made}");
        assert_eq!(made["30d"][0], "2026-11-20T21:00:00Z", "its step is three hours");
    }
}

#[test]
fn with_two_hundred_disks_and_checks_on_fire_it_is_still_one_that_can_be_mailed() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.disk]\nwarning = 90\nfor = \"0s\"\n".to_string();
    let directory = host.data().join("snapshots");
    fs::create_dir_all(&directory).unwrap();
    let disks: Vec<String> = (0..200)
        .map(|disk| format!(r#"{{"mount":"/srv/a & b/{disk:03}","used_percent":{}}}"#, 91 + disk % 9))
        .collect();
    let devices: Vec<String> = (0..200).map(|disk| format!(r#"{{"device":"sd{disk}","latency_ms":{disk}.25,"read_bytes_per_second":{},"written_bytes_per_second":12}}"#, disk * 7919)).collect();
    let checks: Vec<String> =
        (0..200).map(|check| format!(r#""c{check:03}":{{"duration_ms":{}}}"#, check * 31 % 97 + 1)).collect();
    for day in (0..380).step_by(2) {
        let first = "2026-11-20T21:30:00Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::days(day);
        let minutes = if day == 0 { 0..10 } else { 0..1 };
        let lines = minutes.map(|minute| {
            let time = first + TimeDelta::minutes(minute);
            seal(&format!(
                r#"{{"schema":1,"time":"{}","host":"web-9","boot_id":"b","boottime_seconds":{},"interval_seconds":60.0,"cpu":{{"user_percent":5,"busy_percent":5}},"disk":[{}],"disk_io":[{}],"check":{{{}}},"probe":{{"cpu_ms":2.5}}}}"#,
                time.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
                time.timestamp() - 1_700_000_000,
                disks.join(","),
                devices.join(","),
                checks.join(",")
            ))
        });
        fs::write(directory.join(first.format("%Y-%m-%d.jsonl").to_string()), lines.collect::<String>()).unwrap();
    }
    host.now = "2026-11-20T21:39:30Z".parse().unwrap();
    assert!(host.osmon(&["detect-crisis"]).code > 0);
    let page = page(&host);
    assert!(page.len() <= 320_000 && page.len() > 280_000, "{} bytes", page.len());
    assert!(
        page.ends_with("</html>") && page.contains("and 140 more: <code>osmon incidents</code>"),
        "{}",
        between(&page, "<title>", "</title>")
    );
    for (range, next) in [("1h", "24h"), ("24h", "7d"), ("7d", "30d"), ("30d", "1y"), ("1y", "footer")] {
        let charts =
            page.split(&format!("id=\"x{range}\"")).nth(1).unwrap().split(&format!("id=\"x{next}\"")).next().unwrap();
        for chart in ["CPU", "Disk transfer", "Disk latency", "File systems"] {
            assert!(charts.contains(&format!("data-k='{chart}'")), "{range} has no {chart}");
        }
        let left = between(charts, "Left out to keep the page below 320 KB: ", "</p>");
        assert!(left.starts_with("check.") && left.ends_with(" more") && left.matches("check.").count() == 8, "{left}");
        let more: usize = left.rsplit("and ").next().unwrap().strip_suffix(" more").unwrap().parse().unwrap();
        assert_eq!(charts.matches("data-k='check.").count() + 8 + more, 200, "{range}: each is drawn or counted");
    }
}

#[test]
fn a_local_day_without_a_sample_is_grey() {
    let mut host = Host::recorded("vm");
    // Midnight to one o'clock, UTC: in New York the evening before. Of the two of September only days are kept.
    record(&host, "2026-09-17T00:00:00Z", 2, 60, &|_, _| (5.0, 3.0));
    record(&host, "2026-11-17T00:00:00Z", 3, 60, &|_, _| (5.0, 3.0));
    let graph = |host: &Host| {
        let done = host.command("osmon", &["graph"]).env("TZ", "America/New_York").output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let page = fs::read_to_string(host.data().join("report.html")).unwrap();
        let row = between(&page, "<span>Host</span>", "</div>").to_string();
        let green = between(&row, "<path class=ok d='", "'").split(" 13v11").filter(|bar| !bar.is_empty());
        let days = green.map(|bar| (bar.trim_start_matches('M').parse::<i64>().unwrap() - 5) / 10 - 89);
        (days.collect::<Vec<_>>(), row.contains("<b>100 %</b>"))
    };
    // Counted from today: 16 to 18 November, 16 and 17 September.
    assert_eq!(graph(&host), (vec![-65, -64, -4, -3, -2], true));
    // Without hourly rollups only UTC days are known, and so the two local days that each overlaps.
    for below in ["snapshots", "processes", "rollups/5m", "rollups/1h"] {
        for path in fs::read_dir(host.data().join(below)).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.display().to_string().contains("2026-09") {
                fs::remove_file(path).unwrap();
            }
        }
    }
    host.now += TimeDelta::days(1);
    assert_eq!(graph(&host), (vec![-66, -65, -64, -5, -4, -3], true));
}
