//! Messages: texts that are rendered when shown, from a key of the locale tables and arguments.

use super::locale::{Key, Locale};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key and its arguments. Events store it next to the English text, which other programs and older versions read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Name of the key, such as `rule.cpu`. For a plural, the name without `.one` and `.other`; its argument is
    /// `count`.
    pub key: String,
    /// Arguments by the name in braces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A number.
    Count(u64),
    /// Inserted unchanged: a name, or a reason from another program.
    Text(String),
    /// A value in the unit of its metric.
    Value {
        /// Name of the metric.
        metric: String,
        /// The value.
        value: f64,
    },
    /// A time span.
    Duration {
        /// Its length.
        seconds: f64,
    },
    /// Several arguments, concatenated.
    List {
        /// The arguments.
        list: Vec<Arg>,
    },
    /// A nested message.
    Message(Message),
}

impl Message {
    /// Creates a message without arguments.
    pub fn new(key: Key) -> Self {
        Self::named(key.name())
    }

    /// Creates a message by the name of its key; for a plural without `.one` and `.other`.
    pub fn named(key: &str) -> Self {
        Self { key: key.to_string(), args: BTreeMap::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &str, arg: impl Into<Arg>) -> Self {
        self.args.insert(name.to_string(), arg.into());
        self
    }

    /// Adds a value of a metric.
    #[must_use]
    pub fn with_value(self, name: &str, metric: &str, value: f64) -> Self {
        self.with(name, Arg::Value { metric: metric.to_string(), value })
    }

    /// Adds a time span.
    #[must_use]
    pub fn with_duration(self, name: &str, seconds: f64) -> Self {
        self.with(name, Arg::Duration { seconds })
    }

    /// Renders the text in a language; `None` if only a later version knows the key.
    pub fn render(&self, locale: Locale) -> Option<String> {
        let key = match (Key::find(&self.key), self.args.get("count")) {
            (Some(key), _) => key,
            (None, Some(Arg::Count(count))) => {
                let form = if locale.is_one(*count) { "one" } else { "other" };
                Key::find(&format!("{}.{form}", self.key))?
            }
            (None, _) => return None,
        };
        let mut values = Vec::with_capacity(self.args.len());
        for (name, arg) in &self.args {
            let value = match arg {
                Arg::Text(words) if matches!(name.as_str(), "state" | "problem") => locale.state(words),
                _ => arg.render(locale)?,
            };
            values.push((name.as_str(), value));
        }
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some(locale.fill(key, &values))
    }

    /// Renders the English text, which is stored next to the message.
    pub fn english(&self) -> String {
        self.render(Locale::En).unwrap_or_default()
    }
}

impl Arg {
    /// A time span.
    pub fn from_seconds(seconds: f64) -> Self {
        Self::Duration { seconds }
    }

    fn render(&self, locale: Locale) -> Option<String> {
        Some(match self {
            Self::Count(count) => count.to_string(),
            Self::Text(text) => text.clone(),
            Self::Value { metric, value } => locale.value(metric, *value),
            Self::Duration { seconds } => locale.duration(*seconds),
            Self::List { list } => {
                let parts: Option<Vec<String>> = list.iter().map(|arg| arg.render(locale)).collect();
                parts?.join(", ")
            }
            Self::Message(message) => message.render(locale)?,
        })
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Message> for Arg {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<usize> for Arg {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

/// A stored English text in a language: rendered from its message if that is known, otherwise unchanged.
pub fn localized(message: Option<&Message>, english: &str, locale: Locale) -> String {
    let made = if locale == Locale::En { None } else { message.and_then(|message| message.render(locale)) };
    made.unwrap_or_else(|| english.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::locale::key;
    use super::*;

    #[test]
    fn a_message_is_read_back_and_shown_in_each_language() {
        let message = Message::new(key::CRISIS_FORECAST)
            .with_value("value", "disk.used_percent", 92.5)
            .with_value("limit", "disk.used_percent", 100.0)
            .with_duration("left", 14_400.0);
        let json = serde_json::to_string(&message).unwrap();
        let read: Message = serde_json::from_str(&json).unwrap();
        assert_eq!(read, message, "{json}");
        assert_eq!(read.english(), "92.5 % now, 100 % in about 4 h");
        assert_eq!(read.render(Locale::Fr).unwrap(), "92,5\u{a0}% maintenant, 100\u{a0}% dans environ 4\u{a0}h");
    }

    #[test]
    fn plurals_lists_and_nested_messages() {
        let one = Message::named("count.cores").with("count", 1);
        assert_eq!(one.render(Locale::Fr).unwrap(), "1 cœur");
        assert_eq!(Message::named("count.cores").with("count", 2).english(), "2 cores");
        let list = Arg::List { list: vec![Message::new(key::RULE_CPU).into(), "Mine".into()] };
        let nested = Message::new(key::PAGE_NOT_MEASURED_LIST).with("list", list);
        let read: Message = serde_json::from_str(&serde_json::to_string(&nested).unwrap()).unwrap();
        assert_eq!(read.render(Locale::Fr).unwrap(), "non mesuré\u{a0}: Processeur, Mine");
    }

    #[test]
    fn a_key_of_a_later_version_leaves_the_stored_text() {
        let later: Message = serde_json::from_str(r#"{"key":"rule.later","args":{"x":{"seconds":3}}}"#).unwrap();
        assert_eq!(localized(Some(&later), "as stored", Locale::Fr), "as stored");
        assert_eq!(localized(Some(&Message::new(key::RULE_CPU)), "CPU", Locale::Fr), "Processeur");
        assert_eq!(localized(None, "CPU", Locale::Fr), "CPU");
    }
}
