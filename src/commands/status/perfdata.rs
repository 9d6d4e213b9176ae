//! Performance data as monitoring plugins print it: `'label'=value[UOM];warn;crit;min;max`.

use crate::config::Rule;
use crate::config::rule::{Limit, Measure};
use crate::model::metric::Label;
use crate::model::walk::walk;
use std::collections::HashSet;

/// Every metric of a snapshot that a rule watches, with the limits of the first such rule.
pub fn of(snapshot: &str, rules: &[Rule]) -> String {
    let (mut parts, mut known) = (Vec::new(), HashSet::new());
    // A line that is damaged gives what stands before the damage.
    let _ = walk(snapshot, &mut |name, labels, value| {
        // The limits of a change or a forecast are none of the value.
        let is_meant = |rule: &&Rule| rule.measure == Measure::Value && rule.metric.matches(name, labels);
        let Some(rule) = rules.iter().find(is_meant) else { return };
        let label = label(name, labels);
        if known.insert(label.clone()) {
            parts.push(format!("'{label}'={}", figures(name, value, rule)));
        }
    });
    parts.join(" ")
}

/// No quotes, no equals signs, no bars, no line breaks, whatever a thing calls itself.
fn label(name: &str, labels: &[Label]) -> String {
    let values = labels.iter().map(|(_, value)| value.as_str());
    let text = std::iter::once(name).chain(values).collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if matches!(c, '\'' | '=' | '|') || c.is_control() { '_' } else { c }).collect()
}

fn figures(name: &str, value: f64, rule: &Rule) -> String {
    let unit = unit(name);
    // "warn" is a range: 80 alerts above it, 10: below it.
    let limit = |limit: Option<Limit>| match limit {
        Some(limit) if rule.above => limit.raise.to_string(),
        Some(limit) => format!("{}:", limit.raise),
        None => String::new(),
    };
    let (least, most) = match unit {
        "%" => ("0", "100"),
        "" => ("", ""),
        _ => ("0", ""),
    };
    let text = format!("{value}{unit};{};{};{least};{most}", limit(rule.warning), limit(rule.critical));
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
    use crate::model::metric::Selector;
    use std::time::Duration;

    #[test]
    fn in_the_format_of_plugins() {
        let rule = |metric: &str, above: bool, warning: f64| Rule {
            name: "r".into(),
            title: "r".into(),
            metric: Selector::parse(metric).unwrap(),
            above,
            warning: Some(Limit { raise: warning, clear: warning, hold: Duration::ZERO }),
            critical: None,
            samples: None,
            clear_for: Duration::ZERO,
            measure: Measure::Value,
            boot_grace: Duration::ZERO,
            message: String::new(),
            window: None,
            mutes_usual: false,
        };
        let rules = [
            rule("disk.used_percent", true, 90.0),
            rule("memory.free_bytes", false, 1e6),
            rule("load.one", true, 2.5),
            rule("n.bytes_per_second", true, 1.0),
        ];
        let json = r#"{"disk":[{"mount":"/a='b|","used_percent":12.5}],"memory":{"free_bytes":2000000},"load":{"one":0.5,"five":1},"n":{"bytes_per_second":3}}"#;
        assert_eq!(
            of(json, &rules),
            "'disk.used_percent /a__b_'=12.5%;90;;0;100 'memory.free_bytes'=2000000B;1000000:;;0 'load.one'=0.5;2.5 'n.bytes_per_second'=3;1"
        );
    }
}
