//! OpenMetrics 1.0 text, as `promtool tsdb create-blocks-from openmetrics` and VictoriaMetrics take it.

use super::series::{ExposedSeries, fields};
use crate::model::catalogue;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One gauge family for each metric, such as `osmon_cpu_busy_percent`. For rolled-up points it holds the average, with
/// the families `…_min` and `…_max` beside it. Timestamps are seconds since 1970.
pub fn write(host: &str, all: &[ExposedSeries], is_rolled: bool) -> String {
    let mut families: BTreeMap<&str, Vec<&ExposedSeries>> = BTreeMap::new();
    for series in all {
        families.entry(&series.key.name).or_default().push(series);
    }
    let mut out = String::new();
    for (name, members) in families {
        for (suffix, value) in fields(is_rolled) {
            let family = format!("osmon_{}{suffix}", plain(name));
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# TYPE {family} gauge");
            if let Some(help) = catalogue::find(name).map(|metric| metric.help) {
                let _ = writeln!(out, "# HELP {family} {}", escaped(help));
            }
            for series in &members {
                let labels = std::iter::once(("host", host))
                    .chain(series.key.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
                let labels: Vec<String> =
                    labels.map(|(key, value)| format!("{}=\"{}\"", plain(key), escaped(value))).collect();
                let labels = labels.join(",");
                for point in series.points {
                    let seconds = point.time_ms as f64 / 1e3;
                    let _ = writeln!(out, "{family}{{{labels}}} {} {seconds}", value(point));
                }
            }
        }
    }
    out + "# EOF\n"
}

/// A name in which everything but letters, digits and underscores is replaced.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::SeriesKey;
    use crate::model::point::Point;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Reads `name{key="value",…} …` as OpenMetrics says.
    fn labels(line: &str) -> Vec<(String, String)> {
        let mut rest = line.split_once('{').unwrap().1;
        let mut found = Vec::new();
        while !rest.starts_with('}') {
            let (key, after) = rest.trim_start_matches(',').split_once("=\"").unwrap();
            let (mut value, mut text) = (String::new(), after.chars());
            loop {
                match text.next().unwrap() {
                    '"' => break,
                    '\\' => value.push(match text.next().unwrap() {
                        'n' => '\n',
                        other => other,
                    }),
                    other => value.push(other),
                }
            }
            found.push((key.to_string(), value));
            rest = text.as_str();
        }
        found
    }

    proptest! {
        #[test]
        fn every_label_is_read_back(value in "[an,= \\\\\n\"{}é]{0,12}") {
            let key = SeriesKey::new("disk.used_percent", vec![("mount".into(), value.clone())]);
            let written = write("web", &[ExposedSeries { key: &key, points: &[Point::sample(1, 0.5)] }], false);
            let line = written.lines().nth(written.lines().count() - 2).unwrap();
            prop_assert_eq!(labels(line), [("host".to_string(), "web".to_string()), ("mount".to_string(), value)]);
        }
    }

    #[test]
    fn no_two_metrics_have_the_same_family() {
        let names = catalogue::names().flat_map(|name| ["", "_min", "_max"].map(|end| plain(name) + end));
        let all: Vec<String> = names.collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
