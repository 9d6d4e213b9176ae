//! The limits of rules as lines in the charts.

use crate::base::html::escape;
use crate::model::locale::{Locale, key};
use crate::report::chart::axis::label;
use crate::report::chart::backend::SvgParts;
use crate::report::chart::layout::PLOT;
use crate::report::chart::unit::AxisUnit;
use std::fmt::Write;
use std::ops::Range;

/// Distance of a label from its line, in units of the backend.
const LABEL_GAP: i32 = 20;
/// Distance of a label from the left edge of the plot: what is new is drawn on the right.
const EDGE: u32 = 8;

/// The limits of a metric, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLimits {
    /// Name of the metric.
    pub metric: String,
    /// Limit for a warning.
    pub warning: Option<f64>,
    /// Limit for critical.
    pub critical: Option<f64>,
}

/// Everything that rules say about the metrics of the charts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// By metric; several rules may watch one.
    pub of: Vec<MetricLimits>,
    /// Number of cores; 0: unknown.
    pub cores: usize,
}

/// A limit to draw.
struct Drawn {
    value: f64,
    /// `warn`, `bad` or `plain`.
    state: &'static str,
    text: String,
    /// The label stands above the line, otherwise below.
    is_label_above: bool,
    /// Metrics before it with limits of their own: those of the first have their labels at the very left.
    place: usize,
}

/// The metric whose limits, per core, are those of a load.
const PER_CORE: &str = "_per_core";

impl Limits {
    /// Limits of a metric; of a load those per core, for all cores.
    fn of(&self, metric: &str) -> Vec<(Option<f64>, Option<f64>)> {
        let factor = |name: &str| match name.strip_suffix(PER_CORE) {
            _ if name == metric => Some(1.0),
            Some(name) if name == metric && self.cores > 0 => Some(self.cores as f64),
            _ => None,
        };
        let found = self.of.iter().filter_map(|limits| {
            let factor = factor(&limits.metric)?;
            Some((limits.warning.map(|limit| limit * factor), limits.critical.map(|limit| limit * factor)))
        });
        found.collect()
    }

    /// The lowest ceiling of some metrics.
    pub fn least<'m>(&self, metrics: impl Iterator<Item = &'m str>) -> Option<f64> {
        let all = metrics.flat_map(|metric| self.of(metric)).filter_map(|(warning, critical)| warning.or(critical));
        all.min_by(f64::total_cmp)
    }

    /// Adds the limits of the lines of a chart, given as metric and name, as far as they lie within the axis.
    pub fn draw(
        &self,
        out: &mut SvgParts,
        lines: &[(&str, String)],
        unit: AxisUnit,
        values: &Range<f64>,
        locale: Locale,
    ) {
        let mut all: Vec<Drawn> = Vec::new();
        let watched: Vec<&(&str, String)> = lines.iter().filter(|(metric, _)| !self.of(metric).is_empty()).collect();
        for (place, (metric, name)) in watched.iter().enumerate() {
            let name = if watched.len() > 1 { format!("{name}: ") } else { String::new() };
            for (warning, critical) in self.of(metric) {
                for (value, state, word) in
                    [(warning, "warn", key::STATE_WARNING), (critical, "bad", key::STATE_CRITICAL)]
                {
                    let Some(value) = value else { continue };
                    let text = format!("{name}{} {}", locale.text(word), label(unit, value, locale));
                    all.push(Drawn { value, state, text, is_label_above: state == "bad", place });
                }
            }
        }
        if self.cores > 0 && lines.iter().any(|(metric, _)| *metric == "load.one") {
            let text = locale.count(key::COUNT_CORES, self.cores);
            all.push(Drawn { value: self.cores as f64, state: "plain", text, is_label_above: true, place: 1 });
        }
        let mut labels: Vec<(usize, i32)> = Vec::new();
        for limit in all.iter().filter(|limit| limit.value > values.start && limit.value <= values.end) {
            let share = (limit.value - values.start) / (values.end - values.start);
            let y = (PLOT.1 + PLOT.3) as i32 - (share * f64::from(PLOT.3)).round() as i32;
            // Writing to a String cannot fail.
            let _ = write!(out.plot, "<path class='lm {}' d='M{} {y}h{}'/>", limit.state, PLOT.0, PLOT.2);
            let at = if limit.is_label_above { y - LABEL_GAP } else { y + LABEL_GAP };
            // Where labels would lie on each other, the first one stands for its line.
            let is_free = limit.place < 2
                && labels.iter().all(|(place, other)| *place != limit.place || (at - other).abs() >= 34);
            if is_free {
                labels.push((limit.place, at));
                let x = PLOT.0 + EDGE + if limit.place == 0 { 0 } else { PLOT.2 / 5 * 2 };
                let text = escape(&limit.text);
                let _ = write!(out.axis, "<text x={x} y={at} class='lt {}'>{text}</text>", limit.state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(metric: &str, warning: f64, critical: f64) -> MetricLimits {
        MetricLimits { metric: metric.to_string(), warning: Some(warning), critical: Some(critical) }
    }

    fn drawn(limits: &Limits, lines: &[&str], top: f64) -> (usize, Vec<String>) {
        let mut out = SvgParts::default();
        let lines: Vec<(&str, String)> = lines.iter().map(|metric| (*metric, format!("<{metric}>"))).collect();
        limits.draw(&mut out, &lines, AxisUnit::Number, &(0.0..top), Locale::En);
        let texts = out.axis.split("</text>").filter_map(|text| text.split_once('>'));
        (out.plot.matches("<path class='lm ").count(), texts.map(|(_, text)| text.to_string()).collect())
    }

    #[test]
    fn a_limit_within_the_axis_is_a_line_with_its_word() {
        let all = Limits { of: vec![limits("memory.used_percent", 85.0, 95.0)], cores: 4 };
        let (count, texts) = drawn(&all, &["memory.used_percent", "swap.used_percent"], 100.0);
        assert_eq!((count, texts.join(", ")), (2, "warning 85, critical 95".to_string()));
        assert_eq!(drawn(&all, &["memory.used_percent"], 90.0).1, ["warning 85"], "the axis ends before the other");
        assert_eq!(drawn(&all, &["swap.used_percent"], 100.0).0, 0);
    }

    #[test]
    fn limits_of_several_lines_say_whose_they_are_and_labels_keep_apart() {
        let all =
            Limits { of: vec![limits("a", 85.0, 95.0), limits("b", 90.0, 98.0), limits("a", 86.0, 97.0)], cores: 0 };
        let (count, texts) = drawn(&all, &["a", "b"], 100.0);
        assert_eq!(count, 6);
        assert_eq!(texts[..2], ["&#60;a&#62;: warning 85", "&#60;a&#62;: critical 95"]);
        assert_eq!(
            texts[2..],
            ["&#60;b&#62;: warning 90", "&#60;b&#62;: critical 98"],
            "those of 86 and 97 lie on others"
        );
    }

    #[test]
    fn the_load_has_its_cores_and_their_limits() {
        let all = Limits { of: vec![limits("load.fifteen_per_core", 2.0, 4.0)], cores: 4 };
        let (_, texts) = drawn(&all, &["load.one", "load.fifteen"], 20.0);
        assert_eq!(texts, ["warning 8", "critical 16", "4 cores"]);
        assert_eq!(drawn(&Limits { cores: 0, ..all }, &["load.one", "load.fifteen"], 20.0).0, 0);
    }
}
