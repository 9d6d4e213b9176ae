//! The charts of the page.

use super::harness::Host;
use super::report::{between, page, sample, with_minutes};
use super::report_verdict::page as written;

#[test]
fn every_path_of_a_chart_stays_inside_it_and_a_gap_is_a_hole_with_its_reason() {
    let mut host = with_minutes("vm", 10);
    host.advance(1200, 50);
    host.osmon(&["run"]).ok();
    let page = page(&host);
    let load = between(&page, "data-k='Load'", "</svg>");
    let line = between(load, "<path class=s0 d='", "'");
    assert_eq!(line.matches('M').count(), 2, "before and after the gap: {load}");
    assert!(load.contains("<path class=z "), "the gap is marked");
    assert!(page.contains("<b>No data</b>") && page.contains("osmon did not run"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn a_spike_of_a_single_sample_is_seen_on_the_week_with_its_exact_height() {
    let mut host = sample();
    // The highest user time of the recorded day, as it stands in a snapshot of yesterday or today.
    let stored =
        host.osmon(&["history", "cpu.user_percent", "--since", "2026-11-19", "--format", "csv", "--step", "raw"]).ok();
    let values = stored.out.lines().filter_map(|line| line.rsplit(',').next()?.parse::<f64>().ok());
    let highest = values.fold(0.0, f64::max);
    host.now += chrono::TimeDelta::hours(8);
    let page = page(&host);
    let week = between(&page, "id=\"x7d\"", "id=\"x30d\"");
    let row = between(between(week, "data-k='CPU'", "</table>"), "</i>user", "<tr>");
    assert!(row.ends_with(&format!("<td>{highest:.1}")), "{row} is not {highest}");
    assert!(week.contains("<path class='b s0'"), "the band");
}

#[test]
fn the_newest_minute_is_drawn() {
    let mut host = Host::recorded("vm");
    host.now += chrono::TimeDelta::milliseconds(479);
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    host.now -= chrono::TimeDelta::seconds(60);
    let page = written(&host);
    let memory = page.split("data-k='Memory'").nth(1).unwrap();
    let line = memory.split("class=s0 d='").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(line.matches("25 0").count(), 3, "four samples, a minute apart: {line}");
}

#[test]
fn the_short_ranges_have_charts_for_who_looks_for_a_cause() {
    let mut host = Host::recorded("vm");
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let hour = written(&host);
    for chart in ["Memory by kind", "TCP connections"] {
        assert_eq!(hour.matches(&format!("data-k='{chart}'")).count(), 1, "{chart}");
    }
    assert!(!hour.contains("data-k='Network errors'"), "there are none");
    let dev = host.read("proc/net/dev");
    let line = dev.lines().find(|line| line.trim_start().starts_with("eth0:")).unwrap();
    let mut cells: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    cells[3] = "600".to_string();
    host.write("proc/net/dev", &dev.replace(line, &cells.join(" ")));
    host.osmon(&["run"]).ok();
    assert!(written(&host).contains("data-k='Network errors'"));
    // The labels of the time axis are shared by all charts of a range.
    let page = written(&host);
    assert_eq!(page.matches("id=\"t1h\"").count(), 1);
    assert!(page.matches("<use href='#t1h'/>").count() > 10);
}

#[test]
fn a_mean_is_not_called_now() {
    let mut host = Host::recorded("vm");
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    host.advance(3600 * 3, 50);
    host.osmon(&["run"]).ok();
    let text = written(&host);
    let told = |range: &str| {
        let charts = text.split(&format!("id=\"x{range}\"")).nth(1).unwrap().split("</div>\n").next().unwrap();
        charts.split("<desc>").nth(1).unwrap().split("</desc>").next().unwrap().to_string()
    };
    let (hour, day) = (told("1h"), told("24h"));
    assert!(hour.contains(" now ") && !hour.contains(" last "), "{hour}");
    assert!(day.contains(" last ") && !day.contains(" now "), "{day}");
}
