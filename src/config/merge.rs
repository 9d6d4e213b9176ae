//! What was given, laid over what is known: unknown keys and wrong types are found here.

use super::{route, rule};
use crate::base::similar::hint;
use toml::{Table, Value};

/// Something wrong at a path of keys.
pub struct Wrong {
    /// The keys from the top.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
}

/// Lays `given` over `base`. `known` lists every key that may be there, with a value of its type.
pub fn merge(base: &mut Table, given: &Table, known: &Table, above: &[String], wrong: &mut Vec<Wrong>) {
    for (key, value) in given {
        let path: Vec<String> = above.iter().chain([key]).cloned().collect();
        let of_name = named(above).map(Value::Table);
        let expected = of_name.as_ref().or_else(|| known.get(key));
        match (expected, value) {
            (None, _) => {
                let message = format!("unknown key{}", hint(key, known.keys().map(String::as_str)));
                wrong.push(Wrong { path, message });
            }
            (Some(Value::Table(known)), Value::Table(given)) => {
                let inner = base.entry(key).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(inner) = inner {
                    if above == ["rule"] {
                        rule::forget_derived(inner, &given.keys().map(String::as_str).collect::<Vec<_>>());
                    }
                    merge(inner, given, known, &path, wrong);
                }
            }
            (Some(expected), value) => match convert(expected, value) {
                Ok(value) => {
                    base.insert(key.clone(), value);
                }
                Err(message) => wrong.push(Wrong { path, message }),
            },
        }
    }
}

/// The keys of a section that people name themselves, below that path.
pub fn named(above: &[String]) -> Option<Table> {
    if above == ["rule"] {
        return Some(rule::keys());
    }
    (above == ["alert", "route"]).then(route::keys)
}

/// The value when it has the expected type; a whole number where any number is expected is one.
fn convert(expected: &Value, value: &Value) -> Result<Value, String> {
    match (expected, value) {
        (Value::Float(_), Value::Integer(whole)) => Ok(Value::Float(*whole as f64)),
        (Value::Float(_), Value::Float(number)) if !number.is_finite() => Err("must be a finite number".to_string()),
        (Value::Array(_), Value::Array(items)) => match items.iter().find(|item| !item.is_str()) {
            Some(item) => Err(format!("expected a list of strings, found {} in it", item.type_str())),
            None => Ok(value.clone()),
        },
        _ if expected.same_type(value) => Ok(value.clone()),
        _ => Err(format!("expected {}, found {}", name(expected), value.type_str())),
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list of strings",
        Value::Float(_) => "a number",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Table(_) => "a section",
        _ => "a string",
    }
}

/// A value from an environment variable, read as the type that is expected.
pub fn from_text(expected: &Value, text: &str) -> Result<Value, String> {
    let wrong = || format!("expected {}, found {text:?}", name(expected));
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
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_string()))
                .collect(),
        ),
        _ => Value::String(text.to_string()),
    })
}

/// All keys with their paths and values, section by section.
pub fn flatten(table: &Table, above: &[String], out: &mut Vec<(Vec<String>, Value)>) {
    for (key, value) in table {
        let path: Vec<String> = above.iter().chain([key]).cloned().collect();
        match value {
            Value::Table(inner) => flatten(inner, &path, out),
            _ => out.push((path, value.clone())),
        }
    }
}
