//! Lint: valid settings that are probably mistakes, such as a limit that is never reached, or a secret that others can
//! read.

use super::issue::ConfigIssue;
use super::lint_heal;
use super::lint_watched;
use super::route_keys::RouteKeys;
use super::rule::{Measure, Rule};
use super::settings::Config;
use crate::model::catalogue;
use toml::{Table, Value};

/// Placeholders of a message besides labels.
const PLACEHOLDERS: [&str; 4] = ["value", "limit", "left", "usual"];

/// All warnings, without their locations. `given`: the settings that `config` was read from.
pub fn check(config: &Config, given: &Table) -> Vec<ConfigIssue> {
    let mut issues: Vec<ConfigIssue> = secret_files(given).collect();
    for route in &config.alert.routes {
        let at = |(key, message): (&str, String)| ConfigIssue::at(&["alert", "route", &route.name, key], message);
        issues.extend(route.transport.warnings().into_iter().map(at));
    }
    for rule in &config.rules {
        let mut add = |key: &str, message: String| issues.push(ConfigIssue::at(&["rule", &rule.name, key], message));
        let entry = catalogue::find(&rule.metric.name);
        if let Some(placeholder) = entry.and_then(|entry| unknown_placeholder(rule, entry.label)) {
            let message = format!(
                "nothing is put in for {{{placeholder}}}; there are {{value}}, {{limit}}, {{left}}, {{usual}} and labels"
            );
            add("message", message);
        }
        if is_never_reached(rule) {
            add("warning", "a limit above 100 % is never reached".to_string());
        }
    }
    issues.extend(lint_watched::check(&config.probe));
    issues.extend(lint_heal::check(config, given));
    issues
}

/// Files with secrets that cannot be read, or that others can read, where they are in use.
fn secret_files(given: &Table) -> impl Iterator<Item = ConfigIssue> {
    let alert = given.get("alert").and_then(Value::as_table);
    let below = |key: &str| alert?.get(key)?.as_table();
    let routes = below("route").into_iter().flatten();
    let routes = routes.map(|(name, route)| (vec!["alert", "route", name], route.as_table()));
    let sections = [(vec!["alert"], alert), (vec!["alert", "smtp"], below("smtp"))].into_iter().chain(routes);
    let sections = sections.filter_map(|(path, section)| Some((path, RouteKeys(section?))));
    let is_on = |keys: &RouteKeys<'_>| keys.0.get("enabled").and_then(Value::as_bool) != Some(false);
    sections.filter(move |(_, keys)| is_on(keys)).flat_map(|(path, keys)| {
        let names = ["webhook", "url", "token", "password"].into_iter();
        // Without a user there is no login, so the password is not needed.
        let names = names.filter(move |name| *name != "password" || !keys.text("user").is_empty());
        names.filter_map(move |name| {
            let message = keys.secret(name).file_problem()?;
            Some(ConfigIssue::at(&[path.as_slice(), &[&format!("{name}_file")]].concat(), message))
        })
    })
}

/// A placeholder in the message of a rule that is never filled in.
fn unknown_placeholder<'a>(rule: &'a Rule, label: &str) -> Option<&'a str> {
    let names = rule.message.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| !PLACEHOLDERS.contains(name)).find(|name| *name != label)
}

/// Returns whether a limit is beyond the largest possible value.
fn is_never_reached(rule: &Rule) -> bool {
    // Of one core, or of an age that is allowed.
    let is_part = ["unit.", "named_process.cpu_percent", "freshness.age_percent"];
    let name = &rule.metric.name;
    let is_whole = name.ends_with("_percent") && !is_part.iter().any(|start| name.starts_with(start));
    let limits = rule.warning.into_iter().chain(rule.critical);
    rule.above
        && rule.measure == Measure::Value
        && is_whole
        && limits.map(|limit| limit.raise).any(|raise| raise > 101.0)
}
