//! Selects the charts that have data, and their lines.

use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::catalogue::is_custom;
use crate::model::locale::{Locale, key};
use crate::report::chart::chart_catalog::CHARTS;
use crate::report::chart::series::{Point, Series};
use crate::report::chart::unit::AxisUnit;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A chart to draw: from the catalogue, or of a metric supplied by another program.
pub struct Spec {
    /// Title, in English.
    pub title: Cow<'static, str>,
    /// Unit of its values.
    pub unit: AxisUnit,
    /// Text behind the title, in English.
    pub heading: &'static str,
    /// The chart is drawn only if a value reached this; 0: always.
    pub least: f64,
    /// The lines behind the first are its parts, drawn as areas on each other.
    pub is_stacked: bool,
    /// For troubleshooting: drawn with fewer points.
    pub is_detail: bool,
    /// Its lines.
    pub lines: Vec<SpecLine>,
}

/// A line of a [`Spec`]; of a metric with a label one for each value of the label.
pub struct SpecLine {
    /// Name of the metric.
    metric: Cow<'static, str>,
    /// Name of the line, in English; empty: its label, or the title of the chart.
    name: &'static str,
    /// The line is drawn only if a value reached this; 0: always.
    least: f64,
}

impl Spec {
    /// Metric of each line, with the name of the line.
    pub fn metrics(&self, locale: Locale) -> Vec<(&str, String)> {
        let name =
            |line: &SpecLine| locale.label(if line.name.is_empty() { &self.title } else { line.name }).to_string();
        self.lines.iter().map(|line| (line.metric.as_ref(), name(line))).collect()
    }
}

/// A line to draw.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// Its name in the legend.
    pub name: String,
    /// Its points in chronological order.
    pub points: Cow<'a, [Point]>,
}

/// Largest number of lines drawn one by one: those with the highest peaks. All others are drawn as one.
const LINES_MAX: usize = 5;
/// Longest name of a line, in characters.
const NAME_MAX: usize = 40;

/// The charts for a history, details last. Charts of metrics that were not recorded have no lines.
pub fn specs(series: &Series) -> Vec<Spec> {
    let listed = |is_detail: bool| {
        CHARTS.iter().filter(move |chart| chart.is_detail == is_detail).map(move |chart| Spec {
            title: Cow::Borrowed(chart.title),
            unit: chart.unit,
            heading: if chart.heading.is_empty() { chart.unit.heading() } else { chart.heading },
            least: chart.least,
            // Without its whole the parts stand side by side.
            is_stacked: chart.is_stacked
                && chart.lines.first().is_some_and(|line| series.of(line.metric).next().is_some()),
            is_detail,
            lines: chart
                .lines
                .iter()
                .map(|line| SpecLine { metric: Cow::Borrowed(line.metric), name: line.name, least: line.least })
                .collect(),
        })
    };
    let custom = series.names().filter(|name| is_custom(name));
    let custom = custom.map(|name| Spec {
        title: Cow::Owned(clean(name, NAME_MAX)),
        unit: AxisUnit::from_metric(name),
        heading: AxisUnit::from_metric(name).heading(),
        least: 0.0,
        is_stacked: false,
        is_detail: false,
        lines: vec![SpecLine { metric: Cow::Owned(name.to_string()), name: "", least: 0.0 }],
    });
    listed(false).chain(custom).chain(listed(true)).collect()
}

/// The lines of a chart: at most five, and all others as one.
pub fn lines<'a>(spec: &Spec, series: &'a Series, locale: Locale) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for SpecLine { metric, name, least } in &spec.lines {
        for (label, points) in series.of(metric) {
            if *least > 0.0 && !points.iter().any(|point| point.max >= *least) {
                continue;
            }
            let label = clean(label, NAME_MAX);
            let name = match (label.as_str(), *name) {
                ("", "") => spec.title.to_string(),
                ("", name) => locale.label(name).to_string(),
                (_, "") => label,
                (label, name) => format!("{label} {}", locale.label(name)),
            };
            lines.push(Line { name, points: Cow::Borrowed(points) });
        }
    }
    if lines.len() <= LINES_MAX + 1 {
        return lines;
    }
    let first = lines.first().map(|line| line.name.clone()).filter(|_| spec.is_stacked);
    let highest = |line: &Line| line.points.iter().map(|point| point.max).fold(0.0, f64::max);
    // The whole of a stack is always there.
    let peak = |line: &Line| match &first {
        Some(first) if *first == line.name => f64::INFINITY,
        _ => highest(line),
    };
    let mut order: Vec<f64> = lines.iter().map(peak).collect();
    order.arrange_by(|a, b| b.total_cmp(a));
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
    let together = together(&rest, spec.is_stacked || spec.unit.is_additive(), locale);
    // The top part of a stack stays at the top.
    let place = drawn.len() - usize::from(spec.is_stacked && !drawn.is_empty());
    drawn.insert(place, together);
    drawn
}

/// Several lines as one: their sum, or their maximum.
fn together(lines: &[Line], is_sum: bool, locale: Locale) -> Line<'static> {
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
    Line { name: locale.with(name, &lines.len().to_string()), points: points.into_values().collect::<Vec<_>>().into() }
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
        assert_eq!(chart(47.3), "user nice system");
        assert_eq!(chart(0.0), "user system");
    }

    #[test]
    fn a_stack_keeps_its_whole_and_its_top_and_adds_up_what_is_small() {
        let mut series = Series::new(0);
        let parts = ["busy", "user", "nice", "system", "softirq", "irq", "steal", "iowait"];
        for (part, value) in parts.into_iter().zip([38.0, 30.0, 3.0, 2.5, 1.0, 0.9, 0.6, 40.0]) {
            let point = Point { time: 60.0, min: value, avg: value, max: value };
            series.add(SeriesKey::parse(&format!("cpu.{part}_percent")), vec![point]);
        }
        let spec = specs(&series).into_iter().find(|spec| spec.title == "CPU").unwrap();
        let lines = lines(&spec, &series, Locale::En);
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["busy", "user", "nice", "system", "other 3, together", "I/O wait"]);
        assert_eq!(lines[4].points[0].avg, 2.5);
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
