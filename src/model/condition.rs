//! Conditions on the metrics of one snapshot: `pressure.cpu.some_avg60_percent >= 20 else load.one_per_core >= 2`.

use super::metric::{Label, Metric, Selector};
use crate::base::text::{NAME_MAX, clean};
use crate::base::units::parse_bytes;

/// Comparisons joined by ` or `. After ` else ` follows what counts where none of the metrics before it is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: String,
    groups: Vec<Vec<Comparison>>,
}

/// A metric compared with a number.
#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    metric: Selector,
    is_above: bool,
    is_strict: bool,
    number: f64,
}

impl Condition {
    /// Reads a condition. Numbers may have a unit of bytes or `%`.
    ///
    /// # Errors
    /// A sentence that shows the expected form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let groups =
            split(text, " else ").into_iter().map(|group| split(group, " or ").into_iter().map(comparison).collect());
        let groups = groups.collect::<Option<Vec<Vec<Comparison>>>>().ok_or_else(|| {
            format!(
                "{:?} is not a condition; write for example \"load.one_per_core >= 2\", \"disk.available_bytes < 100 GiB\", \
                 or several joined by \" or \"",
                clean(text, NAME_MAX)
            )
        })?;
        Ok(Self { text: text.to_string(), groups })
    }

    /// Names of the metrics it compares.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(|comparison| comparison.metric.name.as_str())
    }

    /// Whether it holds; `None`: none of its metrics was measured. A metric without a label pattern is that of the
    /// thing with these labels, or of the whole host. `slack`: share by which every number is relaxed.
    pub fn holds(&self, metrics: &[Metric], labels: &[Label], slack: f64) -> Option<bool> {
        self.groups.iter().find_map(|group| {
            let known = group.iter().filter_map(|comparison| comparison.holds(metrics, labels, slack));
            known.reduce(|any, one| any || one)
        })
    }
}

impl Comparison {
    fn holds(&self, metrics: &[Metric], labels: &[Label], slack: f64) -> Option<bool> {
        let is_own = self.metric.patterns.is_empty() && self.metric.excluded.is_empty();
        let is_meant = |metric: &&Metric| {
            metric.name == self.metric.name
                && if is_own {
                    metric.labels.is_empty() || metric.labels == labels
                } else {
                    self.metric.matches(&metric.name, &metric.labels)
                }
        };
        let slack = self.number.abs() * slack;
        let number = if self.is_above { self.number - slack } else { self.number + slack };
        let holds = |metric: &Metric| match (self.is_above, self.is_strict) {
            (true, true) => metric.value > number,
            (true, false) => metric.value >= number,
            (false, true) => metric.value < number,
            (false, false) => metric.value <= number,
        };
        metrics.iter().filter(is_meant).map(holds).reduce(|any, one| any || one)
    }
}

fn comparison(text: &str) -> Option<Comparison> {
    let is_outside = |at: &usize| is_outside_quotes(text, *at);
    let at = text.match_indices(['<', '>']).map(|(at, _)| at).find(is_outside)?;
    let (metric, rest) = text.split_at_checked(at)?;
    let is_above = rest.starts_with('>');
    let rest = rest.get(1..)?;
    let number = rest.strip_prefix('=').unwrap_or(rest).trim();
    let plain = number.trim_end_matches('%').trim_end();
    let number = plain.parse().ok().or_else(|| parse_bytes(number).ok().map(|bytes| bytes as f64));
    Some(Comparison {
        metric: Selector::parse(metric.trim()).ok()?,
        is_above,
        is_strict: !rest.starts_with('='),
        number: number.filter(|number: &f64| number.is_finite())?,
    })
}

/// Parts between separators outside of quotes.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, _) in text.match_indices(separator).filter(|(at, _)| is_outside_quotes(text, *at)) {
        parts.extend(text.get(from..at));
        from = at + separator.len();
    }
    parts.extend(text.get(from..));
    parts
}

fn is_outside_quotes(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.matches('"').count() % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Vec<Metric> {
        let metric = |name: &str, mount: &str, value| Metric {
            name: name.into(),
            labels: if mount.is_empty() { vec![] } else { vec![("mount".into(), mount.into())] },
            value,
        };
        vec![
            metric("load.one", "", 3.0),
            metric("disk.available_bytes", "/", 1024.0),
            metric("disk.available_bytes", "/a or b", 5e12),
        ]
    }

    #[test]
    fn a_condition_holds_for_the_same_thing_the_host_or_what_it_selects() {
        for (text, expected) in [
            ("load.one >= 3", Some(true)),
            ("load.one > 3", Some(false)),
            ("load.one<=3 %", Some(true)),
            ("load.one < 3", Some(false)),
            ("disk.available_bytes < 2 KiB", Some(true)),
            ("disk.available_bytes{mount=\"/a or b\"} < 2 KiB", Some(false)),
            ("disk.available_bytes{mount!=\"/\"} > 4 TiB or load.one > 9", Some(true)),
            ("load.two > 1", None),
            ("load.two > 1 or load.one > 1", Some(true)),
            ("load.two > 1 or load.one > 9", Some(false)),
            ("load.one > 9 else load.one > 1", Some(false)),
            ("load.two > 9 else load.one > 1", Some(true)),
        ] {
            let found = Condition::parse(text).unwrap().holds(&metrics(), &[("mount".into(), "/".into())], 0.0);
            assert_eq!(found, expected, "{text}");
        }
        for wrong in
            ["", "load.one", "load.one >= x", "load >= 1", "load.one = 1", "load.one > 1 or ", "load.one > inf"]
        {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slack_relaxes_the_number() {
        let holds = |text: &str| Condition::parse(text).unwrap().holds(&metrics(), &[], 0.1);
        assert_eq!(
            (holds("load.one >= 3.2"), holds("load.one < 2.8"), holds("load.one >= 3.5")),
            (Some(true), Some(true), Some(false))
        );
    }
}
