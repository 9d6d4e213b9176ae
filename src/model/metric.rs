//! The name of a metric with its labels: `disk.used_percent{mount="/"}`.

use crate::base::text::{NAME_MAX, clean};
use std::fmt;

/// One label: the key and value of an element's identity.
pub type Label = (String, String);

/// One number of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Path of the number in the record, joined by dots.
    pub name: String,
    /// Identity of the thing it belongs to; empty for the host itself.
    pub labels: Vec<Label>,
    /// The value, in the unit that the name ends in.
    pub value: f64,
}

/// Which metrics are meant: a name, and patterns for labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Name; of a pattern one in which `*` stands for any text.
    pub name: String,
    /// Label key and pattern; `*` in a pattern stands for any text.
    pub patterns: Vec<Label>,
}

impl Selector {
    /// Reads `name` or `name{key="pattern",…}`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text, false)
    }

    /// The same where `*` stands for any text in the name too, and a word without a dot for all of a section.
    ///
    /// # Errors
    /// As [`Selector::parse`].
    pub fn pattern(text: &str) -> Result<Self, String> {
        let is_section = !text.is_empty() && !text.contains(['.', '*', '{']);
        if is_section { Self::read(&format!("{text}.*"), true) } else { Self::read(text, true) }
    }

    fn read(text: &str, is_pattern: bool) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{:?} is not a metric; write for example cpu.busy_percent or disk.used_percent{{mount=\"/var*\"}}",
                clean(text, NAME_MAX)
            )
        };
        let (name, rest) = match text.split_once('{') {
            None => (text, ""),
            Some((name, rest)) => (name, rest.strip_suffix('}').ok_or_else(wrong)?),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-' || (is_pattern && c == '*');
        if name.is_empty()
            || !name.chars().all(plain)
            || !name.contains(if is_pattern { &['.', '*'][..] } else { &['.'] })
        {
            return Err(wrong());
        }
        let mut patterns = Vec::new();
        for pair in rest.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, quoted) = pair.split_once('=').ok_or_else(wrong)?;
            let pattern = quoted.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(wrong)?;
            patterns.push((key.trim().to_string(), pattern.to_string()));
        }
        Ok(Self { name: name.to_string(), patterns })
    }

    /// Whether `text` fits a pattern in which `*` stands for any text.
    pub fn pattern_fits(pattern: &str, text: &str) -> bool {
        glob(pattern, text)
    }

    /// Whether a metric is meant.
    pub fn matches(&self, name: &str, labels: &[Label]) -> bool {
        glob(&self.name, name)
            && self
                .patterns
                .iter()
                .all(|(key, pattern)| labels.iter().any(|(label, value)| label == key && glob(pattern, value)))
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Labels as they follow a name: `{mount="/"}`, or nothing.
pub fn write_labels(labels: &[Label]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Name and labels of a metric as [`write_labels`] wrote it. What is no such text is a name.
pub fn read_labels(metric: &str) -> (&str, Vec<Label>) {
    let Some((name, rest)) = metric.split_once('{') else { return (metric, Vec::new()) };
    let (mut labels, mut rest) = (Vec::new(), rest);
    while let Some((key, quoted)) = rest.split_once("=\"") {
        let Some((value, after)) = unquote(quoted) else { return (metric, Vec::new()) };
        labels.push((key.to_string(), value));
        rest = after.strip_prefix(',').unwrap_or("");
    }
    (name, labels)
}

/// The text up to the quote that ends it, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let (mut value, mut chars) = (String::new(), text.chars());
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                '0' => value.push('\0'),
                'u' => {
                    let (code, after) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                    value.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                    chars = after.chars();
                }
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, write_labels(&self.labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn labels_that_are_written_are_read(values in proptest::collection::vec(any::<String>(), 0..3)) {
            let labels: Vec<Label> = values.into_iter().enumerate().map(|(at, value)| (format!("k{at}"), value)).collect();
            let text = format!("a.b{}", write_labels(&labels));
            prop_assert_eq!(read_labels(&text), ("a.b", labels));
        }
    }

    #[test]
    fn selectors_pick_by_name_and_pattern() {
        let labels = |value: &str| vec![("mount".to_string(), value.to_string())];
        let cases = [
            ("disk.used_percent", "/", true),
            ("disk.used_percent{mount=\"/\"}", "/", true),
            ("disk.used_percent{mount=\"/\"}", "/var", false),
            ("disk.used_percent{mount=\"/var*\"}", "/var/lib", true),
            ("disk.used_percent{mount=\"*lib\"}", "/var/lib", true),
            ("disk.used_percent{mount=\"/*/l*b\"}", "/var/lib", true),
            ("disk.used_percent{mount=\"/a*a\"}", "/a", false),
            ("disk.used_percent{device=\"*\"}", "/", false),
        ];
        for (selector, mount, expected) in cases {
            let selector = Selector::parse(selector).unwrap();
            assert_eq!(selector.matches("disk.used_percent", &labels(mount)), expected, "{selector:?} {mount}");
        }
        for (pattern, name) in [("cpu", "cpu.busy_percent"), ("cpu.*_percent", "cpu.busy_percent"), ("*", "load.one")] {
            assert!(Selector::pattern(pattern).unwrap().matches(name, &[]), "{pattern}");
        }
        assert!(!Selector::pattern("cpu").unwrap().matches("cpux.busy_percent", &[]) && Selector::pattern("").is_err());
        for wrong in ["", "cpu", "cpu.*", "cpu busy", "a.b{", "a.b{mount}", "a.b{mount=/}"] {
            assert!(Selector::parse(wrong).is_err(), "{wrong}");
        }
    }
}
