//! The page over a year.

use super::harness::Host;
use chrono::{DateTime, TimeDelta, Utc};
use osmon::store::line::seal;
use std::fs;

/// Snapshots of the first minutes of some days, as the host would have written them; `user` and `system` by the day and
/// the minute.
fn record(host: &Host, first: &str, days: i64, minutes: i64, value: &dyn Fn(i64, i64) -> (f64, f64)) {
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
    // The plot lies at 186, 24 and is 1506 by 468; its top is 100 %. The point of a day stands in its middle.
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp() as f64;
    let (from, to) = (at("2025-11-20T21:00:00Z"), at("2026-11-20T21:00:00Z"));
    let x = 186.0 + (at("2025-12-22T12:00:00Z") - from) / (to - from) * 1506.0;
    let y = |value: f64| 24.0 + 468.0 * (1.0 - value / 100.0);
    let near = |corner: &(f64, f64), (x, y): (f64, f64)| (corner.0 - x).abs() <= 1.0 && (corner.1 - y).abs() <= 1.0;
    let band = corners(between(chart, "<path class='b s0' d='", "'"));
    let highest = band.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!(near(highest, (x, y(97.3))), "the band reaches {highest:?}, not {:?}", (x, y(97.3)));
    assert_eq!(band.iter().filter(|corner| corner.1 < y(5.0) - 2.0).count(), 1, "and nowhere else");
    // The second line has no band, but a stroke up to its peak.
    let stroke = between(chart, "<path class='w s1' d='", "'");
    let numbers: Vec<f64> = stroke[1..].replace('v', " ").split(' ').map(|number| number.parse().unwrap()).collect();
    assert!(near(&(numbers[0], numbers[1] + numbers[2]), (x, y(61.7))), "{stroke}");
}
