//! Lint: valid settings that are probably mistakes, such as a rule that watches nothing, or a secret that others can
//! read.

use super::issue::ConfigIssue;
use super::rule::{Measure, Rule};
use super::settings::Config;
use crate::base::suggestion::hint;
use crate::model::catalogue;

/// Placeholders of a message besides labels.
const PLACEHOLDERS: [&str; 4] = ["value", "limit", "left", "usual"];

/// All warnings, without their locations.
pub fn check(config: &Config) -> Vec<ConfigIssue> {
    let issue = |(path, message)| ConfigIssue { path, message, ..ConfigIssue::default() };
    let secrets = config.alert.secrets().into_iter();
    let mut issues: Vec<ConfigIssue> =
        secrets.filter_map(|(path, secret)| Some(issue((path, secret.file_problem()?)))).collect();
    for route in &config.alert.routes {
        let at = |(key, message): (&str, String)| ConfigIssue::at(&["alert", "route", &route.name, key], message);
        issues.extend(route.transport.warnings().into_iter().map(at));
    }
    for rule in &config.rules {
        let name = &rule.metric.name;
        let entry = catalogue::find(name);
        let mut add = |key: &str, message: String| issues.push(ConfigIssue::at(&["rule", &rule.name, key], message));
        if let Some(placeholder) = entry.and_then(|entry| unknown_placeholder(rule, entry.label)) {
            let message = format!(
                "nothing is put in for {{{placeholder}}}; there are {{value}}, {{limit}}, {{left}}, {{usual}} and labels"
            );
            add("message", message);
        }
        if is_never_reached(rule) {
            add("warning", "a limit above 100 % is never reached".to_string());
        }
        let conditions =
            [("only_if", &rule.only_if), ("critical_only_if", &rule.critical_only_if), ("notify_if", &rule.notify_if)];
        for (key, condition) in conditions.into_iter().filter_map(|(key, condition)| Some((key, condition.as_ref()?))) {
            for name in condition.names().filter(|name| catalogue::find(name).is_none()) {
                let hint = hint(name, catalogue::names());
                add(key, format!("nothing that osmon measures is called {name:?}{hint}"));
            }
        }
        let Some(entry) = entry else {
            let hint = hint(name, catalogue::names());
            add("metric", format!("nothing that osmon measures is called {name:?}{hint}"));
            continue;
        };
        match rule.metric.patterns.iter().chain(&rule.metric.excluded).find(|(key, _)| key != entry.label) {
            None => {}
            Some((key, _)) if entry.label.is_empty() => {
                add("metric", format!("{name} has no label {key:?}, nor any other"));
            }
            Some((key, _)) => add("metric", format!("{name} has no label {key:?}; it has {:?}", entry.label)),
        }
    }
    issues
}

/// A placeholder in the message of a rule that is never filled in.
fn unknown_placeholder<'a>(rule: &'a Rule, label: &str) -> Option<&'a str> {
    let names = rule.message.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| !PLACEHOLDERS.contains(name)).find(|name| *name != label)
}

/// Returns whether a limit is beyond the largest possible value.
fn is_never_reached(rule: &Rule) -> bool {
    // For units and processes it is relative to one core.
    let is_whole = rule.metric.name.ends_with("_percent") && !rule.metric.name.starts_with("unit.");
    let limits = rule.warning.into_iter().chain(rule.critical);
    rule.above
        && rule.measure == Measure::Value
        && is_whole
        && limits.map(|limit| limit.raise).any(|raise| raise > 101.0)
}
