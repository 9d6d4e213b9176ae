//! How numbers of any record become metrics: the convention that the whole program relies on.
//!
//! Below the header every number is a metric named by its path; a boolean is 0 or 1. An array holds one element per
//! thing, whose first member is its identity: a string, which becomes the label. Other strings are information.
//! `counters` holds raw kernel counters and is skipped. No record type is known here, so records of any version can be
//! read. The walk streams; no tree of values is built.

use super::metric::Label;
use super::record::HEADER;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Receives what a record contains, in the order of the record.
pub trait Visit {
    /// [`Visit::header`] is called; otherwise the header is skipped.
    const HEADER: bool = false;

    /// A metric.
    fn metric(&mut self, name: &str, labels: &[Label], value: f64);

    /// A member of the header.
    fn header(&mut self, _name: &str, _value: Value) {}

    /// A section begins.
    fn section(&mut self, _name: &str) {}

    /// Text that is no identity, with its path and the labels of the element it belongs to.
    fn text(&mut self, _path: &str, _labels: &[Label], _value: &str) {}
}

/// Calls `visit` with name, labels and value of every metric of a record.
///
/// # Errors
/// When the text is not JSON; metrics before the error have been visited.
pub fn walk(json: &str, visit: &mut dyn FnMut(&str, &[Label], f64)) -> serde_json::Result<()> {
    struct Metrics<'v>(&'v mut dyn FnMut(&str, &[Label], f64));
    impl Visit for Metrics<'_> {
        fn metric(&mut self, name: &str, labels: &[Label], value: f64) {
            (self.0)(name, labels, value);
        }
    }
    walk_record(json, &mut Metrics(visit))
}

/// Passes the contents of a record to `visit`.
///
/// # Errors
/// As [`walk`].
pub fn walk_record(json: &str, visit: &mut impl Visit) -> serde_json::Result<()> {
    let mut node = Node { path: String::with_capacity(64), labels: Vec::new(), in_array: false, visit };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    (&mut node).deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Node<'v, V> {
    path: String,
    labels: Vec<Label>,
    in_array: bool,
    visit: &'v mut V,
}

impl<V: Visit> Node<'_, V> {
    fn number<E>(&mut self, value: f64) -> Result<Option<String>, E> {
        if !self.path.is_empty() && value.is_finite() {
            self.visit.metric(&self.path, &self.labels, value);
        }
        Ok(None)
    }
}

/// Yields the text of a string in the position of an identity.
impl<'de, V: Visit> DeserializeSeed<'de> for &mut Node<'_, V> {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, V: Visit> Visitor<'de> for &mut Node<'_, V> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        self.number(f64::from(u8::from(value)))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        self.number(value as f64)
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        self.number(value as f64)
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        self.number(value)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        if self.in_array {
            return Ok(Some(value.to_string()));
        }
        self.visit.text(&self.path, &self.labels, value);
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let was = std::mem::replace(&mut self.in_array, true);
        while sequence.next_element_seed(&mut *self)?.is_some() {}
        self.in_array = was;
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (depth, known) = (self.path.len(), self.labels.len());
        let is_element = std::mem::replace(&mut self.in_array, false);
        let mut first = is_element;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let is_header = depth == 0 && HEADER.contains(&&*key);
            if is_header && V::HEADER {
                self.visit.header(&key, map.next_value()?);
                continue;
            }
            if is_header || key == "counters" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if depth == 0 {
                self.visit.section(&key);
            } else {
                self.path.push('.');
            }
            self.path.push_str(&key);
            self.in_array = first;
            let identity = map.next_value_seed(&mut *self)?;
            self.in_array = false;
            if let (true, Some(identity)) = (first, identity) {
                self.labels.push((key.into_owned(), identity));
            }
            first = false;
            self.path.truncate(depth);
        }
        self.labels.truncate(known);
        self.in_array = is_element;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> Vec<String> {
        let mut found = Vec::new();
        walk(json, &mut |name, labels, value| {
            found.push(format!("{name}{}={value}", crate::model::metric::write_labels(labels)));
        })
        .unwrap();
        found
    }

    #[test]
    fn the_convention() {
        let json = r#"{"schema":1,"time":"t","boottime_seconds":5,"cpu":{"busy_percent":12.5,"counters":{"user":9}},
            "disk":[{"mount":"/","device":"/dev/vda","used_percent":61,"read_only":false},{"mount":"/a\"b","used_percent":2}],
            "pressure":{"cpu":{"some_avg10_percent":null}},"odd":[{"n":1},7,[{"id":"x","n":2}]],"crc32":"00"}"#;
        assert_eq!(
            names(json),
            [
                "cpu.busy_percent=12.5",
                "disk.used_percent{mount=\"/\"}=61",
                "disk.read_only{mount=\"/\"}=0",
                "disk.used_percent{mount=\"/a\\\"b\"}=2",
                "odd.n=1",
                "odd=7",
                "odd.n{id=\"x\"}=2",
            ]
        );
    }

    #[test]
    fn invalid_json_is_an_error() {
        for text in ["", "{", "nonsense", "{\"a\":1}x", "[[[[", "{\"a\":1e999}"] {
            assert!(walk(text, &mut |_, _, _| ()).is_err(), "{text}");
        }
    }
}
