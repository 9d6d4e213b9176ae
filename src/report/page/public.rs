//! A public page: it names no service, unit, process, user or job.

use crate::model::catalogue::{find, resource};
use crate::model::locale::{Key, Locale, key};
use crate::model::metric::read_labels;

/// Labels whose values are such names.
const NAMES: [&str; 8] = ["service", "unit", "timer", "container", "process", "name", "user", "target"];

/// Returns whether a metric, with its labels or without, belongs to one.
pub fn is_named(metric: &str) -> bool {
    let (name, labels) = read_labels(metric);
    labels.iter().any(|(label, _)| NAMES.contains(&label.as_str()))
        || find(name).is_some_and(|known| NAMES.contains(&known.label))
}

/// Returns whether an incident of a metric may name one: also of those about processes and sessions.
pub fn is_private(metric: &str) -> bool {
    is_named(metric) || ["process.", "session."].iter().any(|head| metric.starts_with(head))
}

/// The title of an incident without the name in it: `Service … failed`, or its resource where a user wrote the title.
pub fn title(rule: &str, metric: &str, locale: Locale) -> String {
    if let Some(key) = Key::find(&format!("rule.{rule}")) {
        return locale.with(key, "…");
    }
    let of = resource(metric).map(|resource| locale.label(resource.title));
    of.unwrap_or_else(|| locale.text(key::MAIL_COLUMN_PROBLEM)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_no_name() {
        for (rule, metric, is, english, french) in [
            ("service", "service.failed{service=\"a.service\"}", true, "Service … failed", "Service … en échec"),
            ("service", "service.failed", true, "Service … failed", "Service … en échec"),
            ("mine", "limit.memory_used_percent{unit=\"a.service\"}", true, "Memory", "Mémoire"),
            ("mine", "process_named.running{process=\"queue\"}", true, "Problem", "Problème"),
            ("mine", "disk.used_percent{mount=\"/var\"}", false, "File systems", "Systèmes de fichiers"),
            ("cpu", "cpu.busy_percent", false, "CPU", "Processeur"),
        ] {
            assert_eq!(is_private(metric), is, "{metric}");
            let titles = (title(rule, metric, Locale::En), title(rule, metric, Locale::Fr));
            assert_eq!((titles.0.as_str(), titles.1.as_str()), (english, french));
        }
    }
}
