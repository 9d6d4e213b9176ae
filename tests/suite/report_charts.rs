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
    let memory = between(&page, " data-k='Memory' data-f=", "</svg>");
    let line = between(memory, "<path class=s0 d='", "'");
    assert_eq!(line.matches('M').count(), 2, "before and after the gap: {memory}");
    assert!(memory.contains("<path class=z "), "the gap is marked");
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
    for _ in 0..6 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    host.now -= chrono::TimeDelta::seconds(60);
    let page = written(&host);
    let memory = page.split("data-k='Memory'").nth(1).unwrap();
    let line = memory.split("class=s0 d='").nth(1).unwrap().split('\'').next().unwrap();
    // The ten minutes of the axis are 1602 units.
    let steps = line.matches("160 0").count() + line.matches("161 0").count();
    assert_eq!(steps, 5, "six samples, a minute apart: {line}");
}

#[test]
fn the_short_ranges_have_charts_for_who_looks_for_a_cause() {
    let mut host = Host::recorded("vm");
    for _ in 0..6 {
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
    let charts = page.matches("<section class='b c'").count();
    assert_eq!(page.matches("<use href='#t1h'/>").count(), charts);
    assert!(charts > 1, "{charts}");
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

#[test]
fn shares_of_many_cores_are_not_added_up_and_amounts_are() {
    let mut host = Host::recorded("vm");
    for round in 0..7_u64 {
        host.advance(60, 10 + round * 10);
        // Sixteen cores: the recorded lines of `cpu` and `cpu0`, the latter sixteen times.
        let stat = host.read("proc/stat");
        let first = stat.lines().find(|line| line.starts_with("cpu0 ")).unwrap();
        let cores: String = (0..16).map(|core| first.replacen("cpu0", &format!("cpu{core}"), 1) + "\n").collect();
        let others = stat.lines().filter(|line| !line.starts_with("cpu") || line.starts_with("cpu "));
        let (total, rest): (Vec<&str>, Vec<&str>) = others.partition(|line| line.starts_with("cpu "));
        host.write("proc/stat", &format!("{}\n{cores}{}\n", total.join("\n"), rest.join("\n")));
        let dev = host.read("proc/net/dev");
        let eth = dev.lines().find(|line| line.trim_start().starts_with("eth0:")).unwrap();
        let mut cells: Vec<String> = eth.split_whitespace().map(str::to_string).collect();
        cells[3] = (round * round * 60).to_string();
        let heads: Vec<&str> = dev.lines().take(2).collect();
        let many: String = (0..9).map(|at| format!("eth{at}: {}\n", cells[1..].join(" "))).collect();
        host.write("proc/net/dev", &format!("{}\n{many}", heads.join("\n")));
        host.osmon(&["run"]).ok();
    }
    let page = written(&host);
    let cores = between(&page, "data-k='Busy cores'", "</table>");
    assert!(cores.contains("</i>other 11, highest<td>"), "{cores}");
    let values: Vec<f64> =
        cores.split("<td>").skip(1).filter_map(|cell| cell.split('<').next()?.parse().ok()).collect();
    assert!(!values.is_empty() && values.iter().all(|value| *value <= 100.0), "{values:?}");
    // From 25 to 36 a second on each interface in the last minute, and four of the nine are together.
    let errors = between(&page, "data-k='Network errors'", "</table>");
    let together = between(errors, " together<td><b>", "</b>");
    assert_eq!(together.parse::<f64>().unwrap(), 44.0, "{errors}");
}

#[test]
fn the_numbers_of_a_column_have_one_unit_and_the_axis_has_it_once() {
    let mut host = Host::recorded("vm");
    for round in 0..7 {
        let meminfo = host.read("proc/meminfo");
        let line = meminfo.lines().find(|line| line.starts_with("Cached:")).unwrap();
        host.write("proc/meminfo", &meminfo.replace(line, &format!("Cached: {} kB", 700_000 + round * 100_000)));
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let page = written(&host);
    let memory = between(&page, "data-k='Memory by kind'", "</section>");
    let heading = between(memory, "<span class=q>", "<");
    assert!(heading.ends_with("iB"), "{heading}");
    let axis = between(memory, "<text x=", "<use");
    assert!(!axis.contains("iB"), "the labels are numbers: {axis}");
    for column in 0..4 {
        let cells = memory.split("<tr>").skip(2).filter_map(|row| row.split("<td>").nth(column + 1));
        let cells: Vec<&str> =
            cells.map(|cell| cell.trim_start_matches("<b>").split('<').next().unwrap().trim()).collect();
        let shape = |cell: &&str| {
            let (number, unit) = cell.trim_start_matches("&lt;").split_once(' ')?;
            Some((unit.to_string(), number.split_once('.').map_or(0, |(_, decimals)| decimals.len())))
        };
        let shapes: std::collections::HashSet<_> = cells.iter().filter_map(shape).collect();
        assert_eq!(shapes.len(), 1, "column {column}: {cells:?}");
    }
}

#[test]
fn the_parts_of_the_cpu_lie_on_each_other_below_what_fired_and_its_limit() {
    let mut host = Host::recorded("vm");
    for _ in 0..7 {
        host.osmon(&["run"]).ok();
        host.advance(60, 97);
    }
    let page = written(&host);
    let cpu = between(&page, "data-k='CPU'", "</section>");
    let names: Vec<&str> = cpu.split("</i>").skip(1).map(|row| row.split('<').next().unwrap()).collect();
    assert_eq!((names[0], names[1], *names.last().unwrap()), ("busy", "user", "I/O wait"), "{names:?}");
    let areas = cpu.matches("<path class='a s").count();
    assert_eq!(areas, names.len() - 1, "an area for each part");
    let (hidden, shown) = between(cpu, "<g display=none>", "</svg>").split_once("</g>").unwrap();
    assert!(hidden.contains("class=s1 ") && shown.starts_with("<path class=s0 "), "what is busy is drawn on top");
    for limit in ["warning 80", "critical 95"] {
        assert!(cpu.contains(&format!(">{limit}</text>")), "{limit}: {cpu}");
    }
    assert_eq!(cpu.matches("<path class='lm ").count(), 2, "those of the parts would lie at another height");
}

#[test]
fn the_first_hour_fills_its_axis() {
    let mut host = Host::recorded("vm");
    let span = |host: &Host| {
        let page = written(host);
        let span: Vec<i64> =
            between(&page, "id=\"x1h\" data-span=\"[", "]").split(',').map(|number| number.parse().unwrap()).collect();
        span[1]
    };
    host.osmon(&["run"]).ok();
    assert_eq!(span(&host), 600, "ten minutes at least");
    for _ in 0..20 {
        host.advance(60, 50);
        host.osmon(&["run"]).ok();
    }
    assert_eq!(span(&host), 1200);
    host.advance(7200, 50);
    for _ in 0..20 {
        host.advance(60, 50);
        host.osmon(&["run"]).ok();
    }
    assert_eq!(span(&host), 3600, "an hour of which most is a gap is an hour");
}
