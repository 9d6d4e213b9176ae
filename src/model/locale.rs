//! The languages of the page, the mails and the events: texts by key, and numbers, units and dates as they are written
//! there. The tables come from `data/locale/*.toml` (`build/locale.rs`).

use crate::base::clock::{local_form, local_minute, zone_name};
use crate::base::units;
use chrono::{DateTime, Utc};

mod state;

include!(concat!(env!("OUT_DIR"), "/locale.rs"));

/// A space at which no line ends.
const NO_BREAK: char = '\u{a0}';

/// Key of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(usize);

/// Keys of a text with singular and plural forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plural {
    one: Key,
    other: Key,
}

/// How a language writes numbers and dates.
struct Format {
    tag: &'static str,
    decimal: &'static str,
    byte: &'static str,
    day: &'static str,
    /// Units and marks such as `:` follow a no-break space.
    no_break: bool,
    /// Zero is singular.
    zero_is_one: bool,
    weekdays: &'static [&'static str],
    months: &'static [&'static str],
}

impl Key {
    /// Finds a key by its name, such as `rule.cpu`.
    pub fn find(name: &str) -> Option<Self> {
        NAMES.binary_search(&name).ok().map(Self)
    }

    /// The name, as stored in events.
    pub fn name(self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }
}

impl Locale {
    /// The language of a tag such as `fr` (RFC 5646); English if it is unknown.
    pub fn from_tag(tag: &str) -> Self {
        ALL.into_iter().find(|locale| locale.tag() == tag).unwrap_or_default()
    }

    #[expect(clippy::indexing_slicing, reason = "the tables have an entry for each language")]
    fn format(self) -> &'static Format {
        &FORMATS[self as usize]
    }

    /// The tag of the language (RFC 5646).
    pub fn tag(self) -> &'static str {
        self.format().tag
    }

    /// Looks up a text.
    #[expect(clippy::indexing_slicing, reason = "the tables have an entry for each language")]
    pub fn text(self, key: Key) -> &'static str {
        TEXTS[self as usize].get(key.0).copied().unwrap_or_default()
    }

    /// Fills in the only parameter of a text.
    pub fn with(self, key: Key, value: &str) -> String {
        replaced(self.text(key), |_| Some(value))
    }

    /// Fills in the parameters of a text. Values are not searched for parameters; a parameter without a value becomes
    /// empty.
    pub fn fill(self, key: Key, values: &[(&str, &str)]) -> String {
        fill(self.text(key), values)
    }

    /// Text for a number, such as `1 core`, `2 cores`, with the number as `{count}`.
    pub fn count(self, plural: Plural, count: usize) -> String {
        self.with(if self.is_one(count as u64) { plural.one } else { plural.other }, &count.to_string())
    }

    /// Returns whether the language uses the singular for a number.
    pub fn is_one(self, count: u64) -> bool {
        count == 1 || (count == 0 && self.format().zero_is_one)
    }

    /// Translates a title, label or unit of `data/metrics.toml`, given in English.
    #[expect(clippy::indexing_slicing, reason = "the tables have an entry for each language")]
    pub fn label(self, english: &str) -> &str {
        let labels = LABELS[self as usize];
        let found = labels.binary_search_by(|(known, _)| (*known).cmp(english)).ok();
        found.and_then(|at| labels.get(at)).map_or(english, |(_, text)| text)
    }

    /// Advice about a metric, with `{mount}` and `{service}` as placeholders; empty if there is none.
    #[expect(clippy::indexing_slicing, reason = "the tables have an entry for each language")]
    pub fn hint(self, metric: &str) -> &'static str {
        let hints = HINTS[self as usize].iter();
        hints.copied().find(|(prefix, _)| metric.starts_with(prefix)).map_or("", |(_, hint)| hint)
    }

    /// Localises a number with unit formatted by [`units`]: `1.5 GiB/s` → `1,5 Gio/s`.
    pub fn figures(self, text: &str) -> String {
        let format = self.format();
        let part = |part: &str| match part.strip_suffix("/s").unwrap_or(part) {
            "B" | "KiB" | "MiB" | "GiB" | "TiB" | "PiB" => part.replacen('B', format.byte, 1),
            "d" => format.day.to_string(),
            number if number.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()) => {
                part.replace('.', format.decimal)
            }
            _ => part.to_string(),
        };
        let mut out = String::with_capacity(text.len() + 4);
        let mut is_after_number = false;
        for word in text.split(' ') {
            if !out.is_empty() {
                out.push(if format.no_break && is_after_number { NO_BREAK } else { ' ' });
            }
            out += &part(word);
            is_after_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        }
        out
    }

    /// The space between a number and its unit.
    pub fn space(self) -> char {
        if self.format().no_break { NO_BREAK } else { ' ' }
    }

    /// A number ([`units::short`]).
    pub fn short(self, value: f64) -> String {
        self.figures(&units::short(value))
    }

    /// Bytes ([`units::bytes`]).
    pub fn bytes(self, value: f64) -> String {
        self.figures(&units::bytes(value))
    }

    /// A span in its two largest units ([`units::duration`]).
    pub fn duration(self, seconds: f64) -> String {
        self.figures(&units::duration(seconds))
    }

    /// A value in the unit of its metric ([`units::metric_value`]).
    pub fn value(self, metric: &str, value: f64) -> String {
        self.figures(&units::metric_value(metric, value))
    }

    /// The decimal mark.
    pub fn decimal(self) -> &'static str {
        self.format().decimal
    }

    /// The symbol of a byte.
    pub fn byte(self) -> &'static str {
        self.format().byte
    }

    /// The symbol of a day.
    pub fn day(self) -> &'static str {
        self.format().day
    }

    /// A day of the week, from `1` (Monday) to `7`.
    pub fn weekday(self, number: &str) -> &'static str {
        nth(self.format().weekdays, number)
    }

    /// A month, from `01` to `12`.
    pub fn month(self, number: &str) -> &'static str {
        nth(self.format().months, number)
    }

    /// The days of the week from Sunday on, separated by spaces.
    pub fn weekdays(self) -> String {
        ["7", "1", "2", "3", "4", "5", "6"].map(|number| self.weekday(number)).join(" ")
    }

    /// The months, separated by spaces.
    pub fn months(self) -> String {
        self.format().months.join(" ")
    }

    /// A day, with its year unless that is the present one: `20 Nov`.
    pub fn date(self, time: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let day = local_form(time, "%d");
        let month = self.month(&local_form(time, "%m"));
        let year = if local_form(time, "%Y") == local_form(now, "%Y") { "" } else { &local_form(time, " %Y") };
        format!("{} {month}{year}", day.trim_start_matches('0'))
    }

    /// A time with its day, because a page is also read on later days.
    pub fn moment(self, time: DateTime<Utc>, now: DateTime<Utc>) -> String {
        format!("{} {}", self.date(time, now), local_form(time, "%H:%M"))
    }

    /// An unambiguous time: `2026-11-20 21:40 +00:00`.
    pub fn exact(self, time: DateTime<Utc>) -> String {
        format!("{} {}", local_minute(time), zone_name(time))
    }
}

fn nth(names: &[&'static str], number: &str) -> &'static str {
    number.parse::<usize>().ok().and_then(|at| names.get(at.wrapping_sub(1)).copied()).unwrap_or_default()
}

/// Replaces `{name}` by values in one pass: values are not searched for parameters; a name without a value becomes
/// empty.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    replaced(template, |name| values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
}

fn replaced<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            break;
        };
        out.push_str(value(name).unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_units_and_plurals_follow_the_language() {
        assert_eq!(Locale::Fr.count(key::COUNT_PROBLEMS, 0), "0 problème");
        assert_eq!(Locale::En.count(key::COUNT_PROBLEMS, 0), "0 problems");
        assert_eq!(Locale::Fr.with(key::TILE_FULL_IN, &Locale::Fr.duration(367_200.0)), "plein dans 4\u{a0}j 6\u{a0}h");
        assert_eq!(Locale::Fr.figures("1.5 GiB/s 512 B 97.2 % B.5"), "1,5\u{a0}Gio/s 512\u{a0}o 97,2\u{a0}% B.5");
        assert_eq!(Locale::En.bytes(1_610_612_736.0), "1.5 GiB");
        assert_eq!(Locale::Fr.value("cpu.busy_percent", 97.25), "97,2\u{a0}%");
        assert_eq!((Locale::Fr.month("11"), Locale::En.weekday("7"), Locale::En.weekday("8")), ("nov.", "Sun", ""));
    }

    #[test]
    fn texts_are_found_by_name_and_filled_in_one_pass() {
        assert_eq!(Key::find("rule.cpu").map(|key| Locale::Fr.text(key)), Some("Processeur"));
        assert_eq!((Key::find("rule.none"), key::PAGE_AGO.name()), (None, "page.ago"));
        assert_eq!(fill("{a}{b} {none}", &[("a", "{b}"), ("b", "x")]), "{b}x ");
        assert_eq!(fill("{a} {", &[("a", "x")]), "x {");
        assert_eq!(
            (Locale::Fr.label("Memory"), Locale::Fr.label("mine"), Locale::En.label("Memory")),
            ("Mémoire", "mine", "Memory")
        );
        assert!(Locale::En.hint("disk.inodes_used_percent").contains("inodes"));
        assert_eq!((Locale::from_tag("fr"), Locale::from_tag("xx")), (Locale::Fr, Locale::En));
    }
}
