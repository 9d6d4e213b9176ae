//! Whether what a rule watches exists.

use super::issue::ConfigIssue;
use super::rule_spec::RuleSpec;
use crate::base::suggestion::closest;
use crate::model::catalogue;
use crate::model::condition::Condition;
use crate::model::metric::Selector;

/// What to do about a rule on a metric that does not exist.
const OPTIONAL: &str = "; if another program supplies it, set optional = true";

/// Errors of a rule that watches what is never measured, unless it is optional. Metrics of other programs are known by
/// the beginning of their names, or by `optional = true`.
pub fn check(spec: &RuleSpec<'_>) -> Vec<ConfigIssue> {
    let mut issues = Vec::new();
    if spec.optional || !spec.enabled {
        return issues;
    }
    let mut add = |key: &str, message: String, meant: Option<&str>| {
        let issue = ConfigIssue::at(&["rule", spec.name, key], message);
        issues.push(ConfigIssue { meant: meant.map(Box::from), is_unmeasured: true, ..issue });
    };
    let metric = Selector::parse(spec.metric).ok();
    let conditions =
        [("only_if", spec.only_if), ("critical_only_if", spec.critical_only_if), ("notify_if", spec.notify_if)];
    let conditions: Vec<_> =
        conditions.into_iter().filter_map(|(key, text)| Some((key, Condition::parse(text).ok()?))).collect();
    let names = conditions.iter().flat_map(|(key, condition)| condition.names().map(|name| (*key, name)));
    for (key, name) in metric.iter().map(|metric| ("metric", metric.name.as_str())).chain(names) {
        if catalogue::find(name).is_none() && !catalogue::is_custom(name) {
            let meant = closest(name, catalogue::names());
            let advice = meant.map_or(OPTIONAL.to_string(), |meant| format!("; did you mean \"{meant}\"?"));
            add(key, format!("nothing that osmon measures is called {name:?}{advice}"), meant);
        }
    }
    let Some((metric, entry)) = metric.as_ref().and_then(|metric| Some((metric, catalogue::find(&metric.name)?)))
    else {
        return issues;
    };
    let name = &metric.name;
    match metric.patterns.iter().chain(&metric.excluded).find(|(key, _)| key != entry.label) {
        None => {}
        Some((key, _)) if entry.label.is_empty() => {
            add("metric", format!("{name} has no label {key:?}, nor any other"), None);
        }
        Some((key, _)) => add("metric", format!("{name} has no label {key:?}; it has {:?}", entry.label), None),
    }
    issues
}
