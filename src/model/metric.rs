//! Metrics, the identity of their series, and selectors: `disk.used_percent{mount="/"}`.

use crate::base::text::{NAME_MAX, clean};
use std::fmt;

/// One label: the key and value of an element's identity.
pub type Label = (String, String);

/// Identity of a time series: metric name and labels. Its text form, written by [`fmt::Display`] and read by
/// [`SeriesKey::parse`], is `name` or `name{key="value",…}`; blocks, events and exports carry it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// Path of the number in the record, joined by dots.
    pub name: String,
    /// Labels of the element the number belongs to; empty for the host itself.
    pub labels: Vec<Label>,
}

impl SeriesKey {
    /// The series of a metric with these labels.
    pub fn new(name: impl Into<String>, labels: Vec<Label>) -> Self {
        Self { name: name.into(), labels }
    }

    /// Reads the text form. Text that is no such form becomes a name without labels, so nothing is lost.
    pub fn parse(text: &str) -> Self {
        let (name, labels) = read_labels(text);
        Self::new(name, labels)
    }

    /// Value of the label with this key.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        display_labels(&self.labels, f)
    }
}

/// One number of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Path of the number in the record, joined by dots.
    pub name: String,
    /// Labels of the element the number belongs to; empty for the host itself.
    pub labels: Vec<Label>,
    /// The value, in the unit that the name ends in.
    pub value: f64,
}

/// Selects metrics by name and label patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Name; in a pattern, `*` matches any text.
    pub name: String,
    /// Label keys and patterns that must match; `*` matches any text.
    pub patterns: Vec<Label>,
    /// Label keys and patterns that must not match (`mount != "/data*"`); a missing label does not match.
    pub excluded: Vec<Label>,
}

impl Selector {
    /// Reads `name` or `name{key="pattern", key!="pattern",…}`.
    ///
    /// # Errors
    /// A sentence that shows the expected form.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text, false)
    }

    /// Reads a selector whose name may contain `*`; a name without a dot selects a whole section.
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
        let (mut patterns, mut excluded, mut rest) = (Vec::new(), Vec::new(), rest.trim_start());
        while !rest.is_empty() {
            let (key, quoted) = rest.split_once('=').ok_or_else(wrong)?;
            let (key, into) = match key.strip_suffix('!') {
                Some(key) => (key.trim(), &mut excluded),
                None => (key.trim(), &mut patterns),
            };
            let quoted = quoted.trim_start().strip_prefix('"').ok_or_else(wrong)?;
            let (pattern, after) = unquote(quoted).filter(|_| !key.is_empty()).ok_or_else(wrong)?;
            into.push((key.to_string(), pattern));
            rest = match after.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or_else(wrong)?.trim_start(),
            };
        }
        Ok(Self { name: name.to_string(), patterns, excluded })
    }

    /// Returns whether `text` matches a pattern in which `*` matches any text.
    pub fn pattern_fits(pattern: &str, text: &str) -> bool {
        glob(pattern, text)
    }

    /// Returns whether the selector selects a series.
    pub fn selects(&self, series: &SeriesKey) -> bool {
        self.matches(&series.name, &series.labels)
    }

    /// Returns whether the selector selects the metric with this name and these labels.
    pub fn matches(&self, name: &str, labels: &[Label]) -> bool {
        let fits = |(key, pattern): &Label| labels.iter().any(|(label, value)| label == key && glob(pattern, value));
        glob(&self.name, name) && self.patterns.iter().all(fits) && !self.excluded.iter().any(fits)
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

/// Labels in the text form of a series: `{mount="/"}`, or nothing when there are none.
pub fn write_labels(labels: &[Label]) -> String {
    struct Labels<'a>(&'a [Label]);
    impl fmt::Display for Labels<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            display_labels(self.0, f)
        }
    }
    Labels(labels).to_string()
}

fn display_labels(labels: &[Label], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, (key, value)) in labels.iter().enumerate() {
        write!(f, "{}{key}={value:?}", if at == 0 { '{' } else { ',' })?;
    }
    f.write_str(if labels.is_empty() { "" } else { "}" })
}

/// Name and labels of the text form of a series; text that is no such form is a name.
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

/// Splits quoted text (without the opening quote) into its unescaped content and what follows the closing quote.
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
        fn a_key_survives_its_text_form(values in proptest::collection::vec(any::<String>(), 0..3)) {
            let labels: Vec<Label> = values.into_iter().enumerate().map(|(at, value)| (format!("k{at}"), value)).collect();
            let key = SeriesKey::new("a.b", labels);
            prop_assert_eq!(SeriesKey::parse(&key.to_string()), key);
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
            ("disk.used_percent{mount!=\"/data*\"}", "/data/a", false),
            ("disk.used_percent{mount != \"/data*\"}", "/var", true),
            ("disk.used_percent{mount != \"/a*\", mount != \"/b*\"}", "/b", false),
            ("disk.used_percent{mount=\"/a*\",mount!=\"/a,b\"}", "/a,b", false),
            ("disk.used_percent{mount=\"/a*\",mount!=\"/a,b\"}", "/ab", true),
            ("disk.used_percent{device!=\"x\"}", "/", true),
        ];
        for (selector, mount, expected) in cases {
            let selector = Selector::parse(selector).unwrap();
            assert_eq!(selector.matches("disk.used_percent", &labels(mount)), expected, "{selector:?} {mount}");
        }
        for (pattern, name) in [("cpu", "cpu.busy_percent"), ("cpu.*_percent", "cpu.busy_percent"), ("*", "load.one")] {
            assert!(Selector::pattern(pattern).unwrap().matches(name, &[]), "{pattern}");
        }
        assert!(!Selector::pattern("cpu").unwrap().matches("cpux.busy_percent", &[]) && Selector::pattern("").is_err());
        for wrong in [
            "",
            "cpu",
            "cpu.*",
            "cpu busy",
            "a.b{",
            "a.b{mount}",
            "a.b{mount=/}",
            "a.b{mount!/\"x\"}",
            "a.b{!=\"x\"}",
            "a.b{a=\"x\" b=\"y\"}",
        ] {
            assert!(Selector::parse(wrong).is_err(), "{wrong}");
        }
    }
}
