//! Settings from environment variables: `OSMON_ALERT_FROM` is `[alert] from`.

use super::issue::{ConfigIssue, VARIABLE};
use super::{renamed, rule_spec, schema, watched_keys};
use crate::base::suggestion::hint;
use toml::{Table, Value};

/// Prefixes of `OSMON_` variables that are not settings.
const NO_SETTINGS: [&str; 2] = ["OSMON_CONFIG", "OSMON_TEST_"];

/// Paths of keys, each with the variable that set it.
pub type SetBy = Vec<(Vec<String>, String)>;

/// Merges the settings of the environment into the table of settings.
pub fn overlay(given: &mut Table, environment: &[(String, String)], issues: &mut Vec<ConfigIssue>) -> SetBy {
    let is_setting =
        |name: &str| name.starts_with("OSMON_") && !NO_SETTINGS.iter().any(|other| name.starts_with(other));
    let variables: Vec<&(String, String)> = environment.iter().filter(|(name, _)| is_setting(name)).collect();
    let mut set = SetBy::new();
    // Common in service units and containers: not worth a parse of the defaults.
    let (data_dir, others): (Vec<_>, Vec<_>) = variables.into_iter().partition(|(name, _)| name == "OSMON_DATA_DIR");
    for (name, text) in data_dir {
        // As `--data-dir`: relative to where the command is called.
        let path = std::path::absolute(text).map_or_else(|_| text.clone(), |path| path.to_string_lossy().into_owned());
        given.insert("data_dir".to_string(), Value::String(path));
        set.push((vec!["data_dir".to_string()], name.clone()));
    }
    if others.is_empty() {
        return set;
    }
    let known = known_variables(given);
    let mut keys = Table::new();
    for (name, text) in others {
        let mut add = |message| {
            issues.push(ConfigIssue { place: format!("{VARIABLE}{name}"), message, ..ConfigIssue::default() });
        };
        let Some((_, path, expected)) = known.iter().find(|(known, _, _)| known == name) else {
            add(format!("unknown variable{}", hint(name, known.iter().map(|(known, _, _)| known.as_str()))));
            continue;
        };
        match schema::parse_text(expected, text) {
            Ok(value) => {
                put(&mut keys, path, value.clone());
                set.push((path.clone(), name.clone()));
            }
            Err(message) => add(message),
        }
    }
    lay_over(given, &keys, &[]);
    set
}

/// Every variable that sets something, with the path of its key and a value of its type: the documented keys, and all
/// keys of the existing rules, routes and repairs.
fn known_variables(given: &Table) -> Vec<(String, Vec<String>, Value)> {
    let mut all = schema::defaults();
    let defaults = all.clone();
    schema::merge(&mut all, given, &defaults, &[], &mut Vec::new());
    let mut keys = Vec::new();
    schema::flatten(&all, &[], &mut keys);
    let watched = watched_keys::SECTIONS.iter().map(std::slice::from_ref);
    for above in [&["rule"][..], &["alert", "route"], &["heal"]].into_iter().chain(watched) {
        let above: Vec<String> = above.iter().map(ToString::to_string).collect();
        let Some(known) = schema::named_section(&above) else { continue };
        let section = above.iter().try_fold(&all, |table, key| table.get(key)?.as_table());
        for (name, _) in section.into_iter().flatten().filter(|(_, value)| value.is_table()) {
            let path = |key: &String| [above.clone(), vec![name.clone(), key.clone()]].concat();
            keys.extend(known.iter().map(|(key, value)| (path(key), value.clone())));
        }
    }
    let name = |path: &[String]| format!("OSMON_{}", path.join("_").replace(['-', '.'], "_").to_uppercase());
    let old =
        |(path, value): &(Vec<String>, Value)| Some((name(&renamed::old_path(path)?), path.clone(), value.clone()));
    let old: Vec<_> = keys.iter().filter_map(old).collect();
    keys.into_iter().map(|(path, value)| (name(&path), path, value)).chain(old).collect()
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [key] => {
            table.insert(key.clone(), value);
        }
        [first, rest @ ..] => {
            if let Value::Table(inner) = table.entry(first).or_insert_with(|| Value::Table(Table::new())) {
                put(inner, rest, value);
            }
        }
        [] => {}
    }
}

/// Overlays the settings of the file with those of the environment.
fn lay_over(base: &mut Table, above: &Table, path: &[&str]) {
    if path.first() == Some(&"rule") && path.len() == 2 {
        rule_spec::forget_derived(base, above);
    }
    for (key, value) in above {
        match (base.get_mut(key), value) {
            (Some(Value::Table(base)), Value::Table(above)) => lay_over(base, above, &[path, &[key]].concat()),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
