//! The keys and types of the documented default configuration: names unknown keys and wrong types, and lays settings over
//! the defaults for display. Parsed only where a setting is wrong, comes from the environment or is shown.

use super::issue::ConfigIssue;
use super::{heal_keys, read_routes, rule_spec, watched_keys};
use crate::base::suggestion::{closest, hint};
use toml::{Table, Value};

/// The documented default configuration.
pub const DEFAULT: &str = include_str!("../../data/osmon.toml");

/// Keys with few allowed values.
const CHOICES: [(&[&str], &[&str]); 2] = [
    (&["alert", "transport"], &["auto", "smtp", "sendmail"]),
    (&["alert", "smtp", "security"], &["starttls", "tls", "none"]),
];

/// Modes of `[heal]`.
const MODES: [&str; 3] = ["off", "dry-run", "enforce"];

/// The allowed values of a key; `None`: any.
fn choices(path: &[String]) -> Option<&'static [&'static str]> {
    if let [section, _] = path
        && section == "heal"
    {
        return Some(&MODES);
    }
    CHOICES.iter().find(|(key, _)| *key == path).map(|(_, allowed)| *allowed)
}

/// The documented defaults as a table.
pub fn defaults() -> Table {
    toml::from_str(DEFAULT).unwrap_or_default()
}

/// The part of `given` with valid keys and types; every other key adds an issue.
pub fn check(given: &Table, issues: &mut Vec<ConfigIssue>) -> Table {
    let mut right = Table::new();
    merge(&mut right, given, &defaults(), &[], issues);
    right
}

/// Overlays `base` with `given`, except what does not match `known`, the table of every key with a value of its type.
pub fn merge(base: &mut Table, given: &Table, known: &Table, above: &[String], issues: &mut Vec<ConfigIssue>) {
    for (key, value) in given {
        let path: Vec<String> = above.iter().chain([key]).cloned().collect();
        let section = named_section(above).map(Value::Table);
        // `[heal]` has both: keys of its own, and sections that users name.
        let is_plain = above == ["heal"] && (known.contains_key(key) || !value.is_table());
        let expected = section.as_ref().filter(|_| !is_plain).or_else(|| known.get(key));
        let mut add = |message, meant: Option<&str>| {
            let mut hidden = Vec::new();
            let instead = meant.map(|meant| [above, &[meant.to_string()]].concat());
            match (&instead, value) {
                (Some(instead), Value::Table(given)) => flatten(given, instead, &mut hidden),
                (Some(instead), value) => hidden.push((instead.clone(), value.clone())),
                (None, _) => {}
            }
            let hidden = hidden.into_iter().map(|(path, _)| path).collect();
            let meant = meant.map(Box::from);
            issues.push(ConfigIssue { path: path.clone(), message, meant, hidden, ..ConfigIssue::default() });
        };
        match (expected, value) {
            (None, _) => {
                add(
                    format!("unknown key{}", hint(key, known.keys().map(String::as_str))),
                    closest(key, known.keys().map(String::as_str)),
                );
            }
            (Some(Value::Table(known)), Value::Table(given)) => {
                let inner = base.entry(key).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(inner) = inner {
                    if above == ["rule"] {
                        rule_spec::forget_derived(inner, given);
                    }
                    merge(inner, given, known, &path, issues);
                }
            }
            (Some(expected), value) => match convert(&path, expected, value) {
                Ok(value) => {
                    base.insert(key.clone(), value);
                }
                Err(message) => add(message, None),
            },
        }
    }
}

/// The keys of a section that users name themselves, below that path.
pub fn named_section(above: &[String]) -> Option<Table> {
    if above == ["rule"] {
        return Some(rule_spec::keys());
    }
    if above == ["heal"] {
        return Some(heal_keys::keys());
    }
    if let [section] = above
        && let Some(keys) = watched_keys::keys(section)
    {
        return Some(keys);
    }
    (above == ["alert", "route"]).then(read_routes::keys)
}

/// The value if it has the expected type and range; a whole number passes for any number.
fn convert(path: &[String], expected: &Value, value: &Value) -> Result<Value, String> {
    match (expected, value) {
        (Value::Float(_), Value::Integer(whole)) => Ok(Value::Float(*whole as f64)),
        (Value::Float(_), Value::Float(number)) if !number.is_finite() => Err("must be a finite number".to_string()),
        (Value::Integer(_), Value::Integer(..0)) => Err("must not be negative".to_string()),
        (Value::Integer(_), Value::Integer(port)) if path.last().is_some_and(|key| key == "port") => {
            u16::try_from(*port).map(|_| value.clone()).map_err(|_| "must be from 0 to 65535".to_string())
        }
        (Value::Integer(_), Value::Integer(number)) if u32::try_from(*number).is_err() => {
            Err(format!("must be at most {}", u32::MAX))
        }
        (Value::Boolean(_), Value::Integer(_) | Value::Float(_)) if path.last().is_some_and(|key| key == "unusual") => {
            let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
            let is_positive = number.is_some_and(|number| number > 0.0);
            if is_positive { Ok(Value::Boolean(true)) } else { Err("must be true, or a number above 0".to_string()) }
        }
        (Value::Array(_), Value::Array(items)) => match items.iter().find(|item| !item.is_str()) {
            Some(item) => Err(format!("expected a list of strings, found {} in it", item.type_str())),
            None => Ok(value.clone()),
        },
        (Value::String(_), Value::String(text)) => match choices(path) {
            Some(allowed) if !allowed.contains(&text.as_str()) => {
                let list: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
                Err(format!("{text:?} is not one of {}", list.join(", ")))
            }
            _ => Ok(value.clone()),
        },
        _ if expected.same_type(value) => Ok(value.clone()),
        (_, Value::Table(_)) if path.first().is_some_and(|section| section == "heal") && path.len() == 2 => {
            let name = path.last().map_or("", String::as_str);
            Err(format!("{name:?} is a key of [heal] itself; give the repair another name"))
        }
        _ => Err(format!("expected {}, found {}", type_name(expected), value.type_str())),
    }
}

/// Reads the text of an environment variable as the expected type.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_text(expected: &Value, text: &str) -> Result<Value, String> {
    let wrong = || format!("expected {}, found {text:?}", type_name(expected));
    Ok(match expected {
        Value::Integer(_) => Value::Integer(text.trim().parse().map_err(|_| wrong())?),
        Value::Float(_) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => return Err(wrong()),
        },
        Value::Boolean(_) => match text.trim() {
            "true" | "1" | "yes" => Value::Boolean(true),
            "false" | "0" | "no" => Value::Boolean(false),
            _ => return Err(wrong()),
        },
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_string())).collect())
        }
        _ => Value::String(text.to_string()),
    })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list of strings",
        Value::Float(_) => "a number",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Table(_) => "a section",
        _ => "a string",
    }
}

/// Every key of a table with its path and value, section by section.
pub fn flatten(table: &Table, above: &[String], out: &mut Vec<(Vec<String>, Value)>) {
    for (key, value) in table {
        let path: Vec<String> = above.iter().chain([key]).cloned().collect();
        match value {
            Value::Table(inner) => flatten(inner, &path, out),
            _ => out.push((path, value.clone())),
        }
    }
}
