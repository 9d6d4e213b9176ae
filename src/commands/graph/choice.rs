//! Selects the lines of a chart: of one kind, and not too many. What is left out is said.

use crate::base::sort::SmallSort;
use crate::base::text::{clean, plural};
use crate::model::catalogue;
use crate::model::metric::{Selector, SeriesKey};
use crate::report::chart::chart_catalog::{CHARTS, Chart};
use crate::report::chart::series::{Point, Series};
use crate::report::chart::single::LINES_MAX;

/// A selected series and its values.
pub type Selected<'a> = (&'a SeriesKey, &'a [Point]);

/// Names listed before the others are only counted.
const NAMES_MAX: usize = 6;
/// Words for events that are drawn apart from the traffic that they are counted in.
const TROUBLE: [&str; 6] = ["errors", "dropped", "failed", "overflows", "retransmitted", "collisions"];

/// The charts of the page that show a family of metrics, such as `network`; none for the name of a single metric.
pub fn family_charts(text: &str) -> Vec<&'static Chart> {
    if text.contains(['.', '*', '{']) {
        return Vec::new();
    }
    let is_of = |metric: &str| metric.strip_prefix(text).is_some_and(|rest| rest.starts_with('.'));
    CHARTS.iter().filter(|chart| chart.lines.iter().any(|line| is_of(line.metric))).collect()
}

/// The chart of the page for a family, if something of it was recorded.
pub fn family_chart(text: &str, series: &Series) -> Option<&'static Chart> {
    let is_recorded = |chart: &&Chart| chart.lines.iter().any(|line| series.of(line.metric).next().is_some());
    family_charts(text).into_iter().find(is_recorded)
}

/// A sentence on the recorded metrics of a family that its chart does not show; `None` if it shows all.
pub fn beyond_family(chart: &Chart, selector: &Selector, series: &Series) -> Option<String> {
    let is_shown = |name: &str| chart.lines.iter().any(|line| line.metric == name);
    let selected = series.all().filter(|(key, _)| selector.selects(key) && !is_shown(&key.name));
    let mut names: Vec<&str> = selected.map(|(key, _)| key.name.as_str()).collect();
    names.arrange();
    names.dedup();
    let text = || format!("drew the {:?} chart of the page; name these to draw them: {}", chart.title, listed(&names));
    (!names.is_empty()).then(text)
}

/// Reduces series to one kind and to [`LINES_MAX`] lines, the highest of each selected metric. Returns sentences on those
/// left out.
pub fn choose(lines: &mut Vec<Selected>, selectors: &[Selector]) -> Vec<String> {
    let mut said = Vec::new();
    // Of a pattern, what the page shows first.
    let first = selectors.iter().find_map(|selector| {
        let shown = CHARTS.iter().flat_map(|chart| chart.lines).map(|line| line.metric);
        let of = |name: &str| lines.iter().find(|(key, _)| key.name == name && selector.selects(key));
        shown.into_iter().find_map(of).or_else(|| lines.iter().find(|(key, _)| selector.selects(key)))
    });
    let Some(wanted) = first.map(|(key, _)| kind(&key.name)) else { return said };
    let (kept, others): (Vec<_>, Vec<_>) = lines.drain(..).partition(|(key, _)| kind(&key.name) == wanted);
    *lines = kept;
    let mut names: Vec<&str> = others.iter().map(|(key, _)| key.name.as_str()).collect();
    names.dedup();
    if !names.is_empty() {
        said.push(format!(
            "a chart shows values of one kind, here {}; draw these separately: {}",
            wanted.0,
            listed(&names)
        ));
    }
    let height = |points: &[Point]| points.iter().map(|point| point.max).fold(f64::MIN, f64::max);
    // A stable sort: equally high series stay in the order of names.
    lines.arrange_by(|a, b| height(b.1).total_cmp(&height(a.1)));
    let count = lines.len();
    if count > LINES_MAX {
        let each = (LINES_MAX / selectors.len().max(1)).max(1);
        let mut taken = vec![0; selectors.len()];
        lines.retain(|(key, _)| {
            let of = selectors.iter().position(|selector| selector.selects(key)).and_then(|of| taken.get_mut(of));
            of.is_some_and(|taken| {
                *taken += 1;
                *taken <= each
            })
        });
        lines.truncate(LINES_MAX);
        said.push(format!("{} match; the {} highest are drawn", plural(count, "line"), lines.len()));
    }
    said
}

/// Names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_MAX).map(|name| clean(name, 60)).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// The unit of a metric, and whether it counts trouble: only what agrees in both shares an axis.
fn kind(name: &str) -> (String, bool) {
    let is_trouble = name.split(['.', '_']).any(|word| TROUBLE.contains(&word));
    let unit = catalogue::find(name).map_or_else(|| unit_in(name), |metric| metric.unit.to_string());
    (unit, is_trouble)
}

/// The unit in a metric name that the catalogue does not list: `percent`, `bytes per second`.
fn unit_in(name: &str) -> String {
    let units = ["percent", "bytes", "bits", "ms", "seconds", "per", "second", "celsius", "hertz"];
    let words: Vec<&str> = name.split(['.', '_']).collect();
    let at = words.iter().rposition(|word| !units.contains(word));
    let unit = words.get(at.map_or(0, |at| at + 1)..).unwrap_or_default().join(" ");
    if unit.is_empty() { "numbers".to_string() } else { unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_packets_bytes_and_errors_are_of_different_kinds() {
        let of = ["speed_bits", "received_packets", "errors", "received_bytes"];
        let kinds: Vec<_> = of.iter().map(|name| kind(&format!("network.{name}_per_second"))).collect();
        for (at, one) in kinds.iter().enumerate() {
            assert!(kinds.iter().skip(at + 1).all(|other| other != one), "{kinds:?}");
        }
        assert_eq!(kind("network.dropped_per_second"), kind("network.errors_per_second"));
        assert_eq!(kind("check.pages_per_second"), ("per second".to_string(), false));
        assert_eq!(kind("check.mine"), ("numbers".to_string(), false));
    }

    #[test]
    fn a_family_has_the_charts_of_the_page() {
        let titles = |text: &str| family_charts(text).iter().map(|chart| chart.title).collect::<Vec<_>>();
        assert_eq!(titles("network").first(), Some(&"Network"));
        assert_eq!(titles("disk").first(), Some(&"File systems"));
        assert_eq!(titles("swap").first(), Some(&"Memory"));
        assert!(titles("network.*").is_empty() && titles("net").is_empty() && titles("").is_empty());
        assert_eq!(listed(&["a"; 8]), "a, a, a, a, a, a and 2 more");
    }
}
