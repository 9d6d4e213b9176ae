//! Keys of `[process.NAME]` and `[freshness.NAME]`.

use toml::{Table, Value};

/// The type of a key.
#[derive(Clone, Copy)]
enum KeyType {
    Text,
    List,
    Count,
}

use KeyType::{Count, List, Text};

/// Keys of a section that users name, each with its type.
type Keys = &'static [(&'static str, KeyType)];

/// Keys of `[process.NAME]`.
const PROCESS: Keys =
    &[("match", Text), ("command_line", Text), ("user", Text), ("at_least", Count), ("at_most", Count)];
/// Keys of `[freshness.NAME]`.
const FRESHNESS: Keys =
    &[("path", Text), ("min_size", Text), ("command", List), ("every", Text), ("timeout", Text), ("max_age", Text)];

/// Sections of this kind.
pub const SECTIONS: [&str; 2] = ["process", "freshness"];

fn of(section: &str) -> Option<Keys> {
    match section {
        "process" => Some(PROCESS),
        "freshness" => Some(FRESHNESS),
        _ => None,
    }
}

/// Every key of an entry, with a value of its type; `None`: no such section.
pub fn keys(section: &str) -> Option<Table> {
    let example = |kind| match kind {
        Text => Value::String(String::new()),
        List => Value::Array(Vec::new()),
        Count => Value::Integer(0),
    };
    Some(of(section)?.iter().map(|(key, kind)| ((*key).to_string(), example(*kind))).collect())
}

/// Returns whether the keys of an entry exist and have the right types.
pub fn has_known_keys(section: &str, entry: &Table) -> bool {
    let fits = |kind: KeyType, value: &Value| match kind {
        Text => value.is_str(),
        List => value.as_array().is_some_and(|items| items.iter().all(Value::is_str)),
        Count => value.as_integer().is_some_and(|number| u32::try_from(number).is_ok()),
    };
    let known = of(section).unwrap_or_default();
    entry.iter().all(|(key, value)| known.iter().any(|(known, kind)| known == key && fits(*kind, value)))
}
