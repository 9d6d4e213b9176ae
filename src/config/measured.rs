//! Checks that the metrics of a rule exist.

use super::issue::ConfigIssue;
use super::rule_spec::RuleSpec;
use crate::base::suggestion::closest;
use crate::model::catalogue;
use crate::model::condition::Condition;
use crate::model::metric::Selector;

/// Advice for a rule on an unknown metric when no known name is similar.
const OPTIONAL: &str = "; if another program supplies it, set optional = true";

/// Errors for the metrics of a rule that osmon never measures; none for an optional or disabled rule. Metrics of other
/// programs are recognised by the beginning of their names.
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
