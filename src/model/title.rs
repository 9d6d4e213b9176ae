//! Titles of the built-in rules, as messages.

use super::locale::{Key, Locale};
use super::message::{Message, localized};
use super::metric::read_labels;
use crate::base::text::clean;

/// Longest title, in characters.
const TITLE_MAX: usize = 160;

/// The message of a title, if it is the built-in title of the rule. A title written by a user has none.
pub fn shipped(rule: &str, metric: &str, title: &str) -> Option<Message> {
    let key = Key::find(&format!("rule.{rule}"))?;
    let template = Locale::En.text(key);
    let labels = read_labels(metric).1;
    let used = labels.into_iter().filter(|(name, _)| template.contains(&format!("{{{name}}}")));
    let message = used.fold(Message::new(key), |message, (name, value)| message.with(&name, clean(&value, TITLE_MAX)));
    (clean(&message.english(), TITLE_MAX) == title).then_some(message)
}

/// A title in a language: from its message or, for an event without one, from its rule.
pub fn in_language(locale: Locale, message: Option<&Message>, rule: &str, metric: &str, title: &str) -> String {
    match message {
        None if locale != Locale::En => localized(shipped(rule, metric, title).as_ref(), title, locale),
        message => localized(message, title, locale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_have_the_titles_of_the_locale() {
        let shipped: toml::Table = toml::from_str(include_str!("../../data/osmon.toml")).unwrap();
        let rules = shipped["rule"].as_table().unwrap();
        assert!(rules.len() > 15);
        for (name, rule) in rules {
            let key = Key::find(&format!("rule.{name}")).unwrap_or_else(|| panic!("rule.{name} is not in data/locale"));
            assert_eq!(Locale::En.text(key), rule["title"].as_str().unwrap(), "{name}");
            assert_ne!(Locale::En.text(key), Locale::Fr.text(key), "{name}");
        }
    }

    #[test]
    fn a_shipped_title_is_translated_and_a_written_one_is_not() {
        let cases = [
            ("cpu", "cpu.busy_percent", "CPU", "Processeur"),
            ("disk", "disk.used_percent{mount=\"/a b\"}", "File system /a b", "Système de fichiers /a b"),
            (
                "service",
                "service.failed{service=\"x.service\"}",
                "Service x.service failed",
                "Service x.service en échec",
            ),
            ("cpu", "cpu.busy_percent", "CPU of the database", "CPU of the database"),
            ("mine", "cpu.busy_percent", "CPU", "CPU"),
        ];
        for (rule, metric, english, french) in cases {
            assert_eq!(in_language(Locale::Fr, None, rule, metric, english), french);
        }
    }
}
