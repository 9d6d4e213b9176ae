//! Which charts the page has, and which metrics each of them shows.

use crate::base::text::clean;
use crate::model::locale::{Locale, key};
use crate::report::chart::chart_catalog::{CHARTS, RARE, RARE_LEAST};
use crate::report::chart::series::{Point, Series};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How the values of a chart are written and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Percent on a scale from 0 to 100, whatever the values.
    Full,
    /// Percent on a scale that fits, at most 100.
    Percent,
    /// Percent on any scale that fits.
    SmallPercent,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Degrees.
    Celsius,
    /// Thousandths of a second.
    Milliseconds,
    /// A plain number.
    Number,
    /// A number of events per second.
    PerSecond,
}

impl Unit {
    /// What follows the heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Full | Self::Percent | Self::SmallPercent => "%",
            Self::BytesPerSecond | Self::PerSecond => "per second",
            Self::Celsius => "°C",
            Self::Milliseconds => "ms",
            Self::Bytes | Self::Number => "",
        }
    }

    /// The unit that the end of a metric's name states.
    pub fn of(metric: &str) -> Self {
        if metric.ends_with("bytes_per_second") {
            Self::BytesPerSecond
        } else if metric.ends_with("_bytes") {
            Self::Bytes
        } else if metric.ends_with("_percent") {
            Self::SmallPercent
        } else if metric.ends_with("_ms") {
            Self::Milliseconds
        } else if metric.ends_with("celsius") {
            Self::Celsius
        } else {
            Self::Number
        }
    }

    /// Whether what several things have makes sense when it is added up.
    fn adds_up(self) -> bool {
        matches!(self, Self::Bytes | Self::BytesPerSecond | Self::Percent)
    }
}

/// One chart.
pub struct Spec {
    /// Heading.
    pub title: Cow<'static, str>,
    /// Unit of all its values.
    pub unit: Unit,
    /// Drawn when a value is at least this once.
    pub least: f64,
    /// For who looks for a cause: drawn more simply.
    pub is_detail: bool,
    /// Metric and what its line is called; with labels, one line each.
    pub lines: Vec<(Cow<'static, str>, &'static str)>,
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// What it is called.
    pub name: String,
    /// In the order of time.
    pub points: Cow<'a, [Point]>,
}

/// At most so many lines can be told apart; the ones with the highest peaks are drawn, the others as one.
const LINES_MAX: usize = 5;
/// Longest name of a line, in characters.
const NAME_MAX: usize = 40;

/// Beginnings of the names of metrics that somebody else makes; each has a chart of its own.
pub const OTHERS: [&str; 2] = ["check.", "plugin."];

/// Every metric that the charts of a range and the tiles need.
pub fn metrics(is_detailed: bool) -> impl Iterator<Item = &'static str> {
    let tiles = ["cpu.busy_percent", "load.one_per_core", "systemd.failed"];
    let shown = CHARTS.iter().filter(move |chart| is_detailed || !chart.is_detail);
    shown.flat_map(|chart| chart.lines.iter().map(|(metric, _)| *metric)).chain(tiles)
}

/// Every chart that there may be something for: the details last.
pub fn specs(series: &Series) -> Vec<Spec> {
    let fixed = |is_detail: bool| {
        CHARTS.iter().filter(move |chart| chart.is_detail == is_detail).map(move |chart| Spec {
            title: Cow::Borrowed(chart.title),
            unit: chart.unit,
            least: chart.least,
            is_detail,
            lines: chart.lines.iter().map(|(metric, name)| (Cow::Borrowed(*metric), *name)).collect(),
        })
    };
    let others = series.names().filter(|name| OTHERS.iter().any(|head| name.starts_with(head)));
    let others = others.map(|name| Spec {
        title: Cow::Owned(clean(name, NAME_MAX)),
        unit: Unit::of(name),
        least: 0.0,
        is_detail: false,
        lines: vec![(Cow::Owned(name.to_string()), "")],
    });
    fixed(false).chain(others).chain(fixed(true)).collect()
}

/// The lines of a chart: at most five, and the others as one.
pub fn lines<'a>(spec: &Spec, series: &'a Series, words: Locale) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (metric, name) in &spec.lines {
        let is_rare = RARE.contains(&metric.as_ref());
        for (label, points) in series.of(metric) {
            if is_rare && !points.iter().any(|point| point.max >= RARE_LEAST) {
                continue;
            }
            let label = clean(label, NAME_MAX);
            let name = match (label.as_str(), *name) {
                ("", "") => spec.title.to_string(),
                ("", name) => words.label(name).to_string(),
                (_, "") => label,
                (label, name) => format!("{label} {}", words.label(name)),
            };
            lines.push(Line { name, points: Cow::Borrowed(points) });
        }
    }
    if lines.len() <= LINES_MAX + 1 {
        return lines;
    }
    let peak = |line: &Line| line.points.iter().map(|point| point.max).fold(0.0, f64::max);
    let mut order: Vec<f64> = lines.iter().map(peak).collect();
    order.sort_by(|a, b| b.total_cmp(a));
    let least = order.get(LINES_MAX - 1).copied().unwrap_or(0.0);
    let (mut drawn, mut rest) = (Vec::new(), Vec::new());
    let above = lines.iter().filter(|line| peak(line) > least).count();
    let mut equal = LINES_MAX.saturating_sub(above);
    for line in lines {
        let value = peak(&line);
        let is_drawn = value > least || (value == least && equal > 0);
        if is_drawn && value == least {
            equal -= 1;
        }
        if is_drawn { drawn.push(line) } else { rest.push(line) }
    }
    drawn.push(together(&rest, spec.unit.adds_up(), words));
    drawn
}

/// Many lines as one: their sum, or the highest of them.
fn together(lines: &[Line], is_sum: bool, words: Locale) -> Line<'static> {
    let mut points: BTreeMap<i64, Point> = BTreeMap::new();
    for point in lines.iter().flat_map(|line| line.points.iter()) {
        let moment = (point.time * 1e3) as i64;
        match points.get_mut(&moment) {
            None => {
                points.insert(moment, *point);
            }
            Some(known) if is_sum => {
                known.min += point.min;
                known.avg += point.avg;
                known.max += point.max;
            }
            Some(known) => {
                known.min = known.min.max(point.min);
                known.avg = known.avg.max(point.avg);
                known.max = known.max.max(point.max);
            }
        }
    }
    let name = if is_sum { key::CHART_OTHERS_TOGETHER } else { key::CHART_OTHERS_HIGHEST };
    Line { name: words.with(name, &lines.len().to_string()), points: points.into_values().collect::<Vec<_>>().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::SeriesKey;

    #[test]
    fn the_parts_of_the_cpu_that_are_there_are_drawn() {
        let chart = |nice: f64| {
            let mut series = Series::new(0);
            for (part, value) in [("user", 33.2), ("nice", nice), ("system", 12.1), ("softirq", 0.3), ("irq", 0.0)] {
                let point = Point { time: 60.0, min: value, avg: value, max: value };
                series.add(SeriesKey::parse(&format!("cpu.{part}_percent")), vec![point]);
            }
            let spec = specs(&series).into_iter().find(|spec| spec.title == "CPU").unwrap();
            let lines = lines(&spec, &series, Locale::En);
            lines.iter().map(|line| line.name.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(chart(47.3), "user system nice");
        assert_eq!(chart(0.0), "user system");
    }

    #[test]
    fn of_many_lines_five_and_the_others_as_one() {
        let mut series = Series::new(0);
        for disk in 0..200 {
            let value = f64::from(disk % 90);
            let metric = format!("disk.used_percent{{mount=\"/srv/{disk:03}\"}}");
            series.add(SeriesKey::parse(&metric), vec![Point { time: 60.0, min: value, avg: value, max: value }]);
        }
        let spec = specs(&series).into_iter().find(|spec| spec.title == "File systems").unwrap();
        let lines = lines(&spec, &series, Locale::En);
        assert_eq!(lines.len(), LINES_MAX + 1);
        let last = lines.last().unwrap();
        assert_eq!((last.name.as_str(), last.points[0].max), ("other 195, highest", 87.0));
    }
}
