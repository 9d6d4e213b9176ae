//! Today at a glance: one table for the host, like `sar`.

use super::recorded::{History, Track};
use super::summary::total;
use super::table::annotation_lines;
use crate::base::sort::SmallSort;
use crate::base::units::{bytes, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::metric::{Label, Selector};
use crate::model::point::Point;
use std::collections::BTreeMap;

/// A column: metric, whether its series are summed, and its heading.
const SHOWN: [(&str, &str); 9] = [
    ("cpu.busy_percent", "CPU%"),
    ("cpu.iowait_percent", "WAIT%"),
    ("load.one", "LOAD"),
    ("memory.used_percent", "MEM%"),
    ("swap.used_percent", "SWAP%"),
    ("disk_io.read_bytes_per_second", "READ"),
    ("disk_io.written_bytes_per_second", "WRITE"),
    ("network.received_bytes_per_second", "RECV"),
    ("network.sent_bytes_per_second", "SENT"),
];

/// Of a disk that lies on others, whose transfers are theirs.
const STACKED: &str = "disk_io.stacked";

/// Selectors of the shown metrics.
pub fn selectors() -> Vec<Selector> {
    SHOWN.iter().map(|(metric, _)| *metric).chain([STACKED]).filter_map(|metric| Selector::parse(metric).ok()).collect()
}

pub fn render(out: &Output, history: &History) -> String {
    let all_times = history.tracks.iter().flat_map(|track| track.points.iter().map(|point| point.time_ms));
    let time = history.span.width(all_times).max(7);
    let width = |metric: &str| if metric.contains("bytes") { 6 } else { 5 };
    let columns: Vec<Column> = std::iter::once(("TIME", time, false))
        .chain(SHOWN.iter().map(|(metric, title)| (*title, width(metric), true)))
        .collect();
    let by_metric: Vec<BTreeMap<i64, Point>> = SHOWN.iter().map(|(metric, _)| added_up(history, metric)).collect();
    let mut times: Vec<i64> = by_metric.iter().flat_map(|points| points.keys().copied()).collect();
    times.arrange();
    times.dedup();
    let cells = |first: String, value: &dyn Fn(&BTreeMap<i64, Point>) -> Option<f64>| {
        let values = SHOWN.iter().zip(&by_metric).map(|((metric, _), points)| {
            value(points).map_or_else(
                || "–".to_string(),
                |value| if metric.contains("bytes") { compact(value) } else { short(value) },
            )
        });
        row(&columns, &std::iter::once(first).chain(values).collect::<Vec<_>>())
    };
    let heading = format!("{} · {} · transfer per second", out.paint(Style::Bold, &history.host), history.span.words());
    let mut lines = vec![heading, String::new(), out.paint(Style::Dim, &head(&columns))];
    let mut before = i64::MIN;
    for time in times {
        lines.extend(annotation_lines(out, history, before, time));
        before = time;
        lines.push(cells(history.span.write(time), &|points| points.get(&time).map(|point| point.avg)));
    }
    lines.extend(annotation_lines(out, history, before, i64::MAX));
    let all = |points: &BTreeMap<i64, Point>| total(&points.values().copied().collect::<Vec<_>>());
    lines.push(out.paint(Style::Bold, &cells("average".to_string(), &|points| all(points).map(|point| point.avg))));
    lines.push(out.paint(Style::Bold, &cells("highest".to_string(), &|points| all(points).map(|point| point.max))));
    lines.join("\n")
}

/// A metric over time, summed over all disks or interfaces; of disks that lie on others, only the others count.
fn added_up(history: &History, metric: &str) -> BTreeMap<i64, Point> {
    let mut sums: BTreeMap<i64, Point> = BTreeMap::new();
    let stacked: Vec<&[Label]> =
        history.tracks.iter().filter(|track| track.key.name == STACKED).map(|track| &*track.key.labels).collect();
    let is_counted = |track: &&Track| {
        track.key.name == metric && !(metric.starts_with("disk_io.") && stacked.contains(&&*track.key.labels))
    };
    for point in history.tracks.iter().filter(is_counted).flat_map(|track| &track.points) {
        sums.entry(point.time_ms)
            .and_modify(|sum| {
                sum.avg += point.avg;
                sum.max += point.max;
            })
            .or_insert(*point);
    }
    sums
}

/// `1.5 GiB` in fewer characters: `1.5G`.
fn compact(value: f64) -> String {
    bytes(value).replace("iB", "").replace([' ', 'B'], "")
}
