//! Performance data as monitoring plugins print it: `'label'=value[UOM];warn;crit;min;max`.

use crate::model::metric::Label;
use crate::model::walk::walk;
use std::collections::HashSet;

/// Limits of a metric.
#[derive(Debug, Clone, Copy, Default)]
pub struct Thresholds {
    /// Limit of a warning.
    pub warning: Option<f64>,
    /// Limit of a critical alert.
    pub critical: Option<f64>,
    /// Values above the limits alert; else values below them.
    pub above: bool,
}

/// Every metric of a snapshot (JSON) for which `thresholds` has an answer, with these limits.
pub fn write(snapshot: &str, thresholds: &dyn Fn(&str, &[Label]) -> Option<Thresholds>) -> String {
    let (mut parts, mut known) = (Vec::new(), HashSet::new());
    // A damaged line yields what precedes the damage.
    let _ = walk(snapshot, &mut |name, labels, value| {
        let Some(thresholds) = thresholds(name, labels) else { return };
        let label = label(name, labels);
        if known.insert(label.clone()) {
            parts.push(format!("'{label}'={}", figures(name, value, thresholds)));
        }
    });
    parts.join(" ")
}

/// A label without quotes, equals signs, bars and control characters.
fn label(name: &str, labels: &[Label]) -> String {
    let values = labels.iter().map(|(_, value)| value.as_str());
    let text = std::iter::once(name).chain(values).collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if matches!(c, '\'' | '=' | '|') || c.is_control() { '_' } else { c }).collect()
}

fn figures(name: &str, value: f64, thresholds: Thresholds) -> String {
    let unit = unit(name);
    // "warn" is a range: 80 alerts above it, 80: below it.
    let limit = |limit: Option<f64>| match limit {
        Some(limit) if thresholds.above => limit.to_string(),
        Some(limit) => format!("{limit}:"),
        None => String::new(),
    };
    let (least, most) = match unit {
        "%" => ("0", "100"),
        "" => ("", ""),
        _ => ("0", ""),
    };
    let (warning, critical) = (limit(thresholds.warning), limit(thresholds.critical));
    let text = format!("{value}{unit};{warning};{critical};{least};{most}");
    text.trim_end_matches(';').to_string()
}

/// One of the units that the format knows; a rate has none.
fn unit(name: &str) -> &'static str {
    let ends = [("_percent", "%"), ("bytes", "B"), ("seconds", "s"), ("_ms", "ms")];
    let counters = ["memory.oom_kills", "service.restarts"];
    if counters.contains(&name) {
        return "c";
    }
    if name.ends_with("_per_second") {
        return "";
    }
    ends.iter().find(|(end, _)| name.ends_with(end)).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_format_of_plugins() {
        let thresholds = |name: &str, _: &[Label]| {
            let (above, warning) = match name {
                "disk.used_percent" => (true, 90.0),
                "memory.free_bytes" => (false, 1e6),
                "load.one" => (true, 2.5),
                "n.bytes_per_second" => (true, 1.0),
                _ => return None,
            };
            Some(Thresholds { warning: Some(warning), critical: None, above })
        };
        let json = r#"{"disk":[{"mount":"/a='b|","used_percent":12.5}],"memory":{"free_bytes":2000000},"load":{"one":0.5,"five":1},"n":{"bytes_per_second":3}}"#;
        assert_eq!(
            write(json, &thresholds),
            "'disk.used_percent /a__b_'=12.5%;90;;0;100 'memory.free_bytes'=2000000B;1000000:;;0 'load.one'=0.5;2.5 'n.bytes_per_second'=3;1"
        );
    }
}
